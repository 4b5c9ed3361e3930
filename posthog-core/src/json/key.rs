//! Keys of maps: JSON knows text only, so whatever has one obvious text is taken, and the rest is an error.

use super::{
    EncodeError,
    text::{write_formatted, write_text},
};
use serde::ser::{Error as _, Impossible, Serialize, Serializer};
use std::fmt;

/// Writes one key, quotes included.
pub(super) struct KeyEncoder<'a> {
    pub(super) out: &'a mut Vec<u8>,
}

fn no_text<T>() -> Result<T, EncodeError> {
    Err(EncodeError::custom(
        "a key of a map has to be text, a number or a boolean",
    ))
}

macro_rules! quoted {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, key: $type) -> Result<(), EncodeError> {
            write_text(self.out, &key.to_string());
            Ok(())
        })*
    };
}

impl Serializer for KeyEncoder<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Impossible<(), EncodeError>;
    type SerializeTuple = Impossible<(), EncodeError>;
    type SerializeTupleStruct = Impossible<(), EncodeError>;
    type SerializeTupleVariant = Impossible<(), EncodeError>;
    type SerializeMap = Impossible<(), EncodeError>;
    type SerializeStruct = Impossible<(), EncodeError>;
    type SerializeStructVariant = Impossible<(), EncodeError>;

    quoted!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128);
    quoted!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128);
    quoted!(serialize_f32: f32, serialize_f64: f64, serialize_char: char);

    fn serialize_str(self, key: &str) -> Result<(), EncodeError> {
        write_text(self.out, key);
        Ok(())
    }

    /// Not by a `String`: making one panics where a `Display` reports an error.
    fn collect_str<T: ?Sized + fmt::Display>(self, key: &T) -> Result<(), EncodeError> {
        write_formatted(self.out, format_args!("{key}"))
    }

    fn serialize_bytes(self, key: &[u8]) -> Result<(), EncodeError> {
        write_text(self.out, &String::from_utf8_lossy(key));
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        write_text(self.out, variant);
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, key: &T) -> Result<(), EncodeError> {
        key.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<(), EncodeError> {
        key.serialize(self)
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        no_text()
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        no_text()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        no_text()
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        no_text()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, EncodeError> {
        no_text()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, EncodeError> {
        no_text()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, EncodeError> {
        no_text()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        no_text()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, EncodeError> {
        no_text()
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, EncodeError> {
        no_text()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        no_text()
    }
}
