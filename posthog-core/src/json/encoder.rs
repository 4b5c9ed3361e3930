//! The serializer behind every property, tag and spread.

use super::{
    EncodeError,
    key::KeyEncoder,
    text::{write_formatted, write_text},
};
use crate::limits;
use serde::ser::{self, Serialize, Serializer};
use std::{fmt, mem};

/// What a value had to give up to become JSON.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Replaced {
    /// A container nested deeper than [`limits::VALUE_DEPTH`] became `null` (CAP-54).
    pub(crate) too_deep: bool,
    /// A number that is none, or infinite, became `null` (CAP-51).
    pub(crate) not_finite: bool,
    /// Parts of it that were begun and never ended: they stand there by half, where the `Serialize` around them went on
    /// after an error, after a panic that it caught, or after a key without a value (CAP-53).
    pub(crate) unfinished: usize,
}

impl Replaced {
    /// Whether something else stands in its place.
    pub(crate) fn is_something(self) -> bool {
        self.too_deep | self.not_finite
    }
}

/// Writes one value. `depth` counts the containers around it.
pub(crate) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    replaced: &'a mut Replaced,
    depth: usize,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, depth: usize, replaced: &'a mut Replaced) -> Self {
        Self {
            out,
            replaced,
            depth,
        }
    }

    /// Writes text that is put together as it is written. Where it reports an error, some of it may stand already.
    pub(crate) fn formatted(self, text: fmt::Arguments<'_>) -> Result<(), EncodeError> {
        write_formatted(self.out, text)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the shape of every method of a `Serializer`"
    )]
    #[inline]
    fn integer(self, value: impl itoa::Integer) -> Result<(), EncodeError> {
        let mut digits = itoa::Buffer::new();
        self.out.extend_from_slice(digits.format(value).as_bytes());
        Ok(())
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "the shape of every method of a `Serializer`"
    )]
    fn null(self) -> Result<(), EncodeError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn float<T: Serialize>(self, value: &T, finite: bool) -> Result<(), EncodeError> {
        if finite {
            return serde_json::to_writer(self.out, value).map_err(ser::Error::custom);
        }
        self.replaced.not_finite = true;
        self.null()
    }

    /// Opens a container, or writes `null` in its place when it lies too deep.
    fn open(self, close: &'static [u8], open: &[u8]) -> Container<'a> {
        let Self {
            out,
            replaced,
            depth,
        } = self;
        let form = if depth >= limits::VALUE_DEPTH {
            replaced.too_deep = true;
            out.extend_from_slice(b"null");
            Form::Null
        } else {
            out.extend_from_slice(open);
            Form::Whole
        };
        Container {
            out,
            replaced,
            depth: depth + 1,
            form,
            first: true,
            awaits_value: false,
            close,
        }
    }

    /// Opens `{"variant":` with a container in it, as `serde_json` writes enums.
    fn open_variant(mut self, variant: &str, close: &'static [u8], open: &[u8]) -> Container<'a> {
        if self.depth + 1 >= limits::VALUE_DEPTH {
            self.depth = limits::VALUE_DEPTH;
            return self.open(close, open);
        }
        self.out.push(b'{');
        write_text(self.out, variant);
        self.out.push(b':');
        self.depth += 1;
        self.open(close, open)
    }
}

/// `serde_json`'s way to hand over text that is JSON already; its names are a fixed part of its protocol.
const RAW: [&str; 2] = [
    "$serde_json::private::RawValue",
    "$serde_json::private::Number",
];

/// An array or object being written.
pub(crate) struct Container<'a> {
    out: &'a mut Vec<u8>,
    replaced: &'a mut Replaced,
    depth: usize,
    form: Form,
    first: bool,
    /// The key of an entry is written, or the text of [`Form::Raw`] is not.
    awaits_value: bool,
    close: &'static [u8],
}

/// How a container is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    /// As `null`, which stands there already: its contents are not even looked at, so that a value that nests without end
    /// cannot exhaust the stack.
    Null,
    /// As the JSON text that is its only field.
    Raw,
}

impl Container<'_> {
    fn separate(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
        if self.form == Form::Null {
            return Ok(());
        }
        self.begin_part();
        value.serialize(Encoder::new(self.out, self.depth, self.replaced))?;
        self.end_part();
        Ok(())
    }

    /// A part begins that may fail.
    fn begin_part(&mut self) {
        self.replaced.unfinished = self.replaced.unfinished.wrapping_add(1);
    }

    /// The part is whole.
    fn end_part(&mut self) {
        self.replaced.unfinished = self.replaced.unfinished.wrapping_sub(1);
    }

    fn element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
        if self.form != Form::Null {
            self.separate();
        }
        self.value(value)
    }

    fn field<T: ?Sized + Serialize>(&mut self, key: &str, value: &T) -> Result<(), EncodeError> {
        if self.form == Form::Raw {
            if mem::take(&mut self.awaits_value) {
                self.raw_json(value)?;
                self.end_part();
            } else {
                // A second text is never whole.
                self.begin_part();
            }
            return Ok(());
        }
        if self.form != Form::Null {
            self.separate();
            write_text(self.out, key);
            self.out.push(b':');
        }
        self.value(value)
    }

    /// JSON text from outside is read and written anew, so that it obeys the same limits as any value.
    fn raw_json<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
        let text = serde_json::to_value(value).map_err(<EncodeError as ser::Error>::custom)?;
        let text = text.as_str().unwrap_or_default();
        let read = super::read(text.as_bytes()).ok_or(EncodeError)?;
        if read.is_number() {
            // The number as written: reading may have lost digits that the text has.
            self.out.extend_from_slice(text.trim().as_bytes());
            return Ok(());
        }
        read.serialize(Encoder::new(self.out, self.depth, self.replaced))
    }

    fn finish(self) {
        if self.form != Form::Null {
            self.out.extend_from_slice(self.close);
        }
    }
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Container<'a>;
    type SerializeTuple = Container<'a>;
    type SerializeTupleStruct = Container<'a>;
    type SerializeTupleVariant = Container<'a>;
    type SerializeMap = Container<'a>;
    type SerializeStruct = Container<'a>;
    type SerializeStructVariant = Container<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        // Each of a length that the compiler knows.
        if value {
            self.out.extend_from_slice(b"true");
        } else {
            self.out.extend_from_slice(b"false");
        }
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        self.integer(value)
    }

    /// A number beyond 64 bits would lose digits on its way, so it goes as text (CAP-51).
    fn serialize_i128(self, value: i128) -> Result<(), EncodeError> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.integer(value),
            (_, Ok(value)) => self.integer(value),
            _ => self.serialize_str(&value.to_string()),
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        self.integer(value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), EncodeError> {
        match u64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.serialize_str(&value.to_string()),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        self.float(&value, value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        self.float(&value, value.is_finite())
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        write_text(self.out, value);
        Ok(())
    }

    fn collect_str<T: ?Sized + fmt::Display>(self, value: &T) -> Result<(), EncodeError> {
        self.formatted(format_args!("{value}"))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        self.serialize_str(&String::from_utf8_lossy(value))
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.null()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.null()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.null()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let mut object = self.open(b"}", b"{");
        object.field(variant, value)?;
        object.finish();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Container<'a>, EncodeError> {
        Ok(self.open(b"]", b"["))
    }

    fn serialize_tuple(self, _: usize) -> Result<Container<'a>, EncodeError> {
        Ok(self.open(b"]", b"["))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Container<'a>, EncodeError> {
        Ok(self.open(b"]", b"["))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'a>, EncodeError> {
        Ok(self.open_variant(variant, b"]}", b"["))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Container<'a>, EncodeError> {
        Ok(self.open(b"}", b"{"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Container<'a>, EncodeError> {
        if RAW.contains(&name) {
            let Self {
                out,
                replaced,
                depth,
            } = self;
            let mut text = Container {
                out,
                replaced,
                depth,
                form: Form::Raw,
                first: true,
                awaits_value: true,
                close: b"",
            };
            // It ends with its only field.
            text.begin_part();
            return Ok(text);
        }
        Ok(self.open(b"}", b"{"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Container<'a>, EncodeError> {
        Ok(self.open_variant(variant, b"}}", b"{"))
    }
}

macro_rules! elements {
    ($($trait:ident::$method:ident)*) => {
        $(impl ser::$trait for Container<'_> {
            type Ok = ();
            type Error = EncodeError;
            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }
            fn end(self) -> Result<(), EncodeError> {
                self.finish();
                Ok(())
            }
        })*
    };
}

macro_rules! fields {
    ($($trait:ident)*) => {
        $(impl ser::$trait for Container<'_> {
            type Ok = ();
            type Error = EncodeError;
            fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<(), EncodeError> {
                self.field(key, value)
            }
            fn end(self) -> Result<(), EncodeError> {
                self.finish();
                Ok(())
            }
        })*
    };
}

elements!(SerializeSeq::serialize_element SerializeTuple::serialize_element);
elements!(SerializeTupleStruct::serialize_field SerializeTupleVariant::serialize_field);
fields!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Container<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), EncodeError> {
        if self.form == Form::Null {
            return Ok(());
        }
        self.separate();
        // The entry, which ends with its value, and the key.
        self.begin_part();
        self.begin_part();
        key.serialize(KeyEncoder { out: self.out })?;
        self.end_part();
        self.out.push(b':');
        self.awaits_value = true;
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
        let has_key = mem::take(&mut self.awaits_value);
        self.value(value)?;
        if has_key {
            self.end_part();
        } else if self.form != Form::Null {
            // An entry without a key is never whole.
            self.begin_part();
        }
        Ok(())
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoder, Replaced};
    use serde::Serialize;
    use serde_json::{Value, json, value::RawValue};
    use std::collections::BTreeMap;

    fn encode<T: Serialize + ?Sized>(value: &T) -> (String, Replaced) {
        let (mut out, mut replaced) = (Vec::new(), Replaced::default());
        let result = value.serialize(Encoder::new(&mut out, 0, &mut replaced));
        (
            result.map_or_else(
                |error| format!("error: {error}"),
                |()| String::from_utf8_lossy(&out).into_owned(),
            ),
            replaced,
        )
    }

    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Struct { a: u8 },
    }

    #[test]
    fn cap_50_values_keep_their_type() {
        #[derive(Serialize)]
        struct All {
            shapes: Vec<Shape>,
            map: BTreeMap<u8, Option<bool>>,
            tuple: (i64, u64, char, &'static str, ()),
        }
        let all = All {
            shapes: vec![
                Shape::Unit,
                Shape::Newtype(1),
                Shape::Tuple(1, 2),
                Shape::Struct { a: 3 },
            ],
            map: BTreeMap::from([(1, Some(true)), (2, None)]),
            tuple: (i64::MIN, u64::MAX, 'é', "2031-05-07", ()),
        };
        let (text, _) = encode(&all);
        assert_eq!(
            serde_json::from_str::<Value>(&text).ok(),
            serde_json::to_value(&all).ok()
        );
    }

    #[test]
    fn cap_51_numbers_that_json_lacks_become_null_or_text() {
        let (text, replaced) = encode(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5]);
        assert_eq!(
            (text.as_str(), replaced.not_finite),
            ("[null,null,null,1.5]", true)
        );
        assert_eq!(
            encode(&(i64::MIN, u64::MAX)).0,
            "[-9223372036854775808,18446744073709551615]"
        );
        assert_eq!(
            encode(&(i128::from(u64::MAX), i128::MAX)).0,
            format!("[{},\"{}\"]", u64::MAX, i128::MAX)
        );
        assert_eq!(encode(&u128::MAX).0, format!("\"{}\"", u128::MAX));
    }

    #[test]
    fn cap_52_bytes_become_text() {
        struct Bytes(&'static [u8]);
        impl Serialize for Bytes {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(self.0)
            }
        }
        assert_eq!(encode(&Bytes(b"ok\xff")).0, "\"ok\u{FFFD}\"");
    }

    #[test]
    fn cap_54_containers_deeper_than_64_levels_become_null() {
        let nested = |levels: usize| (1..levels).fold(json!([]), |inner, _| json!([inner]));
        let (text, replaced) = encode(&nested(64));
        assert_eq!((text.contains("null"), replaced.too_deep), (false, false));
        let (text, replaced) = encode(&nested(65));
        assert_eq!((text.matches("null").count(), replaced.too_deep), (1, true));
        assert_eq!(text.matches('[').count(), 64);
    }

    #[test]
    fn cap_54_a_value_that_nests_without_end_is_cut_off() {
        struct Endless;
        impl Serialize for Endless {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq([Endless])
            }
        }
        assert_eq!(encode(&Endless).0.matches('[').count(), 64);
    }

    #[test]
    fn raw_json_is_taken_as_the_value_that_it_is() {
        let raw = |text: &str| {
            RawValue::from_string(text.to_owned())
                .map(|raw| encode(&[&*raw]).0)
                .unwrap_or_default()
        };
        assert_eq!(raw(r#" { "a" : [1, "x"] } "#), r#"[{"a":[1,"x"]}]"#);
        assert_eq!(raw("12345678901234567890123"), "[12345678901234567890123]");
        assert!(
            raw(&"["
                .repeat(70)
                .replace('[', "[[")
                .chars()
                .chain("]".repeat(140).chars())
                .collect::<String>())
            .starts_with("error")
        );
        assert!(raw("1e999").starts_with("error"));
    }

    #[test]
    fn a_key_without_a_text_is_an_error() {
        assert!(
            encode(&BTreeMap::from([(vec![1], 1)]))
                .0
                .starts_with("error")
        );
        assert_eq!(encode(&BTreeMap::from([(Some('k'), 1)])).0, r#"{"k":1}"#);
    }
}
