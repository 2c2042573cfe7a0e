//! Apps, which a workspace offers in a browser or on the desktop.

use jiff::Timestamp;
use serde::Serialize;

use crate::reading::{model, neutral, open_enum};
use crate::{AgentId, AppId, List, StatusId, WorkspaceId};

model! {
    /// An app of an agent: a program of the workspace that people open in a browser or on the
    /// desktop.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceApp {
        /// The id of the app. Each build makes new apps.
        pub id: AppId = required,
        /// The address at which the app listens in the workspace, or the URL that an external app
        /// opens.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub url: Option<String>,
        /// `true` when [`url`](Self::url) is opened as it is, outside of the workspace.
        pub external: bool,
        /// The short name, which is unique in the agent and part of the app's URL.
        pub slug: String = required,
        /// The name that user interfaces show.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub display_name: Option<String>,
        /// The command that the app runs in a terminal, instead of listening.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub command: Option<String>,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub icon: Option<String>,
        /// `true` when the app has a host name of its own instead of a path.
        pub subdomain: bool,
        /// The first label of that host name.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub subdomain_name: Option<String>,
        /// The users that may open the app.
        pub sharing_level: SharingLevel,
        /// The request by which Coder checks the app.
        pub healthcheck: AppHealthcheck,
        /// The health of the app.
        pub health: AppHealth,
        /// The heading below which user interfaces show the app.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub group: Option<String>,
        /// `true` when user interfaces should not show the app.
        pub hidden: bool,
        /// The place in which the app should open.
        pub open_in: AppOpenIn,
        /// The text that explains the app, in Markdown. Releases since 2.27 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tooltip: Option<String>,
        /// The statuses that the app reported, newest first.
        pub statuses: List<AppStatus>,
    }
}

model! {
    /// The request by which Coder checks the health of an app.
    // coder: codersdk.Healthcheck
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AppHealthcheck {
        /// The URL of the check; empty when there is none.
        pub url: String,
        /// The time between two checks, in seconds.
        pub interval: i32,
        /// The number of failures in a row after which the app is unhealthy.
        pub threshold: i32,
    }
}

model! {
    /// A status that an app, such as an AI agent, reported about its work.
    // coder: codersdk.WorkspaceAppStatus
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AppStatus {
        /// The id of the report.
        pub id: StatusId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The id of the workspace.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_id: Option<WorkspaceId>,
        /// The id of the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub agent_id: Option<AgentId>,
        /// The id of the app.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub app_id: Option<AppId>,
        /// The state of the work.
        pub state: AppState,
        /// The message, in the words of the app.
        pub message: String,
        /// The URI of the resource that the status is about, such as a pull request or a file.
        pub uri: String,
        /// A field that Coder no longer uses.
        pub icon: String,
        /// A field that Coder no longer uses.
        pub needs_user_attention: bool,
    }
}

neutral!(AppHealthcheck);

open_enum! {
    /// The users that may open an app or a port.
    SharingLevel {
        /// Only the owner of the workspace.
        Owner = "owner",
        /// All users that are signed in.
        Authenticated = "authenticated",
        /// All members of the workspace's organization.
        Organization = "organization",
        /// Everyone, also without an account.
        Public = "public",
    }
}

open_enum! {
    /// The health of an app.
    AppHealth {
        /// The app has no health check.
        Disabled = "disabled",
        /// The app was not checked yet.
        Initializing = "initializing",
        /// The last check has succeeded.
        Healthy = "healthy",
        /// The last checks have failed.
        Unhealthy = "unhealthy",
    }
}

open_enum! {
    /// The place in which an app should open.
    AppOpenIn {
        /// A window without an address bar.
        SlimWindow = "slim-window",
        /// A tab of the browser.
        Tab = "tab",
    }
}

open_enum! {
    /// The state of an app's work.
    AppState {
        /// The app is working.
        Working = "working",
        /// The app waits for input.
        Idle = "idle",
        /// The work is complete.
        Complete = "complete",
        /// The work has failed.
        Failure = "failure",
    }
}
