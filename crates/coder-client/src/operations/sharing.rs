//! Sharing of workspaces with users and groups, and of ports.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::models::{
    PortShare, PortShareProtocol, PortShares, SharingLevel, WorkspaceAcl, WorkspaceRole,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{GroupId, UserId, WorkspaceId};

operations! {
    /// `GET /api/v2/workspaces/{workspace}/acl`: returns the users and groups that a workspace is
    /// shared with.
    GetWorkspaceAcl(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "acl"] => WorkspaceAcl, needs WorkspaceSharing;
    /// `DELETE /api/v2/workspaces/{workspace}/acl`: ends all sharing of a workspace.
    UnshareWorkspace(workspace: WorkspaceId) =
        DELETE ["workspaces", workspace, "acl"] => (), needs WorkspaceSharing;
    /// `GET /api/v2/workspaces/{workspace}/port-share`: lists the shared ports of a workspace.
    ListPortShares(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "port-share"] => PortShares;
    /// `DELETE /api/v2/workspaces/{workspace}/port-share`: ends the sharing of a port of an agent.
    UnsharePort(workspace: WorkspaceId, agent_name: String, port: u16) =
        DELETE ["workspaces", workspace, "port-share"] body { agent_name, port } => ();
}

/// `PATCH /api/v2/workspaces/{workspace}/acl`: changes with whom a workspace is shared. Users and
/// groups that are not named keep their roles.
///
/// ```
/// use coder_client::models::WorkspaceRole;
/// use coder_client::operations::ShareWorkspace;
/// use coder_client::{UserId, WorkspaceId};
///
/// fn pair_with(colleague: UserId, workspace: WorkspaceId) -> ShareWorkspace {
///     ShareWorkspace::new(workspace).user(colleague, WorkspaceRole::Use)
/// }
/// ```
#[doc(alias = "workspace acl")]
#[doc(alias = "collaborate")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShareWorkspace {
    #[serde(skip)]
    workspace: WorkspaceId,
    user_roles: BTreeMap<String, WorkspaceRole>,
    group_roles: BTreeMap<String, WorkspaceRole>,
}

impl ShareWorkspace {
    /// Creates the operation without any change.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, user_roles: BTreeMap::new(), group_roles: BTreeMap::new() }
    }

    /// Gives a user this role.
    #[must_use]
    pub fn user(mut self, user: UserId, role: WorkspaceRole) -> Self {
        self.user_roles.insert(user.to_string(), role);
        self
    }

    /// Gives a group this role.
    #[must_use]
    pub fn group(mut self, group: GroupId, role: WorkspaceRole) -> Self {
        self.group_roles.insert(group.to_string(), role);
        self
    }

    /// Takes the role of a user away.
    #[must_use]
    pub fn remove_user(self, user: UserId) -> Self {
        // An empty role takes every role away.
        self.user(user, WorkspaceRole::default())
    }

    /// Takes the role of a group away.
    #[must_use]
    pub fn remove_group(self, group: GroupId) -> Self {
        self.group(group, WorkspaceRole::default())
    }
}

impl_operation!(ShareWorkspace => (), needs WorkspaceSharing, |this| {
    RequestBuilder::patch(["workspaces", &this.workspace.to_string(), "acl"]).json(this)
});

/// `POST /api/v2/workspaces/{workspace}/port-share`: shares a port, or changes how it is shared.
#[doc(alias = "expose port")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SharePort {
    #[serde(skip)]
    workspace: WorkspaceId,
    agent_name: String,
    port: u16,
    share_level: SharingLevel,
    protocol: PortShareProtocol,
}

impl SharePort {
    /// Creates the operation for a port that speaks HTTP.
    pub fn new(
        workspace: WorkspaceId,
        agent: impl Into<String>,
        port: u16,
        level: SharingLevel,
    ) -> Self {
        let protocol = PortShareProtocol::Http;
        Self { workspace, agent_name: agent.into(), port, share_level: level, protocol }
    }

    /// Sets the protocol to HTTPS.
    #[must_use]
    pub fn https(self) -> Self {
        Self { protocol: PortShareProtocol::Https, ..self }
    }
}

impl_operation!(SharePort => PortShare, repeatable, |this| {
    RequestBuilder::post(["workspaces", &this.workspace.to_string(), "port-share"]).json(this)
});
