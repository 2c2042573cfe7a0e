//! Running a deployment: its health, servers, licences and provisioners.

use std::collections::BTreeMap;

use coder_core::Secret;
use serde::Serialize;

use crate::models::{
    HealthReport, JobStatus, License, NewProvisionerKey, NewWorkspaceProxy, PrebuildsSettings,
    ProvisionerJob, ProvisionerKey, ProvisionerKeyDaemons, Replica, WorkspaceProxies,
    WorkspaceProxy,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{JobId, List, OrganizationRef, WorkspaceProxyId};

operations! {
    /// `GET /api/v2/debug/health`: returns the health of the deployment. Coder keeps a report for
    /// some minutes; for owners only.
    ///
    /// ```no_run
    /// use coder_client::models::HealthSeverity;
    /// use coder_client::operations::GetHealth;
    /// use coder_client::{Client, ClientError};
    ///
    /// async fn warnings(client: &Client) -> Result<Vec<String>, ClientError> {
    ///     let provisioners = client.send(&GetHealth::new()).await?.provisioner_daemons;
    ///     let warnings = provisioners.into_iter().flat_map(|section| section.warnings);
    ///     Ok(warnings.map(|warning| warning.message).collect())
    /// }
    /// ```
    #[doc(alias = "healthcheck")]
    #[derive(Default)]
    GetHealth() = GET ["debug", "health"]
        query {
            ;
            /// Makes a new report (`true`), which takes some seconds.
            force: bool,
        }
        => HealthReport;
    /// `GET /api/v2/replicas`: lists the servers that make up the deployment. Only licensed
    /// deployments have several.
    #[doc(alias = "high availability")]
    ListReplicas = GET ["replicas"] => List<Replica>;
    /// `GET /api/v2/licenses`: lists the licences of the deployment.
    #[doc(alias = "license")]
    ListLicenses = GET ["licenses"] => List<License>;
    /// `DELETE /api/v2/licenses/{id}`: deletes a licence.
    DeleteLicense(id: i64) = DELETE ["licenses", id] => ();
    /// `POST /api/v2/licenses/refresh-entitlements`: reads the licences again, once in ten minutes
    /// at most.
    RefreshEntitlements = POST ["licenses", "refresh-entitlements"] => (), repeatable;
    /// `GET /api/v2/workspaceproxies`: lists the workspace proxies with their states.
    #[doc(alias = "region")]
    ListWorkspaceProxies = GET ["workspaceproxies"] => WorkspaceProxies;
    /// `GET /api/v2/workspaceproxies/{workspaceproxy}`: returns a workspace proxy.
    GetWorkspaceProxy(proxy: WorkspaceProxyId) = GET ["workspaceproxies", proxy] => WorkspaceProxy;
    /// `POST /api/v2/workspaceproxies`: creates a workspace proxy, and tells the token that it signs
    /// in with.
    CreateWorkspaceProxy(name: String) = POST ["workspaceproxies"]
        body {
            name;
            /// Sets the name that user interfaces show.
            display_name: String,
            /// Sets the icon: a path of the deployment, or a URL.
            icon: String,
        }
        => NewWorkspaceProxy;
    /// `DELETE /api/v2/workspaceproxies/{workspaceproxy}`: deletes a workspace proxy.
    DeleteWorkspaceProxy(proxy: WorkspaceProxyId) = DELETE ["workspaceproxies", proxy] => ();
    /// `GET /api/v2/prebuilds/settings`: returns whether workspaces are built ahead.
    GetPrebuildsSettings = GET ["prebuilds", "settings"] => PrebuildsSettings;
    /// `PUT /api/v2/prebuilds/settings`: sets whether workspaces are built ahead. Returns `None`
    /// when nothing has changed.
    SetPrebuildsSettings(reconciliation_paused: bool) =
        PUT ["prebuilds", "settings"] body { reconciliation_paused } => Option<PrebuildsSettings>;
    /// `GET /api/v2/organizations/{organization}/provisionerjobs/{job}`: returns a provisioner job.
    GetProvisionerJob(organization: OrganizationRef, job: JobId) =
        GET ["organizations", organization, "provisionerjobs", job] => ProvisionerJob;
    /// `GET /api/v2/organizations/{organization}/provisionerkeys`: lists the keys that provisioner
    /// daemons sign in with.
    #[doc(alias = "provisioner token")]
    ListProvisionerKeys(organization: OrganizationRef) =
        GET ["organizations", organization, "provisionerkeys"] => List<ProvisionerKey>;
    /// `GET /api/v2/organizations/{organization}/provisionerkeys/daemons`: lists these keys, each
    /// with the daemons that use it.
    ListProvisionerKeyDaemons(organization: OrganizationRef) =
        GET ["organizations", organization, "provisionerkeys", "daemons"]
        => List<ProvisionerKeyDaemons>;
    /// `DELETE /api/v2/organizations/{organization}/provisionerkeys/{provisionerkey}`: deletes a
    /// provisioner key by its name.
    DeleteProvisionerKey(organization: OrganizationRef, name: String) =
        DELETE ["organizations", organization, "provisionerkeys", name] => ();
}

/// `POST /api/v2/licenses`: adds a licence, which is a signed text.
#[derive(Clone, Debug, Serialize)]
pub struct AddLicense {
    #[serde(serialize_with = "Secret::serialize_exposed")]
    license: Secret,
}

impl AddLicense {
    /// Creates the operation for the text of a licence. Whoever has the text can use the licence, so it is
    /// a secret.
    pub fn new(license: impl Into<Secret>) -> Self {
        Self { license: license.into() }
    }
}

impl_operation!(AddLicense => License, |this| RequestBuilder::post(["licenses"]).json(this));

/// `GET /api/v2/organizations/{organization}/provisionerjobs`: lists the provisioner jobs of an
/// organization, the newest first. It explains why a workspace stays `pending`.
///
/// ```
/// use coder_client::models::JobStatus;
/// use coder_client::operations::ListProvisionerJobs;
///
/// let waiting = ListProvisionerJobs::new("default").status(JobStatus::Pending).limit(50);
/// ```
#[doc(alias = "queue")]
#[doc(alias = "pending")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListProvisionerJobs {
    organization: OrganizationRef,
    statuses: Vec<JobStatus>,
    jobs: Vec<JobId>,
    tags: BTreeMap<String, String>,
    limit: Option<u32>,
}

impl ListProvisionerJobs {
    /// Creates the operation for all jobs of an organization; Coder returns the newest 50.
    pub fn new(organization: impl Into<OrganizationRef>) -> Self {
        Self {
            organization: organization.into(),
            statuses: Vec::new(),
            jobs: Vec::new(),
            tags: BTreeMap::new(),
            limit: None,
        }
    }

    /// Adds a status to those that are asked for, by default all.
    #[must_use]
    pub fn status(mut self, status: JobStatus) -> Self {
        self.statuses.push(status);
        self
    }

    /// Adds a job to those that are asked for, by default all.
    #[must_use]
    pub fn job(mut self, job: JobId) -> Self {
        self.jobs.push(job);
        self
    }

    /// Restricts the list to jobs that ask for this tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Sets the greatest number of jobs to return.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

impl_operation!(ListProvisionerJobs => List<ProvisionerJob>, |this| {
    let list = |items: Vec<String>| (!items.is_empty()).then(|| items.join(","));
    let tags = serde_json::to_string(&this.tags).ok().filter(|_| !this.tags.is_empty());
    RequestBuilder::get(["organizations", &this.organization.to_string(), "provisionerjobs"])
        .query("status", list(this.statuses.iter().map(ToString::to_string).collect()))
        .query("ids", list(this.jobs.iter().map(ToString::to_string).collect()))
        .query("tags", tags)
        .query("limit", this.limit)
});

/// `POST /api/v2/organizations/{organization}/provisionerkeys`: creates a key that provisioner
/// daemons sign in with. Coder tells the key this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateProvisionerKey {
    #[serde(skip)]
    organization: OrganizationRef,
    name: String,
    tags: BTreeMap<String, String>,
}

impl CreateProvisionerKey {
    /// Creates the operation for a key of this name.
    pub fn new(organization: impl Into<OrganizationRef>, name: impl Into<String>) -> Self {
        Self { organization: organization.into(), name: name.into(), tags: BTreeMap::new() }
    }

    /// Adds a tag of the daemons that sign in with the key.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }
}

impl_operation!(CreateProvisionerKey => NewProvisionerKey, |this| {
    let organization = this.organization.to_string();
    RequestBuilder::post(["organizations", &organization, "provisionerkeys"]).json(this)
});

/// `PATCH /api/v2/workspaceproxies/{workspaceproxy}`: changes a workspace proxy.
///
/// The operation is made from the proxy as it is, since Coder wants all of its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpdateWorkspaceProxy {
    id: WorkspaceProxyId,
    name: String,
    display_name: String,
    icon: String,
    regenerate_token: bool,
}

impl UpdateWorkspaceProxy {
    /// Creates the operation that leaves the proxy as it is.
    pub fn new(proxy: &WorkspaceProxy) -> Self {
        Self {
            id: proxy.id,
            name: proxy.name.clone(),
            display_name: proxy.display_name.clone(),
            icon: proxy.icon_url.clone(),
            regenerate_token: false,
        }
    }

    /// Sets the name, which is unique in the deployment.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Sets the name that user interfaces show.
    #[must_use]
    pub fn display_name(self, name: impl Into<String>) -> Self {
        Self { display_name: name.into(), ..self }
    }

    /// Sets the icon: a path of the deployment, or a URL.
    #[must_use]
    pub fn icon(self, icon: impl Into<String>) -> Self {
        Self { icon: icon.into(), ..self }
    }

    /// Makes a new token (`true`), which the answer tells; the old one is refused from now on.
    #[must_use]
    pub fn regenerate_token(self, regenerate: bool) -> Self {
        Self { regenerate_token: regenerate, ..self }
    }
}

impl_operation!(UpdateWorkspaceProxy => NewWorkspaceProxy, |this| {
    RequestBuilder::patch(["workspaceproxies", &this.id.to_string()]).json(this)
});
