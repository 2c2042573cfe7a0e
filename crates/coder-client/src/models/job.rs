//! Provisioner jobs: the work behind a build.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::WorkspaceTransition;
use crate::reading::{model, neutral, open_enum};
use crate::{
    BuildId, FileId, JobId, List, OrganizationId, TemplateId, TemplateVersionId, UserId, WorkerId,
    WorkspaceId,
};

model! {
    /// A job of a provisioner, which runs Terraform.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerJob {
        /// The id of the job.
        pub id: JobId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment at which a provisioner took the job.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// The moment at which the job ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub completed_at: Option<Timestamp>,
        /// The moment at which a user asked to cancel the job.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub canceled_at: Option<Timestamp>,
        /// The error with which the job failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// The kind of that error, where Coder has a name for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error_code: Option<JobErrorCode>,
        /// The status of the job.
        pub status: JobStatus,
        /// The id of the provisioner daemon that runs the job.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub worker_id: Option<WorkerId>,
        /// The name of the provisioner daemon that runs the job.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub worker_name: Option<String>,
        /// The id of the archive with the template's files.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file_id: Option<FileId>,
        /// The tags that a provisioner daemon must have to run the job.
        pub tags: BTreeMap<String, String>,
        /// The place in the queue, from 1 on; 0 when the job does not wait.
        pub queue_position: i64,
        /// The number of jobs in the queue.
        pub queue_size: i64,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The id of the user who requested the job. Releases since 2.28 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub initiator_id: Option<UserId>,
        /// The input of the job: a template version or a build.
        pub input: JobInput,
        /// The type of the job.
        #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
        pub kind: Option<JobType>,
        /// The ids of the provisioner daemons that could run the job.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub available_workers: List<WorkerId>,
        /// The names of what the job works on. It is blank in the job of a workspace's build.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub metadata: Option<JobMetadata>,
        /// `true` when logs were cut, because they were too long. Releases since 2.26 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logs_overflowed: Option<bool>,
    }
}

model! {
    /// The input of a provisioner job.
    // coder: codersdk.ProvisionerJobInput
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct JobInput {
        /// The id of the template version that the job imports.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_version_id: Option<TemplateVersionId>,
        /// The id of the build that the job runs.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_build_id: Option<BuildId>,
        /// The reason when Coder cannot read the input.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
    }
}

model! {
    /// The names of what a provisioner job works on.
    // coder: codersdk.ProvisionerJobMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct JobMetadata {
        /// The name of the template version.
        pub template_version_name: String,
        /// The id of the template, or the nil id.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The name of the template.
        pub template_name: String,
        /// The name of the template that user interfaces show; may be empty.
        pub template_display_name: String,
        /// The icon of the template: a path of the deployment, or a URL.
        pub template_icon: String,
        /// The id of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The name of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_name: Option<String>,
        /// The transition of the build. Releases since 2.28 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_build_transition: Option<WorkspaceTransition>,
    }
}

neutral!(ProvisionerJob, JobInput);

open_enum! {
    /// The status of a provisioner job.
    JobStatus {
        /// The job waits for a provisioner.
        Pending = "pending",
        /// A provisioner runs the job.
        Running = "running",
        /// The job has succeeded.
        Succeeded = "succeeded",
        /// The job is being canceled.
        Canceling = "canceling",
        /// The job was canceled.
        Canceled = "canceled",
        /// The job has failed.
        Failed = "failed",
        /// Coder does not know the status.
        Unknown = "unknown",
    }
}

open_enum! {
    /// The kind of an error that ended a provisioner job.
    JobErrorCode {
        /// The template needs variables that have no value.
        RequiredTemplateVariables = "REQUIRED_TEMPLATE_VARIABLES",
        /// The quota of the workspace's owner is used up.
        InsufficientQuota = "INSUFFICIENT_QUOTA",
    }
}

open_enum! {
    /// The type of a provisioner job.
    JobType {
        /// The build of a workspace.
        WorkspaceBuild = "workspace_build",
        /// The import of a template version.
        TemplateVersionImport = "template_version_import",
        /// A dry run of a template version.
        TemplateVersionDryRun = "template_version_dry_run",
    }
}
