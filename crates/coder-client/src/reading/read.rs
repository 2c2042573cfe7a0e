//! Tolerant reading of JSON: a value of an unknown form does not spoil the values beside it.
//!
//! serde gives up at the first value that does not fit. Here a value that does not fit is read to
//! its end, and becomes a value of its own: the reason why it could not be read. The holder of the
//! value decides the effect. A field that makes its thing what it is ([`model!`](super::model)'s
//! `= required`) makes the thing unreadable as well; any other field gets its neutral value; a list
//! keeps the other items and the reason. Only text that is no JSON ends the reading.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Unreadable;

/// A value, or the reason why it cannot be read.
pub(crate) type Outcome<T> = Result<T, Box<Unreadable>>;

/// A type that is read from a JSON value of any form. Forms that it does not accept are read to
/// their end, and become an [`Unreadable`].
pub(crate) trait Read: Sized {
    /// The form that the type accepts, like `a text`.
    const FORM: &'static str;

    /// Returns the value of an answer without content (204, 304), for types that have one.
    fn absent() -> Option<Self> {
        None
    }

    fn from_null() -> Outcome<Self> {
        Err(Self::unlike("null"))
    }

    fn from_flag(_flag: bool) -> Outcome<Self> {
        Err(Self::unlike("true or false"))
    }

    fn from_number(_number: Number) -> Outcome<Self> {
        Err(Self::unlike("a number"))
    }

    fn from_text(_text: &str) -> Outcome<Self> {
        Err(Self::unlike("a text"))
    }

    /// Reads a list; the outer error means that the text is not JSON.
    fn from_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Outcome<Self>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err(Self::unlike("a list")))
    }

    /// Reads an object; the outer error means that the text is not JSON.
    fn from_fields<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Outcome<Self>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Err(Self::unlike("an object")))
    }

    /// Reads a value of any form; the outer error means that the text is not JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome<Self>, D::Error> {
        deserializer.deserialize_any(Forms(PhantomData))
    }

    /// Returns the error for a value of another form. It never tells the value, which may be a
    /// secret.
    fn unlike(form: &str) -> Box<Unreadable> {
        Unreadable::here(format!("{form} instead of {}", Self::FORM))
    }
}

/// A type with a neutral value, for a value that is missing, null, or of an unknown form: `None`,
/// an empty list, an empty text.
///
/// An id, a moment and a secret have none: they are required, or an `Option`.
pub(crate) trait Neutral: Read {
    fn neutral() -> Self;

    /// Returns the value in place of one that cannot be read.
    fn instead_of(_unreadable: Unreadable) -> Self {
        Self::neutral()
    }
}

/// A JSON number of any kind.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Negative(i64),
    Natural(u64),
    Real(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Negative(number) => number.fmt(formatter),
            Self::Natural(number) => number.fmt(formatter),
            Self::Real(number) => number.fmt(formatter),
        }
    }
}

/// A visitor that calls the method of a [`Read`] type for the form of the value.
struct Forms<T>(PhantomData<T>);

impl<'de, T: Read> Visitor<'de> for Forms<T> {
    type Value = Outcome<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(T::FORM)
    }

    fn visit_unit<E>(self) -> Result<Outcome<T>, E> {
        Ok(T::from_null())
    }

    fn visit_none<E>(self) -> Result<Outcome<T>, E> {
        Ok(T::from_null())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome<T>, D::Error> {
        T::read(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Outcome<T>, E> {
        Ok(T::from_flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Outcome<T>, E> {
        Ok(T::from_number(Number::Negative(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Outcome<T>, E> {
        Ok(T::from_number(Number::Natural(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Outcome<T>, E> {
        Ok(T::from_number(Number::Real(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Outcome<T>, E> {
        Ok(T::from_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Outcome<T>, A::Error> {
        T::from_items(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Outcome<T>, A::Error> {
        T::from_fields(fields)
    }
}

/// The outcome for a field or item; `None` when the field is missing.
pub(crate) struct Slot<T>(pub(super) Option<Outcome<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Read> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(|outcome| Self(Some(outcome)))
    }
}

impl<T: Read> Slot<T> {
    /// Returns the value of a required field, or the error for the struct that holds it.
    pub(crate) fn required(self, field: &str) -> Outcome<T> {
        let outcome = self.0.unwrap_or_else(|| Err(T::unlike("nothing")));
        outcome.map_err(|fault| fault.within(field))
    }

    /// Returns the value of another field, or the neutral value.
    pub(crate) fn or_neutral(self) -> T
    where
        T: Neutral,
    {
        match self.0 {
            Some(Ok(value)) => value,
            Some(Err(fault)) => T::instead_of(*fault),
            None => T::neutral(),
        }
    }
}
