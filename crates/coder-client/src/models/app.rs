//! Apps: what a workspace offers in a browser or on the desktop.

use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, neutral, open_enum};
use crate::{AgentId, AppId, List, StatusId, WorkspaceId};

model! {
    /// An app of a workspace's agent.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceApp {
        /// Changes with every build.
        pub id: AppId = required,
        /// Where the app listens inside the workspace, or what an external app opens.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
        /// Whether [`url`](Self::url) is opened as it is, outside of the workspace.
        pub external: bool,
        /// Unique within the agent; part of the app's address.
        pub slug: String = required,
        /// For people.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub display_name: Option<String>,
        /// Runs in a terminal instead of listening.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub command: Option<String>,
        /// A path of the deployment, or a URL.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub icon: Option<String>,
        /// Whether the app has a host name of its own instead of a path.
        pub subdomain: bool,
        /// The first label of that host name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub subdomain_name: Option<String>,
        /// Who may open it.
        pub sharing_level: SharingLevel,
        /// How Coder finds out whether it works.
        pub healthcheck: AppHealthcheck,
        /// Whether it works.
        pub health: AppHealth,
        /// The heading it is shown under.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub group: Option<String>,
        /// Not to be shown.
        pub hidden: bool,
        /// Where it likes to be opened.
        pub open_in: AppOpenIn,
        /// Explains it. Told from 2.27 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tooltip: Option<String>,
        /// What the app reported about its work, newest first.
        pub statuses: List<AppStatus>,
    }
}

model! {
    /// How Coder finds out whether an app works.
    // coder: codersdk.Healthcheck
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AppHealthcheck {
        /// What is asked; empty for nothing.
        pub url: String,
        /// Seconds between two questions.
        pub interval: i32,
        /// How many failures in a row make it unhealthy.
        pub threshold: i32,
    }
}

model! {
    /// What an app, like an agent for a task, says about its work.
    // coder: codersdk.WorkspaceAppStatus
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AppStatus {
        /// Identifies the report.
        pub id: StatusId = required,
        /// When it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub agent_id: Option<AgentId>,
        /// The app.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub app_id: Option<AppId>,
        /// How it goes.
        pub state: AppState,
        /// In the app's words.
        pub message: String,
        /// What to look at.
        pub uri: String,
        /// Not used by Coder any more.
        pub icon: String,
        /// Not used by Coder any more.
        pub needs_user_attention: bool,
    }
}

neutral!(AppHealthcheck);

open_enum! {
    /// Who may open an app or a port.
    SharingLevel {
        /// Its owner.
        Owner = "owner",
        /// Everyone who is signed in.
        Authenticated = "authenticated",
        /// Everyone in the organization.
        Organization = "organization",
        /// Everyone.
        Public = "public",
    }
}

open_enum! {
    /// Whether an app works.
    AppHealth {
        /// Nobody checks.
        Disabled = "disabled",
        /// Not known yet.
        Initializing = "initializing",
        /// It does.
        Healthy = "healthy",
        /// It does not.
        Unhealthy = "unhealthy",
    }
}

open_enum! {
    /// Where an app likes to be opened.
    AppOpenIn {
        /// In a window without an address bar.
        SlimWindow = "slim-window",
        /// In a tab.
        Tab = "tab",
    }
}

open_enum! {
    /// How an app's work goes.
    AppState {
        /// It works.
        Working = "working",
        /// It waits for input.
        Idle = "idle",
        /// It is done.
        Complete = "complete",
        /// It failed.
        Failure = "failure",
    }
}
