//! Environment variables, and the configuration among them.

use coder_core::with_causes;
use std::fmt;

use indexmap::IndexMap;

use super::dropped::Dropped;
use crate::javascript::{is_key_part, trim};
use crate::message::one_line;
use crate::node::{Content, Entry, Map};
use crate::{ConfigError, Location, Node, yaml};

/// The environment variables that configuration may refer to, in their order.
///
/// On a server it is collected from the process. `Debug` shows no values.
///
/// ```
/// // Not `std::env::vars`: it panics when some variable of the machine is not Unicode.
/// let environment: coder_config::Environment = std::env::vars_os()
///     .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
///     .collect();
/// # let _ = environment;
/// ```
#[derive(Clone, Default)]
pub struct Environment(IndexMap<String, String>);

impl Environment {
    /// Returns the value as Backstage substitutes it: without space around it.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| trim(value))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Environment({} variables)", self.0.len())
    }
}

const PREFIX: &str = "APP_CONFIG_";

impl Environment {
    /// Reads the configuration in `APP_CONFIG_…` variables: `APP_CONFIG_app_title` is `app.title`,
    /// and its value is JSON if it can be read as such and a string otherwise.
    pub(super) fn configuration(&self, errors: &mut Vec<ConfigError>) -> Option<Node> {
        let mut root: Option<Map> = None;
        for (name, value) in &self.0 {
            let Some(key) = name.strip_prefix(PREFIX).filter(|_| !value.is_empty()) else {
                continue;
            };
            let location = Location::in_variable(name.as_str());
            if let Err(problem) = insert(root.get_or_insert_default(), key, value, &location) {
                let problem = one_line(problem);
                errors.push(ConfigError::Directive { at: location.into(), problem });
            }
        }
        root.map(|root| Node::new(Content::Map(Box::new(root)), Location::in_variable(PREFIX)))
    }
}

fn insert(root: &mut Map, key: &str, value: &str, at: &Location) -> Result<(), String> {
    let parts: Vec<_> = key.split('_').collect();
    if let Some(bad) = parts.iter().find(|part| !is_key_part(part)) {
        return Err(format!(
            "`{bad}` cannot be part of a configuration key; separate the parts by one `_` each, \
             and begin each with a letter"
        ));
    }
    let Some((last, path)) = parts.split_last() else { return Ok(()) };
    let mut map = root;
    for (index, part) in path.iter().enumerate() {
        let entry = map.entry((*part).to_owned()).or_insert_with(|| empty_map(at));
        if entry.node.is_null() {
            *entry = empty_map(at);
        }
        let nested = path.get(..=index).unwrap_or_default().join("_");
        map = match &mut entry.node.content {
            Content::Map(map) => map,
            _ => return Err(format!("`{PREFIX}{nested}` is set to a value that has no keys")),
        };
    }
    if map.contains_key(*last) {
        return Err("the same key is already set by another variable".to_owned());
    }
    let node = yaml::json(value, at)
        .unwrap_or_else(|| Ok(Node::new(Content::String(value.into()), at.clone())))
        .map_err(|error| with_causes(&error))?;
    if node.is_null() {
        return Err("the value is null, which a variable cannot hold; remove the variable".into());
    }
    map.insert((*last).to_owned(), Entry::new(at.clone(), node));
    Ok(())
}

fn empty_map(at: &Location) -> Entry {
    Entry::new(at.clone(), Node::new(Content::Map(Box::default()), at.clone()))
}

/// A string of a file with its variables put in.
pub(super) enum Substituted {
    /// The text and the variables it came from.
    Text(String, Vec<String>),
    /// A variable has no value, so neither has the string.
    Dropped(Dropped),
}

impl Environment {
    /// Puts `${NAME}` and `${NAME:-default}` in; `$${…}` stands for `${…}`.
    pub(super) fn substitute(&self, text: &str) -> Substituted {
        let mut out = String::with_capacity(text.len());
        let mut variables = Vec::new();
        let (mut missing, mut empty) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some((before, expression, after)) = next_expression(rest) {
            if let Some(literal) = before.strip_suffix('$') {
                out.push_str(literal);
                out.push_str("${");
                out.push_str(expression);
                out.push('}');
            } else {
                out.push_str(before);
                let (name, default) = match expression.split_once(":-") {
                    Some((name, default)) => (trim(name), Some(trim(default))),
                    None => (trim(expression), None),
                };
                match (self.get(name), default) {
                    (Some(value), None) => {
                        out.push_str(value);
                        variables.push(name.to_owned());
                    }
                    (Some(value), Some(_)) if !value.is_empty() => {
                        out.push_str(value);
                        variables.push(name.to_owned());
                    }
                    (_, Some(default)) if !default.is_empty() => out.push_str(default),
                    (_, Some(_)) => empty.push(name.to_owned()),
                    (None, None) => missing.push(name.to_owned()),
                }
            }
            rest = after;
        }
        out.push_str(rest);
        match (missing.is_empty(), empty.is_empty()) {
            (true, true) => Substituted::Text(out, variables),
            (true, false) => Substituted::Dropped(Dropped::Defaults(empty)),
            (false, _) => Substituted::Dropped(Dropped::Variables(missing)),
        }
    }
}

/// Finds the first `${…}` without braces inside, and returns the text before it, inside it and
/// after it.
fn next_expression(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find("${")?;
        let inside = text.get(start + 2..)?;
        let end = inside.find(['{', '}'])?;
        if inside.as_bytes().get(end) == Some(&b'}') {
            return Some((text.get(..start)?, inside.get(..end)?, inside.get(end + 1..)?));
        }
        from = start + 2;
    }
}
