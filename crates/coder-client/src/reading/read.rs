//! Tolerant reading of JSON: a value of an unknown form does not spoil the values beside it.
//!
//! serde gives up at the first value that does not fit. Here a value that does not fit is read to
//! its end, and becomes a value of its own: the reason why it could not be read. The holder of the
//! value decides the effect. A field that makes its thing what it is ([`model!`](super::model)'s
//! `= required`) makes the thing unreadable as well; any other field gets its neutral value; a list
//! keeps the other items and the reason. Only text that is not JSON ends the reading.

use serde::de::{DeserializeSeed as _, Deserializer};

use super::source::{Broken, Fields, Items, NeutralTarget, Number, Target, Value, skip_fields};
use super::unreadable::{Outcome, Unreadable};

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
    fn from_items(items: &mut dyn Items) -> Result<Outcome<Self>, Broken> {
        items.skip()?;
        Ok(Err(Self::unlike("a list")))
    }

    /// Reads an object; the outer error means that the text is not JSON.
    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        skip_fields(fields)?;
        Ok(Err(Self::unlike("an object")))
    }

    /// Reads a value of any form; the outer error means that the text is not JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome<Self>, D::Error> {
        let mut found = Found(Vec::new());
        let outcome = Value(&mut found).deserialize(deserializer)?;
        Ok(outcome.and_then(|()| found.0.pop().ok_or_else(|| Self::unlike("nothing"))))
    }

    /// Returns the error for a value of another form. It never tells the value, which may be a
    /// secret.
    fn unlike(form: &str) -> Box<Unreadable> {
        Unreadable::unlike(form, Self::FORM)
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

/// A type that a model can hold before its value is read.
pub(crate) trait Blank: Read {
    /// Returns a value that nobody sees: without the real one there is no model.
    fn blank() -> Self;
}

/// The values that were read so far.
pub(super) struct Found<T>(pub(super) Vec<T>);

/// Implements a place for values, by what is done with a value that could be read.
macro_rules! target {
    ($target:ty, $put:expr) => {
        impl<T: Read> Target for $target {
            fn null(&mut self) -> Outcome<()> {
                T::from_null().map(|value| $put(self, value))
            }

            fn flag(&mut self, flag: bool) -> Outcome<()> {
                T::from_flag(flag).map(|value| $put(self, value))
            }

            fn number(&mut self, number: Number) -> Outcome<()> {
                T::from_number(number).map(|value| $put(self, value))
            }

            fn text(&mut self, text: &str) -> Outcome<()> {
                T::from_text(text).map(|value| $put(self, value))
            }

            fn items(&mut self, items: &mut dyn Items) -> Result<Outcome<()>, Broken> {
                Ok(T::from_items(items)?.map(|value| $put(self, value)))
            }

            fn fields(&mut self, fields: &mut dyn Fields) -> Result<Outcome<()>, Broken> {
                Ok(T::from_fields(fields)?.map(|value| $put(self, value)))
            }

            fn missing(&self) -> Box<Unreadable> {
                T::unlike("nothing")
            }
        }
    };
}

target!(T, |place: &mut T, value| *place = value);
target!(Found<T>, |found: &mut Self, value| found.0.push(value));

impl<T: Neutral> NeutralTarget for T {
    fn spoil(&mut self, unreadable: Unreadable) {
        *self = T::instead_of(unreadable);
    }
}
