//! What the deployment is, and what it can do.

use std::collections::BTreeMap;

use http::Method;
use serde::Serialize;

use crate::models::{
    AppHost, Appearance, AuthMethods, AvailableExperiments, BuildInfo, DeploymentStats,
    Entitlements, Regions, ScopeCatalog, SshConfig, UpdateCheck,
};
use crate::operation::{Draft, operation, operations};
use crate::{List, OrganizationId, UserRef};

operations! {
    /// `GET /api/v2/appearance`: what the dashboard looks like. Builds without the enterprise part
    /// do not have it.
    GetAppearance = GET ["appearance"] => Appearance;
    /// `GET /api/v2/applications/host`: where apps have host names of their own. [`ListRegions`]
    /// says more.
    GetAppHost = GET ["applications", "host"] => AppHost;
    /// `GET /api/v2/deployment/config`: how the deployment is configured, for its operators. The
    /// configuration is as large as Coder's command line and is not modelled.
    GetDeploymentConfig = GET ["deployment", "config"] => serde_json::Value;
    /// `GET /api/v2/deployment/ssh`: how to reach workspaces over SSH.
    GetSshConfig = GET ["deployment", "ssh"] => SshConfig;
    /// `GET /api/v2/deployment/stats`: how much the deployment does.
    GetDeploymentStats = GET ["deployment", "stats"] => DeploymentStats;
    /// `GET /api/v2/experiments`: the experiments that are on.
    ListExperiments = GET ["experiments"] => List<String>;
    /// `GET /api/v2/experiments/available`: the experiments that could be on.
    ListAvailableExperiments = GET ["experiments", "available"] => AvailableExperiments;
    /// `GET /api/v2/regions`: the deployment and its proxies, and where their apps are.
    ListRegions = GET ["regions"] => Regions;
}

/// Declares operations that need no credential.
macro_rules! open_operations {
    ($(
        $(#[$meta:meta])*
        $name:ident = GET [$($segment:literal),+] => $output:ty $(, needs $needs:ident)?;
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;

        operation!($name => $output, |_this| Draft::get([$($segment),+]),
            fn needs_credential(&self) -> bool {
                false
            },
            fn max_answer(&self) -> usize {
                crate::operation::SMALL_ANSWER
            }
            $(, fn needs(&self) -> Option<crate::Capability> {
                Some(crate::Capability::$needs)
            })?
        );
    )+};
}

open_operations! {
    /// `GET /api/v2/buildinfo`: the deployment's version and URLs. Needs no credential.
    GetBuildInfo = GET ["buildinfo"] => BuildInfo;
    /// `GET /api/v2/auth/scopes`: what tokens can be allowed. Needs no credential.
    ListScopes = GET ["auth", "scopes"] => ScopeCatalog, needs ScopeCatalog;
    /// `GET /api/v2/entitlements`: what the licence allows. Needs no credential; builds without
    /// the enterprise part do not have it ([`Error::is_unsupported`](crate::Error::is_unsupported)).
    GetEntitlements = GET ["entitlements"] => Entitlements;
    /// `GET /api/v2/updatecheck`: whether there is a newer Coder. Needs no credential.
    CheckForUpdate = GET ["updatecheck"] => UpdateCheck;
    /// `GET /api/v2/users/authmethods`: how people may sign in. Needs no credential.
    ListAuthMethods = GET ["users", "authmethods"] => AuthMethods;
}

/// `POST /api/v2/authcheck`: what the caller may do, in one request.
///
/// ```
/// use coder_client::operations::{CheckAuthorization, Permission};
///
/// # let organization = "11b9eb6a-187a-4cb8-a370-f909fed6e989".parse()?;
/// let may = CheckAuthorization::new()
///     .ask("create", Permission::new("create", "workspace").owned_by("me").within(organization));
/// # Ok::<_, coder_client::IdError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CheckAuthorization {
    checks: BTreeMap<String, Permission>,
}

impl CheckAuthorization {
    /// Asks nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one thing; the answer has the same name.
    #[must_use]
    pub fn ask(mut self, name: impl Into<String>, permission: Permission) -> Self {
        self.checks.insert(name.into(), permission);
        self
    }
}

operation!(CheckAuthorization => BTreeMap<String, bool>,
    |this| Draft::post(["authcheck"]).json(this),
    fn is_repeatable(&self, _method: &Method) -> bool {
        true
    }
);

/// Something that one may be allowed to do.
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
    /// An action like `create` on a kind of thing like `workspace`.
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

    /// On what belongs to this user, by id or `me`.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<UserRef>) -> Self {
        self.object.owner_id = Some(owner.into().to_string());
        self
    }

    /// On what belongs to this organization.
    #[must_use]
    pub fn within(mut self, organization: OrganizationId) -> Self {
        self.object.organization_id = Some(organization);
        self
    }

    /// In at least one organization.
    #[must_use]
    pub fn within_any(mut self) -> Self {
        self.object.any_org = true;
        self
    }

    /// On this very thing, by its id.
    #[must_use]
    pub fn on(mut self, id: impl Into<uuid::Uuid>) -> Self {
        self.object.resource_id = Some(id.into());
        self
    }
}
