//! Members of organizations, and their roles.

use serde::Serialize;

use crate::models::{AssignableRole, MemberPage, Membership, OrganizationMember};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{List, OrganizationRef, UserRef};

operations! {
    /// `GET /api/v2/organizations/{organization}/paginated-members`: lists the members of an
    /// organization in pages.
    ListPaginatedMembers(organization: OrganizationRef) =
        GET ["organizations", organization, "paginated-members"]
        query {
            ;
            /// Sets the greatest number of members to return; 0 means all.
            limit: u32,
            /// Skips this number of members.
            offset: u32,
        }
        => MemberPage;
    /// `GET /api/v2/organizations/{organization}/members/{user}`: returns a member of an
    /// organization.
    GetOrganizationMember(organization: OrganizationRef, user: UserRef) =
        GET ["organizations", organization, "members", user] => OrganizationMember;
    /// `POST /api/v2/organizations/{organization}/members/{user}`: adds a user to an organization.
    #[doc(alias = "join")]
    AddOrganizationMember(organization: OrganizationRef, user: UserRef) =
        POST ["organizations", organization, "members", user] => Membership;
    /// `DELETE /api/v2/organizations/{organization}/members/{user}`: removes a user from an
    /// organization.
    #[doc(alias = "leave")]
    RemoveOrganizationMember(organization: OrganizationRef, user: UserRef) =
        DELETE ["organizations", organization, "members", user] => ();
    /// `GET /api/v2/organizations/{organization}/members/roles`: lists the roles of an organization.
    ListOrganizationRoles(organization: OrganizationRef) =
        GET ["organizations", organization, "members", "roles"] => List<AssignableRole>;
}

/// `PUT /api/v2/organizations/{organization}/members/{user}/roles`: gives a member these roles in
/// the organization, and takes all others away.
#[doc(alias = "organization admin")]
#[doc(alias = "assign role")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetMemberRoles {
    #[serde(skip)]
    organization: OrganizationRef,
    #[serde(skip)]
    user: UserRef,
    roles: Vec<String>,
}

impl SetMemberRoles {
    /// Creates the operation for the roles of these names, like `organization-template-admin`.
    pub fn new<R: Into<String>>(
        organization: impl Into<OrganizationRef>,
        user: impl Into<UserRef>,
        roles: impl IntoIterator<Item = R>,
    ) -> Self {
        let roles = roles.into_iter().map(Into::into).collect();
        Self { organization: organization.into(), user: user.into(), roles }
    }
}

impl_operation!(SetMemberRoles => Membership, |this| {
    let (organization, user) = (this.organization.to_string(), this.user.to_string());
    RequestBuilder::put(["organizations", &organization, "members", &user, "roles"]).json(this)
});
