//! Backstage's `ConfigReader` over what this crate has loaded, for comparison with Backstage.
//!
//! The rules and the messages are those of `@backstage/config`.

use std::collections::BTreeMap;
use std::rc::Rc;

use coder_config::{ConfigSources, Environment, LoadedConfig, Node};
use coder_testkit::recordings::Json;

/// Reads values by path, each source falling back to the ones below it.
#[derive(Clone)]
pub(crate) struct ConfigReader {
    /// What this source says alone.
    own: Json,
    /// What it says together with those below it.
    merged: Json,
    context: Rc<str>,
    fallback: Option<Rc<Self>>,
    prefix: String,
}

/// What one source says at a path.
enum Said<'a> {
    Nothing,
    /// There is no value, whatever the sources below say.
    Null,
    Value(&'a Json),
}

/// Why a value could not be read, as JavaScript's error and its message.
#[derive(Debug)]
pub(crate) struct ReadError {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

type Read<T> = Result<T, ReadError>;

impl ConfigReader {
    /// Loads each source alone, and with those below it.
    pub(crate) fn new(
        files: &BTreeMap<String, String>,
        variables: &[(&str, &str)],
        targets: &[String],
        loaded: &LoadedConfig,
    ) -> Self {
        let names: Vec<String> = loaded.sources().map(str::to_owned).collect();
        let is_env = names.last().is_some_and(|name| name == "env");
        let defaults = names[..names.len() - usize::from(is_env)].to_vec();
        let paths = if targets.is_empty() { defaults } else { targets.to_vec() };
        // The variables that a file may refer to, without those that are a source themselves.
        let referred = variables.iter().filter(|(name, _)| !name.starts_with("APP_CONFIG_"));
        let referred: Environment = referred.copied().collect();
        let load =
            |paths: &[String]| ConfigSources::new(files, &referred).with_files(paths).load().ok();
        let mut reader = None;
        for (index, path) in paths.iter().enumerate() {
            // A file without content is no source.
            let Some(own) = load(std::slice::from_ref(path)) else { continue };
            let merged = load(&paths[..=index]).unwrap();
            let context = path.rsplit('/').next().unwrap();
            reader = Some(Self::source(own.root(), merged.root(), context, reader));
        }
        if is_env {
            let none = BTreeMap::new();
            let environment: Environment = variables.iter().copied().collect();
            let sources = ConfigSources::new(&none, &environment).without_required_default();
            let own = sources.load().unwrap();
            reader = Some(Self::source(own.root(), loaded.root(), "env", reader));
        }
        reader.expect("some source")
    }

    fn source(own: &Node, merged: &Node, context: &str, fallback: Option<Self>) -> Self {
        Self {
            own: value_of(own),
            merged: value_of(merged),
            context: context.into(),
            fallback: fallback.map(Rc::new),
            prefix: String::new(),
        }
    }

    pub(crate) fn has(&self, key: &str) -> Read<bool> {
        Ok(self.find(key)?.is_some())
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        match &self.merged {
            Json::Map(members) => members.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn get_optional(&self, key: &str) -> Read<Option<Json>> {
        self.said(key)?;
        if let Some(fallback) = &self.fallback {
            fallback.get_optional(key)?;
        }
        Ok(at(&self.merged, key).cloned())
    }

    pub(crate) fn get_optional_config(&self, key: &str) -> Read<Option<Self>> {
        let said = self.said(key)?;
        let fallback = match &self.fallback {
            Some(fallback) => fallback.get_optional_config(key)?,
            None => None,
        };
        match said {
            Said::Nothing => Ok(fallback),
            Said::Null => Ok(None),
            Said::Value(own @ Json::Map(_)) => Ok(Some(Self {
                own: own.clone(),
                merged: at(&self.merged, key).unwrap_or(own).clone(),
                context: Rc::clone(&self.context),
                fallback: fallback.map(Rc::new),
                prefix: self.full_key(key),
            })),
            Said::Value(value) => Err(self.wrong(key, value, "object")),
        }
    }

    pub(crate) fn get_optional_config_array(&self, key: &str) -> Read<Option<Vec<Self>>> {
        self.items(key, "object-array", |reader, key, item| match item {
            Json::Map(_) => Some(Self {
                own: item.clone(),
                merged: without_nulls(item),
                context: Rc::clone(&reader.context),
                fallback: None,
                prefix: reader.full_key(key),
            }),
            _ => None,
        })
    }

    pub(crate) fn get_optional_string(&self, key: &str) -> Read<Option<Json>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        match value.as_str() {
            Some(text) if !text.is_empty() => Ok(Some(value.clone())),
            _ => Err(reader.wrong(key, value, "string")),
        }
    }

    pub(crate) fn get_optional_string_array(&self, key: &str) -> Read<Option<Json>> {
        let items = self.items(key, "string-array", |_, _, item| {
            item.as_str().filter(|text| !text.is_empty()).map(|_| item.clone())
        });
        Ok(items?.map(Json::List))
    }

    /// Reads a number, or a text that JavaScript converts to one.
    pub(crate) fn get_optional_number(&self, key: &str) -> Read<Option<Json>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        match value {
            Json::Number(number, _) => Ok(Some(Json::number(*number))),
            Json::String(text) => match number(text) {
                Some(number) if number.is_finite() => Ok(Some(Json::number(number))),
                _ => Err(self.not_convertible(key, "number")),
            },
            _ => Err(reader.wrong(key, value, "number")),
        }
    }

    /// Reads a boolean, or one of Backstage's words for it.
    pub(crate) fn get_optional_boolean(&self, key: &str) -> Read<Option<Json>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        let text = match value {
            Json::Bool(_) => return Ok(Some(value.clone())),
            // `String(-0)` is `0`.
            Json::Number(number, _) => (number + 0.0).to_string(),
            Json::String(text) => trim(text).to_ascii_lowercase(),
            _ => return Err(reader.wrong(key, value, "boolean")),
        };
        match text.as_str() {
            "y" | "yes" | "true" | "1" | "on" => Ok(Some(Json::Bool(true))),
            "n" | "no" | "false" | "0" | "off" => Ok(Some(Json::Bool(false))),
            _ => Err(self.not_convertible(key, "boolean")),
        }
    }

    /// Reads each item of the list at a path; `None` of `read` is a wrong type.
    fn items<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Self, &str, &Json) -> Option<T>,
    ) -> Read<Option<Vec<T>>> {
        let Some((reader, value)) = self.find(key)? else { return Ok(None) };
        let items = value.as_list().ok_or_else(|| reader.wrong(key, value, wanted))?;
        let item = |(index, item): (usize, &Json)| {
            let key = format!("{key}[{index}]");
            read(reader, &key, item).ok_or_else(|| reader.wrong(&key, item, wanted))
        };
        items.iter().enumerate().map(item).collect::<Read<_>>().map(Some)
    }

    /// Finds the value of the topmost source that has one, and its reader.
    fn find<'a>(&'a self, key: &str) -> Read<Option<(&'a Self, &'a Json)>> {
        match (self.said(key)?, &self.fallback) {
            (Said::Value(value), _) => Ok(Some((self, value))),
            (Said::Nothing, Some(fallback)) => fallback.find(key),
            (Said::Null, _) | (Said::Nothing, None) => Ok(None),
        }
    }

    fn said(&self, key: &str) -> Read<Said<'_>> {
        let parts: Vec<_> = key.split('.').filter(|_| !key.is_empty()).collect();
        if !parts.iter().all(|part| is_key_part(part)) {
            let message = format!("Invalid config key '{key}'");
            return Err(ReadError { kind: "TypeError", message });
        }
        let mut value = Some(&self.own);
        for (index, part) in parts.iter().enumerate() {
            let Some(node) = value.filter(|node| !matches!(node, Json::Null)) else { break };
            let Json::Map(members) = node else {
                return Err(self.wrong(&parts[..index].join("."), node, "object"));
            };
            value = members.get(*part);
        }
        Ok(match (value, &self.fallback) {
            (Some(Json::Null), _) => Said::Null,
            (Some(value), _) => Said::Value(value),
            // Loading takes nulls out, with what they hide below them.
            (None, Some(below))
                if at(&self.merged, key).is_none() && at(&below.merged, key).is_some() =>
            {
                Said::Null
            }
            (None, _) => Said::Nothing,
        })
    }

    fn full_key(&self, key: &str) -> String {
        let dot = if self.prefix.is_empty() { "" } else { "." };
        format!("{}{dot}{key}", self.prefix)
    }

    /// Makes the error of a value that must be there.
    pub(crate) fn missing(&self, key: &str) -> ReadError {
        let (key, context) = (self.full_key(key), &self.context);
        let message = format!("Missing required config value at '{key}' in '{context}'");
        ReadError { kind: "Error", message }
    }

    fn wrong(&self, key: &str, value: &Json, wanted: &str) -> ReadError {
        let got = match value {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(value, _) if value.is_nan() => "nan",
            Json::Number(..) => "number",
            Json::String(text) if text.is_empty() => "empty-string",
            Json::String(_) => "string",
            Json::List(_) => "array",
            Json::Map(_) => "object",
        };
        let (key, context) = (self.full_key(key), &self.context);
        let message = format!(
            "Invalid type in config for key '{key}' in '{context}', got {got}, wanted {wanted}"
        );
        ReadError { kind: "TypeError", message }
    }

    fn not_convertible(&self, key: &str, wanted: &str) -> ReadError {
        let (key, context) = (self.full_key(key), &self.context);
        let message =
            format!("Unable to convert config value for key '{key}' in '{context}' to a {wanted}");
        ReadError { kind: "Error", message }
    }

    /// Returns all that is below this reader.
    pub(crate) fn all(&self) -> Json {
        recorded(&self.merged)
    }
}

/// Finds the value at a path; the empty path is everything.
fn at<'a>(value: &'a Json, key: &str) -> Option<&'a Json> {
    key.split('.').filter(|_| !key.is_empty()).try_fold(value, |value, part| value.get(part))
}

/// Removes the members that are null, which loading leaves in lists alone.
fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Map(members) => {
            let kept = members.iter().filter(|(_, value)| !matches!(value, Json::Null));
            Json::map(kept.map(|(key, value)| (key.as_str(), without_nulls(value))))
        }
        other => other.clone(),
    }
}

/// Returns the value as recordings have it.
pub(crate) fn recorded(value: &Json) -> Json {
    match value {
        Json::Number(number, _) => Json::number(*number),
        Json::List(items) => Json::List(items.iter().map(recorded).collect()),
        Json::Map(members) => {
            Json::map(members.iter().map(|(key, value)| (key.as_str(), recorded(value))))
        }
        other => other.clone(),
    }
}

/// Returns the value of a node, with the numbers as they are: [`Json::number`] writes the special
/// ones.
pub(crate) fn value_of(node: &Node) -> Json {
    if let Some(items) = node.as_list() {
        return Json::List(items.iter().map(value_of).collect());
    }
    if let Some(members) = node.members() {
        return Json::map(members.map(|(key, node)| (key, value_of(node))));
    }
    match (node.as_number(), node.as_bool(), node.as_str()) {
        (Some(number), ..) => Json::Number(number, number.to_string()),
        (_, Some(value), _) => Json::Bool(value),
        (.., Some(text)) => Json::String(text.to_owned()),
        _ => Json::Null,
    }
}

/// Tells whether a text is one part of a key: `[a-z][a-z0-9]*`, joined by `-`, `_` or `:`, in any
/// case.
fn is_key_part(part: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part.split(['-', '_', ':']).all(plain)
}

/// Trims a text as `String.prototype.trim` does: a BOM is space there, U+0085 is not.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

/// Converts a text as `Number(text)` does: decimal, or `0x`, `0o`, `0b` without a sign; blank is 0.
fn number(text: &str) -> Option<f64> {
    let text = trim(text);
    if text.is_empty() {
        return Some(0.0);
    }
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let value = |total: f64, digit: char| {
                Some(total * f64::from(radix) + f64::from(digit.to_digit(radix)?))
            };
            return (!digits.is_empty()).then(|| digits.chars().try_fold(0.0, value)).flatten();
        }
    }
    if let "Infinity" | "+Infinity" | "-Infinity" = text {
        return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    // Rust also reads `inf` and `nan`.
    let numeric = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    text.bytes().all(numeric).then(|| text.parse().ok()).flatten()
}
