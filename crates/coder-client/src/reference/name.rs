//! Names of users, organizations and workspaces.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{OrganizationId, UserId};

/// The error for a name that Coder would refuse for a workspace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is no workspace name; use 1 to 32 letters, digits and single hyphens between them, and neither `new` nor `create`"
)]
pub struct NameError {
    name: String,
}

/// The name of a workspace: 1 to 32 ASCII letters and digits with single hyphens between them, and
/// neither `new` nor `create`.
///
/// It is unique among the workspaces of its owner, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkspaceName(String);

impl WorkspaceName {
    /// Checks a name against Coder's rules.
    ///
    /// # Errors
    ///
    /// When Coder would refuse it.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let well_formed = (1..=32).contains(&name.len())
            && name.split('-').all(|part| {
                !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if well_formed && !matches!(name, "new" | "create") {
            Ok(Self(name.to_owned()))
        } else {
            Err(NameError { name: name.to_owned() })
        }
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkspaceName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

impl TryFrom<&str> for WorkspaceName {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

impl TryFrom<String> for WorkspaceName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl From<WorkspaceName> for String {
    fn from(name: WorkspaceName) -> Self {
        name.0
    }
}

impl fmt::Display for WorkspaceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A user in the path of a request: the caller, an id or a username.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserRef {
    /// The user that the credential belongs to.
    #[default]
    Me,
    /// The user with this id.
    Id(UserId),
    /// The user with this username.
    Name(String),
}

impl From<UserId> for UserRef {
    fn from(id: UserId) -> Self {
        Self::Id(id)
    }
}

impl From<String> for UserRef {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<&String> for UserRef {
    fn from(name: &String) -> Self {
        Self::Name(name.clone())
    }
}

impl From<&str> for UserRef {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl fmt::Display for UserRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => formatter.write_str("me"),
            Self::Id(id) => id.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

/// An organization in the path of a request: the default one, an id or a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrganizationRef {
    /// The deployment's default organization.
    #[default]
    Default,
    /// The organization with this id.
    Id(OrganizationId),
    /// The organization with this name.
    Name(String),
}

impl From<OrganizationId> for OrganizationRef {
    fn from(id: OrganizationId) -> Self {
        Self::Id(id)
    }
}

impl From<String> for OrganizationRef {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<&String> for OrganizationRef {
    fn from(name: &String) -> Self {
        Self::Name(name.clone())
    }
}

impl From<&str> for OrganizationRef {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl fmt::Display for OrganizationRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Id(id) => id.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workspace_names_follow_coders_rules() {
        for good in ["a", "payments-api", "A1-b2", &"x".repeat(32)] {
            assert_eq!(WorkspaceName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a-", "a--b", "a_b", "a b", "new", "create", "é", &"x".repeat(33)] {
            assert!(WorkspaceName::parse(bad).is_err(), "{bad}");
        }
    }
}
