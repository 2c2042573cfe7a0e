//! JSON values as they come from a deserializer of serde, without its type.
//!
//! serde makes code for each pair of a type that is read and a deserializer, and the models are many.
//! Here the deserializer is behind a trait object, so that each model has one piece of code that fills
//! its fields, and the code that takes JSON apart is there once.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The text is no JSON. The source keeps the reason.
pub(crate) struct Broken;

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

/// A place that a value is put into.
pub(crate) trait Target {
    fn null(&mut self);
    fn flag(&mut self, flag: bool);
    fn number(&mut self, number: Number);
    fn text(&mut self, text: &str);
    fn items(&mut self, items: &mut dyn Items) -> Result<(), Broken>;
    fn fields(&mut self, fields: &mut dyn Fields) -> Result<(), Broken>;
}

/// The rest of a list.
pub(crate) trait Items {
    /// Puts the next item into `target`. Returns `false` at the end.
    fn next(&mut self, target: &mut dyn Target) -> Result<bool, Broken>;

    /// Skips all items.
    fn skip(&mut self) -> Result<(), Broken>;
}

/// The rest of an object.
pub(crate) trait Fields {
    /// Calls `told` with the name of the next field. Returns `false` at the end.
    fn next_name(&mut self, told: &mut dyn FnMut(&str)) -> Result<bool, Broken>;

    /// Puts the value of this field into `target`.
    fn value(&mut self, target: &mut dyn Target) -> Result<(), Broken>;

    /// Skips the value of this field.
    fn skip(&mut self) -> Result<(), Broken>;
}

/// A field of a model: its name in JSON, and the place of its value.
pub(crate) struct Field<'a> {
    pub(crate) name: &'static str,
    pub(crate) target: &'a mut dyn Target,
}

/// Puts the values of an object into the fields of a model. Other values are skipped; of two values
/// for one field the last counts.
pub(crate) fn fill(fields: &mut dyn Fields, model: &mut [Field<'_>]) -> Result<(), Broken> {
    // Coder writes fields in the order of the model, with gaps.
    let mut expected = 0;
    loop {
        let mut found = None;
        let is_there = fields.next_name(&mut |name| {
            let ahead = model.get(expected..).unwrap_or_default();
            let is_it = |field: &Field<'_>| field.name == name;
            found = ahead.iter().position(is_it).map(|place| place + expected);
            found = found.or_else(|| model.iter().position(is_it));
        })?;
        if !is_there {
            return Ok(());
        }
        match found.and_then(|place| model.get_mut(place)) {
            Some(field) => fields.value(field.target)?,
            None => fields.skip()?,
        }
        expected = found.map_or(expected, |place| place + 1);
    }
}

/// Reads a value of any form into a place.
pub(super) struct Value<'a>(pub(super) &'a mut dyn Target);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.0.flag(flag);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.0.number(Number::Negative(number));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.0.number(Number::Natural(number));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.number(Number::Real(number));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let mut source = Source { access, error: None };
        match self.0.items(&mut source) {
            Ok(()) => Ok(()),
            Err(Broken) => Err(source.reason()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<(), A::Error> {
        let mut source = Source { access, error: None };
        match self.0.fields(&mut source) {
            Ok(()) => Ok(()),
            Err(Broken) => Err(source.reason()),
        }
    }
}

/// A list or an object of serde's, and its error, which a trait object cannot return.
struct Source<A, E> {
    access: A,
    error: Option<E>,
}

impl<A, E: Error> Source<A, E> {
    fn keep<T>(&mut self, result: Result<T, E>) -> Result<T, Broken> {
        result.map_err(|error| {
            self.error = Some(error);
            Broken
        })
    }

    fn reason(self) -> E {
        self.error.unwrap_or_else(|| E::custom("not JSON"))
    }
}

impl<'de, A: SeqAccess<'de>> Items for Source<A, A::Error> {
    fn next(&mut self, target: &mut dyn Target) -> Result<bool, Broken> {
        let item = self.access.next_element_seed(Value(target));
        self.keep(item).map(|item| item.is_some())
    }

    fn skip(&mut self) -> Result<(), Broken> {
        loop {
            let item = self.access.next_element::<IgnoredAny>();
            if self.keep(item)?.is_none() {
                return Ok(());
            }
        }
    }
}

impl<'de, A: MapAccess<'de>> Fields for Source<A, A::Error> {
    fn next_name(&mut self, told: &mut dyn FnMut(&str)) -> Result<bool, Broken> {
        let name = self.access.next_key_seed(Name(told));
        self.keep(name).map(|name| name.is_some())
    }

    fn value(&mut self, target: &mut dyn Target) -> Result<(), Broken> {
        let value = self.access.next_value_seed(Value(target));
        self.keep(value)
    }

    fn skip(&mut self) -> Result<(), Broken> {
        let value = self.access.next_value::<IgnoredAny>();
        self.keep(value).map(|IgnoredAny| ())
    }
}

/// Reads the name of a field.
struct Name<'a>(&'a mut dyn FnMut(&str));

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        (self.0)(name);
        Ok(())
    }
}
