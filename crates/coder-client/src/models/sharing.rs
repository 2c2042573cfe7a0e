//! Shared workspaces and shared ports.

use serde::Serialize;

use super::{SharingLevel, User, WorkspaceRole};
use crate::reading::{model, open_enum};
use crate::{GroupId, List, OrganizationId, UserId, WorkspaceId};

model! {
    /// The users and groups that a workspace is shared with: `GET
    /// /api/v2/workspaces/{workspace}/acl`.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceAcl {
        /// The users that have a role.
        pub users: List<WorkspaceUser>,
        /// The groups that have a role.
        pub group: List<WorkspaceGroup>,
    }
}

model! {
    /// A user that a workspace is shared with.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceUser {
        /// The id of the user.
        pub id: UserId = required,
        /// The username of the user.
        pub username: String = required,
        /// The full name of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// The URL of the user's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The role that the user has in the workspace.
        pub role: WorkspaceRole,
    }
}

model! {
    /// A group that a workspace is shared with.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceGroup {
        /// The id of the group.
        pub id: GroupId = required,
        /// The name of the group.
        pub name: String,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The name of the organization that it belongs to.
        pub organization_name: String,
        /// The name of the organization that user interfaces show.
        pub organization_display_name: String,
        /// The members that the caller may see.
        pub members: List<User>,
        /// The URL of the group's picture.
        pub avatar_url: String,
        /// The number of the group's members.
        pub total_member_count: i64,
        /// The budget that the group adds to each member's quota, in the deployment's own unit.
        pub quota_allowance: i64,
        /// The source of the group.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub source: Option<GroupSource>,
        /// The role that members have in the workspace.
        pub role: WorkspaceRole,
    }
}

model! {
    /// The shared ports of a workspace: `GET /api/v2/workspaces/{workspace}/port-share`.
    // coder: codersdk.WorkspaceAgentPortShares
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PortShares {
        /// The ports that are shared.
        pub shares: List<PortShare>,
    }
}

model! {
    /// A shared port of a workspace.
    // coder: codersdk.WorkspaceAgentPortShare
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PortShare {
        /// The id of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The name of the agent.
        pub agent_name: String = required,
        /// The number of the port.
        pub port: u16 = required,
        /// The users that may open the port.
        pub share_level: SharingLevel,
        /// The protocol of the port.
        pub protocol: PortShareProtocol,
    }
}

open_enum! {
    /// The protocol of a shared port.
    PortShareProtocol {
        /// Plain HTTP between Coder and the port.
        Http = "http",
        /// HTTPS between Coder and the port.
        Https = "https",
    }
}

open_enum! {
    /// The source of a group.
    GroupSource {
        /// A user created the group in Coder.
        User = "user",
        /// The OpenID Connect provider names the group.
        Oidc = "oidc",
    }
}
