//! A filter of entities.

use coder_config::Entity;
use serde_json::Value;

/// Conditions that an entity must all meet; without any, every entity passes.
///
/// As in Backstage's catalog API, a path leads through the entity's members (`kind`,
/// `metadata.name`, `metadata.annotations.backstage.io/source-location`, `spec.profile.email`),
/// and values are compared as text without regard to case. A list meets a condition when one of
/// its items does; `relations.memberOf` is the list of the targets of that relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntityFilter {
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Condition {
    path: String,
    /// `None`: the path must merely lead somewhere.
    value: Option<String>,
}

impl EntityFilter {
    /// Returns a filter that every entity matches.
    pub fn all() -> Self {
        Self::default()
    }

    /// Creates a filter that entities of one kind pass.
    pub fn kind(kind: &str) -> Self {
        Self::all().with("kind", kind)
    }

    /// Requires in addition that `path` leads to `value`.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.conditions.push(Condition { path: path.into(), value: Some(value.into()) });
        self
    }

    /// Requires in addition that `path` leads to any value.
    #[must_use]
    pub fn having(mut self, path: impl Into<String>) -> Self {
        self.conditions.push(Condition { path: path.into(), value: None });
        self
    }

    /// Returns the conditions: paths, each with the value that it must lead to, or `None` for any
    /// value.
    pub fn conditions(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.conditions
            .iter()
            .map(|condition| (condition.path.as_str(), condition.value.as_deref()))
    }

    /// Returns `true` if the entity meets every condition.
    pub fn matches(&self, entity: &Entity) -> bool {
        self.conditions.iter().all(|condition| condition.holds(entity))
    }
}

impl Condition {
    fn holds(&self, entity: &Entity) -> bool {
        let path = self.path.to_lowercase();
        // The usual questions are answered without turning the entity into JSON.
        match path.as_str() {
            "kind" => return self.accepts_text(&entity.kind),
            "metadata.name" => return self.accepts_text(&entity.metadata.name),
            "metadata.namespace" => return self.accepts_text(entity.entity_ref().namespace()),
            _ => {}
        }
        if let Some(relation) = path.strip_prefix("relations.") {
            return entity
                .relations
                .iter()
                .filter(|candidate| candidate.relation.to_lowercase() == relation)
                .any(|relation| self.accepts_text(relation.target_ref.as_str()));
        }
        serde_json::to_value(entity).is_ok_and(|entity| self.holds_below(&entity, &path))
    }

    /// Tells whether an entity has the value at a path. Keys may contain dots, so every member
    /// whose name begins the path is followed.
    fn holds_below(&self, value: &Value, path: &str) -> bool {
        match value {
            _ if path.is_empty() => self.accepts(value),
            Value::Object(members) => members.iter().any(|(key, value)| {
                match path.strip_prefix(key.to_lowercase().as_str()) {
                    Some("") => self.holds_below(value, ""),
                    Some(rest) => {
                        rest.strip_prefix('.').is_some_and(|rest| self.holds_below(value, rest))
                    }
                    None => false,
                }
            }),
            Value::Array(items) => items.iter().any(|item| self.holds_below(item, path)),
            _ => false,
        }
    }

    fn accepts(&self, value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::String(text) => self.accepts_text(text),
            Value::Bool(value) => self.accepts_text(&value.to_string()),
            Value::Number(number) => self.accepts_text(&number.to_string()),
            Value::Array(items) => items.iter().any(|item| self.accepts(item)),
            Value::Object(_) => self.value.is_none(),
        }
    }

    fn accepts_text(&self, text: &str) -> bool {
        self.value.as_ref().is_none_or(|value| value.to_lowercase() == text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Entity {
        serde_json::from_value(serde_json::json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "metadata": {
                "name": "alice",
                "annotations": {"coder.com/user-id": "42"},
                "tags": ["on-call"],
            },
            "spec": {"profile": {"email": "Alice@Example.com"}, "memberOf": ["team-a"]},
            "relations": [{"type": "memberOf", "targetRef": "group:default/team-a"}],
        }))
        .unwrap()
    }

    #[test]
    fn values_are_compared_without_case_along_a_path() {
        for (path, value) in [
            ("kind", "user"),
            ("metadata.namespace", "default"),
            ("spec.profile.email", "alice@example.COM"),
            ("metadata.annotations.coder.com/user-id", "42"),
            ("metadata.tags", "On-Call"),
            ("relations.memberOf", "Group:Default/team-a"),
        ] {
            assert!(EntityFilter::all().with(path, value).matches(&alice()), "{path}");
            assert!(!EntityFilter::all().with(path, "other").matches(&alice()), "{path}");
        }
    }

    #[test]
    fn every_condition_must_be_met() {
        let users = EntityFilter::kind("User");
        assert!(users.clone().having("spec.profile").matches(&alice()));
        assert!(!users.having("spec.coder").matches(&alice()));
    }
}
