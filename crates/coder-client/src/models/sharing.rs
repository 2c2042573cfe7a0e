//! What is shared: workspaces with people, ports with the world.

use serde::Serialize;

use super::{SharingLevel, User, WorkspaceRole};
use crate::reading::{model, open_enum};
use crate::{GroupId, List, OrganizationId, UserId, WorkspaceId};

model! {
    /// With whom a workspace is shared: `GET /api/v2/workspaces/{workspace}/acl`.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceAcl {
        /// Users.
        pub users: List<WorkspaceUser>,
        /// Groups.
        pub group: List<WorkspaceGroup>,
    }
}

model! {
    /// A user whom a workspace is shared with.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceUser {
        /// Who.
        pub id: UserId = required,
        /// The username.
        pub username: String = required,
        /// The full name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// A picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// What the user may do with it.
        pub role: WorkspaceRole,
    }
}

model! {
    /// A group that a workspace is shared with.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceGroup {
        /// Which.
        pub id: GroupId = required,
        /// Its name.
        pub name: String,
        /// Its name for people.
        pub display_name: String,
        /// The organization it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// That organization's name.
        pub organization_name: String,
        /// That organization's name for people.
        pub organization_display_name: String,
        /// Its members, as far as the caller may see them.
        pub members: List<User>,
        /// A picture.
        pub avatar_url: String,
        /// How many members it has.
        pub total_member_count: i64,
        /// What its members' workspaces may cost together, in the deployment's own unit.
        pub quota_allowance: i64,
        /// Where it comes from.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub source: Option<GroupSource>,
        /// What they may do with it.
        pub role: WorkspaceRole,
    }
}

model! {
    /// The ports of a workspace that are shared: `GET /api/v2/workspaces/{workspace}/port-share`.
    // coder: codersdk.WorkspaceAgentPortShares
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PortShares {
        /// Each of them.
        pub shares: List<PortShare>,
    }
}

model! {
    /// A port that is shared.
    // coder: codersdk.WorkspaceAgentPortShare
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct PortShare {
        /// The workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The agent's name.
        pub agent_name: String = required,
        /// The port.
        pub port: u16 = required,
        /// With whom.
        pub share_level: SharingLevel,
        /// What it speaks.
        pub protocol: PortShareProtocol,
    }
}

open_enum! {
    /// What a port speaks.
    PortShareProtocol {
        /// HTTP.
        Http = "http",
        /// HTTPS.
        Https = "https",
    }
}

open_enum! {
    /// Where a group comes from.
    GroupSource {
        /// Somebody created it in Coder.
        User = "user",
        /// The provider that people sign in with tells it.
        Oidc = "oidc",
    }
}
