//! Tolerant reading of JSON: a value of an unknown form does not spoil the values beside it.
//!
//! serde gives up at the first value that does not fit. Here a value that does not fit is read to
//! its end, and becomes a value of its own: the reason why it could not be read. The holder of the
//! value decides the effect. A field that makes its thing what it is ([`model!`](super::model)'s
//! `= required`) makes the thing unreadable as well; any other field gets its neutral value; a list
//! keeps the other items and the reason. Only text that is no JSON ends the reading.

use serde::de::{DeserializeSeed as _, Deserializer};

use super::Unreadable;
use super::source::{Broken, Fields, Items, Number, Target, Value};

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
    fn from_items(items: &mut dyn Items) -> Result<Outcome<Self>, Broken> {
        items.skip()?;
        Ok(Err(Self::unlike("a list")))
    }

    /// Reads an object; the outer error means that the text is not JSON.
    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        while fields.next_name(&mut |_| {})? {
            fields.skip()?;
        }
        Ok(Err(Self::unlike("an object")))
    }

    /// Reads a value of any form; the outer error means that the text is not JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome<Self>, D::Error> {
        let mut slot = Slot::default();
        Value(&mut slot).deserialize(deserializer)?;
        Ok(slot.outcome())
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

/// The outcome for a field or item; `None` when the field is missing.
pub(crate) struct Slot<T>(pub(super) Option<Outcome<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Read> Target for Slot<T> {
    fn null(&mut self) {
        self.0 = Some(T::from_null());
    }

    fn flag(&mut self, flag: bool) {
        self.0 = Some(T::from_flag(flag));
    }

    fn number(&mut self, number: Number) {
        self.0 = Some(T::from_number(number));
    }

    fn text(&mut self, text: &str) {
        self.0 = Some(T::from_text(text));
    }

    fn items(&mut self, items: &mut dyn Items) -> Result<(), Broken> {
        self.0 = Some(T::from_items(items)?);
        Ok(())
    }

    fn fields(&mut self, fields: &mut dyn Fields) -> Result<(), Broken> {
        self.0 = Some(T::from_fields(fields)?);
        Ok(())
    }
}

impl<T: Read> Slot<T> {
    /// Returns what was read, or the error for a value that is missing.
    pub(super) fn outcome(self) -> Outcome<T> {
        self.0.unwrap_or_else(|| Err(T::unlike("nothing")))
    }

    /// Returns the value of a required field, or the error for the struct that holds it.
    pub(crate) fn required(self, field: &str) -> Outcome<T> {
        self.outcome().map_err(|fault| fault.within(field))
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
