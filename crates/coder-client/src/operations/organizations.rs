//! Organizations, their members and their provisioners.

use serde::Serialize;

use crate::models::{Organization, OrganizationMember, ProvisionerDaemon, WorkspaceQuota};
use crate::operation::{Draft, operation, operations};
use crate::{List, OrganizationRef, UserRef};

operations! {
    /// `GET /api/v2/organizations`: all organizations the caller may see.
    ListOrganizations = GET ["organizations"] => List<Organization>;
    /// `GET /api/v2/organizations/{organization}`: one organization.
    GetOrganization(organization: OrganizationRef) =
        GET ["organizations", organization] => Organization;
    /// `DELETE /api/v2/organizations/{organization}`: removes an organization.
    DeleteOrganization(organization: OrganizationRef) = DELETE ["organizations", organization];
    /// `GET /api/v2/organizations/{organization}/members`: who belongs to it.
    ListOrganizationMembers(organization: OrganizationRef) =
        GET ["organizations", organization, "members"] => List<OrganizationMember>;
    /// `GET /api/v2/organizations/{organization}/members/{user}/workspace-quota`: what somebody's
    /// workspaces may cost.
    GetWorkspaceQuota(organization: OrganizationRef, user: UserRef) =
        GET ["organizations", organization, "members", user, "workspace-quota"] => WorkspaceQuota;
    /// `GET /api/v2/organizations/{organization}/provisionerdaemons`: who can do its builds.
    ListProvisionerDaemons(organization: OrganizationRef) =
        GET ["organizations", organization, "provisionerdaemons"] => List<ProvisionerDaemon>;
    /// `GET /api/v2/users/{user}/organizations`: the organizations somebody belongs to.
    ListUserOrganizations(user: UserRef) =
        GET ["users", user, "organizations"] => List<Organization>;
    /// `GET /api/v2/users/{user}/organizations/{organizationname}`: one of them, by its name.
    GetUserOrganization(user: UserRef, name: String) =
        GET ["users", user, "organizations", name] => Organization;
}

/// `POST /api/v2/organizations`: a new organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateOrganization {
    name: String,
    #[serde(flatten)]
    about: About,
}

/// `PATCH /api/v2/organizations/{organization}`: changes what an organization is called. What is
/// not said stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateOrganization {
    #[serde(skip)]
    organization: OrganizationRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    about: About,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct About {
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
}

macro_rules! about {
    ($($name:ident)+) => {$(
        impl $name {
            /// Its name for people.
            #[must_use]
            pub fn display_name(mut self, name: impl Into<String>) -> Self {
                self.about.display_name = Some(name.into());
                self
            }

            /// What it is.
            #[must_use]
            pub fn description(mut self, description: impl Into<String>) -> Self {
                self.about.description = Some(description.into());
                self
            }

            /// A path of the deployment, or a URL.
            #[must_use]
            pub fn icon(mut self, icon: impl Into<String>) -> Self {
                self.about.icon = Some(icon.into());
                self
            }
        }
    )+};
}

about!(CreateOrganization UpdateOrganization);

impl CreateOrganization {
    /// Of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), about: About::default() }
    }
}

impl UpdateOrganization {
    /// This one.
    pub fn new(organization: impl Into<OrganizationRef>) -> Self {
        Self { organization: organization.into(), name: None, about: About::default() }
    }

    /// Its new name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }
}

operation!(CreateOrganization => Organization, |this| Draft::post(["organizations"]).json(this));

operation!(UpdateOrganization => Organization, |this| {
    Draft::patch(["organizations", &this.organization.to_string()]).json(this)
});
