//! Provisioner jobs: the work behind a build.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{WorkspaceTransition, nullable};
use crate::open_enum::open_enum;
use crate::{
    BuildId, FileId, JobId, OrganizationId, TemplateId, TemplateVersionId, UserId, WorkerId,
    WorkspaceId,
};

/// The work of a provisioner, which runs Terraform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProvisionerJob {
    /// Identifies the job.
    pub id: JobId,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a provisioner took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When somebody asked to cancel it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled_at: Option<Timestamp>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What kind of failure that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<JobErrorCode>,
    /// How far it is.
    #[serde(default)]
    pub status: JobStatus,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<WorkerId>,
    /// The name of who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_name: Option<String>,
    /// The template's files.
    pub file_id: FileId,
    /// Which provisioners may take it.
    #[serde(default, deserialize_with = "nullable")]
    pub tags: BTreeMap<String, String>,
    /// Its place in the queue, from 1; 0 when it does not wait.
    #[serde(default)]
    pub queue_position: i64,
    /// How many jobs wait.
    #[serde(default)]
    pub queue_size: i64,
    /// The organization it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<OrganizationId>,
    /// Who asked for it. Told from 2.28 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator_id: Option<UserId>,
    /// What it works on.
    #[serde(default)]
    pub input: JobInput,
    /// What kind of work it is.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<JobType>,
    /// Who could do it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub available_workers: Vec<WorkerId>,
    /// What it works on, by name. Blank inside a workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JobMetadata>,
    /// Whether logs were cut off. Told from 2.26 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs_overflowed: Option<bool>,
}

/// What a job works on.
// coder: codersdk.ProvisionerJobInput
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobInput {
    /// The template version it imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_version_id: Option<TemplateVersionId>,
    /// The build it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_build_id: Option<BuildId>,
    /// Why the input cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a job works on, by name.
// coder: codersdk.ProvisionerJobMetadata
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobMetadata {
    /// The template version's name.
    #[serde(default)]
    pub template_version_name: String,
    /// The template, or the nil id.
    pub template_id: TemplateId,
    /// The template's name.
    #[serde(default)]
    pub template_name: String,
    /// The template's name for people.
    #[serde(default)]
    pub template_display_name: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub template_icon: String,
    /// The workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// The workspace's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_name: Option<String>,
    /// What the build does. Told from 2.28 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_build_transition: Option<WorkspaceTransition>,
}

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
