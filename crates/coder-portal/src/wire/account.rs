//! Accounts at other services that people have to link.

use serde::Serialize;

/// An account at another service that a template needs, and that is not linked.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MissingAccount {
    /// Name of the service for people.
    name: String,
    /// URL of Coder's page at which the owner of the workspace links it.
    url: String,
}

impl From<coder_workspaces::MissingAccount> for MissingAccount {
    fn from(account: coder_workspaces::MissingAccount) -> Self {
        Self { name: account.name, url: account.url }
    }
}
