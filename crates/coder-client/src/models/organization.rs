//! Organizations, their members, quotas and provisioners.

use std::collections::BTreeMap;

use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;

use super::{JobStatus, LoginType, Role, UserStatus};
use crate::reading::{model, open_enum};
use crate::{JobId, List, OrganizationId, ProvisionerKeyId, UserId, WorkerId};

model! {
    /// An organization: `GET /api/v2/organizations/{organization}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Organization {
        /// The id of the organization, which never changes.
        pub id: OrganizationId = required,
        /// The name, which is unique in the deployment.
        pub name: String = required,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
        /// The description of the organization.
        pub description: String,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// `true` for the default organization of the deployment.
        pub is_default: bool,
        /// The roles that every member has. Releases since 2.36 tell them.
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
        /// The id of the user.
        pub user_id: UserId = required,
        /// The id of the organization.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The moment at which the user became a member.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of the membership's last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The roles that the user has in the organization.
        pub roles: List<Role>,
        /// The username of the user.
        pub username: String = required,
        /// The full name of the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// The URL of the user's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The email address of the user.
        pub email: String,
        /// The roles that the user has in the whole deployment.
        pub global_roles: List<Role>,
        /// The status, which decides whether the user may sign in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<UserStatus>,
        /// The way in which the user signs in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub login_type: Option<LoginType>,
        /// The moment of the user's last activity.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
        /// The moment at which the user was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user_created_at: Option<Timestamp>,
        /// The moment of the user's last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user_updated_at: Option<Timestamp>,
        /// `true` for a service account.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub is_service_account: Option<bool>,
        /// `true` when the user takes a seat of the AI licence.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_seat: Option<bool>,
    }
}

model! {
    /// A membership: what `POST …/members/{user}` and `PUT …/members/{user}/roles` answer.
    // coder: codersdk.OrganizationMember
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Membership {
        /// The id of the user.
        pub user_id: UserId = required,
        /// The id of the organization.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The moment at which the user became a member.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of the membership's last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The roles that the user has in the organization.
        pub roles: List<Role>,
    }
}

model! {
    /// A page of members: `GET /api/v2/organizations/{organization}/paginated-members`.
    // coder: codersdk.PaginatedMembersResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct MemberPage {
        /// The members on this page.
        pub members: List<OrganizationMember>,
        /// The number of members on all pages; 0 when Coder does not tell it.
        pub count: u64,
    }
}

model! {
    /// The budget for a member's workspaces: `GET
    /// /api/v2/organizations/{organization}/members/{user}/workspace-quota`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceQuota {
        /// The present cost of the workspaces, in the deployment's own unit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub credits_consumed: Option<i64>,
        /// The greatest cost of the workspaces, in the same unit; -1 for no limit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub budget: Option<i64>,
    }
}

model! {
    /// A provisioner daemon, which runs builds: `GET
    /// /api/v2/organizations/{organization}/provisionerdaemons`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerDaemon {
        /// The id of the daemon, which never changes.
        pub id: WorkerId = required,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The id of the key that the daemon signs in with.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub key_id: Option<uuid::Uuid>,
        /// The moment at which the daemon was registered.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment at which Coder last heard of the daemon.
        pub last_seen_at: Option<Timestamp>,
        /// The name of the daemon.
        pub name: String,
        /// The version of the daemon.
        pub version: String,
        /// The version of the provisioner API that the daemon speaks.
        pub api_version: String,
        /// The provisioners that the daemon can run, like `terraform`.
        pub provisioners: List<String>,
        /// The tags of the daemon, which decide what jobs it takes.
        pub tags: BTreeMap<String, String>,
        /// The name of the key that the daemon signs in with.
        pub key_name: Option<String>,
        /// The status of the daemon.
        pub status: Option<ProvisionerDaemonStatus>,
        /// The job that the daemon runs.
        pub current_job: Option<ProvisionerDaemonJob>,
        /// The job that the daemon ran before.
        pub previous_job: Option<ProvisionerDaemonJob>,
    }
}

model! {
    /// A job of a provisioner daemon.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerDaemonJob {
        /// The id of the job.
        pub id: JobId = required,
        /// The status of the job.
        pub status: JobStatus,
        /// The name of the template.
        pub template_name: String,
        /// The icon of the template: a path of the deployment, or a URL.
        pub template_icon: String,
        /// The name of the template that user interfaces show; may be empty.
        pub template_display_name: String,
    }
}

model! {
    /// A key that provisioner daemons sign in with: `GET
    /// /api/v2/organizations/{organization}/provisionerkeys`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerKey {
        /// The id of the key.
        pub id: ProvisionerKeyId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization: Option<OrganizationId>,
        /// The name, which is unique in the organization.
        pub name: String = required,
        /// The tags of the daemons that sign in with the key.
        pub tags: BTreeMap<String, String>,
    }
}

model! {
    /// A provisioner key with the daemons that use it: `GET
    /// /api/v2/organizations/{organization}/provisionerkeys/daemons`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerKeyDaemons {
        /// The key of these daemons.
        pub key: ProvisionerKey = required,
        /// The daemons that have signed in with the key.
        pub daemons: List<ProvisionerDaemon>,
    }
}

model! {
    /// A new provisioner key: `POST /api/v2/organizations/{organization}/provisionerkeys`.
    // coder: codersdk.CreateProvisionerKeyResponse
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewProvisionerKey {
        /// The key itself, which Coder tells this once.
        pub key: Secret = required,
    }
}

open_enum! {
    /// The status of a provisioner daemon.
    ProvisionerDaemonStatus {
        /// The daemon is not connected.
        Offline = "offline",
        /// The daemon waits for a job.
        Idle = "idle",
        /// The daemon runs a job.
        Busy = "busy",
    }
}
