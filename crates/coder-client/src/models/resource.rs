//! Resources: what a build made.

use jiff::Timestamp;
use serde::Serialize;

use super::{WorkspaceAgent, WorkspaceTransition};
use crate::reading::model;
use crate::{JobId, List, ResourceId};

model! {
    /// Something a build made: a virtual machine, a pod, a volume.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceResource {
        /// Changes with every build.
        pub id: ResourceId = required,
        /// When the build made it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The job that made it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub job_id: Option<JobId>,
        /// The transition it belongs to.
        pub workspace_transition: WorkspaceTransition,
        /// Terraform's type, like `kubernetes_pod`.
        #[serde(rename = "type")]
        pub kind: String,
        /// Terraform's name.
        pub name: String = required,
        /// Not to be shown.
        pub hide: bool,
        /// A path of the deployment, or a URL.
        pub icon: String,
        /// The agents that run in it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub agents: List<WorkspaceAgent>,
        /// What the template tells about it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub metadata: List<ResourceMetadata>,
        /// In the deployment's own unit of cost.
        pub daily_cost: i32,
    }
}

model! {
    /// One thing a template tells about a resource.
    // coder: codersdk.WorkspaceResourceMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ResourceMetadata {
        /// What.
        pub key: String = required,
        /// Its value.
        pub value: String,
        /// Whether to hide the value until somebody asks for it.
        pub sensitive: bool,
    }
}
