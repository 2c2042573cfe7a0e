//! Catalog entities: the envelope of Backstage's descriptor format.

mod kinds;
mod placeholders;
mod read;
mod relations;
pub mod rules;
mod slips;
mod verdict;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{CoderSpec, ConfigError, EntityRef, Location, Node};

pub use placeholders::{PlaceholderError, PlaceholderFile, Placeholders, UnreadPlaceholder};
pub use read::parse_entities;
pub use rules::{catalog_refusal, check_entity};
pub use slips::entity_notices;
pub use verdict::CatalogVerdict;

/// An entity of the catalog: its kind and name, its metadata, and the `spec` of its kind.
///
/// It comes from a file ([`parse_entities`]) or from a catalog server's JSON (serde); its
/// reference is valid either way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Node")]
#[non_exhaustive]
pub struct Entity {
    /// Version of the format, mostly `backstage.io/v1alpha1`.
    pub api_version: String,
    /// `Component`, `User`, … as it is written.
    pub kind: String,
    /// Name, annotations and the like.
    pub metadata: Metadata,
    /// Content as the kind defines it; empty when there is none.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub spec: Map<String, Value>,
    /// Relations that a catalog has derived from all its entities. An entity that was only read from
    /// a file has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relations: Vec<Relation>,
    #[serde(skip)]
    entity_ref: EntityRef,
    #[serde(skip)]
    location: Option<Location>,
    /// `spec.coder` with places and source texts, which `spec` cannot hold.
    #[serde(skip)]
    coder: Option<Node>,
}

/// `metadata` of an entity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Metadata {
    /// The name, unique among its kind and namespace.
    pub name: String,
    /// The namespace; without one it is `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Remarks of machines and for machines.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub annotations: IndexMap<String, String>,
    /// Key-value pairs that classify the entity.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, String>,
    /// Single words that classify the entity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Everything else, such as `links` and `uid`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A relation to another entity, as a catalog derives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Relation {
    /// Type of the relation: `ownedBy`, `memberOf`, …
    #[serde(rename = "type")]
    pub relation: String,
    /// Reference of the other entity.
    pub target_ref: EntityRef,
}

impl Relation {
    /// Creates a relation of the type `relation` to the entity `target_ref`.
    pub fn new(relation: impl Into<String>, target_ref: EntityRef) -> Self {
        Self { relation: relation.into(), target_ref }
    }
}

impl Entity {
    /// Returns the reference of the entity.
    pub fn entity_ref(&self) -> &EntityRef {
        &self.entity_ref
    }

    /// Returns `true` if the entity is of this kind. Letter case does not matter.
    pub fn is_kind(&self, kind: &str) -> bool {
        self.entity_ref.is_kind(kind)
    }

    /// Returns the place where the entity's document begins, if it was read from a file.
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    /// Returns the value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata.annotations.get(key).map(String::as_str)
    }

    /// Reads the section `spec.coder`; `None` when the entity has no such section.
    pub fn coder_spec(&self) -> Option<CoderSpec> {
        self.coder.as_ref().map(CoderSpec::from_node)
    }

    /// Returns `spec.profile.email` of a User or Group.
    ///
    /// # Errors
    ///
    /// When it is there and not a string: such an entity must match nobody.
    pub fn profile_email(&self) -> Result<Option<&str>, ConfigError> {
        match self.spec.get("profile").and_then(|profile| profile.get("email")) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(email)) => Ok(Some(email)),
            Some(other) => Err(ConfigError::invalid(
                "spec.profile.email",
                self.location.clone().map(Into::into),
                format!("of `{}` is `{other}`, not a string; quote it", self.entity_ref),
            )),
        }
    }
}
