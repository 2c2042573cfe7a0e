//! Entries of the index, one for each workspace.

use std::collections::BTreeSet;

use coder_client::models::{ActorType, BuildParameter, Workspace, WorkspaceStatus};
use coder_client::{BuildId, GroupId, OrganizationId, TemplateId, UserId, WorkspaceId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

/// A workspace as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IndexedWorkspace {
    /// The id of the workspace.
    pub id: WorkspaceId,
    /// The name, which is unique among the workspaces of its owner.
    pub name: String,
    /// The id of the owner.
    pub owner_id: UserId,
    /// The username of the owner.
    pub owner_name: String,
    /// The id of the organization, if Coder tells it.
    pub organization_id: Option<OrganizationId>,
    /// The name of the organization; may be empty.
    pub organization_name: String,
    /// The id of the template, if Coder tells it.
    pub template_id: Option<TemplateId>,
    /// The name of the template.
    pub template_name: String,
    /// The id of the latest build.
    pub build_id: BuildId,
    /// The number of the latest build, from 1.
    pub build_number: i64,
    /// The status of the latest build.
    pub status: WorkspaceStatus,
    /// The moment of the last use.
    pub last_used_at: Option<Timestamp>,
    /// The moment since which the workspace is dormant.
    pub dormant_at: Option<Timestamp>,
    /// The ids of the users that the workspace is shared with. Releases since 2.30 tell them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shared_with_users: BTreeSet<UserId>,
    /// The ids of the groups that the workspace is shared with. Releases since 2.30 tell them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shared_with_groups: BTreeSet<GroupId>,
    /// The moment at which Coder told all this.
    pub listed_at: Timestamp,
    /// The parameters of the latest build that may hold a repository, in Coder's order.
    pub repositories: Vec<RepositoryParameter>,
    /// The reason why a parameter may be missing from [`repositories`](Self::repositories); `None`
    /// when all are there.
    pub unread: Option<String>,
}

/// A parameter that may hold a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RepositoryParameter {
    /// The name, in the letter case of the template.
    pub name: String,
    /// The value, which need not be a repository's URL. A user name and a password in an http(s) URL
    /// are left out, because they may be a token.
    pub value: String,
}

impl RepositoryParameter {
    /// Takes a parameter of a build, without a user name and a password in its value.
    pub fn new(parameter: &BuildParameter) -> Self {
        Self { name: parameter.name.clone(), value: without_user(&parameter.value) }
    }
}

impl IndexedWorkspace {
    /// Creates the entry of a workspace, without its parameters.
    pub(super) fn new(workspace: &Workspace, listed_at: Timestamp) -> Self {
        let build = &workspace.latest_build;
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        for share in workspace.shared_with.iter().filter(|share| !share.roles.is_empty()) {
            match share.actor_type {
                ActorType::User => drop(users.insert(UserId::from(share.id))),
                ActorType::Group => drop(groups.insert(GroupId::from(share.id))),
                _ => {}
            }
        }
        Self {
            id: workspace.id,
            name: workspace.name.clone(),
            owner_id: workspace.owner_id,
            owner_name: workspace.owner_name.clone(),
            organization_id: workspace.organization_id,
            organization_name: workspace.organization_name.clone(),
            template_id: workspace.template_id,
            template_name: workspace.template_name.clone(),
            build_id: build.id,
            build_number: build.build_number,
            status: build.status.clone(),
            last_used_at: workspace.used_at(),
            dormant_at: workspace.dormant_at,
            shared_with_users: users,
            shared_with_groups: groups,
            listed_at,
            repositories: Vec::new(),
            unread: None,
        }
    }

    /// Returns whether the latest build was under way.
    pub(super) fn is_unfinished(&self) -> bool {
        use WorkspaceStatus::{Canceling, Deleting, Pending, Starting, Stopping};
        matches!(self.status, Pending | Starting | Stopping | Canceling | Deleting)
    }

    /// Keeps the parameters with these names, which are in lower case. No other value is kept,
    /// because a parameter may hold a secret.
    pub(super) fn take(&mut self, parameters: &[BuildParameter], keys: &[String]) {
        let is_key = |parameter: &&BuildParameter| keys.contains(&parameter.name.to_lowercase());
        self.repositories =
            parameters.iter().filter(is_key).map(RepositoryParameter::new).collect();
    }
}

/// Returns a value without the user name and the password of an http(s) URL, which make no
/// difference to the repository.
fn without_user(value: &str) -> String {
    match Url::parse(value.trim()) {
        Ok(mut url)
            if matches!(url.scheme(), "http" | "https")
                && (!url.username().is_empty() || url.password().is_some()) =>
        {
            // Both succeed, since the URL has a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.into()
        }
        Ok(_) | Err(_) => value.to_owned(),
    }
}
