//! Builds: each start, stop or deletion of a workspace.

use jiff::Timestamp;
use serde::Serialize;

use super::{ProvisionerJob, WorkspaceAgent, WorkspaceResource};
use crate::reading::{model, neutral, open_enum};
use crate::{BuildId, List, PresetId, TemplateVersionId, UserId, WorkspaceId};

model! {
    /// A build of a workspace, which starts, stops or deletes it: `GET
    /// /api/v2/workspacebuilds/{build}`.
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceBuild {
        /// The id of the build.
        pub id: BuildId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The id of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The name of the workspace.
        pub workspace_name: String,
        /// The id of the workspace's owner.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_owner_id: Option<UserId>,
        /// The username of the workspace's owner.
        pub workspace_owner_name: String,
        /// The URL of the owner's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_owner_avatar_url: Option<String>,
        /// The id of the template version that the build uses.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_version_id: Option<TemplateVersionId>,
        /// The name of the template version. It is empty in the answer to the request that creates
        /// the build.
        pub template_version_name: String,
        /// The number of the build, which counts from 1 for each workspace.
        pub build_number: i64,
        /// The transition: start, stop or delete.
        pub transition: WorkspaceTransition,
        /// The id of the user who requested the build.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub initiator_id: Option<UserId>,
        /// The username of the user who requested the build.
        pub initiator_name: String,
        /// The provisioner job that does the work.
        pub job: ProvisionerJob,
        /// The reason for which the build was requested.
        pub reason: BuildReason,
        /// The resources that the build made. They are empty in the answer to the request that
        /// creates the build.
        pub resources: List<WorkspaceResource>,
        /// The moment at which the workspace stops by itself.
        pub deadline: Option<Timestamp>,
        /// The moment after which the deadline cannot be moved.
        pub max_deadline: Option<Timestamp>,
        /// The status of the workspace, which follows from the job's status and the transition.
        pub status: WorkspaceStatus,
        /// The cost for each day, in the deployment's own unit.
        pub daily_cost: i32,
        /// The provisioners that can run the build.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub matched_provisioners: Option<MatchedProvisioners>,
        /// The id of the preset that parameter values came from.
        pub template_version_preset_id: Option<PresetId>,
        /// `true` when the workspace runs a task of an AI agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_task: Option<bool>,
        /// `true` when an agent runs on a machine that the build did not make.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_external_agent: Option<bool>,
    }
}

model! {
    /// The provisioners that can run a job.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct MatchedProvisioners {
        /// The number of provisioners with matching tags.
        pub count: i64,
        /// The number of those that Coder has seen recently.
        pub available: i64,
        /// The moment at which Coder last saw one of them.
        pub most_recently_seen: Option<Timestamp>,
    }
}

model! {
    /// The value of a parameter in a build: `GET /api/v2/workspacebuilds/{build}/parameters`.
    ///
    /// The values of a build never change.
    // coder: codersdk.WorkspaceBuildParameter
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildParameter {
        /// The name of the parameter.
        pub name: String = required,
        /// The value, which is always a text: numbers, booleans and lists are written as JSON.
        pub value: String = required,
    }
}

impl WorkspaceBuild {
    /// Returns the agents of all resources, sub-agents among them.
    ///
    /// An agent that could not be read is in
    /// [`List::unreadable`](crate::List::unreadable) of its resource.
    pub fn agents(&self) -> impl Iterator<Item = &WorkspaceAgent> {
        self.resources.iter().flat_map(|resource| &resource.agents)
    }
}

impl BuildParameter {
    /// Creates the value of a parameter.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

neutral!(WorkspaceBuild);

open_enum! {
    /// The effect of a build on its workspace.
    WorkspaceTransition {
        /// The workspace is started: all resources of the template are made.
        Start = "start",
        /// The workspace is stopped: resources that need not persist are destroyed.
        Stop = "stop",
        /// The workspace is deleted with all of its resources.
        Delete = "delete",
    }
}

open_enum! {
    /// The status of a workspace, which follows from its latest build.
    WorkspaceStatus {
        /// The build waits for a provisioner.
        Pending = "pending",
        /// A start is in progress.
        Starting = "starting",
        /// The last start has succeeded. Its agents may not be connected yet.
        Running = "running",
        /// A stop is in progress.
        Stopping = "stopping",
        /// The last stop has succeeded.
        Stopped = "stopped",
        /// The last build has failed.
        Failed = "failed",
        /// The build is being canceled.
        Canceling = "canceling",
        /// The last build was canceled.
        Canceled = "canceled",
        /// A deletion is in progress.
        Deleting = "deleting",
        /// The workspace was deleted.
        Deleted = "deleted",
    }
}

open_enum! {
    /// The reason for which a build was requested.
    BuildReason {
        /// A user requested the build, in a way that has no reason of its own.
        Initiator = "initiator",
        /// The autostart schedule of the workspace started it.
        Autostart = "autostart",
        /// The deadline of the workspace stopped it.
        Autostop = "autostop",
        /// The workspace became dormant, because it was not used.
        Dormancy = "dormancy",
        /// A user requested the build in the dashboard.
        Dashboard = "dashboard",
        /// A user requested the build on the command line.
        Cli = "cli",
        /// A connection over SSH started the workspace.
        SshConnection = "ssh_connection",
        /// A connection of VS Code started the workspace.
        VscodeConnection = "vscode_connection",
        /// A connection of a JetBrains IDE started the workspace.
        JetbrainsConnection = "jetbrains_connection",
        /// Coder paused a task that was idle.
        TaskAutoPause = "task_auto_pause",
        /// A user paused the task.
        TaskManualPause = "task_manual_pause",
        /// A user resumed the task.
        TaskResume = "task_resume",
    }
}
