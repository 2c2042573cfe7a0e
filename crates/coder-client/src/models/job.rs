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
    /// The work of a provisioner, which runs Terraform.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ProvisionerJob {
        /// Identifies the job.
        pub id: JobId = required,
        /// When it was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When a provisioner took it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub completed_at: Option<Timestamp>,
        /// When somebody asked to cancel it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub canceled_at: Option<Timestamp>,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
        /// What kind of failure that was.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error_code: Option<JobErrorCode>,
        /// How far it is.
        pub status: JobStatus,
        /// Who does it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub worker_id: Option<WorkerId>,
        /// The name of who does it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub worker_name: Option<String>,
        /// The template's files.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub file_id: Option<FileId>,
        /// Which provisioners may take it.
        pub tags: BTreeMap<String, String>,
        /// Its place in the queue, from 1; 0 when it does not wait.
        pub queue_position: i64,
        /// How many jobs wait.
        pub queue_size: i64,
        /// The organization it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// Who asked for it. Told from 2.28 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub initiator_id: Option<UserId>,
        /// What it works on.
        pub input: JobInput,
        /// What kind of work it is.
        #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
        pub kind: Option<JobType>,
        /// Who could do it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub available_workers: List<WorkerId>,
        /// What it works on, by name. Blank inside a workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub metadata: Option<JobMetadata>,
        /// Whether logs were cut off. Told from 2.26 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub logs_overflowed: Option<bool>,
    }
}

model! {
    /// What a job works on.
    // coder: codersdk.ProvisionerJobInput
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct JobInput {
        /// The template version it imports.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_version_id: Option<TemplateVersionId>,
        /// The build it does.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_build_id: Option<BuildId>,
        /// Why the input cannot be told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<String>,
    }
}

model! {
    /// What a job works on, by name.
    // coder: codersdk.ProvisionerJobMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct JobMetadata {
        /// The template version's name.
        pub template_version_name: String,
        /// The template, or the nil id.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The template's name.
        pub template_name: String,
        /// The template's name for people.
        pub template_display_name: String,
        /// A path of the deployment, or a URL.
        pub template_icon: String,
        /// The workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The workspace's name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_name: Option<String>,
        /// What the build does. Told from 2.28 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_build_transition: Option<WorkspaceTransition>,
    }
}

neutral!(ProvisionerJob, JobInput);

open_enum! {
    /// How far a job is.
    JobStatus {
        /// It waits for a provisioner.
        Pending = "pending",
        /// A provisioner works on it.
        Running = "running",
        /// It is done.
        Succeeded = "succeeded",
        /// Somebody asked to cancel it.
        Canceling = "canceling",
        /// It was canceled.
        Canceled = "canceled",
        /// It failed.
        Failed = "failed",
        /// Coder does not know.
        Unknown = "unknown",
    }
}

open_enum! {
    /// What kind of failure ended a job.
    JobErrorCode {
        /// The template wants variables that nobody set.
        RequiredTemplateVariables = "REQUIRED_TEMPLATE_VARIABLES",
        /// The owner's budget does not allow it.
        InsufficientQuota = "INSUFFICIENT_QUOTA",
    }
}

open_enum! {
    /// What kind of work a job is.
    JobType {
        /// A workspace's build.
        WorkspaceBuild = "workspace_build",
        /// A template version's import.
        TemplateVersionImport = "template_version_import",
        /// A trial of a template version.
        TemplateVersionDryRun = "template_version_dry_run",
    }
}
