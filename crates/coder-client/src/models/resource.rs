//! Resources: what a build made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{WorkspaceAgent, WorkspaceTransition, nullable};
use crate::{JobId, ResourceId};

/// Something a build made: a virtual machine, a pod, a volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceResource {
    /// Changes with every build.
    pub id: ResourceId,
    /// When the build made it.
    pub created_at: Timestamp,
    /// The job that made it.
    pub job_id: JobId,
    /// The transition it belongs to.
    pub workspace_transition: WorkspaceTransition,
    /// Terraform's type, like `kubernetes_pod`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Terraform's name.
    pub name: String,
    /// Not to be shown.
    #[serde(default)]
    pub hide: bool,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
    /// The agents that run in it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<WorkspaceAgent>,
    /// What the template tells about it.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<ResourceMetadata>,
    /// In the deployment's own unit of cost.
    #[serde(default)]
    pub daily_cost: i32,
}

/// One thing a template tells about a resource.
// coder: codersdk.WorkspaceResourceMetadata
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceMetadata {
    /// What.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
    /// Whether to hide the value until somebody asks for it.
    #[serde(default)]
    pub sensitive: bool,
}
