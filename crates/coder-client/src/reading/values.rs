//! Reading of the values that models are made of.

use std::collections::BTreeMap;

use coder_core::Secret;
use jiff::Timestamp;
use serde_json::Value;

use super::list::{read_all, report};
use super::moment::moment;
use super::read::{Blank, Found, Neutral, Read};
use super::source::{Broken, Fields, Items, Number};
use super::unreadable::Outcome;
use super::{List, Unreadable, neutral};

impl Read for String {
    const FORM: &'static str = "a text";

    fn from_text(text: &str) -> Outcome<Self> {
        Ok(text.to_owned())
    }
}

impl Read for Secret {
    const FORM: &'static str = "a text";

    fn from_text(text: &str) -> Outcome<Self> {
        Ok(Self::new(text))
    }
}

impl Read for bool {
    const FORM: &'static str = "true or false";

    fn from_flag(flag: bool) -> Outcome<Self> {
        Ok(flag)
    }
}

impl Read for Timestamp {
    const FORM: &'static str = "a time";

    fn from_text(text: &str) -> Outcome<Self> {
        moment(text).ok_or_else(|| Self::unlike("another text"))
    }
}

impl Read for uuid::Uuid {
    const FORM: &'static str = "a UUID";

    fn from_text(text: &str) -> Outcome<Self> {
        Self::try_parse(text).map_err(|_| Self::unlike("another text"))
    }
}

/// Implements [`Read`] for types of whole numbers.
macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Read for $number {
            const FORM: &'static str = "a whole number";

            fn from_number(number: Number) -> Outcome<Self> {
                let whole = match number {
                    Number::Negative(number) => number.try_into().ok(),
                    Number::Natural(number) => number.try_into().ok(),
                    Number::Real(_) => None,
                };
                whole.ok_or_else(|| Self::unlike("another number"))
            }
        }
    )+};
}

whole_numbers!(i64, i32, u64, u16);

impl Read for f64 {
    const FORM: &'static str = "a number";

    #[expect(clippy::cast_precision_loss, reason = "what JSON calls a number is no more precise")]
    fn from_number(number: Number) -> Outcome<Self> {
        Ok(match number {
            Number::Negative(number) => number as Self,
            Number::Natural(number) => number as Self,
            Number::Real(number) => number,
        })
    }
}

impl<T: Read> Read for Option<T> {
    const FORM: &'static str = T::FORM;

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn from_null() -> Outcome<Self> {
        Ok(None)
    }

    fn from_flag(flag: bool) -> Outcome<Self> {
        T::from_flag(flag).map(Some)
    }

    fn from_number(number: Number) -> Outcome<Self> {
        T::from_number(number).map(Some)
    }

    fn from_text(text: &str) -> Outcome<Self> {
        T::from_text(text).map(Some)
    }

    fn from_items(items: &mut dyn Items) -> Result<Outcome<Self>, Broken> {
        T::from_items(items).map(|outcome| outcome.map(Some))
    }

    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        T::from_fields(fields).map(|outcome| outcome.map(Some))
    }
}

impl<T> Neutral for Option<T>
where
    Self: Read,
{
    fn neutral() -> Self {
        None
    }
}

impl<T: Read> Read for List<T> {
    const FORM: &'static str = "a list";

    /// Returns an empty list: Go writes a list that was never made as null.
    fn from_null() -> Outcome<Self> {
        Ok(Self::default())
    }

    fn from_items(items: &mut dyn Items) -> Result<Outcome<Self>, Broken> {
        let mut found = Found(Vec::new());
        let reports = read_all(items, &mut found)?;
        Ok(Ok(Self::with_reports(found.0, reports)))
    }
}

impl<T> Neutral for List<T>
where
    Self: Read,
{
    fn neutral() -> Self {
        Self::default()
    }

    /// Returns an empty list that reports the error.
    fn instead_of(unreadable: Unreadable) -> Self {
        let mut reports = None;
        report(&mut reports, unreadable);
        Self::with_reports(Vec::new(), reports)
    }
}

/// An entry with a value that cannot be read is left out.
impl<T: Read> Read for BTreeMap<String, T> {
    const FORM: &'static str = "an object";

    /// Returns an empty map: Go writes a map that was never made as null.
    fn from_null() -> Outcome<Self> {
        Ok(Self::new())
    }

    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        let mut map = Self::new();
        let mut name = String::new();
        while fields.next_name(&mut |next| next.clone_into(&mut name))? {
            let mut found = Found(Vec::new());
            if fields.value(&mut found)?.is_ok()
                && let Some(value) = found.0.pop()
            {
                map.insert(std::mem::take(&mut name), value);
            }
        }
        Ok(Ok(map))
    }
}

/// A value that is not modelled is kept as it is.
impl Read for Value {
    const FORM: &'static str = "anything";

    fn from_null() -> Outcome<Self> {
        Ok(Self::Null)
    }

    fn from_flag(flag: bool) -> Outcome<Self> {
        Ok(Self::Bool(flag))
    }

    fn from_number(number: Number) -> Outcome<Self> {
        Ok(match number {
            Number::Negative(number) => number.into(),
            Number::Natural(number) => number.into(),
            Number::Real(number) => number.into(),
        })
    }

    fn from_text(text: &str) -> Outcome<Self> {
        Ok(text.into())
    }

    fn from_items(items: &mut dyn Items) -> Result<Outcome<Self>, Broken> {
        let items = List::<Self>::from_items(items)?;
        Ok(items.map(|items| Self::Array(items.into())))
    }

    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        let members = BTreeMap::<String, Self>::from_fields(fields)?;
        Ok(members.map(|members| {
            let mut object = serde_json::Map::new();
            for (name, value) in members {
                object.insert(name, value);
            }
            Self::Object(object)
        }))
    }
}

impl<T> Neutral for BTreeMap<String, T>
where
    Self: Read,
{
    fn neutral() -> Self {
        Self::new()
    }
}

neutral!(String, bool, i64, i32, u64, f64, Value);

/// Implements [`Blank`] by `Default`.
macro_rules! blank {
    ($($value:ty),+) => {$(
        impl Blank for $value {
            fn blank() -> Self {
                Self::default()
            }
        }
    )+};
}

blank!(String, bool, i64, u16, f64, Timestamp, uuid::Uuid);

impl Blank for Secret {
    fn blank() -> Self {
        Self::new("")
    }
}
