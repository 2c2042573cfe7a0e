//! Organizations, their members, quotas and provisioners.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{JobStatus, LoginType, Role, UserStatus, nullable};
use crate::open_enum::open_enum;
use crate::{JobId, OrganizationId, UserId, WorkerId};

/// An organization: `GET /api/v2/organizations/{organization}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Organization {
    /// Never changes.
    pub id: OrganizationId,
    /// Unique in the deployment.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether it is the deployment's default one.
    #[serde(default)]
    pub is_default: bool,
    /// What every member may do. Told from 2.36 on.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub default_org_member_roles: Vec<String>,
}

/// A member of an organization: `GET /api/v2/organizations/{organization}/members`.
// coder: codersdk.OrganizationMemberWithUserData
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OrganizationMember {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub organization_id: OrganizationId,
    /// Since when.
    pub created_at: Timestamp,
    /// When the membership last changed.
    pub updated_at: Timestamp,
    /// The roles in the organization.
    #[serde(default, deserialize_with = "nullable")]
    pub roles: Vec<Role>,
    /// The username.
    pub username: String,
    /// The full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// The address.
    #[serde(default)]
    pub email: String,
    /// The roles in the whole deployment.
    #[serde(default, deserialize_with = "nullable")]
    pub global_roles: Vec<Role>,
    /// Whether the user may sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<UserStatus>,
    /// How the user signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_type: Option<LoginType>,
    /// When the user was last active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Timestamp>,
    /// When the user was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_created_at: Option<Timestamp>,
    /// When the user last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_updated_at: Option<Timestamp>,
    /// Whether this is a service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_service_account: Option<bool>,
    /// Whether the user counts for the AI licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_ai_seat: Option<bool>,
}

/// What somebody's workspaces may cost:
/// `GET /api/v2/organizations/{organization}/members/{user}/workspace-quota`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceQuota {
    /// What they cost now, in the deployment's own unit.
    pub credits_consumed: i64,
    /// What they may cost; -1 for anything.
    pub budget: i64,
}

/// A provisioner that may do builds:
/// `GET /api/v2/organizations/{organization}/provisionerdaemons`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvisionerDaemon {
    /// Never changes.
    pub id: WorkerId,
    /// The organization it works for.
    pub organization_id: OrganizationId,
    /// The key it signs in with.
    pub key_id: uuid::Uuid,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last seen.
    #[serde(default)]
    pub last_seen_at: Option<Timestamp>,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The version of the provisioners' API it speaks.
    #[serde(default)]
    pub api_version: String,
    /// What it can run, like `terraform`.
    #[serde(default, deserialize_with = "nullable")]
    pub provisioners: Vec<String>,
    /// Which jobs it takes.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: BTreeMap<String, String>,
    /// The key's name.
    #[serde(default)]
    pub key_name: Option<String>,
    /// What it does.
    #[serde(default)]
    pub status: Option<ProvisionerDaemonStatus>,
    /// What it works on.
    #[serde(default)]
    pub current_job: Option<ProvisionerDaemonJob>,
    /// What it worked on before.
    #[serde(default)]
    pub previous_job: Option<ProvisionerDaemonJob>,
}

/// What a provisioner works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvisionerDaemonJob {
    /// The job.
    pub id: JobId,
    /// How far it is.
    #[serde(default)]
    pub status: JobStatus,
    /// The template's name.
    #[serde(default)]
    pub template_name: String,
    /// The template's picture.
    #[serde(default)]
    pub template_icon: String,
    /// The template's name for people.
    #[serde(default)]
    pub template_display_name: String,
}

open_enum! {
    /// What a provisioner does.
    ProvisionerDaemonStatus {
        /// It is not there.
        Offline = "offline",
        /// It waits for work.
        Idle = "idle",
        /// It works.
        Busy = "busy",
    }
}
