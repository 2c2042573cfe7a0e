//! The deployment: its version, its settings, and what the caller may do at it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::models::{
    AppHost, Appearance, AuthMethods, AvailableExperiments, BuildInfo, DeploymentStats,
    Entitlements, Regions, ScopeCatalog, SshConfig, UpdateCheck,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{List, OrganizationId, UserRef};

operations! {
    /// `GET /api/v2/appearance`: returns the settings of the dashboard's appearance. Builds without
    /// the enterprise part do not have this route.
    GetAppearance = GET ["appearance"] => Appearance;
    /// `GET /api/v2/applications/host`: returns the host name below which apps have host names of
    /// their own. [`ListRegions`] tells more.
    GetAppHost = GET ["applications", "host"] => AppHost;
    /// `GET /api/v2/deployment/config`: returns the configuration of the deployment, for its
    /// operators. It is as large as Coder's command line and is not modelled.
    GetDeploymentConfig = GET ["deployment", "config"] => serde_json::Value;
    /// `GET /api/v2/deployment/ssh`: returns the settings that SSH clients need to reach workspaces.
    GetSshConfig = GET ["deployment", "ssh"] => SshConfig;
    /// `GET /api/v2/deployment/stats`: returns numbers of workspaces, sessions and traffic.
    GetDeploymentStats = GET ["deployment", "stats"] => DeploymentStats;
    /// `GET /api/v2/experiments`: lists the experiments that are switched on.
    ListExperiments = GET ["experiments"] => List<String>;
    /// `GET /api/v2/experiments/available`: lists the experiments that can be switched on safely.
    ListAvailableExperiments = GET ["experiments", "available"] => AvailableExperiments;
    /// `GET /api/v2/regions`: lists the deployment and its workspace proxies, with the host names of
    /// their apps.
    ListRegions = GET ["regions"] => Regions;
    /// `GET /api/v2/buildinfo`: returns the version and the URLs of the deployment. Needs no
    /// credential.
    #[doc(alias = "version")]
    #[doc(alias = "ping")]
    GetBuildInfo = GET ["buildinfo"] => BuildInfo, public, small;
    /// `GET /api/v2/auth/scopes`: lists the scopes that API tokens can have. Needs no credential.
    ListScopes = GET ["auth", "scopes"] => ScopeCatalog, public, small, needs ScopeCatalog;
    /// `GET /api/v2/entitlements`: returns the features that the licence allows. Needs no credential.
    ///
    /// Builds without the enterprise part do not have this route
    /// ([`ClientError::is_unsupported`](crate::ClientError::is_unsupported)).
    #[doc(alias = "features")]
    GetEntitlements = GET ["entitlements"] => Entitlements, public, small;
    /// `GET /api/v2/updatecheck`: returns whether a newer release of Coder exists. Needs no
    /// credential.
    CheckForUpdate = GET ["updatecheck"] => UpdateCheck, public, small;
    /// `GET /api/v2/users/authmethods`: returns the ways in which people can sign in. Needs no
    /// credential.
    ListAuthMethods = GET ["users", "authmethods"] => AuthMethods, public, small;
}

/// `POST /api/v2/authcheck`: checks several permissions of the caller in one request.
///
/// ```
/// use coder_client::operations::{CheckAuthorization, Permission};
///
/// # let organization = "11b9eb6a-187a-4cb8-a370-f909fed6e989".parse()?;
/// let create = Permission::new("create", "workspace").owner("me").organization(organization);
/// let check = CheckAuthorization::new().permission("create", create);
/// # Ok::<_, coder_client::IdError>(())
/// ```
#[doc(alias = "may I")]
#[doc(alias = "rbac")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckAuthorization {
    checks: BTreeMap<String, Permission>,
}

impl CheckAuthorization {
    /// Creates the operation without a permission to check.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a permission to check. The answer has `true` or `false` under the same name.
    #[must_use]
    pub fn permission(mut self, name: impl Into<String>, permission: Permission) -> Self {
        self.checks.insert(name.into(), permission);
        self
    }
}

impl_operation!(CheckAuthorization => BTreeMap<String, bool>, repeatable, |this| {
    RequestBuilder::post(["authcheck"]).json(this)
});

/// A permission: an action on a kind of resource, limited to some resources of that kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    action: String,
    object: PermissionObject,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct PermissionObject {
    resource_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<OrganizationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    any_org: bool,
}

impl Permission {
    /// Creates the permission for an action like `create` on a resource type like `workspace`.
    pub fn new(action: impl Into<String>, resource_type: impl Into<String>) -> Self {
        let object = PermissionObject {
            resource_type: resource_type.into(),
            owner_id: None,
            organization_id: None,
            resource_id: None,
            any_org: false,
        };
        Self { action: action.into(), object }
    }

    /// Limits the permission to resources of this user, named by id or as `me`.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<UserRef>) -> Self {
        self.object.owner_id = Some(owner.into().to_string());
        self
    }

    /// Limits the permission to resources of this organization.
    #[must_use]
    pub fn organization(mut self, organization: OrganizationId) -> Self {
        self.object.organization_id = Some(organization);
        self
    }

    /// Asks whether the permission holds in at least one organization.
    #[must_use]
    pub fn any_organization(mut self) -> Self {
        self.object.any_org = true;
        self
    }

    /// Limits the permission to the one resource with this id.
    #[must_use]
    pub fn resource(mut self, id: impl Into<uuid::Uuid>) -> Self {
        self.object.resource_id = Some(id.into());
        self
    }
}
