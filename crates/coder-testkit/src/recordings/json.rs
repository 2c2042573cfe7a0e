//! JSON whose objects keep their order, which is part of what was recorded.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::misuse::misuse;

/// JSON whose objects keep their order, and whose numbers keep their text.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "JSON will not grow")]
pub enum Json {
    /// The value `null` of JSON.
    Null,
    /// A boolean: `true` or `false`.
    Bool(bool),
    /// A number as JavaScript has it, and as it was written.
    Number(f64, String),
    /// A text of JSON.
    String(String),
    /// A list of JSON values.
    List(Vec<Self>),
    /// An object of JSON values.
    Map(IndexMap<String, Self>),
}

impl Json {
    /// Parses a text as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(json) => json,
            Err(error) => misuse(&format!("{error} in {text}")),
        }
    }

    /// Makes a number of JavaScript. A number that JSON has no words for is `{"$number": "NaN"}`
    /// and the like.
    pub fn number(value: f64) -> Self {
        let special = match value {
            _ if value.is_nan() => "NaN",
            f64::INFINITY => "Infinity",
            f64::NEG_INFINITY => "-Infinity",
            _ if value == 0.0 && value.is_sign_negative() => "-0",
            _ => return Self::Number(value, value.to_string()),
        };
        Self::map([("$number", Self::String(special.to_owned()))])
    }

    /// Makes an object of JSON values.
    pub fn map<'a>(members: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Map(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Returns a member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// Returns the text, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items, if the value is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns a member of an object that is a text.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[track_caller]
    pub fn text(&self, key: &str) -> &str {
        match self.get(key).and_then(Self::as_str) {
            Some(text) => text,
            None => misuse(&format!("no text `{key}`: {self:?}")),
        }
    }

    /// Copies the value without the fields of these names.
    pub fn without(&self, names: &[&str]) -> Self {
        match self {
            Self::List(items) => Self::List(items.iter().map(|item| item.without(names)).collect()),
            Self::Map(map) => Self::Map(
                map.iter()
                    .filter(|(key, _)| !names.contains(&key.as_str()))
                    .map(|(key, value)| (key.clone(), value.without(names)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// Converts the value to JSON without order.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.to_text()).unwrap_or_default()
    }

    /// Writes the value as JSON text, in order. What YAML would not take as it is, is escaped.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(true) => text.push_str("true"),
            Self::Bool(false) => text.push_str("false"),
            Self::Number(_, source) => text.push_str(source),
            Self::String(string) => quote(string, text),
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    item.write(text);
                }
                text.push(']');
            }
            Self::Map(map) => {
                text.push('{');
                for (index, (key, value)) in map.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    quote(key, text);
                    text.push_str(": ");
                    value.write(text);
                }
                text.push('}');
            }
        }
    }
}

fn quote(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' | '\u{10000}'.. => text.push(character),
            // Writing into a text does not fail.
            _ => drop(write!(text, "\\u{:04x}", u32::from(character))),
        }
    }
    text.push('"');
}

impl Json {
    /// Tells whether this recording and `got` are the same: objects whatever their order, numbers
    /// as JavaScript's, errors by their kind.
    pub fn same(&self, got: &Self) -> bool {
        match (self, got) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one, _), Self::Number(other, _)) => one == other,
            (Self::String(one), Self::String(other)) => one == other,
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.same(other))
            }
            (Self::Map(one), Self::Map(other)) => {
                let error =
                    one.len() == 2 && one.contains_key("kind") && one.contains_key("message");
                let counts = |key: &str| !error || key == "kind";
                one.iter().all(|(key, value)| {
                    !counts(key) || other.get(key).is_some_and(|other| value.same(other))
                }) && other.keys().all(|key| !counts(key) || one.contains_key(key))
            }
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Json;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64, value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64, value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value, value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut map = IndexMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(Json::Map(map))
    }
}
