//! Keys of a descriptor that nobody reads, and that were probably meant to be read.

use super::kinds;
use crate::suggest::slips_of;
use crate::{Node, Notice, SOURCE_LOCATION};

/// Finds keys of a descriptor that look like slips of those that Backstage or this project read,
/// each with its place: `spec.codr`, `metadata.annotatons`. A required key that is missing is
/// an error already, and `spec.coder` has notices of its own
/// ([`CoderSpec::notices`](crate::CoderSpec::notices)).
pub fn entity_notices(node: &Node) -> Vec<Notice> {
    let kind = node.get("kind").and_then(Node::as_str).unwrap_or_default();
    let mut of_spec = kinds::keys_of_spec(kind);
    of_spec.push("coder");
    let metadata = node.get("metadata");
    [
        ("", Some(node), &["apiVersion", "kind", "metadata", "spec", "relations"][..]),
        ("metadata", metadata, METADATA),
        ("metadata.annotations", metadata.and_then(|it| it.get("annotations")), ANNOTATIONS),
        ("spec", node.get("spec"), &of_spec),
    ]
    .into_iter()
    .filter_map(|(path, node, ours)| Some(slips_of(path, node?.as_map()?, ours)))
    .flatten()
    .collect()
}

const METADATA: &[&str] =
    &["name", "namespace", "title", "description", "annotations", "labels", "tags", "links"];

const ANNOTATIONS: &[&str] = &[SOURCE_LOCATION];
