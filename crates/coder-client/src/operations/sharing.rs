//! Sharing workspaces with people, and ports with the world.

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;

use crate::models::{
    PortShare, PortShareProtocol, PortShares, SharingLevel, WorkspaceAcl, WorkspaceRole,
};
use crate::operation::{Draft, operation, operations};
use crate::{Capability, GroupId, UserId, WorkspaceId};

operations! {
    /// `GET /api/v2/workspaces/{workspace}/acl`: with whom a workspace is shared.
    GetWorkspaceAcl(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "acl"] => WorkspaceAcl, needs WorkspaceSharing;
    /// `DELETE /api/v2/workspaces/{workspace}/acl`: shares it with nobody any more.
    UnshareWorkspace(workspace: WorkspaceId) =
        DELETE ["workspaces", workspace, "acl"], needs WorkspaceSharing;
    /// `GET /api/v2/workspaces/{workspace}/port-share`: its ports that are shared.
    ListPortShares(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "port-share"] => PortShares;
}

/// `PATCH /api/v2/workspaces/{workspace}/acl`: shares a workspace. Who is not named keeps what
/// they have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShareWorkspace {
    #[serde(skip)]
    workspace: WorkspaceId,
    user_roles: BTreeMap<String, WorkspaceRole>,
    group_roles: BTreeMap<String, WorkspaceRole>,
}

impl ShareWorkspace {
    /// This one.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, user_roles: BTreeMap::new(), group_roles: BTreeMap::new() }
    }

    /// With this user.
    #[must_use]
    pub fn with_user(mut self, user: UserId, role: WorkspaceRole) -> Self {
        self.user_roles.insert(user.to_string(), role);
        self
    }

    /// With this group.
    #[must_use]
    pub fn with_group(mut self, group: GroupId, role: WorkspaceRole) -> Self {
        self.group_roles.insert(group.to_string(), role);
        self
    }

    /// Not with this user any more.
    #[must_use]
    pub fn without_user(self, user: UserId) -> Self {
        // An empty role takes every role away.
        self.with_user(user, WorkspaceRole::default())
    }

    /// Not with this group any more.
    #[must_use]
    pub fn without_group(self, group: GroupId) -> Self {
        self.with_group(group, WorkspaceRole::default())
    }
}

operation!(
    ShareWorkspace,
    |this| Draft::patch(["workspaces", &this.workspace.to_string(), "acl"]).json(this),
    fn needs(&self) -> Option<Capability> {
        Some(Capability::WorkspaceSharing)
    }
);

/// `POST /api/v2/workspaces/{workspace}/port-share`: shares a port, or changes with whom.
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
    /// A port that speaks HTTP, with these people.
    pub fn new(workspace: WorkspaceId, agent: &str, port: u16, level: SharingLevel) -> Self {
        let protocol = PortShareProtocol::Http;
        Self { workspace, agent_name: agent.to_owned(), port, share_level: level, protocol }
    }

    /// It speaks HTTPS.
    #[must_use]
    pub fn https(self) -> Self {
        Self { protocol: PortShareProtocol::Https, ..self }
    }
}

operation!(SharePort => PortShare,
    |this| Draft::post(["workspaces", &this.workspace.to_string(), "port-share"]).json(this),
    fn is_repeatable(&self, _method: &Method) -> bool {
        true
    }
);

/// `DELETE /api/v2/workspaces/{workspace}/port-share`: does not share a port any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsharePort {
    #[serde(skip)]
    workspace: WorkspaceId,
    agent_name: String,
    port: u16,
}

impl UnsharePort {
    /// This one.
    pub fn new(workspace: WorkspaceId, agent: &str, port: u16) -> Self {
        Self { workspace, agent_name: agent.to_owned(), port }
    }
}

operation!(UnsharePort, |this| {
    Draft::api(Method::DELETE, ["workspaces", &this.workspace.to_string(), "port-share"]).json(this)
});
