//! A value with the place it was written at.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use crate::{Location, Provenance};

/// A value of a YAML or JSON document, with its place; so are its members and their keys.
///
/// Numbers, booleans and nulls remember the text they were written as. `Debug` shows kind and
/// place only: the value may be a secret.
#[derive(Clone)]
pub struct Node {
    pub(crate) content: Content,
    pub(crate) provenance: Provenance,
}

#[derive(Clone)]
pub(crate) enum Content {
    Null,
    Bool { value: bool, text: Box<str> },
    Number { value: f64, text: Box<str> },
    String(Box<str>),
    List(Vec<Node>),
    Map(Box<Map>),
}

pub(crate) type Map = IndexMap<String, Entry>;

/// A value of a mapping, and where its key is written.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: Location,
    pub(crate) kind: KeyKind,
    pub(crate) node: Node,
}

/// The way in which a key was written. Two keys of one kind and text are duplicates; npm's `yaml` takes `1`
/// and `"1"` for different keys while it reads, and for one afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Text,
    Other,
    Merged,
}

impl Entry {
    pub(crate) fn new(key: Location, node: Node) -> Self {
        Self { key, kind: KeyKind::Text, node }
    }
}

impl Node {
    pub(crate) fn new(content: Content, provenance: impl Into<Provenance>) -> Self {
        Self { content, provenance: provenance.into() }
    }

    /// Creates a value that a program passes in, such as the answer of a catalog server.
    pub fn from_json(value: &Value) -> Self {
        Self::from_json_at(value, &Provenance::at(Location::Program))
    }

    pub(crate) fn from_json_at(value: &Value, at: &Provenance) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool { value: *value, text: value.to_string().into() },
            Value::Number(number) => Content::Number {
                value: number.as_f64().unwrap_or(f64::NAN),
                text: number.to_string().into(),
            },
            Value::String(text) => Content::String(text.as_str().into()),
            Value::Array(items) => {
                Content::List(items.iter().map(|item| Self::from_json_at(item, at)).collect())
            }
            Value::Object(members) => Content::Map(Box::new(
                members
                    .iter()
                    .map(|(key, value)| {
                        let key_at = at.location().clone();
                        (key.clone(), Entry::new(key_at, Self::from_json_at(value, at)))
                    })
                    .collect(),
            )),
        };
        Self { content, provenance: at.clone() }
    }

    /// Returns where the value is written, and how it came from there.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Returns the place where the value is written.
    pub fn location(&self) -> &Location {
        self.provenance.location()
    }

    /// Returns `true` if the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// Returns the text of a string; `None` for a value of another kind.
    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value of a number, which may be infinite or NaN; `None` for a value of another kind.
    pub fn as_number(&self) -> Option<f64> {
        match &self.content {
            Content::Number { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// Returns the value of a boolean; `None` for a value of another kind.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.content {
            Content::Bool { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// Returns the text of a string, number or boolean as it is written: `1.20` stays `1.20`. `None` for
    /// null, a list and a mapping.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.content {
            Content::String(text) | Content::Number { text, .. } | Content::Bool { text, .. } => {
                Some(text)
            }
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// Returns the items of a list; `None` for a value of another kind.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the members of a mapping, in the order in which they are written; `None` for a value of
    /// another kind.
    pub fn members(&self) -> Option<impl ExactSizeIterator<Item = (&str, &Self)>> {
        self.as_map().map(|map| map.iter().map(|(key, entry)| (key.as_str(), &entry.node)))
    }

    /// Returns the member `key` of a mapping; `None` if there is none, or for a value of another kind.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key).map(|entry| &entry.node)
    }

    /// Returns the value without its places. Numbers that JSON cannot hold become null.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool { value, .. } => Value::Bool(*value),
            Content::Number { value, .. } => json_number(*value),
            Content::String(text) => Value::String(text.to_string()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Content::Map(map) => {
                let mut members = serde_json::Map::new();
                for (key, entry) in map.iter() {
                    members.insert(key.clone(), entry.node.to_json());
                }
                Value::Object(members)
            }
        }
    }

    /// Names the node's type for messages: `a string`, `a list`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool { .. } => "a boolean",
            Content::Number { .. } => "a number",
            Content::String(_) => "a string",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match &self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Node({} at {})", self.kind(), self.provenance)
    }
}

/// Converts a number to JSON. Every number is a double, as in JavaScript, and whole ones are
/// written without a fraction.
fn json_number(value: f64) -> Value {
    const SAFE: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < SAFE && !(value == 0.0 && value.is_sign_negative()) {
        return Value::from(value as i64);
    }
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}
