//! JSON values as they come from a deserializer of serde, without its type.
//!
//! serde makes code for each pair of a type that is read and a deserializer, and the models are many.
//! Here the deserializer is behind a trait object, so that each model has one piece of code that fills
//! its fields, and the code that takes JSON apart is there once.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::unreadable::{Outcome, Unreadable};

/// The text is not JSON. The source keeps the reason.
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

/// A place that a value is put into. A value that cannot be read leaves it as it was.
pub(crate) trait Target {
    fn null(&mut self) -> Outcome<()>;
    fn flag(&mut self, flag: bool) -> Outcome<()>;
    fn number(&mut self, number: Number) -> Outcome<()>;
    fn text(&mut self, text: &str) -> Outcome<()>;
    fn items(&mut self, items: &mut dyn Items) -> Result<Outcome<()>, Broken>;
    fn fields(&mut self, fields: &mut dyn Fields) -> Result<Outcome<()>, Broken>;

    /// Returns the error for a value that is missing.
    fn missing(&self) -> Box<Unreadable>;
}

/// The place of a field that has a neutral value.
pub(crate) trait NeutralTarget: Target {
    /// Puts the value there that stands for one that cannot be read.
    fn spoil(&mut self, unreadable: Unreadable);
}

/// The rest of a list.
pub(crate) trait Items {
    /// Puts the next item into `target`. Returns `None` at the end.
    fn next(&mut self, target: &mut dyn Target) -> Result<Option<Outcome<()>>, Broken>;

    /// Skips all items that follow.
    fn skip(&mut self) -> Result<(), Broken>;
}

/// The rest of an object.
pub(crate) trait Fields {
    /// Calls `told` with the name of the next field. Returns `false` at the end.
    fn next_name(&mut self, told: &mut dyn FnMut(&str)) -> Result<bool, Broken>;

    /// Puts the value of this field into `target`.
    fn value(&mut self, target: &mut dyn Target) -> Result<Outcome<()>, Broken>;

    /// Skips the value of this field.
    fn skip(&mut self) -> Result<(), Broken>;
}

/// The place of a field's value.
pub(crate) enum Place<'a> {
    /// The model cannot exist without the value.
    Required(&'a mut dyn Target),
    Neutral(&'a mut dyn NeutralTarget),
}

/// A model whose fields are filled in. Each model is a table of names and places, and there is one
/// piece of code for all of them.
pub(crate) trait Model {
    /// Returns the names of the fields in JSON.
    fn names(&self) -> &'static [&'static str];

    /// Returns the place of the field with this index among the names.
    fn place(&mut self, index: usize) -> Option<Place<'_>>;
}

/// Puts the values of an object into the fields of a model. Other values are skipped; if two values
/// are for one field, the last one counts.
pub(crate) fn fill(fields: &mut dyn Fields, model: &mut dyn Model) -> Result<Outcome<()>, Broken> {
    let names = model.names();
    // What became of the required fields.
    let (mut found, mut faults) = (0_u128, Vec::new());
    // Coder writes fields in the order of the model, with gaps.
    let mut expected = 0;
    loop {
        let mut place = None;
        let is_there = fields.next_name(&mut |name| {
            let (behind, ahead) = names.split_at_checked(expected).unwrap_or((names, &[]));
            let of = |names: &[&str]| names.iter().position(|known| *known == name);
            place = of(ahead).map(|place| place + behind.len()).or_else(|| of(behind));
        })?;
        if !is_there {
            return Ok(complete(model, found, faults));
        }
        let Some(index) = place else {
            fields.skip()?;
            continue;
        };
        expected = index + 1;
        match model.place(index) {
            Some(Place::Required(target)) => {
                faults.retain(|(place, _)| *place != index);
                found |= bit(index);
                if let Err(fault) = fields.value(target)? {
                    found &= !bit(index);
                    faults.push((index, fault));
                }
            }
            Some(Place::Neutral(target)) => {
                if let Err(fault) = fields.value(target)? {
                    target.spoil(*fault);
                }
            }
            None => fields.skip()?,
        }
    }
}

/// Skips the rest of an object.
pub(crate) fn skip_fields(fields: &mut dyn Fields) -> Result<(), Broken> {
    while fields.next_name(&mut |_| {})? {
        fields.skip()?;
    }
    Ok(())
}

/// Returns the error of the first required field that could not be read or is missing.
fn complete(
    model: &mut dyn Model,
    found: u128,
    mut faults: Vec<(usize, Box<Unreadable>)>,
) -> Outcome<()> {
    for (index, name) in model.names().iter().enumerate() {
        if let Some(Place::Required(target)) = model.place(index)
            && found & bit(index) == 0
        {
            let fault = faults.iter().position(|(place, _)| *place == index);
            let fault = fault.map_or_else(|| target.missing(), |at| faults.swap_remove(at).1);
            return Err(fault.within(name));
        }
    }
    Ok(())
}

/// Returns the bit of a field. [`model!`](super::model) allows no more fields than there are bits.
const fn bit(index: usize) -> u128 {
    1 << (index & 127)
}

/// Reads a value of any form into a place.
pub(super) struct Value<'a>(pub(super) &'a mut dyn Target);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Outcome<()>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome<()>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Outcome<()>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Outcome<()>, E> {
        Ok(self.0.null())
    }

    fn visit_none<E>(self) -> Result<Outcome<()>, E> {
        Ok(self.0.null())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome<()>, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Outcome<()>, E> {
        Ok(self.0.flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Outcome<()>, E> {
        Ok(self.0.number(Number::Negative(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Outcome<()>, E> {
        Ok(self.0.number(Number::Natural(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Outcome<()>, E> {
        Ok(self.0.number(Number::Real(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Outcome<()>, E> {
        Ok(self.0.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<Outcome<()>, A::Error> {
        let mut source = Source { access, error: None };
        match self.0.items(&mut source) {
            Ok(outcome) => Ok(outcome),
            Err(Broken) => Err(source.reason()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Outcome<()>, A::Error> {
        let mut source = Source { access, error: None };
        match self.0.fields(&mut source) {
            Ok(outcome) => Ok(outcome),
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
    fn next(&mut self, target: &mut dyn Target) -> Result<Option<Outcome<()>>, Broken> {
        let item = self.access.next_element_seed(Value(target));
        self.keep(item)
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

    fn value(&mut self, target: &mut dyn Target) -> Result<Outcome<()>, Broken> {
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
