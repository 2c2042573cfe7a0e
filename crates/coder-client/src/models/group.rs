//! Groups of users, and who may use a template.

use jiff::Timestamp;
use serde::Serialize;

use super::{GroupSource, LoginType, ReducedUser, Role, UserStatus};
use crate::reading::{model, open_enum};
use crate::{GroupId, List, OrganizationId, UserId};

model! {
    /// A group of an organization's members: `GET /api/v2/groups/{group}`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct Group {
        /// The id of the group, which never changes. The group `Everyone` has the id of its
        /// organization.
        pub id: GroupId = required,
        /// The name, which is unique in the organization.
        pub name: String = required,
        /// The name that user interfaces show; may be empty.
        pub display_name: String,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The name of the organization that it belongs to.
        pub organization_name: String,
        /// The name of the organization that user interfaces show.
        pub organization_display_name: String,
        /// The members that the caller may see.
        pub members: List<ReducedUser>,
        /// The number of members, also of those that the caller may not see.
        pub total_member_count: i64,
        /// The URL of the group's picture.
        pub avatar_url: String,
        /// The budget that the group adds to each member's quota, in the deployment's own unit.
        pub quota_allowance: i64,
        /// The source of the group.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub source: Option<GroupSource>,
    }
}

model! {
    /// A page of a group's members: `GET /api/v2/groups/{group}/members`.
    // coder: codersdk.GroupMembersResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct GroupMemberPage {
        /// The members on this page.
        pub users: List<ReducedUser>,
        /// The number of members on all pages; 0 when Coder does not tell it.
        pub count: u64,
    }
}

model! {
    /// The users and groups that may use a template: `GET /api/v2/templates/{template}/acl`.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateAcl {
        /// The users that have a role.
        pub users: List<TemplateUser>,
        /// The groups that have a role.
        pub group: List<TemplateGroup>,
    }
}

model! {
    /// A user with a role for a template.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateUser {
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
        /// The email address of the user.
        pub email: String,
        /// The moment of the user's creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of the user's last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The moment of the user's last activity.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_seen_at: Option<Timestamp>,
        /// The status, which decides whether the user may sign in.
        pub status: UserStatus,
        /// The way in which the user signs in.
        pub login_type: LoginType,
        /// `true` for a service account.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub is_service_account: Option<bool>,
        /// The theme that the user chose for the dashboard.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub theme_preference: Option<String>,
        /// The ids of the organizations that the user is a member of.
        pub organization_ids: List<OrganizationId>,
        /// The roles of the user in the whole deployment.
        pub roles: List<Role>,
        /// `true` when the user takes a seat of the AI licence.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_seat: Option<bool>,
        /// The role that the user has for the template.
        pub role: TemplateRole,
    }
}

model! {
    /// A group with a role for a template.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateGroup {
        /// The id of the group.
        pub id: GroupId = required,
        /// The name of the group.
        pub name: String,
        /// The name that user interfaces show; may be empty.
        pub display_name: String,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The name of the organization that it belongs to.
        pub organization_name: String,
        /// The name of the organization that user interfaces show.
        pub organization_display_name: String,
        /// The members that the caller may see.
        pub members: List<ReducedUser>,
        /// The number of members, also of those that the caller may not see.
        pub total_member_count: i64,
        /// The URL of the group's picture.
        pub avatar_url: String,
        /// The budget that the group adds to each member's quota, in the deployment's own unit.
        pub quota_allowance: i64,
        /// The source of the group.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub source: Option<GroupSource>,
        /// The role that members have for the template.
        pub role: TemplateRole,
    }
}

model! {
    /// The users and groups that a template may be shared with: `GET
    /// /api/v2/templates/{template}/acl/available`.
    // coder: codersdk.ACLAvailable
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateAclCandidates {
        /// The users that may get a role.
        pub users: List<ReducedUser>,
        /// The groups that may get a role.
        pub groups: List<Group>,
    }
}

open_enum! {
    /// The role that somebody has for a template.
    TemplateRole {
        /// The user may create workspaces from the template, and change the template.
        Admin = "admin",
        /// The user may create workspaces from the template.
        Use = "use",
    }
}
