//! Names of catalog entities: `component:default/payments`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::message::shown;

/// The namespace of an entity whose descriptor names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// A reference to a catalog entity, `kind:namespace/name`.
///
/// Backstage compares references without regard to case, so equality, order and hash are those of
/// the canonical form, which [`Display`](fmt::Display) prints: all three parts, lower case. The
/// parts themselves keep the case they were written in.
#[derive(Clone)]
pub struct EntityRef {
    kind: String,
    namespace: String,
    name: String,
    canonical: String,
}

impl EntityRef {
    /// Creates a reference from its parts. An empty namespace is [`DEFAULT_NAMESPACE`].
    ///
    /// # Errors
    ///
    /// When kind or name is empty.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, EntityRefError> {
        let namespace = if namespace.is_empty() { DEFAULT_NAMESPACE } else { namespace };
        let text = || shown(&format!("{kind}:{namespace}/{name}"));
        if kind.is_empty() {
            return Err(EntityRefError::NoKind { text: text() });
        }
        if name.is_empty() {
            return Err(EntityRefError::NoName { text: text() });
        }
        Ok(Self {
            canonical: format!("{kind}:{namespace}/{name}").to_lowercase(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Reads `kind:namespace/name` or `kind:name`, whose namespace is [`DEFAULT_NAMESPACE`].
    ///
    /// # Errors
    ///
    /// When the kind or the name is missing or a part is empty.
    pub fn parse(text: &str) -> Result<Self, EntityRefError> {
        Self::parse_with_defaults(text, None, DEFAULT_NAMESPACE)
    }

    /// Reads a reference that may leave out its kind and its namespace, as `owner: team-a` does.
    /// An empty default namespace is [`DEFAULT_NAMESPACE`].
    ///
    /// # Errors
    ///
    /// When the kind is neither written nor given, or a part is empty.
    pub fn parse_with_defaults<'a>(
        text: &'a str,
        kind: impl Into<Option<&'a str>>,
        namespace: &'a str,
    ) -> Result<Self, EntityRefError> {
        let (written_kind, rest) = match text.split_once(':') {
            // A `/` before the `:` makes all of it a name.
            Some((before, after)) if !before.contains('/') => (Some(before), after),
            _ => (None, text),
        };
        let (written_namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, rest),
        };
        let text = || shown(text);
        if written_kind == Some("") || written_namespace == Some("") {
            return Err(EntityRefError::EmptyPart { text: text() });
        }
        if name.is_empty() && (written_kind.is_some() || written_namespace.is_some()) {
            return Err(EntityRefError::EmptyPart { text: text() });
        }
        let Some(kind) = written_kind.or(kind.into()).filter(|kind| !kind.is_empty()) else {
            return Err(EntityRefError::NoKind { text: text() });
        };
        Self::new(kind, written_namespace.unwrap_or(namespace), name)
    }

    /// Returns the kind as it was written: `Component`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the namespace as it was written: `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the name as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the canonical form: `component:default/payments`.
    pub fn as_str(&self) -> &str {
        &self.canonical
    }

    /// Returns `true` if the reference names an entity of this kind. Letter case does not matter.
    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind.to_lowercase() == kind.to_lowercase()
    }
}

impl FromStr for EntityRef {
    type Err = EntityRefError;

    fn from_str(text: &str) -> Result<Self, EntityRefError> {
        Self::parse(text)
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.canonical)
    }
}

impl fmt::Debug for EntityRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EntityRef({self})")
    }
}

impl PartialEq for EntityRef {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for EntityRef {}

impl PartialOrd for EntityRef {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EntityRef {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl Hash for EntityRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl Serialize for EntityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.canonical)
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Reasons why a text is not a reference to an entity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntityRefError {
    /// The kind is neither written nor given by the context.
    #[error("`{text}` has no kind; write it like `component:default/name`")]
    #[non_exhaustive]
    NoKind {
        /// Text that was read.
        text: String,
    },
    /// There is no name.
    #[error("`{text}` has no name; write it like `component:default/name`")]
    #[non_exhaustive]
    NoName {
        /// Text that was read.
        text: String,
    },
    /// A part is written and empty.
    #[error("`{text}` has an empty part; write it like `component:default/name`")]
    #[non_exhaustive]
    EmptyPart {
        /// Text that was read.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_the_same_whatever_their_case() {
        let written = EntityRef::parse("Component:Default/Payments").unwrap();
        assert_eq!(written, EntityRef::parse("component:payments").unwrap());
        assert_eq!(written.name(), "Payments");
        assert_eq!(written.to_string(), "component:default/payments");
    }

    #[test]
    fn an_owner_may_leave_out_kind_and_namespace() {
        let owner = EntityRef::parse_with_defaults("team-a", "group", "shop").unwrap();
        assert_eq!(owner.to_string(), "group:shop/team-a");
        let other = EntityRef::parse_with_defaults("user:x/y", "group", "shop").unwrap();
        assert_eq!(other.to_string(), "user:x/y");
    }

    #[test]
    fn what_is_missing_is_told() {
        for (text, problem) in
            [("", "no kind"), ("x", "no kind"), ("a:", "an empty part"), ("a:/b", "an empty part")]
        {
            let message = EntityRef::parse(text).unwrap_err().to_string();
            assert!(message.contains(problem), "{message}");
        }
        let unnamed = EntityRef::parse_with_defaults("", "group", "").unwrap_err().to_string();
        assert!(unnamed.contains("no name"), "{unnamed}");
    }
}
