//! The types of JSON Schema.

use std::fmt;

/// A type of JSON Schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// Text.
    String,
    /// Any number.
    Number,
    /// A number of Rust's integer types. `1.0` is none, though JSON Schema would take it.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// A map.
    Object,
    /// Nothing, as `None` is.
    Null,
}

impl Type {
    /// All of them, in the order in which a set of them is listed.
    pub const ALL: [Self; 7] = [
        Self::String,
        Self::Number,
        Self::Integer,
        Self::Boolean,
        Self::Array,
        Self::Object,
        Self::Null,
    ];

    /// The word for it in a plan.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Some of the types. Its `Display` lists them: `` `string` or `null` ``.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Types(u8);

impl Types {
    /// No type.
    pub const NONE: Self = Self(0);

    /// These and that one.
    #[must_use]
    pub const fn with(self, ty: Type) -> Self {
        Self(self.0 | ty.bit())
    }

    /// Whether that type is written among them.
    #[must_use]
    pub const fn contains(self, ty: Type) -> bool {
        self.0 & ty.bit() != 0
    }

    /// Whether a value of that type is allowed: an integer is a number, too.
    #[must_use]
    pub const fn allow(self, ty: Type) -> bool {
        self.contains(ty) || (matches!(ty, Type::Integer) && self.contains(Type::Number))
    }

    /// The types, in order.
    pub fn iter(self) -> impl Iterator<Item = Type> {
        Type::ALL.into_iter().filter(move |ty| self.contains(*ty))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As a number, for what is written into a program.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// What [`bits`](Self::bits) gave.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ty) in self.iter().enumerate() {
            let or = if at == 0 { "" } else { " or " };
            write!(f, "{or}`{}`", ty.name())?;
        }
        Ok(())
    }
}
