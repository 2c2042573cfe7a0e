//! Groups of users, and who may use a template. Only licensed deployments have them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::models::{Group, GroupMemberPage, TemplateAcl, TemplateAclCandidates, TemplateRole};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{GroupId, List, OrganizationRef, TemplateId, UserId, UserRef};

operations! {
    /// `GET /api/v2/groups`: lists the groups that the caller may see.
    ///
    /// ```no_run
    /// use coder_client::operations::ListGroups;
    /// use coder_client::{Client, ClientError};
    ///
    /// async fn groups_of(client: &Client, username: &str) -> Result<Vec<String>, ClientError> {
    ///     let groups = client.send(&ListGroups::new().has_member(username)).await?;
    ///     Ok(groups.into_iter().map(|group| group.name).collect())
    /// }
    /// ```
    #[doc(alias = "teams")]
    #[derive(Default)]
    ListGroups() = GET ["groups"]
        query {
            ;
            /// Lists only groups of this organization.
            organization: OrganizationRef,
            /// Lists only groups that this user is a member of.
            has_member: UserRef,
        }
        => List<Group>;
    /// `GET /api/v2/organizations/{organization}/groups`: lists the groups of an organization.
    ListOrganizationGroups(organization: OrganizationRef) =
        GET ["organizations", organization, "groups"] => List<Group>;
    /// `GET /api/v2/groups/{group}`: returns a group with its members.
    GetGroup(group: GroupId) = GET ["groups", group]
        query {
            ;
            /// Leaves the members out (`true`), which is faster for a large group.
            exclude_members: bool,
        }
        => Group;
    /// `GET /api/v2/organizations/{organization}/groups/{groupName}`: returns a group by its name.
    GetGroupByName(organization: OrganizationRef, name: String) =
        GET ["organizations", organization, "groups", name] => Group;
    /// `GET /api/v2/groups/{group}/members`: lists the members of a group in pages.
    ListGroupMembers(group: GroupId) = GET ["groups", group, "members"]
        query {
            ;
            /// Sets the greatest number of members to return; 0 means all.
            limit: u32,
            /// Skips this number of members.
            offset: u32,
        }
        => GroupMemberPage;
    /// `POST /api/v2/organizations/{organization}/groups`: creates a group.
    CreateGroup(organization: OrganizationRef, name: String) =
        POST ["organizations", organization, "groups"]
        body {
            name;
            /// Sets the name that user interfaces show.
            display_name: String,
            /// Sets the URL of the group's picture.
            avatar_url: String,
            /// Sets the budget that the group adds to each member's quota.
            quota_allowance: i64,
        }
        => Group;
    /// `DELETE /api/v2/groups/{group}`: deletes a group.
    DeleteGroup(group: GroupId) = DELETE ["groups", group] => ();
    /// `GET /api/v2/templates/{template}/acl`: returns the users and groups that may use a template.
    ///
    /// The group `Everyone` of the template's organization stands for all its members.
    #[doc(alias = "access list")]
    GetTemplateAcl(template: TemplateId) = GET ["templates", template, "acl"] => TemplateAcl;
    /// `GET /api/v2/templates/{template}/acl/available`: lists the users and groups that a template
    /// may be shared with.
    ListTemplateAclCandidates(template: TemplateId) =
        GET ["templates", template, "acl", "available"] => TemplateAclCandidates;
}

/// `PATCH /api/v2/groups/{group}`: changes a group. Fields that are not set keep their values.
///
/// ```
/// use coder_client::operations::UpdateGroup;
/// use coder_client::{GroupId, UserId};
///
/// # fn change(team: GroupId, joiner: UserId, leaver: UserId) -> UpdateGroup {
/// UpdateGroup::new(team).add_user(joiner).remove_user(leaver)
/// # }
/// ```
#[doc(alias = "add group member")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateGroup {
    #[serde(skip)]
    group: GroupId,
    add_users: Vec<UserId>,
    remove_users: Vec<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_allowance: Option<i64>,
}

impl UpdateGroup {
    /// Creates the operation for a group.
    pub fn new(group: GroupId) -> Self {
        Self {
            group,
            add_users: Vec::new(),
            remove_users: Vec::new(),
            name: None,
            display_name: None,
            avatar_url: None,
            quota_allowance: None,
        }
    }

    /// Adds a user to the group.
    #[must_use]
    pub fn add_user(mut self, user: UserId) -> Self {
        self.add_users.push(user);
        self
    }

    /// Removes a user from the group.
    #[must_use]
    pub fn remove_user(mut self, user: UserId) -> Self {
        self.remove_users.push(user);
        self
    }

    /// Sets the name, which is unique in the organization.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Sets the name that user interfaces show.
    #[must_use]
    pub fn display_name(self, name: impl Into<String>) -> Self {
        Self { display_name: Some(name.into()), ..self }
    }

    /// Sets the URL of the group's picture.
    #[must_use]
    pub fn avatar_url(self, url: impl Into<String>) -> Self {
        Self { avatar_url: Some(url.into()), ..self }
    }

    /// Sets the budget that the group adds to each member's quota.
    #[must_use]
    pub fn quota_allowance(self, credits: i64) -> Self {
        Self { quota_allowance: Some(credits), ..self }
    }
}

impl_operation!(UpdateGroup => Group, |this| {
    RequestBuilder::patch(["groups", &this.group.to_string()]).json(this)
});

/// `PATCH /api/v2/templates/{template}/acl`: changes who may use a template. Others keep their
/// roles.
///
/// ```
/// use coder_client::models::TemplateRole;
/// use coder_client::operations::ShareTemplate;
/// use coder_client::{GroupId, TemplateId};
///
/// # fn change(template: TemplateId, team: GroupId) -> ShareTemplate {
/// ShareTemplate::new(template).group(team, TemplateRole::Use)
/// # }
/// ```
#[doc(alias = "share template")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShareTemplate {
    #[serde(skip)]
    template: TemplateId,
    user_perms: BTreeMap<UserId, TemplateRole>,
    group_perms: BTreeMap<GroupId, TemplateRole>,
}

impl ShareTemplate {
    /// Creates the operation that changes nothing yet.
    pub fn new(template: TemplateId) -> Self {
        Self { template, user_perms: BTreeMap::new(), group_perms: BTreeMap::new() }
    }

    /// Gives a user a role.
    #[must_use]
    pub fn user(mut self, user: UserId, role: TemplateRole) -> Self {
        self.user_perms.insert(user, role);
        self
    }

    /// Gives the members of a group a role.
    #[must_use]
    pub fn group(mut self, group: GroupId, role: TemplateRole) -> Self {
        self.group_perms.insert(group, role);
        self
    }

    /// Takes the role of a user away.
    #[must_use]
    pub fn remove_user(self, user: UserId) -> Self {
        // An empty role takes every role away.
        self.user(user, TemplateRole::default())
    }

    /// Takes the role of a group away.
    #[must_use]
    pub fn remove_group(self, group: GroupId) -> Self {
        self.group(group, TemplateRole::default())
    }
}

impl_operation!(ShareTemplate => (), repeatable, |this| {
    RequestBuilder::patch(["templates", &this.template.to_string(), "acl"]).json(this)
});
