//! Backstage's `ConfigReader`, for comparison with Backstage. Our own code reads
//! [`AppConfig`](crate::AppConfig).

use std::rc::Rc;

use crate::Node;
use crate::javascript::{self, is_key_part};
use crate::loading::{LoadedConfig, merge};
use crate::node::{Content, Map};

/// Reads values by path, each source falling back to the ones below it.
///
/// The rules and the messages are those of `@backstage/config`.
#[derive(Clone, Debug)]
pub struct ConfigReader {
    data: Option<Node>,
    context: Rc<str>,
    fallback: Option<Rc<Self>>,
    prefix: String,
}

/// Why a value could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no value: JavaScript's `Error`.
    #[error("Missing required config value at '{key}' in '{context}'")]
    #[non_exhaustive]
    Missing {
        /// The whole path.
        key: String,
        /// The source.
        context: String,
    },
    /// The value is of another type: JavaScript's `TypeError`.
    #[error("Invalid type in config for key '{key}' in '{context}', got {got}, wanted {wanted}")]
    #[non_exhaustive]
    Type {
        /// The whole path.
        key: String,
        /// The source.
        context: String,
        /// What it is.
        got: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The text cannot be converted: JavaScript's `Error`.
    #[error("Unable to convert config value for key '{key}' in '{context}' to a {wanted}")]
    #[non_exhaustive]
    Convert {
        /// The whole path.
        key: String,
        /// The source.
        context: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The path itself cannot be read: JavaScript's `TypeError`.
    #[error("Invalid config key '{key}'")]
    #[non_exhaustive]
    Key {
        /// The path.
        key: String,
    },
}

type Read<T> = Result<T, ReadError>;

impl ConfigReader {
    /// A reader of all sources.
    pub fn new(loaded: &LoadedConfig) -> Self {
        let mut reader = None;
        for layer in loaded.layers() {
            reader = Some(Self {
                data: Some(layer.root.clone()),
                context: layer.name.as_str().into(),
                fallback: reader.map(Rc::new),
                prefix: String::new(),
            });
        }
        reader.unwrap_or_else(|| Self {
            data: None,
            context: "mock-config".into(),
            fallback: None,
            prefix: String::new(),
        })
    }

    /// Whether there is a value.
    ///
    /// # Errors
    ///
    /// When the path is not one, or leads through a value that has no keys.
    pub fn has(&self, key: &str) -> Read<bool> {
        match (self.read_value(key)?, &self.fallback) {
            (Some(value), _) => Ok(!value.is_null()),
            (None, Some(fallback)) => fallback.has(key),
            (None, None) => Ok(false),
        }
    }

    /// The keys of all sources, the overriding one's first.
    pub fn keys(&self) -> Vec<String> {
        let local = self.data.as_ref().and_then(Node::as_map);
        let mut keys: Vec<_> = local.into_iter().flat_map(Map::keys).cloned().collect();
        for key in self.fallback.iter().flat_map(|fallback| fallback.keys()) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys.retain(|key| {
            !local.and_then(|map| map.get(key)).is_some_and(|entry| entry.node.is_null())
        });
        keys
    }

    /// The merged value at a path; the empty path is everything.
    ///
    /// # Errors
    ///
    /// As [`get_optional`](Self::get_optional), and when there is no value.
    pub fn get(&self, key: &str) -> Read<Node> {
        self.get_optional(key)?.ok_or_else(|| self.missing(key))
    }

    /// The merged value at a path, if there is one.
    ///
    /// # Errors
    ///
    /// When the path is not one, or leads through a value that has no keys.
    pub fn get_optional(&self, key: &str) -> Read<Option<Node>> {
        let value = self.read_value(key)?;
        let lower = match &self.fallback {
            Some(fallback) => fallback.get_optional(key)?,
            None => None,
        };
        Ok(match value {
            Some(value) => merge::merge(value, lower.as_ref()),
            None => lower,
        })
    }

    /// A reader of what is below a path.
    ///
    /// # Errors
    ///
    /// As [`get_optional_config`](Self::get_optional_config), and when there is no value.
    pub fn get_config(&self, key: &str) -> Read<Self> {
        self.get_optional_config(key)?.ok_or_else(|| self.missing(key))
    }

    /// A reader of what is below a path, if there is anything.
    ///
    /// # Errors
    ///
    /// When the path is not one, or the value is no mapping.
    pub fn get_optional_config(&self, key: &str) -> Read<Option<Self>> {
        let value = self.read_value(key)?;
        let fallback = match &self.fallback {
            Some(fallback) => fallback.get_optional_config(key)?,
            None => None,
        };
        match value {
            None => Ok(fallback),
            Some(value) if value.is_null() => Ok(None),
            Some(value) if value.as_map().is_some() => {
                Ok(Some(self.below(key, value, fallback.map(Rc::new))))
            }
            Some(value) => Err(self.wrong(key, value, "object")),
        }
    }

    /// A reader for each item of a list.
    ///
    /// # Errors
    ///
    /// When there is no list of mappings at the path.
    pub fn get_config_array(&self, key: &str) -> Read<Vec<Self>> {
        self.get_optional_config_array(key)?.ok_or_else(|| self.missing(key))
    }

    /// A reader for each item of a list, if there is one.
    ///
    /// # Errors
    ///
    /// When the value is no list of mappings.
    pub fn get_optional_config_array(&self, key: &str) -> Read<Option<Vec<Self>>> {
        const WANTED: &str = "object-array";
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        let items = value.as_list().ok_or_else(|| reader.wrong(key, value, WANTED))?;
        let below = |(index, item): (usize, &Node)| {
            let key = format!("{key}[{index}]");
            match item.as_map() {
                Some(_) => Ok(reader.below(&key, item, None)),
                None => Err(reader.wrong(&key, item, WANTED)),
            }
        };
        items.iter().enumerate().map(below).collect::<Read<_>>().map(Some)
    }

    /// A string that is not empty.
    ///
    /// # Errors
    ///
    /// As [`get_optional_string`](Self::get_optional_string), and when there is no value.
    pub fn get_string(&self, key: &str) -> Read<String> {
        self.get_optional_string(key)?.ok_or_else(|| self.missing(key))
    }

    /// A string that is not empty, if there is a value.
    ///
    /// # Errors
    ///
    /// When the value is anything else.
    pub fn get_optional_string(&self, key: &str) -> Read<Option<String>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        match value.as_str() {
            Some(text) if !text.is_empty() => Ok(Some(text.to_owned())),
            _ => Err(reader.wrong(key, value, "string")),
        }
    }

    /// A list of strings that are not empty.
    ///
    /// # Errors
    ///
    /// As [`get_optional_string_array`](Self::get_optional_string_array), and when there is no
    /// value.
    pub fn get_string_array(&self, key: &str) -> Read<Vec<String>> {
        self.get_optional_string_array(key)?.ok_or_else(|| self.missing(key))
    }

    /// A list of strings that are not empty, if there is a value.
    ///
    /// # Errors
    ///
    /// When the value is anything else.
    pub fn get_optional_string_array(&self, key: &str) -> Read<Option<Vec<String>>> {
        const WANTED: &str = "string-array";
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        let items = value.as_list().ok_or_else(|| reader.wrong(key, value, WANTED))?;
        let text = |(index, item): (usize, &Node)| match item.as_str() {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => Err(reader.wrong(&format!("{key}[{index}]"), item, WANTED)),
        };
        items.iter().enumerate().map(text).collect::<Read<_>>().map(Some)
    }

    /// A number, or a text that JavaScript converts to one.
    ///
    /// # Errors
    ///
    /// As [`get_optional_number`](Self::get_optional_number), and when there is no value.
    pub fn get_number(&self, key: &str) -> Read<f64> {
        self.get_optional_number(key)?.ok_or_else(|| self.missing(key))
    }

    /// A number, or a text that JavaScript converts to one, if there is a value.
    ///
    /// # Errors
    ///
    /// When the value is anything else.
    pub fn get_optional_number(&self, key: &str) -> Read<Option<f64>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        match &value.content {
            Content::Number { value, .. } => Ok(Some(*value)),
            Content::String(text) => match javascript::number(text) {
                Some(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(self.not_convertible(key, "number")),
            },
            _ => Err(reader.wrong(key, value, "number")),
        }
    }

    /// A boolean, or one of Backstage's words for it.
    ///
    /// # Errors
    ///
    /// As [`get_optional_boolean`](Self::get_optional_boolean), and when there is no value.
    pub fn get_boolean(&self, key: &str) -> Read<bool> {
        self.get_optional_boolean(key)?.ok_or_else(|| self.missing(key))
    }

    /// A boolean, or one of Backstage's words for it, if there is a value.
    ///
    /// # Errors
    ///
    /// When the value is anything else.
    pub fn get_optional_boolean(&self, key: &str) -> Read<Option<bool>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        let text = match &value.content {
            Content::Bool { value, .. } => return Ok(Some(*value)),
            Content::Number { value, .. } => javascript::number_text(*value),
            Content::String(text) => javascript::trim(text).to_ascii_lowercase(),
            _ => return Err(reader.wrong(key, value, "boolean")),
        };
        match text.as_str() {
            "y" | "yes" | "true" | "1" | "on" => Ok(Some(true)),
            "n" | "no" | "false" | "0" | "off" => Ok(Some(false)),
            _ => Err(self.not_convertible(key, "boolean")),
        }
    }

    /// The value of the topmost source that has one, and its reader. Null is no value.
    fn find<'a>(&'a self, key: &str) -> Read<Option<(&'a Self, &'a Node)>> {
        match (self.read_value(key)?, &self.fallback) {
            (Some(value), _) => Ok((!value.is_null()).then_some((self, value))),
            (None, Some(fallback)) => fallback.find(key),
            (None, None) => Ok(None),
        }
    }

    fn read_value(&self, key: &str) -> Read<Option<&Node>> {
        let parts: Vec<_> = key.split('.').filter(|_| !key.is_empty()).collect();
        if !parts.iter().all(|part| is_key_part(part)) {
            return Err(ReadError::Key { key: key.to_owned() });
        }
        let mut value = self.data.as_ref();
        for (index, part) in parts.iter().enumerate() {
            let Some(node) = value.filter(|node| !node.is_null()) else { break };
            if node.as_map().is_none() {
                let before = parts.get(..index).unwrap_or_default().join(".");
                return Err(self.wrong(&before, node, "object"));
            }
            value = node.get(part);
        }
        Ok(value)
    }

    fn below(&self, key: &str, data: &Node, fallback: Option<Rc<Self>>) -> Self {
        Self {
            data: Some(data.clone()),
            context: Rc::clone(&self.context),
            fallback,
            prefix: self.full_key(key),
        }
    }

    fn full_key(&self, key: &str) -> String {
        let dot = if self.prefix.is_empty() { "" } else { "." };
        format!("{}{dot}{key}", self.prefix)
    }

    fn missing(&self, key: &str) -> ReadError {
        ReadError::Missing { key: self.full_key(key), context: self.context.to_string() }
    }

    fn wrong(&self, key: &str, value: &Node, wanted: &'static str) -> ReadError {
        let got = match &value.content {
            Content::Null => "null",
            Content::Bool { .. } => "boolean",
            Content::Number { value, .. } if value.is_nan() => "nan",
            Content::Number { .. } => "number",
            Content::String(text) if text.is_empty() => "empty-string",
            Content::String(_) => "string",
            Content::List(_) => "array",
            Content::Map(_) => "object",
        };
        let context = self.context.to_string();
        ReadError::Type { key: self.full_key(key), context, got, wanted }
    }

    fn not_convertible(&self, key: &str, wanted: &'static str) -> ReadError {
        ReadError::Convert { key: self.full_key(key), context: self.context.to_string(), wanted }
    }
}
