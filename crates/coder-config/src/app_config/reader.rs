//! Reading typed values out of [`LoadedConfig`], and saying what is wrong with them.

use std::collections::HashSet;
use std::error::Error;

use coder_core::{Secret, with_causes};
use url::Url;

use super::trail::Trail;
use crate::error::Hint;
use crate::loading::{Dropped, DroppedValue, LoadedConfig, quoted};
use crate::message::shown;
use crate::suggest::{or_known, rename_slip, slips_of};
use crate::{ConfigError, Location, Node, Notice, Provenance};

/// Reader of sections, which collects the mistakes, so that all of them are reported at once.
pub(super) struct Reader<'a> {
    loaded: &'a LoadedConfig,
    trail: Trail,
    pub(super) errors: Vec<ConfigError>,
    pub(super) notices: Vec<Notice>,
    /// The sign-in resolvers that the program brings along, if it is known.
    pub(super) registered_resolvers: Option<&'a [&'a str]>,
    /// The errors of the other sign-in resolvers, which count in every environment.
    pub(super) unknown_resolvers: Vec<ConfigError>,
}

/// A mapping of the configuration, or the place where one could be.
#[derive(Clone)]
pub(super) struct Section<'a> {
    path: String,
    node: Option<&'a Node>,
    /// Place where its key is written.
    key: Option<&'a Location>,
}

/// A value and what it is called.
#[derive(Clone)]
pub(super) struct Value<'a> {
    pub(super) path: String,
    pub(super) node: &'a Node,
}

impl<'a> Reader<'a> {
    pub(super) fn new(loaded: &'a LoadedConfig) -> Self {
        Self {
            loaded,
            trail: Trail::default(),
            errors: Vec::new(),
            notices: Vec::new(),
            registered_resolvers: None,
            unknown_resolvers: Vec::new(),
        }
    }

    /// Returns the errors and warnings found.
    ///
    /// A value that was left out appears once: as an error where it is required. Values that nothing
    /// here reads have one line together.
    pub(super) fn finish(self) -> (Vec<ConfigError>, Vec<Notice>) {
        let Self { loaded, trail, errors, notices, .. } = self;
        let (read, others): (Vec<_>, Vec<_>) =
            loaded.dropped().iter().partition(|dropped| trail.holds(&dropped.path));
        let is_told = |path: &str| {
            let told = notices.iter().map(|notice| Some(notice.path.as_str()));
            told.chain(errors.iter().map(ConfigError::path)).any(|told| told == Some(path))
        };
        let read = read.into_iter().filter(|dropped| !is_told(&dropped.path));
        let left_out = loaded.missing_files().iter().cloned();
        let left_out: Vec<_> = left_out
            .chain(read.map(DroppedValue::notice))
            .chain(DroppedValue::notice_of_others(&others))
            .collect();
        (errors, [left_out, notices].concat())
    }

    pub(super) fn root(&self) -> Section<'a> {
        Section { path: String::new(), node: Some(self.loaded.root()), key: None }
    }

    /// Reads a mapping below `parent`. Anything else there is an error, and read as an empty
    /// mapping.
    pub(super) fn section(&mut self, parent: &Section<'a>, key: &str) -> Section<'a> {
        self.trail.section(&parent.path_of(key));
        let entry = parent.node.and_then(Node::as_map).and_then(|map| map.get(key));
        let entry = entry.filter(|entry| !entry.node.is_null());
        let section = Section {
            path: parent.path_of(key),
            node: entry.map(|entry| &entry.node),
            key: entry.map(|entry| &entry.key),
        };
        match section.node {
            Some(node) if node.as_map().is_none() => {
                self.wrong(&Value { path: section.path.clone(), node }, "a mapping");
                Section { node: None, ..section }
            }
            _ => section,
        }
    }

    /// Adds a notice for each key of a section that nobody reads.
    pub(super) fn only(&mut self, section: &Section<'_>, known: &[&str]) {
        self.every_key(section);
        let Some(map) = section.node.and_then(Node::as_map) else { return };
        for (key, entry) in map.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let path = section.path_of(key);
            self.trail.carried(path.clone());
            let message = format!("`{path}` is not known and ignored{}", or_known(key, known));
            self.notices.push(Notice::new(path, message).at(entry.key.clone()));
        }
    }

    /// Says that every key of a section is read.
    pub(super) fn every_key(&self, section: &Section<'_>) {
        self.trail.closed(&section.path);
    }

    /// Says that a value has no effect here.
    pub(super) fn without_effect(&self, section: &Section<'_>, key: &str) {
        self.trail.carried(section.path_of(key));
    }

    /// Adds notices for the keys of a section that look like slips of our own keys. Others read
    /// such a section too.
    pub(super) fn slips(&mut self, section: &Section<'_>, ours: &[&str]) {
        let Some(map) = section.node.and_then(Node::as_map) else { return };
        self.notices.extend(slips_of(&section.path, map, ours));
    }

    /// Returns a value below a section, if there is one.
    pub(super) fn value(&self, section: &Section<'a>, key: &str) -> Option<Value<'a>> {
        let path = section.path_of(key);
        self.trail.value(path.clone());
        let node = section.node?.get(key).filter(|node| !node.is_null())?;
        Some(Value { path, node })
    }

    /// Returns a value by the keys that lead to it, if there is one.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Value<'a>> {
        let root = self.loaded.root();
        let node = keys.iter().try_fold(root, |node, key| node.get(key))?;
        (!node.is_null()).then(|| Value { path: keys.join("."), node })
    }

    /// Returns the files that the configuration was read from.
    pub(super) fn files_read(&self) -> &'a [String] {
        self.loaded.files()
    }

    pub(super) fn invalid(&mut self, value: &Value<'_>, problem: impl Into<String>) {
        let at = value.node.provenance().clone();
        self.errors.push(ConfigError::invalid(value.path.clone(), at, problem));
    }

    pub(super) fn wrong(&mut self, value: &Value<'_>, expected: &str) {
        self.invalid(value, format!("is {}; it must be {expected}", value.node.kind()));
    }

    /// Reads the text of a scalar. An empty text counts as not set.
    pub(super) fn text(&mut self, section: &Section<'a>, key: &str) -> Option<&'a str> {
        let value = self.value(section, key)?;
        self.text_of(&value).filter(|text| !text.is_empty())
    }

    pub(super) fn text_of(&mut self, value: &Value<'a>) -> Option<&'a str> {
        let text = value.node.scalar_text();
        if text.is_none() {
            self.wrong(value, "a string");
        }
        text
    }

    /// Reads the text of a scalar that must be there.
    pub(super) fn required(&mut self, section: &Section<'a>, key: &str) -> Option<&'a str> {
        let Some(value) = self.value(section, key) else {
            let error = self.missing(section, key);
            self.errors.push(error);
            return None;
        };
        let text = self.text_of(&value)?;
        if text.trim().is_empty() {
            let problem = match value.node.provenance().variables() {
                [] => "is empty".to_owned(),
                names => format!("is empty, because the environment variable {} is", quoted(names)),
            };
            self.invalid(&value, problem);
            return None;
        }
        Some(text)
    }

    pub(super) fn required_secret(&mut self, section: &Section<'a>, key: &str) -> Option<Secret> {
        self.required(section, key).map(|text| Secret::new(text.trim()))
    }

    /// Reads something that is written as a string and has a syntax of its own.
    pub(super) fn parsed<T, E: Into<Box<dyn Error>>>(
        &mut self,
        section: &Section<'a>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(section, key)?;
        self.parse(section, key, text, parse)
    }

    pub(super) fn parse<T, E: Into<Box<dyn Error>>>(
        &mut self,
        section: &Section<'a>,
        key: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(text.trim()) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                if let Some(value) = self.value(section, key) {
                    let why = with_causes(&*error.into());
                    self.invalid(&value, format!("is `{}`: {why}", shown(text)));
                }
                None
            }
        }
    }

    /// Reads a list of strings; a single string is a list of one.
    pub(super) fn texts(&mut self, section: &Section<'a>, key: &str) -> Vec<&'a str> {
        self.items(section, key).into_iter().map(|(_, text)| text).collect()
    }

    /// Reads a list of strings, each with its place; a single string is a list of one.
    pub(super) fn items(&mut self, section: &Section<'a>, key: &str) -> Vec<(Value<'a>, &'a str)> {
        let Some(value) = self.value(section, key) else { return Vec::new() };
        if value.node.as_list().is_none() && value.node.scalar_text().is_none() {
            self.wrong(&value, "a list of strings");
            return Vec::new();
        }
        let mut texts = Vec::new();
        for item in value.items() {
            texts.extend(self.text_of(&item).map(|text| (item, text)));
        }
        texts
    }

    /// Reads the mappings of a list.
    pub(super) fn sections(&mut self, section: &Section<'a>, key: &str) -> Vec<Section<'a>> {
        let Some(value) = self.value(section, key) else { return Vec::new() };
        let Some(items) = value.node.as_list() else {
            self.wrong(&value, "a list of mappings");
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, node) in items.iter().enumerate() {
            let item = Value { path: format!("{}[{index}]", value.path), node };
            if node.as_map().is_some() {
                self.trail.section(&item.path);
                let key = Some(node.location());
                sections.push(Section { path: item.path, node: Some(node), key });
            } else {
                self.wrong(&item, "a mapping");
            }
        }
        sections
    }

    /// Reads `true` or `false`, with Backstage's other words for them.
    pub(super) fn flag(&mut self, section: &Section<'a>, key: &str) -> Option<bool> {
        let value = self.value(section, key)?;
        match self.text_of(&value)?.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" | "true" | "1" | "on" => Some(true),
            "n" | "no" | "false" | "0" | "off" => Some(false),
            _ => {
                self.invalid(&value, "is neither `true` nor `false`");
                None
            }
        }
    }

    /// Makes the error for a value that is not there: which value refers to it, which key looks
    /// like it, where to add it.
    pub(super) fn missing(&self, section: &Section<'_>, key: &str) -> ConfigError {
        let path = section.path_of(key);
        let dropped = self.loaded.dropped().iter().rev().find(|dropped| {
            path.strip_prefix(dropped.path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        if let Some(dropped) = dropped {
            return ConfigError::missing(path, refers_to_nothing(dropped));
        }
        let hint = match (rename_slip(key, section.node.and_then(Node::as_map)), section.key) {
            (Some(hint), _) => hint,
            (None, Some(at)) => {
                let plain = format!(": add `{key}` below `{}`", section.path);
                Hint::new(at.clone(), format!("{plain} at {at}"), plain)
            }
            (None, None) => self.where_to_add(section),
        };
        ConfigError::missing(path, hint)
    }

    /// Returns a hint at the innermost mapping that exists, else at the files that were read.
    fn where_to_add(&self, section: &Section<'_>) -> Hint {
        let mut node = self.loaded.root();
        let mut found = None;
        for (end, part) in parts(&section.path).filter(|(_, part)| !part.is_empty()) {
            let Some(entry) = node.as_map().and_then(|map| map.get(part)) else {
                if let Some(hint) = rename_slip(part, node.as_map()) {
                    return hint;
                }
                break;
            };
            node = &entry.node;
            found = section.path.get(..end).map(|path| (path, &entry.key));
        }
        match (found, self.loaded.files()) {
            (Some((path, at)), _) => {
                let plain = format!(": add it below `{path}`");
                Hint::new(at.clone(), format!("{plain} at {at}"), plain)
            }
            (None, []) => Hint::without_place(": no configuration file was read"),
            (None, files) => Hint::without_place(format!(": add it to {}", quoted(files))),
        }
    }

    /// Keeps what is wrong apart from the rest.
    pub(super) fn apart<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> (T, Vec<ConfigError>) {
        let before = std::mem::take(&mut self.errors);
        let result = read(self);
        (result, std::mem::replace(&mut self.errors, before))
    }
}

impl<'a> Value<'a> {
    /// Returns the value as a section, for a mapping that stands in a list.
    pub(super) fn section(&self) -> Section<'a> {
        Section { path: self.path.clone(), node: Some(self.node), key: Some(self.node.location()) }
    }

    /// Returns the items of a list; any other value but an empty text is the only item.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.node.as_list() {
            Some(items) => {
                let path = |index| format!("{}[{index}]", self.path);
                items
                    .iter()
                    .enumerate()
                    .map(|(index, node)| Self { path: path(index), node })
                    .collect()
            }
            None if self.node.scalar_text() == Some("") => Vec::new(),
            None => vec![self.clone()],
        }
    }
}

impl<'a> Section<'a> {
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns where a key of the section is written.
    pub(super) fn key_location(&self, key: &str) -> Option<&'a Location> {
        Some(&self.node?.as_map()?.get(key)?.key)
    }

    pub(super) fn keys(&self) -> Vec<&'a str> {
        let map = self.node.and_then(Node::as_map);
        map.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }

    /// Looks at the value of a key, which does not count as read.
    pub(super) fn peek(&self, key: &str) -> Option<&'a Node> {
        self.node?.get(key)
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Returns where the section is written, for what is built from it.
    pub(super) fn provenance(&self) -> Option<Provenance> {
        Some(match self.key {
            Some(key) => Provenance::at(key.clone()),
            None => self.node?.provenance().clone(),
        })
    }
}

/// Makes the hint for a value that was left out, because what it refers to is not there.
fn refers_to_nothing(dropped: &DroppedValue) -> Hint {
    let refers_to = match &dropped.dropped {
        Dropped::Variables(names) => {
            let (s, are) = if names.len() == 1 { ("", "is") } else { ("s", "are") };
            let names = quoted(names);
            format!(
                "refers to the environment variable{s} {names}, which {are} not set; set it, or \
                 write the value there"
            )
        }
        Dropped::Defaults(names) => {
            format!("refers to {}, which is empty as is its default", quoted(names))
        }
        Dropped::PathInFile { file, path } => {
            format!("refers to `{path}` in `{file}`, which is not there")
        }
    };
    let at = &dropped.provenance;
    Hint::new(at.clone(), format!(": {at} {refers_to}"), format!(": its value {refers_to}"))
}

/// Splits a path into its keys, each with the end of the path up to it.
fn parts(path: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = 0;
    path.split('.').map(move |part| {
        end += part.len() + 1;
        (end - 1, part)
    })
}

/// Reads a URL of the web that has no credentials in it.
pub(crate) fn web_url(text: &str) -> Result<Url, &'static str> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            if url.username().is_empty() && url.password().is_none() {
                Ok(url)
            } else {
                Err("credentials do not belong into the URL; remove the part before `@`")
            }
        }
        Ok(_) => Err("the scheme must be https or http"),
        Err(_) => Err("not a URL; write it like `https://portal.example.com`"),
    }
}

/// Returns the texts without repetition, in their order.
pub(super) fn each_once<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.into_iter().filter(|text| seen.insert(*text)).map(str::to_owned).collect()
}
