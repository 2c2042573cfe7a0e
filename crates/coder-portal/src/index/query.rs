//! Filters, order and page of a list of workspaces.

use std::collections::BTreeSet;

use coder_config::EntityRef;
use serde::Deserialize;

use crate::workspace_query::{Limit, Offset};

/// The greatest number of values of one filter.
const MAX_VALUES: usize = 100;

/// The choice of workspaces, in an order. Filters are joined by "and", the values of one by "or".
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelectionQuery {
    #[serde(flatten)]
    pub(crate) filters: Filters,
    /// Order of the workspaces; those that are equal are ordered by owner and name.
    #[serde(default)]
    pub(crate) sort: Sort,
    /// Direction of the order: `asc` or `desc`.
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
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(parts(&text)?.map(str::to_lowercase).collect()))
    }
}

/// References of entities; empty for any.
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

    /// Returns the references, in their order.
    pub(crate) fn refs(&self) -> impl Iterator<Item = &str> {
        self.refs.iter().map(String::as_str)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }
}

impl TryFrom<String> for EntityNames {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut names = Self::default();
        for part in parts(&text)? {
            if part == "none" {
                names.allows_none = true;
                continue;
            }
            let entity_ref = EntityRef::parse_with_defaults(part, "component", "default");
            let entity_ref = entity_ref.map_err(|error| coder_core::with_causes(&error))?;
            names.refs.insert(entity_ref.to_string());
        }
        Ok(names)
    }
}

fn parts(text: &str) -> Result<impl Iterator<Item = &str>, &'static str> {
    let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
    if parts().count() > MAX_VALUES {
        return Err("has more than 100 values");
    }
    Ok(parts())
}

/// The order of a list of workspaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
