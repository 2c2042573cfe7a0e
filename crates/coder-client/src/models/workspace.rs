//! Workspaces.

use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;

use super::moment::unless_never;
use super::{AppStatus, WorkspaceAgent, WorkspaceBuild};
use crate::reading::{model, neutral, open_enum};
use crate::{
    AgentId, List, OrganizationId, TaskId, TemplateId, TemplateVersionId, UserId, WorkspaceId,
};

model! {
    /// A workspace: `GET /api/v2/workspaces/{workspace}`.
    ///
    /// Parameter values are not part of it, but of its builds.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct Workspace {
        /// The id of the workspace, which never changes.
        pub id: WorkspaceId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The id of the owner.
        pub owner_id: UserId = required,
        /// The username of the owner.
        pub owner_name: String = required,
        /// The URL of the owner's picture.
        pub owner_avatar_url: String,
        /// The id of the organization that it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// The name of the organization that it belongs to.
        pub organization_name: String,
        /// The id of the template.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The name of the template.
        pub template_name: String,
        /// The name of the template that user interfaces show; may be empty.
        pub template_display_name: String,
        /// The icon of the template: a path of the deployment like `/icon/k8s.png`, a URL, or
        /// empty.
        pub template_icon: String,
        /// `true` when the owner may cancel builds.
        pub template_allow_user_cancel_workspace_jobs: bool,
        /// The active version of the template, which new builds should use.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_active_version_id: Option<TemplateVersionId>,
        /// `true` when new builds must use the active version.
        pub template_require_active_version: bool,
        /// `true` when the parameters of the template are static instead of dynamic.
        pub template_use_classic_parameter_flow: bool,
        /// The newest build, whose status is the status of the workspace.
        ///
        /// When Coder sends no build that can be read, this one has the nil id and a status that is
        /// `Other`.
        pub latest_build: WorkspaceBuild,
        /// The last status that an app of the workspace reported.
        pub latest_app_status: Option<AppStatus>,
        /// `true` when the latest build does not use the active version.
        pub outdated: bool,
        /// The name, which is unique among the workspaces of its owner.
        pub name: String = required,
        /// The schedule on which the workspace starts by itself, like `CRON_TZ=Europe/Berlin 30 9 *
        /// * 1-5`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub autostart_schedule: Option<String>,
        /// The time after which the workspace stops by itself, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ttl_ms: Option<i64>,
        /// The moment of the last use; the year 1 for never, see [`used_at`](Self::used_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_used_at: Option<Timestamp>,
        /// The moment at which Coder deletes the workspace because it is dormant.
        pub deleting_at: Option<Timestamp>,
        /// The moment since which the workspace is dormant: it is stopped, and must be made active
        /// before it starts.
        pub dormant_at: Option<Timestamp>,
        /// The health of the workspace's agents.
        pub health: WorkspaceHealth,
        /// The setting that updates the workspace to the active version when it starts.
        pub automatic_updates: AutomaticUpdates,
        /// `true` when the deployment allows to rename workspaces.
        pub allow_renames: bool,
        /// `true` when the caller owns the workspace and has marked it as a favorite.
        pub favorite: bool,
        /// The moment of the next start by the schedule.
        pub next_start_at: Option<Timestamp>,
        /// `true` for a prebuilt workspace, which waits for an owner.
        pub is_prebuild: bool,
        /// The id of the task that the workspace runs. Releases since 2.28 tell it.
        pub task_id: Option<TaskId>,
        /// The users and groups that the workspace is shared with. Releases since 2.30 tell them.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub shared_with: List<SharedWith>,
    }
}

impl Workspace {
    /// Returns the agents of the latest build, sub-agents among them.
    ///
    /// An agent that could not be read is in
    /// [`List::unreadable`](crate::List::unreadable) of its resource.
    pub fn agents(&self) -> impl Iterator<Item = &WorkspaceAgent> {
        self.latest_build.agents()
    }

    /// Returns the moment of the last use; `None` for never, and when Coder does not tell it.
    pub fn used_at(&self) -> Option<Timestamp> {
        unless_never(self.last_used_at)
    }
}

model! {
    /// The health of a workspace's agents.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceHealth {
        /// `true` when all agents are healthy. A workspace without agents is healthy.
        pub healthy: bool = required,
        /// The ids of the agents that are not healthy.
        pub failing_agents: List<AgentId>,
    }
}

impl Default for WorkspaceHealth {
    fn default() -> Self {
        Self { healthy: true, failing_agents: List::default() }
    }
}

model! {
    /// A user or group that a workspace is shared with.
    // coder: codersdk.SharedWorkspaceActor
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SharedWith {
        /// The id of the user or group.
        pub id: uuid::Uuid = required,
        /// The kind: user or group.
        pub actor_type: ActorType,
        /// The name of the user or group.
        pub name: String,
        /// The URL of the user's or group's picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// The roles that the user or group has.
        pub roles: List<WorkspaceRole>,
    }
}

model! {
    /// A page of workspaces: `GET /api/v2/workspaces`.
    // coder: codersdk.WorkspacesResponse
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspacePage {
        /// The workspaces on this page: the caller's favorites first, then running ones, then by
        /// owner and name.
        pub workspaces: List<Workspace>,
        /// The number of workspaces on all pages; `None` when Coder does not tell it.
        pub count: Option<u64>,
    }
}

model! {
    /// The answer of `GET /api/v2/workspaces/{workspace}/resolve-autostart`: whether a workspace
    /// with automatic updates could start by itself.
    // coder: codersdk.ResolveAutostartResponse
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ResolvedAutostart {
        /// `true` when the workspace could not start, because the active version asks for values of
        /// other parameters.
        pub parameter_mismatch: bool,
    }
}

model! {
    /// The credentials of an external agent, which runs on a machine that the build did not make.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct ExternalAgentCredentials {
        /// The shell command that starts the agent. It contains the token.
        pub command: Secret = required,
        /// The token that the agent signs in with.
        pub agent_token: Secret = required,
    }
}

neutral!(WorkspaceHealth);

open_enum! {
    /// The setting that updates a workspace to the active version when it starts.
    AutomaticUpdates {
        /// The workspace is updated at each start.
        Always = "always",
        /// The workspace keeps its version.
        Never = "never",
    }
}

open_enum! {
    /// The kind of a party that a workspace is shared with.
    ActorType {
        /// The party is a user.
        User = "user",
        /// The party is a group.
        Group = "group",
    }
}

open_enum! {
    /// The role of a user or group in a shared workspace.
    WorkspaceRole {
        /// All that the owner may do, except deleting the workspace.
        Admin = "admin",
        /// The use of the workspace: connecting, starting and stopping it.
        Use = "use",
    }
}
