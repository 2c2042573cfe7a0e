//! Laying one source of configuration over another.

use crate::Node;
use crate::node::{Content, Entry, Map};

/// Merges two values by Backstage's rule: mappings are merged member by member, everything else
/// replaces, null removes (and shows nothing of what is below it). The keys of the upper one come
/// first.
pub(crate) fn merge(upper: &Node, lower: Option<&Node>) -> Option<Node> {
    let map = match &upper.content {
        Content::Null => return None,
        Content::Map(map) => map,
        _ => return Some(upper.clone()),
    };
    let below = lower.and_then(Node::as_map);
    let mut out = Map::with_capacity(map.len());
    for (key, entry) in map.iter() {
        let lower = below.and_then(|below| below.get(key)).map(|entry| &entry.node);
        if let Some(node) = merge(&entry.node, lower) {
            out.insert(key.clone(), Entry::new(entry.key.clone(), node));
        }
    }
    for (key, entry) in below.into_iter().flatten().filter(|(key, _)| !map.contains_key(*key)) {
        out.insert(key.clone(), entry.clone());
    }
    Some(Node::new(Content::Map(Box::new(out)), upper.provenance.clone()))
}
