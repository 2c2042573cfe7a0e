//! Reading a [`Node`] from JSON that a program passes in.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::javascript::number_text;
use crate::node::{Content, Entry, Map};
use crate::{Location, Node};

/// Reads the members of objects in the order they are written, which [`serde_json::Value`] does not
/// keep. A number has the text that JavaScript writes for it. If two members have one name, the last
/// one counts.
impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(|content| Self::new(content, Location::Program))
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Content;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool { value, text: if value { "true" } else { "false" }.into() })
    }

    #[expect(clippy::cast_precision_loss, reason = "every number is a double, as in JavaScript")]
    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number { value: value as f64, text: value.to_string().into() })
    }

    #[expect(clippy::cast_precision_loss, reason = "every number is a double, as in JavaScript")]
    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number { value: value as f64, text: value.to_string().into() })
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Content::Number { value, text: number_text(value).into() })
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::String(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Content, A::Error> {
        let mut map = Map::new();
        while let Some((key, node)) = members.next_entry::<String, Node>()? {
            map.insert(key, Entry::new(Location::Program, node));
        }
        Ok(Content::Map(Box::new(map)))
    }
}
