//! Resources, which builds make.

use jiff::Timestamp;
use serde::Serialize;

use super::{WorkspaceAgent, WorkspaceTransition};
use crate::reading::model;
use crate::{JobId, List, ResourceId};

model! {
    /// A resource that a build made, such as a virtual machine, a pod or a volume.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceResource {
        /// The id of the resource. Each build makes new ids.
        pub id: ResourceId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The id of the provisioner job that made the resource.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub job_id: Option<JobId>,
        /// The transition of the build.
        pub workspace_transition: WorkspaceTransition,
        /// The Terraform type, like `kubernetes_pod`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The Terraform name of the resource.
        pub name: String = required,
        /// `true` when user interfaces should not show the resource.
        pub hide: bool,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
        /// The agents that run in the resource.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub agents: List<WorkspaceAgent>,
        /// The metadata that the template tells about the resource.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub metadata: List<ResourceMetadata>,
        /// The cost for each day, in the deployment's own unit.
        pub daily_cost: i32,
    }
}

model! {
    /// A value that a template tells about a resource.
    // coder: codersdk.WorkspaceResourceMetadata
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ResourceMetadata {
        /// The name of the value.
        pub key: String = required,
        /// The value, as a text.
        pub value: String,
        /// `true` when user interfaces should hide the value until the user asks for it.
        pub sensitive: bool,
    }
}
