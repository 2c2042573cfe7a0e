//! Decisions of the catalog about an entity, and errors for a broken rule.

use crate::error::Hint;
use crate::suggest::rename_slip;
use crate::{ConfigError, Node};

/// Decision of the catalog about a valid entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who shows a verdict has to decide about each of them")]
pub enum CatalogVerdict {
    /// The entity is of one of Backstage's own kinds, and keeps that kind's rules.
    Accepted,
    /// The entity is of one of Backstage's own kinds in another spelling or API version: the
    /// catalog has no processor for it.
    NotRecognised,
    /// The entity is of a kind that is not Backstage's own, whose rules are not known here.
    ForeignKind,
}

/// Makes the error for a key that `node` must have, and names the key that was probably meant for
/// it.
pub(super) fn missing(path: String, node: &Node, key: &str, rule: &str) -> ConfigError {
    let hint = rename_slip(key, node.as_map()).map(Hint::into_text).unwrap_or_default();
    broken(path, node, &format!("{rule}{hint}"))
}

/// Makes the error for a value that breaks a rule.
pub(super) fn broken(path: impl Into<String>, node: &Node, rule: &str) -> ConfigError {
    ConfigError::invalid(path, node.provenance().clone(), rule)
}
