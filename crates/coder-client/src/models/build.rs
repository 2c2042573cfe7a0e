//! Builds: each start, stop or deletion of a workspace.

use jiff::Timestamp;
use serde::Serialize;

use super::{ProvisionerJob, WorkspaceResource};
use crate::reading::{model, neutral, open_enum};
use crate::{BuildId, List, PresetId, TemplateVersionId, UserId, WorkspaceId};

model! {
    /// A build of a workspace: `GET /api/v2/workspacebuilds/{build}`.
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceBuild {
        /// Identifies the build.
        pub id: BuildId = required,
        /// When it was asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// What it builds.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The workspace's name.
        pub workspace_name: String,
        /// The workspace's owner.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_owner_id: Option<UserId>,
        /// The owner's username.
        pub workspace_owner_name: String,
        /// The owner's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_owner_avatar_url: Option<String>,
        /// From which version of the template.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_version_id: Option<TemplateVersionId>,
        /// That version's name. Empty in the answer to a create or build request.
        pub template_version_name: String,
        /// Counts a workspace's builds, from 1.
        pub build_number: i64,
        /// Start, stop or delete.
        pub transition: WorkspaceTransition,
        /// Who asked for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub initiator_id: Option<UserId>,
        /// That user's name.
        pub initiator_name: String,
        /// The work behind it.
        pub job: ProvisionerJob,
        /// Why it was asked for.
        pub reason: BuildReason,
        /// What it made. Empty in the answer to a create or build request.
        pub resources: List<WorkspaceResource>,
        /// When the workspace stops by itself.
        pub deadline: Option<Timestamp>,
        /// Beyond which the deadline cannot be extended.
        pub max_deadline: Option<Timestamp>,
        /// What the job's status and the transition mean for the workspace.
        pub status: WorkspaceStatus,
        /// In the deployment's own unit of cost.
        pub daily_cost: i32,
        /// Who can do the work.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub matched_provisioners: Option<MatchedProvisioners>,
        /// The preset its parameters came from.
        pub template_version_preset_id: Option<PresetId>,
        /// Whether it runs a task for an AI agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_ai_task: Option<bool>,
        /// Whether an agent runs outside of what the build made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub has_external_agent: Option<bool>,
    }
}

model! {
    /// How many provisioners can do a job.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct MatchedProvisioners {
        /// Those whose tags fit.
        pub count: i64,
        /// Those of them that were seen recently.
        pub available: i64,
        /// When one of them was last seen.
        pub most_recently_seen: Option<Timestamp>,
    }
}

model! {
    /// One parameter's value: `GET /api/v2/workspacebuilds/{build}/parameters`. Values never change
    /// after the build was made.
    // coder: codersdk.WorkspaceBuildParameter
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct BuildParameter {
        /// The parameter's name.
        pub name: String = required,
        /// Always a text: numbers, booleans and lists are written as JSON.
        pub value: String = required,
    }
}

impl BuildParameter {
    /// A value for a parameter.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

neutral!(WorkspaceBuild);

open_enum! {
    /// What a build does with its workspace.
    WorkspaceTransition {
        /// It makes what the template wants to be there.
        Start = "start",
        /// It removes what need not survive.
        Stop = "stop",
        /// It removes everything.
        Delete = "delete",
    }
}

open_enum! {
    /// What a workspace's latest build means for it.
    WorkspaceStatus {
        /// The build waits for a provisioner.
        Pending = "pending",
        /// A start is under way.
        Starting = "starting",
        /// A start succeeded. Whether its agents are connected is another question.
        Running = "running",
        /// A stop is under way.
        Stopping = "stopping",
        /// A stop succeeded.
        Stopped = "stopped",
        /// The build failed.
        Failed = "failed",
        /// Somebody asked to cancel the build.
        Canceling = "canceling",
        /// The build was canceled.
        Canceled = "canceled",
        /// A deletion is under way.
        Deleting = "deleting",
        /// The workspace is gone.
        Deleted = "deleted",
    }
}

open_enum! {
    /// Why a build was asked for.
    BuildReason {
        /// A person asked, by a means that gave no better reason.
        Initiator = "initiator",
        /// The workspace's schedule.
        Autostart = "autostart",
        /// The workspace's deadline.
        Autostop = "autostop",
        /// The workspace was not used for long.
        Dormancy = "dormancy",
        /// From Coder's dashboard.
        Dashboard = "dashboard",
        /// From Coder's command line.
        Cli = "cli",
        /// Somebody connected over SSH.
        SshConnection = "ssh_connection",
        /// Somebody connected with VS Code.
        VscodeConnection = "vscode_connection",
        /// Somebody connected with a JetBrains IDE.
        JetbrainsConnection = "jetbrains_connection",
        /// A task was idle.
        TaskAutoPause = "task_auto_pause",
        /// Somebody paused a task.
        TaskManualPause = "task_manual_pause",
        /// Somebody resumed a task.
        TaskResume = "task_resume",
    }
}
