//! Parameters of lists of workspaces.

use coder_workspaces::Owner;
use serde::Deserialize;

/// The query of the routes that list workspaces.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkspacesQuery {
    /// Owner of the workspaces: `me`, or `everyone` for all that the caller may see.
    #[serde(default)]
    pub(crate) owner: OwnerChoice,
    /// A part of a workspace's name, or `owner/part-of-a-name`; filters such as `status:running` are refused.
    pub(crate) q: Option<String>,
    /// Greatest number of workspaces on the page.
    #[serde(default)]
    pub(crate) limit: Limit,
    /// Number of workspaces before the page.
    #[serde(default)]
    pub(crate) offset: Offset,
}

/// The greatest number of workspaces before a page.
const MAX_OFFSET: usize = 1_000_000;

/// The owner of the workspaces to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", try_from = "String")]
pub(crate) enum OwnerChoice {
    /// Workspaces of the caller.
    #[default]
    Me,
    /// Workspaces of everybody, as far as the caller may see them.
    Everyone,
}

impl TryFrom<String> for OwnerChoice {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "me" => Ok(Self::Me),
            "everyone" => Ok(Self::Everyone),
            _ => Err("must be `me` or `everyone`"),
        }
    }
}

impl From<OwnerChoice> for Owner {
    fn from(choice: OwnerChoice) -> Self {
        match choice {
            OwnerChoice::Me => Self::Me,
            OwnerChoice::Everyone => Self::Everyone,
        }
    }
}

/// The greatest number of workspaces on a page: 1 to 500, by default 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "usize"))]
#[serde(try_from = "String")]
pub(crate) struct Limit(#[cfg_attr(test, schemars(range(min = 1, max = 500)))] pub(crate) usize);

impl Limit {
    /// Returns the number as Coder takes it.
    pub(crate) fn number(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<String> for Limit {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let limit = text.parse().ok().filter(|limit| (1..=500).contains(limit));
        limit.map(Self).ok_or("must be a number from 1 to 500")
    }
}

/// The number of workspaces before a page, by default 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "u32"))]
#[serde(try_from = "String")]
pub(crate) struct Offset(pub(crate) usize);

impl Offset {
    /// Returns the number as Coder takes it.
    pub(crate) fn number(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl TryFrom<String> for Offset {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let offset = text.parse().ok().filter(|offset| *offset <= MAX_OFFSET);
        offset.map(Self).ok_or("must be a number from 0 to 1000000")
    }
}
