//! What is shared: workspaces with people, ports with the world.

use serde::{Deserialize, Serialize};

use super::{SharingLevel, WorkspaceRole, nullable};
use crate::open_enum::open_enum;
use crate::{GroupId, OrganizationId, UserId, WorkspaceId};

/// With whom a workspace is shared: `GET /api/v2/workspaces/{workspace}/acl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceAcl {
    /// Users.
    #[serde(default, deserialize_with = "nullable")]
    pub users: Vec<WorkspaceUser>,
    /// Groups.
    #[serde(default, deserialize_with = "nullable")]
    pub group: Vec<WorkspaceGroup>,
}

/// A user whom a workspace is shared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceUser {
    /// Who.
    pub id: UserId,
    /// The username.
    pub username: String,
    /// The full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// What the user may do with it.
    #[serde(default)]
    pub role: WorkspaceRole,
}

/// A group that a workspace is shared with.
// coder: without members, organization_display_name, organization_name, quota_allowance, source: a workspace is shared with a group, whoever is in it
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceGroup {
    /// Which.
    pub id: GroupId,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its name for people.
    #[serde(default)]
    pub display_name: String,
    /// The organization it belongs to.
    pub organization_id: OrganizationId,
    /// A picture.
    #[serde(default)]
    pub avatar_url: String,
    /// How many members it has.
    #[serde(default)]
    pub total_member_count: i64,
    /// What they may do with it.
    #[serde(default)]
    pub role: WorkspaceRole,
}

/// The ports of a workspace that are shared: `GET /api/v2/workspaces/{workspace}/port-share`.
// coder: codersdk.WorkspaceAgentPortShares
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PortShares {
    /// Each of them.
    #[serde(default, deserialize_with = "nullable")]
    pub shares: Vec<PortShare>,
}

/// A port that is shared.
// coder: codersdk.WorkspaceAgentPortShare
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PortShare {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The agent's name.
    pub agent_name: String,
    /// The port.
    pub port: u16,
    /// With whom.
    #[serde(default)]
    pub share_level: SharingLevel,
    /// What it speaks.
    #[serde(default)]
    pub protocol: PortShareProtocol,
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
