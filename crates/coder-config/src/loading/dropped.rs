//! Values that Backstage leaves out silently.

use indexmap::IndexSet;

use crate::{Node, Notice, Provenance};

/// A value that Backstage drops silently, because what it refers to is not there.
#[derive(Clone, Debug)]
pub(crate) struct DroppedValue {
    /// Path of the value.
    pub(crate) path: String,
    /// Place where it is written.
    pub(crate) provenance: Provenance,
    /// Reason why it was dropped.
    pub(crate) dropped: Dropped,
}

#[derive(Clone, Debug)]
pub(crate) enum Dropped {
    /// Environment variables that are not set.
    Variables(Vec<String>),
    /// Environment variables that are not set or empty, as their defaults are.
    Defaults(Vec<String>),
    /// The path behind `#` leads nowhere in this file.
    PathInFile { file: String, path: String },
}

impl DroppedValue {
    /// Tells whether a source that is laid over the value's own has something at its path.
    pub(crate) fn is_replaced_by(&self, root: &Node) -> bool {
        has(root, &self.path)
    }

    pub(crate) fn notice(&self) -> Notice {
        let path = &self.path;
        let message = match &self.dropped {
            Dropped::Variables(names) => {
                format!("`{path}` is left out, because {}", without_value(names))
            }
            Dropped::Defaults(names) => {
                let names = quoted(names);
                format!(
                    "`{path}` is left out, because {names} and the default behind `:-` are empty"
                )
            }
            Dropped::PathInFile { file, path: inside } => {
                format!("`{path}` is left out, because `{file}` has nothing at `{inside}`")
            }
        };
        Notice::new(path.clone(), message).at(self.provenance.clone())
    }
}

/// Tells whether a source decides about a path: it has a value there, or no mapping on the way.
fn has(node: &Node, path: &str) -> bool {
    let Some(map) = node.as_map().filter(|_| !path.is_empty()) else { return true };
    map.iter().any(|(key, entry)| {
        let rest = path.strip_prefix(key.as_str());
        let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        rest.is_some_and(|rest| has(&entry.node, rest.trim_start_matches('.')))
    })
}

/// The number of variables of other programs that are named.
const NAMED: usize = 5;

impl DroppedValue {
    /// Returns one notice for all the values that this program does not read, if there are any.
    pub(crate) fn notice_of_others(others: &[&Self]) -> Option<Notice> {
        let missing = others.iter().flat_map(|dropped| match &dropped.dropped {
            Dropped::Variables(missing) | Dropped::Defaults(missing) => missing.as_slice(),
            Dropped::PathInFile { .. } => &[],
        });
        let names: IndexSet<&String> = missing.collect();
        let more = names.len().saturating_sub(NAMED);
        let names: Vec<String> = names.into_iter().take(NAMED).cloned().collect();
        let why = match (names.as_slice(), more) {
            ([], _) => "what they include is not there".to_owned(),
            (names, 0) => format!("environment variables are not set: {}", quoted(names)),
            (names, more) => {
                format!("environment variables are not set: {} and {more} more", quoted(names))
            }
        };
        match others {
            [] => None,
            [other] => Some(other.notice()),
            others => {
                let message = format!(
                    "{} values that this server does not read are left out, as in Backstage, \
                     because {why}",
                    others.len(),
                );
                Some(Notice::new(String::new(), message))
            }
        }
    }
}

/// Describes environment variables that a value needs and that have no value.
pub(crate) fn without_value(names: &[String]) -> String {
    let (s, are) = if names.len() == 1 { ("", "is") } else { ("s", "are") };
    format!("the environment variable{s} {} {are} not set", quoted(names))
}

pub(crate) fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
