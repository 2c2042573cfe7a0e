//! Keys of mappings: what they are called, which are duplicates, and YAML 1.1's merge keys.

use crate::message::one_line;
use crate::node::{Content, Entry, KeyKind, Map};
use crate::{ConfigError, Location, Node, javascript};

/// A key whose value is still to come.
pub(super) struct Key {
    pub(super) text: String,
    kind: KeyKind,
    pub(super) location: Location,
}

impl Key {
    /// Reads a key from a node. `text` is what a collection is called, if it is called anything.
    pub(super) fn from_node(node: &Node, text: Option<&str>) -> Self {
        let (text, kind) = match &node.content {
            Content::String(text) => (text.to_string(), KeyKind::Text),
            Content::Null => (String::new(), KeyKind::Other),
            Content::Bool { value, .. } => (value.to_string(), KeyKind::Other),
            Content::Number { value, .. } => (javascript::number_text(*value), KeyKind::Other),
            Content::List(_) | Content::Map(_) => {
                (text.map_or_else(|| in_flow(node), str::to_owned), KeyKind::Other)
            }
        };
        Self { text, kind, location: node.location().clone() }
    }
}

/// Adds a member. A second one of the same name is refused, unless the last one counts.
pub(super) fn insert(
    map: &mut Map,
    key: Key,
    node: Node,
    last_counts: bool,
) -> Result<(), ConfigError> {
    if let Some(entry) = map.get(&key.text)
        && entry.kind == key.kind
        && !last_counts
    {
        let first = entry.key.clone();
        let written = one_line(key.text);
        return Err(ConfigError::DuplicateKey { key: written, location: key.location, first });
    }
    map.insert(key.text, Entry { key: key.location, kind: key.kind, node });
    Ok(())
}

/// Writes a collection that is a key, as npm's `yaml` writes it.
fn in_flow(node: &Node) -> String {
    match &node.content {
        Content::List(items) if !items.is_empty() => {
            let items: Vec<_> = items.iter().map(in_flow).collect();
            format!("[ {} ]", items.join(", "))
        }
        Content::List(_) => "[]".to_owned(),
        Content::Map(map) if !map.is_empty() => {
            let members: Vec<_> = map
                .iter()
                .map(|(key, entry)| {
                    if entry.node.is_null() {
                        format!("{key}:")
                    } else {
                        format!("{key}: {}", in_flow(&entry.node))
                    }
                })
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Content::Map(_) => "{}".to_owned(),
        _ => node.scalar_text().unwrap_or("null").to_owned(),
    }
}

/// Merges by YAML 1.1's `<<`: members of the mappings below it are added where the mapping has none
/// of that name.
pub(super) fn merge(map: &mut Map, node: &Node, key: &Location) -> Result<(), ConfigError> {
    let sources = node.as_list().unwrap_or(std::slice::from_ref(node));
    for source in sources {
        let Some(members) = source.as_map() else {
            let problem = "`<<` needs a mapping, or a list of mappings".to_owned();
            return Err(ConfigError::Syntax { location: source.location().clone(), problem });
        };
        for (name, entry) in members {
            map.entry(name.clone()).or_insert_with(|| Entry {
                key: key.clone(),
                kind: KeyKind::Merged,
                ..entry.clone()
            });
        }
    }
    Ok(())
}
