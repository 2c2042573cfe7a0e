//! Filters, order and page of a list of workspaces.

use std::collections::BTreeSet;

use coder_config::EntityRef;
use serde::Deserialize;

use crate::workspace_query::{Limit, Offset};

/// The greatest number of values of one filter.
const MAX_VALUES: usize = 100;
/// The greatest number of entities whose workspaces are counted at once: those of a page of a catalog.
const MAX_REFS: usize = 1_000;
/// The value that stands for workspaces without an entity.
const NONE: &str = "none";

/// The choice of workspaces, in an order. Filters are joined by "and", the values of one by "or".
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelectionQuery {
    #[serde(flatten)]
    pub(crate) filters: Filters,
    /// Order of the workspaces, by default `owner`; those that are equal are ordered by owner and name.
    #[serde(default)]
    pub(crate) sort: Sort,
    /// Direction of the order: `asc` (the default) or `desc`.
    #[serde(default)]
    pub(crate) order: Order,
}

/// The query of the list of all workspaces: a page of those that are chosen.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexQuery {
    #[serde(flatten)]
    pub(crate) selection: SelectionQuery,
    /// Greatest number of workspaces on the page.
    #[serde(default)]
    pub(crate) limit: Limit,
    /// Number of workspaces before the page.
    #[serde(default)]
    pub(crate) offset: Offset,
}

/// The filters of workspaces.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filters {
    /// Usernames of owners, separated by commas.
    #[serde(default)]
    pub(crate) owner: Names,
    /// Names of templates, separated by commas.
    #[serde(default)]
    pub(crate) template: Names,
    /// Names of organizations, separated by commas.
    #[serde(default)]
    pub(crate) organization: Names,
    /// Statuses of the latest build, such as `running`, separated by commas.
    #[serde(default)]
    pub(crate) status: Names,
    /// References of entities, separated by commas; `none` stands for workspaces without an entity.
    #[serde(default)]
    pub(crate) entity: EntityNames,
    /// A part of `owner/name`, without regard to letter case.
    pub(crate) q: Option<String>,
}

/// Names that a workspace may have one of; empty for any. Letter case makes no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Returns whether a name is one of them.
    pub(crate) fn allow(&self, name: &str) -> bool {
        self.0.is_empty() || self.0.contains(&name.to_lowercase())
    }
}

impl TryFrom<String> for Names {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(parts(&text, MAX_VALUES)?.map(str::to_lowercase).collect()))
    }
}

/// References of entities in the normal form, at least one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub(crate) struct EntityRefs(BTreeSet<String>);

impl EntityRefs {
    /// Returns the references, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl TryFrom<String> for EntityRefs {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refs: BTreeSet<String> =
            parts(&text, MAX_REFS)?.map(normal_ref).collect::<Result<_, _>>()?;
        if refs.is_empty() {
            return Err("names no entity; leave it out for all".to_owned());
        }
        Ok(Self(refs))
    }
}

/// Returns a reference of an entity in the normal form.
fn normal_ref(text: &str) -> Result<String, String> {
    if text == NONE {
        return Err("has `none`, which names no entity".to_owned());
    }
    let entity_ref = EntityRef::parse_with_defaults(text, "component", "default");
    entity_ref
        .map(|entity_ref| entity_ref.to_string())
        .map_err(|error| coder_core::with_causes(&error))
}

/// Entities that a workspace may belong to one of; empty for any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub(crate) struct EntityNames {
    refs: BTreeSet<String>,
    allows_none: bool,
}

impl EntityNames {
    /// Returns whether a workspace of these entities is meant.
    pub(crate) fn allow(&self, entity_refs: &[&str]) -> bool {
        let is_any = self.refs.is_empty() && !self.allows_none;
        let is_none = self.allows_none && entity_refs.is_empty();
        is_any || is_none || entity_refs.iter().any(|one| self.refs.contains(*one))
    }
}

impl TryFrom<String> for EntityNames {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (none, refs): (Vec<_>, Vec<_>) =
            parts(&text, MAX_VALUES)?.partition(|one| *one == NONE);
        let refs = refs.into_iter().map(normal_ref).collect::<Result<_, _>>()?;
        Ok(Self { refs, allows_none: !none.is_empty() })
    }
}

/// Splits a list at its commas. Empty parts are not there.
fn parts(text: &str, most: usize) -> Result<impl Iterator<Item = &str>, String> {
    let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    if parts().count() > most {
        return Err(format!("has more than {most} values"));
    }
    Ok(parts())
}

/// The order of a list of workspaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend("enum" = ["owner", "name", "template", "organization", "status", "lastUsedAt"]))
)]
#[serde(rename_all = "camelCase", try_from = "String")]
pub(crate) enum Sort {
    #[default]
    Owner,
    Name,
    Template,
    Organization,
    Status,
    LastUsedAt,
}

impl TryFrom<String> for Sort {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "owner" => Ok(Self::Owner),
            "name" => Ok(Self::Name),
            "template" => Ok(Self::Template),
            "organization" => Ok(Self::Organization),
            "status" => Ok(Self::Status),
            "lastUsedAt" => Ok(Self::LastUsedAt),
            _ => {
                Err("must be `owner`, `name`, `template`, `organization`, `status` or `lastUsedAt`")
            }
        }
    }
}

/// The direction of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("enum" = ["asc", "desc"])))]
#[serde(rename_all = "camelCase", try_from = "String")]
pub(crate) enum Order {
    #[default]
    Asc,
    Desc,
}

impl TryFrom<String> for Order {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err("must be `asc` or `desc`"),
        }
    }
}
