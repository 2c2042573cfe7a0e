//! Organizations, their members and their provisioner daemons.

use crate::models::{Organization, OrganizationMember, ProvisionerDaemon, WorkspaceQuota};
use crate::operation::operations;
use crate::{List, OrganizationRef, UserRef};

operations! {
    /// `GET /api/v2/organizations`: lists the organizations that the caller may see.
    ListOrganizations = GET ["organizations"] => List<Organization>;
    /// `GET /api/v2/organizations/{organization}`: returns an organization.
    GetOrganization(organization: OrganizationRef) =
        GET ["organizations", organization] => Organization;
    /// `POST /api/v2/organizations`: creates an organization.
    CreateOrganization(name: String) = POST ["organizations"]
        body {
            name;
            /// Sets the name that people see.
            display_name: String,
            /// Sets the description of the organization.
            description: String,
            /// Sets the icon: a path of the deployment, or a URL.
            icon: String,
        }
        => Organization;
    /// `PATCH /api/v2/organizations/{organization}`: changes an organization. Fields that are not
    /// set keep their values.
    UpdateOrganization(organization: OrganizationRef) = PATCH ["organizations", organization]
        body {
            ;
            /// Sets the new name of the organization.
            name: String,
            /// Sets the name that people see.
            display_name: String,
            /// Sets the description of the organization.
            description: String,
            /// Sets the icon: a path of the deployment, or a URL.
            icon: String,
        }
        => Organization;
    /// `DELETE /api/v2/organizations/{organization}`: deletes an organization.
    DeleteOrganization(organization: OrganizationRef) =
        DELETE ["organizations", organization] => ();
    /// `GET /api/v2/organizations/{organization}/members`: lists the members of an organization.
    ListOrganizationMembers(organization: OrganizationRef) =
        GET ["organizations", organization, "members"] => List<OrganizationMember>;
    /// `GET /api/v2/organizations/{organization}/members/{user}/workspace-quota`: returns the budget
    /// for the workspaces of a member, and how much of it is used.
    #[doc(alias = "budget")]
    #[doc(alias = "credits")]
    GetWorkspaceQuota(organization: OrganizationRef, user: UserRef) =
        GET ["organizations", organization, "members", user, "workspace-quota"] => WorkspaceQuota;
    /// `GET /api/v2/organizations/{organization}/provisionerdaemons`: lists the provisioner daemons
    /// that can run the builds of an organization.
    #[doc(alias = "workers")]
    ListProvisionerDaemons(organization: OrganizationRef) =
        GET ["organizations", organization, "provisionerdaemons"] => List<ProvisionerDaemon>;
    /// `GET /api/v2/users/{user}/organizations`: lists the organizations of a user.
    ListUserOrganizations(user: UserRef) =
        GET ["users", user, "organizations"] => List<Organization>;
    /// `GET /api/v2/users/{user}/organizations/{organizationname}`: returns an organization of a user
    /// by its name.
    GetUserOrganization(user: UserRef, name: String) =
        GET ["users", user, "organizations", name] => Organization;
}
