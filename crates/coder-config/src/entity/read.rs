//! From a document to an [`Entity`].

use coder_core::with_causes;
use indexmap::IndexMap;
use serde_json::Value;

use super::placeholders::may_be_placeholder;
use super::{Entity, Metadata, Relation};
use crate::error::Hint;
use crate::node::Map;
use crate::suggest::rename_slip;
use crate::{ConfigError, EntityRef, Location, Node, Provenance, yaml};

/// Reads the entities of a `catalog-info.yaml`, each document on its own: a broken one does not
/// take the others with it. Empty documents are skipped.
///
/// `file` names the file in places and messages.
pub fn parse_entities(file: &str, text: &str) -> Vec<Result<Entity, ConfigError>> {
    yaml::documents(file, text)
        .into_iter()
        .filter(|document| !matches!(document, Ok(node) if node.is_null()))
        .map(|document| Entity::from_node(&document?))
        .collect()
}

/// Keeps the order in which `spec.coder` is written, as reading from JSON by serde does.
impl TryFrom<Node> for Entity {
    type Error = ConfigError;

    fn try_from(node: Node) -> Result<Self, ConfigError> {
        Self::from_node(&node)
    }
}

impl TryFrom<Value> for Entity {
    type Error = ConfigError;

    fn try_from(value: Value) -> Result<Self, ConfigError> {
        Self::from_node(&Node::from_json(&value))
    }
}

impl Entity {
    /// Reads the envelope of a descriptor.
    ///
    /// # Errors
    ///
    /// The first thing that the descriptor format requires and that is not so, with its place.
    pub fn from_node(node: &Node) -> Result<Self, ConfigError> {
        let root = Fields::new(node, "")?;
        let api_version = root.string("apiVersion")?.to_owned();
        let kind = root.string("kind")?.to_owned();
        let metadata = Fields::new(root.required("metadata")?, "metadata")?;
        let metadata = Metadata {
            name: metadata.string("name")?.to_owned(),
            namespace: metadata.optional_string("namespace")?,
            title: metadata.optional_string("title")?,
            description: metadata.description()?,
            annotations: metadata.strings("annotations")?,
            labels: metadata.strings("labels")?,
            tags: metadata.list_of_strings("tags")?,
            other: metadata.others(&[
                "name",
                "namespace",
                "title",
                "description",
                "annotations",
                "labels",
                "tags",
            ]),
        };
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let entity_ref = EntityRef::new(&kind, namespace, &metadata.name).map_err(|error| {
            ConfigError::invalid("metadata", node.provenance().clone(), with_causes(&error))
        })?;
        let spec = root.optional("spec");
        Ok(Self {
            api_version,
            kind,
            metadata,
            spec: match spec {
                Some(spec) => Fields::new(spec, "spec")?.others(&[]),
                None => serde_json::Map::new(),
            },
            relations: root.relations()?,
            entity_ref,
            location: match node.location() {
                Location::Program => None,
                location => Some(location.clone()),
            },
            coder: spec.and_then(|spec| spec.get("coder")).filter(|node| !node.is_null()).cloned(),
        })
    }
}

/// The members of a mapping of the descriptor.
struct Fields<'a> {
    map: &'a Map,
    path: &'static str,
    at: &'a Provenance,
}

impl<'a> Fields<'a> {
    fn new(node: &'a Node, path: &'static str) -> Result<Self, ConfigError> {
        let at = node.provenance();
        match node.as_map() {
            Some(map) => Ok(Self { map, path, at }),
            None => {
                let path = if path.is_empty() { "the entity" } else { path };
                Err(wrong(path, node, "a mapping"))
            }
        }
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Returns a member that is set. Null is not, nor is a placeholder whose file was not read.
    fn optional(&self, key: &str) -> Option<&'a Node> {
        self.map.get(key).map(|entry| &entry.node).filter(|node| is_set(node))
    }

    fn required(&self, key: &str) -> Result<&'a Node, ConfigError> {
        self.optional(key).ok_or_else(|| {
            let hint = rename_slip(key, Some(self.map)).map(Hint::into_text).unwrap_or_default();
            let problem = format!("is required and missing{hint}");
            ConfigError::invalid(self.path(key), self.at.clone(), problem)
        })
    }

    fn string(&self, key: &str) -> Result<&'a str, ConfigError> {
        self.text(key, self.required(key)?)
    }

    fn optional_string(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.optional(key).map(|node| Ok(self.text(key, node)?.to_owned())).transpose()
    }

    /// Reads the description, which Backstage allows to be empty.
    fn description(&self) -> Result<Option<String>, ConfigError> {
        let written = self.optional("description").filter(|node| node.as_str() != Some(""));
        written.map(|node| Ok(self.text("description", node)?.to_owned())).transpose()
    }

    fn text(&self, key: &str, node: &'a Node) -> Result<&'a str, ConfigError> {
        match node.as_str() {
            Some("") => {
                let problem = "is empty";
                Err(ConfigError::invalid(self.path(key), node.provenance().clone(), problem))
            }
            Some(text) => Ok(text),
            None => Err(wrong(&self.path(key), node, "a string")),
        }
    }

    fn strings(&self, key: &str) -> Result<IndexMap<String, String>, ConfigError> {
        let Some(node) = self.optional(key) else { return Ok(IndexMap::new()) };
        let path = self.path(key);
        let members = node.members().ok_or_else(|| wrong(&path, node, "a mapping"))?;
        members
            .filter(|(_, value)| is_set(value))
            .map(|(name, value)| match value.as_str() {
                Some(text) => Ok((name.to_owned(), text.to_owned())),
                None => Err(wrong(&format!("{path}.{name}"), value, "a string")),
            })
            .collect()
    }

    fn list_of_strings(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let Some(node) = self.optional(key) else { return Ok(Vec::new()) };
        let path = self.path(key);
        let items = node.as_list().ok_or_else(|| wrong(&path, node, "a list"))?;
        items
            .iter()
            .enumerate()
            .filter(|(_, item)| !may_be_placeholder(item))
            .map(|(index, item)| match item.as_str() {
                Some(text) => Ok(text.to_owned()),
                None => Err(wrong(&format!("{path}[{index}]"), item, "a string")),
            })
            .collect()
    }

    fn others(&self, known: &[&str]) -> serde_json::Map<String, Value> {
        let mut others = serde_json::Map::new();
        for (key, entry) in self.map.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            others.insert(key.clone(), entry.node.to_json());
        }
        others
    }

    fn relations(&self) -> Result<Vec<Relation>, ConfigError> {
        let items = self.optional("relations").and_then(Node::as_list).unwrap_or_default();
        items.iter().map(relation).collect()
    }
}

fn relation(node: &Node) -> Result<Relation, ConfigError> {
    let fields = Fields::new(node, "relations")?;
    let text = |key| {
        let written = fields.required(key)?;
        written.as_str().ok_or_else(|| wrong(&fields.path(key), written, "a string"))
    };
    let target_ref = EntityRef::parse(text("targetRef")?).map_err(|error| {
        let problem = format!("cannot be read: {}", with_causes(&error));
        ConfigError::invalid(fields.path("targetRef"), node.provenance().clone(), problem)
    })?;
    Ok(Relation::new(text("type")?, target_ref))
}

fn is_set(node: &Node) -> bool {
    !node.is_null() && !may_be_placeholder(node)
}

fn wrong(path: &str, node: &Node, expected: &str) -> ConfigError {
    let found = match node.scalar_text() {
        Some(text) if text.len() <= 80 => format!("is `{text}`, {}", node.kind()),
        _ => format!("is {}", node.kind()),
    };
    ConfigError::invalid(path, node.provenance().clone(), format!("{found}; it must be {expected}"))
}
