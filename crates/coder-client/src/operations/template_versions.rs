//! Making template versions: import, archive and dry run.

use std::collections::BTreeMap;

use coder_core::Secret;
use serde::Serialize;

use crate::models::{
    BuildParameter, MatchedProvisioners, ProvisionerJob, ProvisionerJobLog, TemplateVersion,
    WorkspaceResource,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{FileId, JobId, List, OrganizationRef, TemplateId, TemplateVersionId};

operations! {
    /// `PATCH /api/v2/templateversions/{templateversion}`: changes the name and the message of a
    /// template version. Fields that are not set keep their values.
    #[doc(alias = "rename")]
    UpdateTemplateVersion(version: TemplateVersionId) = PATCH ["templateversions", version]
        body {
            ;
            /// Sets the name, which is unique in the template.
            name: String,
            /// Sets the message that describes the changes of the version.
            message: String,
        }
        => TemplateVersion;
    /// `PATCH /api/v2/templateversions/{templateversion}/cancel`: cancels the import of a version.
    ///
    /// For an import that has ended, the error [is too late](crate::ClientError::is_too_late).
    CancelTemplateVersion(version: TemplateVersionId) =
        PATCH ["templateversions", version, "cancel"] => ();
    /// `POST /api/v2/templateversions/{templateversion}/archive`: archives a version that no
    /// workspace uses and that is not active, which hides it.
    ArchiveTemplateVersion(version: TemplateVersionId) =
        POST ["templateversions", version, "archive"] => (), repeatable;
    /// `POST /api/v2/templateversions/{templateversion}/unarchive`: shows an archived version again.
    UnarchiveTemplateVersion(version: TemplateVersionId) =
        POST ["templateversions", version, "unarchive"] => (), repeatable;
    /// `GET /api/v2/templateversions/{templateversion}/dry-run/{jobID}`: returns the job of a dry
    /// run.
    GetDryRun(version: TemplateVersionId, job: JobId) =
        GET ["templateversions", version, "dry-run", job] => ProvisionerJob;
    /// `PATCH /api/v2/templateversions/{templateversion}/dry-run/{jobID}/cancel`: cancels a dry run.
    ///
    /// For a dry run that has ended, the error [is too late](crate::ClientError::is_too_late).
    CancelDryRun(version: TemplateVersionId, job: JobId) =
        PATCH ["templateversions", version, "dry-run", job, "cancel"] => ();
    /// `GET /api/v2/templateversions/{templateversion}/dry-run/{jobID}/logs`: lists the log lines of
    /// a dry run.
    ListDryRunLogs(version: TemplateVersionId, job: JobId) =
        GET ["templateversions", version, "dry-run", job, "logs"]
        query {
            ;
            /// Returns only lines after the line with this id.
            after: i64,
        }
        => List<ProvisionerJobLog>;
    /// `GET /api/v2/templateversions/{templateversion}/dry-run/{jobID}/resources`: lists the
    /// resources that a workspace would have.
    ListDryRunResources(version: TemplateVersionId, job: JobId) =
        GET ["templateversions", version, "dry-run", job, "resources"] => List<WorkspaceResource>;
    /// `GET /api/v2/templateversions/{templateversion}/dry-run/{jobID}/matched-provisioners`: counts
    /// the provisioner daemons that can run a dry run.
    GetDryRunProvisioners(version: TemplateVersionId, job: JobId) =
        GET ["templateversions", version, "dry-run", job, "matched-provisioners"]
        => MatchedProvisioners;
}

/// The value of a Terraform variable.
#[derive(Clone, Debug, Serialize)]
struct VariableValue {
    name: String,
    /// A variable may be sensitive, so no value is shown.
    #[serde(serialize_with = "Secret::serialize_exposed")]
    value: Secret,
}

/// `POST /api/v2/organizations/{organization}/templateversions`: creates a template version from
/// uploaded files. Coder imports it in a provisioner job.
///
/// Without [`template`](Self::template) the version belongs to no template until
/// [`CreateTemplate`](crate::operations::CreateTemplate) makes one of it.
/// [`PushTemplate`](crate::PushTemplate) does all of it in one call.
///
/// ```
/// use coder_client::operations::CreateTemplateVersion;
/// use coder_client::{FileId, TemplateId};
///
/// # fn create(file: FileId, template: TemplateId) -> CreateTemplateVersion {
/// CreateTemplateVersion::new("default", file)
///     .template(template)
///     .name("v2")
///     .message("clones over SSH")
///     .variable("registry", "ghcr.io")
/// # }
/// ```
#[doc(alias = "import")]
#[derive(Clone, Debug, Serialize)]
pub struct CreateTemplateVersion {
    #[serde(skip)]
    organization: OrganizationRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<TemplateId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    storage_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<FileId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    example_id: Option<String>,
    provisioner: &'static str,
    tags: BTreeMap<String, String>,
    user_variable_values: Vec<VariableValue>,
}

impl CreateTemplateVersion {
    /// Creates the operation for a version from an uploaded archive of Terraform files.
    pub fn new(organization: impl Into<OrganizationRef>, file: FileId) -> Self {
        Self { file_id: Some(file), ..Self::from_nothing(organization.into()) }
    }

    /// Creates the operation for a version from one of Coder's examples
    /// ([`ListTemplateExamples`](crate::operations::ListTemplateExamples)), by the example's id.
    pub fn from_example(
        organization: impl Into<OrganizationRef>,
        example: impl Into<String>,
    ) -> Self {
        Self { example_id: Some(example.into()), ..Self::from_nothing(organization.into()) }
    }

    fn from_nothing(organization: OrganizationRef) -> Self {
        Self {
            organization,
            template_id: None,
            name: None,
            message: None,
            storage_method: "file",
            file_id: None,
            example_id: None,
            provisioner: "terraform",
            tags: BTreeMap::new(),
            user_variable_values: Vec::new(),
        }
    }

    /// Sets the template that the version belongs to.
    #[must_use]
    pub fn template(self, template: TemplateId) -> Self {
        Self { template_id: Some(template), ..self }
    }

    /// Sets the name, which is unique in the template. Coder invents one by default.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Sets the message that describes the changes of the version.
    #[must_use]
    pub fn message(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// Adds a tag that a provisioner daemon must have to build the version's workspaces.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(name.into(), value.into());
        self
    }

    /// Adds the value of a Terraform variable. The value may be sensitive.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.user_variable_values.push(VariableValue { name: name.into(), value: value.into() });
        self
    }
}

impl_operation!(CreateTemplateVersion => TemplateVersion, |this| {
    let organization = this.organization.to_string();
    RequestBuilder::post(["organizations", &organization, "templateversions"]).json(this)
});

/// `POST /api/v2/templateversions/{templateversion}/dry-run`: plans a workspace of a version
/// without making it.
///
/// ```
/// use std::time::Duration;
///
/// use coder_client::models::WorkspaceResource;
/// use coder_client::operations::{CreateDryRun, GetDryRun, ListDryRunResources};
/// use coder_client::{Client, ClientError, List, TemplateVersionId};
///
/// async fn plan(
///     client: &Client,
///     version: TemplateVersionId,
/// ) -> Result<List<WorkspaceResource>, ClientError> {
///     let job = client.send(&CreateDryRun::new(version, "dev").parameter("cpu", "4")).await?;
///     while client.send(&GetDryRun::new(version, job.id)).await?.completed_at.is_none() {
///         client.world().runtime.sleep(Duration::from_secs(1)).await;
///     }
///     client.send(&ListDryRunResources::new(version, job.id)).await
/// }
/// ```
#[doc(alias = "plan")]
#[derive(Clone, Debug, Serialize)]
pub struct CreateDryRun {
    #[serde(skip)]
    version: TemplateVersionId,
    workspace_name: String,
    rich_parameter_values: Vec<BuildParameter>,
    user_variable_values: Vec<VariableValue>,
}

impl CreateDryRun {
    /// Creates the operation for a workspace of this name.
    pub fn new(version: TemplateVersionId, workspace_name: impl Into<String>) -> Self {
        Self {
            version,
            workspace_name: workspace_name.into(),
            rich_parameter_values: Vec::new(),
            user_variable_values: Vec::new(),
        }
    }

    /// Adds the value of a parameter.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.rich_parameter_values.push(BuildParameter { name: name.into(), value: value.into() });
        self
    }

    /// Adds the value of a Terraform variable. The value may be sensitive.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.user_variable_values.push(VariableValue { name: name.into(), value: value.into() });
        self
    }
}

impl_operation!(CreateDryRun => ProvisionerJob, |this| {
    RequestBuilder::post(["templateversions", &this.version.to_string(), "dry-run"]).json(this)
});
