//! Reading JSON tolerantly: a value of a form unknown here never spoils what stands beside it.
//!
//! serde gives up at the first value that does not fit. Here a value that does not fit is read to
//! its end all the same, and becomes a value of its own: why it could not be read. What holds it
//! decides what that means. A field that makes its thing what it is ([`model!`](model)'s
//! `= required`) makes the thing unreadable as well; any other field gets its neutral value; a list
//! keeps the other items and the reason. Only text that is no JSON ends the reading.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use coder_core::Secret;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::list::{List, Unreadable};

/// A value, or why there is none.
pub(crate) type Outcome<T> = Result<T, Box<Unreadable>>;

/// A type that is read from a JSON value of any form. Forms that it does not take are an
/// [`Unreadable`], after they have been read to their end.
pub(crate) trait Read: Sized {
    /// The form it takes, like `a text`.
    const FORM: &'static str;

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

    /// # Errors
    ///
    /// The outer error: the text is no JSON.
    fn from_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Outcome<Self>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err(Self::unlike("a list")))
    }

    /// # Errors
    ///
    /// The outer error: the text is no JSON.
    fn from_fields<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Outcome<Self>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Err(Self::unlike("an object")))
    }

    /// # Errors
    ///
    /// The outer error: the text is no JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome<Self>, D::Error> {
        deserializer.deserialize_any(Forms(PhantomData))
    }

    /// Why a value of another form is not read. It never tells the value, which may be a secret.
    fn unlike(form: &str) -> Box<Unreadable> {
        Unreadable::here(format!("{form} instead of {}", Self::FORM))
    }
}

/// What stands for a value that is missing, null, or of a form unknown here: nothing, an empty
/// list, an empty text.
///
/// An id, a moment and a secret have none: they are required, or an `Option`.
pub(crate) trait Neutral: Read {
    fn neutral() -> Self;

    /// What stands for a value that is there and cannot be read.
    fn instead_of(_unreadable: Unreadable) -> Self {
        Self::neutral()
    }
}

/// A number of any kind.
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

/// Gives a value to a [`Read`] type by its form.
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

/// What came for one field or item; nothing when the field is missing.
pub(crate) struct Slot<T>(Option<Outcome<T>>);

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
    /// The value of a field without which its thing is none.
    pub(crate) fn required(self, field: &str) -> Outcome<T> {
        let outcome = self.0.unwrap_or_else(|| Err(T::unlike("nothing")));
        outcome.map_err(|fault| fault.within(field))
    }

    /// The value of any other field.
    pub(crate) fn tolerated(self) -> T
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

/// Declares a model: a struct that is read from an object, where a field is `= required` when the
/// thing would be none without it. What is missing, null, or of a form unknown here elsewhere is
/// [`Neutral`].
///
/// ```text
/// model! {
///     /// A user.
///     #[derive(Clone, Debug, Serialize)]
///     #[non_exhaustive]
///     pub struct User {
///         /// Never changes.
///         pub id: UserId = required,
///         /// When the user was created.
///         pub created_at: Option<Timestamp>,
///     }
/// }
/// ```
///
/// `#[serde(…)]` is for reading and writing. A required field that is called otherwise in JSON
/// says so in an error: `= required("ID")`.
macro_rules! model {
    (
        $(#[doc = $doc:literal])*
        #[derive($($derive:ident),*)]
        $(#[serde($($serde:tt)*)])?
        #[non_exhaustive]
        $visibility:vis struct $name:ident {$(
            $(#[$meta:meta])*
            pub $field:ident: $type:ty $(= $required:ident $(($wire:literal))? $(#[$slot:meta])?)?,
        )*}
    ) => {
        $(#[doc = $doc])*
        #[derive($($derive),*)]
        $(#[serde($($serde)*)])?
        #[non_exhaustive]
        $visibility struct $name {$(
            $(#[$meta])*
            pub $field: $type,
        )*}

        const _: () = {
            #[derive(Default, serde::Deserialize)]
            #[serde(default)]
            $(#[serde($($serde)*)])?
            struct Slots {$(
                $(#[$meta])*
                $($(#[$slot])?)?
                $field: crate::reading::Slot<$type>,
            )*}

            impl Slots {
                fn filled(self) -> crate::reading::Outcome<$name> {
                    Ok($name {$(
                        $field: crate::reading::filled!(
                            self.$field, $field $($required $(($wire))?)?
                        ),
                    )*})
                }
            }

            impl crate::reading::Read for $name {
                const FORM: &'static str = "an object";

                fn from_fields<'de, A: serde::de::MapAccess<'de>>(
                    fields: A,
                ) -> Result<crate::reading::Outcome<Self>, A::Error> {
                    let fields = serde::de::value::MapAccessDeserializer::new(fields);
                    <Slots as serde::Deserialize>::deserialize(fields).map(Slots::filled)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    let outcome = <Self as crate::reading::Read>::read(deserializer)?;
                    outcome.map_err(serde::de::Error::custom)
                }
            }
        };
    };
}

macro_rules! filled {
    ($slot:expr, $field:ident) => {
        $slot.tolerated()
    };
    ($slot:expr, $field:ident required) => {
        $slot.required(stringify!($field))?
    };
    ($slot:expr, $field:ident required($wire:literal)) => {
        $slot.required($wire)?
    };
}

/// Models that may be missing as a whole, and are their default then.
macro_rules! neutral {
    ($($name:ty),+ $(,)?) => {$(
        impl crate::reading::Neutral for $name {
            fn neutral() -> Self {
                Self::default()
            }
        }
    )+};
}

pub(crate) use {filled, model, neutral};

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
        text.parse().map_err(|_| Self::unlike("another text"))
    }
}

impl Read for uuid::Uuid {
    const FORM: &'static str = "a UUID";

    fn from_text(text: &str) -> Outcome<Self> {
        Self::try_parse(text).map_err(|_| Self::unlike("another text"))
    }
}

/// Whole numbers, as far as each reaches.
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

    fn from_items<'de, A: SeqAccess<'de>>(items: A) -> Result<Outcome<Self>, A::Error> {
        T::from_items(items).map(|outcome| outcome.map(Some))
    }

    fn from_fields<'de, A: MapAccess<'de>>(fields: A) -> Result<Outcome<Self>, A::Error> {
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

    /// Go writes a list that was never made as null.
    fn from_null() -> Outcome<Self> {
        Ok(Self::default())
    }

    fn from_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Outcome<Self>, A::Error> {
        let mut list = Self::default();
        let mut index = 0;
        while let Some(slot) = items.next_element::<Slot<T>>()? {
            match slot.0 {
                Some(Ok(item)) => list.push(item),
                Some(Err(fault)) => list.report(*fault.within(&format!("[{index}]"))),
                None => {}
            }
            index += 1;
        }
        Ok(Ok(list))
    }
}

impl<T> Neutral for List<T>
where
    Self: Read,
{
    fn neutral() -> Self {
        Self::default()
    }

    /// Empty, but not silently so.
    fn instead_of(unreadable: Unreadable) -> Self {
        let mut list = Self::default();
        list.report(unreadable);
        list
    }
}

/// An entry whose value cannot be read is left out: a map says what there is under each name, and
/// under this one there is nothing that is known here.
impl<T: Read> Read for BTreeMap<String, T> {
    const FORM: &'static str = "an object";

    /// Go writes a map that was never made as null.
    fn from_null() -> Outcome<Self> {
        Ok(Self::new())
    }

    fn from_fields<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Outcome<Self>, A::Error> {
        let mut map = Self::new();
        while let Some((name, Slot(outcome))) = fields.next_entry::<String, Slot<T>>()? {
            if let Some(Ok(value)) = outcome {
                map.insert(name, value);
            }
        }
        Ok(Ok(map))
    }
}

/// What is not modelled is kept as it is.
impl Read for Value {
    const FORM: &'static str = "anything";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome<Self>, D::Error> {
        Self::deserialize(deserializer).map(Ok)
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

neutral!(String, bool, i64, i32, u64, f64);
