//! Organizations, their members, quotas and provisioners.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{JobStatus, LoginType, Role, UserStatus};
use crate::reading::{model, open_enum};
use crate::{JobId, List, OrganizationId, UserId, WorkerId};

model! {
    /// An organization: `GET /api/v2/organizations/{organization}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Organization {
        /// Never changes.
        pub id: OrganizationId = required,
        /// Unique in the deployment.
        pub name: String = required,
        /// For people.
        pub display_name: String,
        /// A path of the deployment, or a URL.
        pub icon: String,
        /// What it is.
        pub description: String,
        /// When it was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// Whether it is the deployment's default one.
        pub is_default: bool,
        /// What every member may do. Told from 2.36 on.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub default_org_member_roles: List<String>,
    }
}

model! {
    /// A member of an organization: `GET /api/v2/organizations/{organization}/members`.
    // coder: codersdk.OrganizationMemberWithUserData
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct OrganizationMember {
        /// Who.
        pub user_id: UserId = required,
        /// Where.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// Since when.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When the membership last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The roles in the organization.
        pub roles: List<Role>,
        /// The username.
        pub username: String = required,
        /// The full name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// A picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The address.
        pub email: String,
        /// The roles in the whole deployment.
        pub global_roles: List<Role>,
        /// Whether the user may sign in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<UserStatus>,
        /// How the user signs in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub login_type: Option<LoginType>,
        /// When the user was last active.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
        /// When the user was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user_created_at: Option<Timestamp>,
        /// When the user last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user_updated_at: Option<Timestamp>,
        /// Whether this is a service account.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub is_service_account: Option<bool>,
        /// Whether the user counts for the AI licence.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_seat: Option<bool>,
    }
}

model! {
    /// What somebody's workspaces may cost:
    /// `GET /api/v2/organizations/{organization}/members/{user}/workspace-quota`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceQuota {
        /// What they cost now, in the deployment's own unit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub credits_consumed: Option<i64>,
        /// What they may cost; -1 for anything.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub budget: Option<i64>,
    }
}

model! {
    /// A provisioner that may do builds:
    /// `GET /api/v2/organizations/{organization}/provisionerdaemons`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerDaemon {
        /// Never changes.
        pub id: WorkerId = required,
        /// The organization it works for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The key it signs in with.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub key_id: Option<uuid::Uuid>,
        /// When it was registered.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it was last seen.
        pub last_seen_at: Option<Timestamp>,
        /// Its name.
        pub name: String,
        /// Its version.
        pub version: String,
        /// The version of the provisioners' API it speaks.
        pub api_version: String,
        /// What it can run, like `terraform`.
        pub provisioners: List<String>,
        /// Which jobs it takes.
        pub tags: BTreeMap<String, String>,
        /// The key's name.
        pub key_name: Option<String>,
        /// What it does.
        pub status: Option<ProvisionerDaemonStatus>,
        /// What it works on.
        pub current_job: Option<ProvisionerDaemonJob>,
        /// What it worked on before.
        pub previous_job: Option<ProvisionerDaemonJob>,
    }
}

model! {
    /// What a provisioner works on.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerDaemonJob {
        /// The job.
        pub id: JobId = required,
        /// How far it is.
        pub status: JobStatus,
        /// The template's name.
        pub template_name: String,
        /// The template's picture.
        pub template_icon: String,
        /// The template's name for people.
        pub template_display_name: String,
    }
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
