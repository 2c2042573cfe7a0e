//! Workspaces.

use coder_core::Secret;
use jiff::Timestamp;
use serde::Serialize;

use super::moment::ever;
use super::{AppStatus, WorkspaceBuild};
use crate::reading::{model, neutral, open_enum};
use crate::{
    AgentId, List, OrganizationId, TaskId, TemplateId, TemplateVersionId, UserId, WorkspaceId,
};

model! {
    /// A workspace: `GET /api/v2/workspaces/{workspace}`.
    ///
    /// Its parameters are not part of it; they belong to its builds.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct Workspace {
        /// Never changes.
        pub id: WorkspaceId = required,
        /// When it was created.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// Whose it is.
        pub owner_id: UserId = required,
        /// The owner's username.
        pub owner_name: String = required,
        /// The owner's picture.
        pub owner_avatar_url: String,
        /// The organization it belongs to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub organization_id: Option<OrganizationId>,
        /// That organization's name.
        pub organization_name: String,
        /// What it is made from.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_id: Option<TemplateId>,
        /// The template's name.
        pub template_name: String,
        /// The template's name for people; may be empty.
        pub template_display_name: String,
        /// A path of the deployment like `/icon/k8s.png`, a URL, or empty.
        pub template_icon: String,
        /// Whether the owner may cancel a build.
        pub template_allow_user_cancel_workspace_jobs: bool,
        /// The version new builds should use.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub template_active_version_id: Option<TemplateVersionId>,
        /// Whether new builds must use it.
        pub template_require_active_version: bool,
        /// Whether the template's parameters are plain instead of dynamic.
        pub template_use_classic_parameter_flow: bool,
        /// The newest build, which says what the workspace is doing. Where Coder tells none that
        /// is known here, it has the nil id and a status that is `Other`.
        pub latest_build: WorkspaceBuild,
        /// What an app in it last reported.
        pub latest_app_status: Option<AppStatus>,
        /// Whether the latest build does not use the active version.
        pub outdated: bool,
        /// Unique among its owner's workspaces.
        pub name: String = required,
        /// When it starts by itself, as `CRON_TZ=Zone 30 9 * * 1-5`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub autostart_schedule: Option<String>,
        /// After how many milliseconds it stops by itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ttl_ms: Option<i64>,
        /// When it was last used; the year 1 for never, see [`used_at`](Self::used_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_used_at: Option<Timestamp>,
        /// When it will be deleted because it is dormant.
        pub deleting_at: Option<Timestamp>,
        /// Since when it is dormant: stopped, and must be woken before it starts.
        pub dormant_at: Option<Timestamp>,
        /// Whether its agents work.
        pub health: WorkspaceHealth,
        /// Whether it updates to the active version when it starts.
        pub automatic_updates: AutomaticUpdates,
        /// Whether it can be renamed.
        pub allow_renames: bool,
        /// Whether the caller, if they own it, marked it as a favorite.
        pub favorite: bool,
        /// When it will start by itself.
        pub next_start_at: Option<Timestamp>,
        /// Whether it waits, ready made, for an owner.
        pub is_prebuild: bool,
        /// The task it runs. Told from 2.28 on.
        pub task_id: Option<TaskId>,
        /// With whom the owner shares it. Told from 2.30 on.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub shared_with: List<SharedWith>,
    }
}

impl Workspace {
    /// When it was last used; `None` for never, and when Coder does not tell.
    pub fn used_at(&self) -> Option<Timestamp> {
        ever(self.last_used_at)
    }
}

model! {
    /// Whether a workspace's agents work.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceHealth {
        /// Whether all do. A workspace without agents is healthy.
        pub healthy: bool = required,
        /// Those that do not.
        pub failing_agents: List<AgentId>,
    }
}

impl Default for WorkspaceHealth {
    fn default() -> Self {
        Self { healthy: true, failing_agents: List::default() }
    }
}

model! {
    /// Somebody a workspace is shared with.
    // coder: codersdk.SharedWorkspaceActor
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct SharedWith {
        /// The user's or group's id.
        pub id: uuid::Uuid = required,
        /// User or group.
        pub actor_type: ActorType,
        /// The user's or group's name.
        pub name: String,
        /// A picture.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub avatar_url: Option<String>,
        /// What they may do.
        pub roles: List<WorkspaceRole>,
    }
}

model! {
    /// A page of workspaces: `GET /api/v2/workspaces`.
    // coder: codersdk.WorkspacesResponse
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspacePage {
        /// The caller's favorites first, then running ones, then by owner and name.
        pub workspaces: List<Workspace>,
        /// How many there are on all pages; 0 when Coder does not tell.
        pub count: u64,
    }
}

model! {
    /// Whether a workspace that updates by itself could start by itself:
    /// `GET /api/v2/workspaces/{workspace}/resolve-autostart`.
    // coder: codersdk.ResolveAutostartResponse
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ResolvedAutostart {
        /// Whether it could not, because the active version asks for more parameters.
        pub parameter_mismatch: bool,
    }
}

model! {
    /// What an agent that runs outside of what a build made signs in with.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct ExternalAgentCredentials {
        /// Starts the agent; holds the token.
        pub command: Secret = required,
        /// The token.
        pub agent_token: Secret = required,
    }
}

neutral!(WorkspaceHealth);

open_enum! {
    /// Whether a workspace updates when it starts.
    AutomaticUpdates {
        /// It does.
        Always = "always",
        /// It does not.
        Never = "never",
    }
}

open_enum! {
    /// What a workspace can be shared with.
    ActorType {
        /// One user.
        User = "user",
        /// A group.
        Group = "group",
    }
}

open_enum! {
    /// What somebody may do with a shared workspace.
    WorkspaceRole {
        /// Everything the owner may, except deleting it.
        Admin = "admin",
        /// Using it.
        Use = "use",
    }
}
