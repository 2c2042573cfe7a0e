//! Changes of a workspace that need no build: its name, schedule, dormancy and use.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::models::{
    AutomaticUpdates, BuildTimings, ExternalAgentCredentials, ResolvedAutostart, Workspace,
};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{AgentId, WorkspaceId, WorkspaceName};

operations! {
    /// `PUT /api/v2/workspaces/{workspace}/favorite`: marks a workspace of the caller as a favorite,
    /// so that Coder lists it first.
    FavoriteWorkspace(workspace: WorkspaceId) = PUT ["workspaces", workspace, "favorite"] => ();
    /// `DELETE /api/v2/workspaces/{workspace}/favorite`: removes the mark of a favorite.
    UnfavoriteWorkspace(workspace: WorkspaceId) = DELETE ["workspaces", workspace, "favorite"] => ();
    /// `GET /api/v2/workspaces/{workspace}/resolve-autostart`: returns whether the parameters of the
    /// active template version allow a workspace with automatic updates to start by itself.
    ResolveAutostart(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "resolve-autostart"] => ResolvedAutostart;
    /// `GET /api/v2/workspaces/{workspace}/timings`: returns how long the parts of the last build
    /// took.
    GetWorkspaceTimings(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "timings"] => BuildTimings;
    /// `GET /api/v2/workspaces/{workspace}/external-agent/{agent}/credentials`: returns the token of
    /// an external agent, which runs on a machine that the build did not make.
    GetExternalAgentCredentials(workspace: WorkspaceId, agent: String) =
        GET ["workspaces", workspace, "external-agent", agent, "credentials"]
        => ExternalAgentCredentials;
    /// `PATCH /api/v2/workspaces/{workspace}`: renames a workspace, where the deployment allows that
    /// ([`Workspace::allow_renames`]). Coder answers 409 when the name is taken.
    RenameWorkspace(workspace: WorkspaceId, name: WorkspaceName) =
        PATCH ["workspaces", workspace] body { name } => ();
    /// `PUT /api/v2/workspaces/{workspace}/autoupdates`: sets whether a workspace is updated to the
    /// active template version when it starts.
    SetAutomaticUpdates(workspace: WorkspaceId, automatic_updates: AutomaticUpdates) =
        PUT ["workspaces", workspace, "autoupdates"] body { automatic_updates } => ();
    /// `PUT /api/v2/workspaces/{workspace}/extend`: moves the moment at which a running workspace
    /// stops by itself.
    ///
    /// The moment is at least 30 minutes ahead, and not after
    /// [`WorkspaceBuild::max_deadline`](crate::models::WorkspaceBuild).
    #[doc(alias = "bump deadline")]
    #[doc(alias = "PutExtendWorkspace")]
    ExtendWorkspace(workspace: WorkspaceId, deadline: Timestamp) =
        PUT ["workspaces", workspace, "extend"] body { deadline } => ();
    /// `PUT /api/v2/workspaces/{workspace}/dormant`: marks a workspace as dormant or active; returns
    /// `None` when nothing changed (304). An active workspace is not started.
    #[doc(alias = "dormant")]
    #[doc(alias = "archive workspace")]
    #[derive(Copy)]
    SetDormancy(workspace: WorkspaceId, dormant: bool) =
        PUT ["workspaces", workspace, "dormant"] body { dormant } => Option<Workspace>;
}

impl SetDormancy {
    /// Creates the operation that marks a workspace as dormant.
    pub fn sleep(workspace: WorkspaceId) -> Self {
        Self::new(workspace, true)
    }

    /// Creates the operation that marks a workspace as active. Coder does not start it.
    pub fn wake(workspace: WorkspaceId) -> Self {
        Self::new(workspace, false)
    }
}

/// `PUT /api/v2/workspaces/{workspace}/autostart`: sets the schedule on which a workspace starts by
/// itself.
///
/// ```
/// use coder_client::WorkspaceId;
/// use coder_client::operations::SetAutostart;
///
/// fn on_workdays(workspace: WorkspaceId) -> SetAutostart {
///     SetAutostart::new(workspace, Some("CRON_TZ=Europe/Berlin 30 9 * * 1-5".to_owned()))
/// }
/// ```
#[doc(alias = "schedule")]
#[doc(alias = "cron")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetAutostart {
    #[serde(skip)]
    workspace: WorkspaceId,
    schedule: Option<String>,
}

impl SetAutostart {
    /// Creates the operation for a schedule like `CRON_TZ=Europe/Berlin 30 9 * * 1-5`; `None`
    /// switches autostart off.
    pub fn new(workspace: WorkspaceId, schedule: Option<String>) -> Self {
        Self { workspace, schedule }
    }
}

impl_operation!(SetAutostart => (), |this| {
    RequestBuilder::put(["workspaces", &this.workspace.to_string(), "autostart"]).json(this)
});

/// `PUT /api/v2/workspaces/{workspace}/ttl`: sets the time after which a workspace stops by itself.
///
/// ```
/// use coder_client::WorkspaceId;
/// use coder_client::jiff::SignedDuration;
/// use coder_client::operations::SetTtl;
///
/// fn after_a_day_of_work(workspace: WorkspaceId) -> SetTtl {
///     SetTtl::new(workspace, Some(SignedDuration::from_hours(8)))
/// }
/// ```
#[doc(alias = "autostop")]
#[doc(alias = "schedule")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SetTtl {
    #[serde(skip)]
    workspace: WorkspaceId,
    ttl_ms: Option<i64>,
}

impl SetTtl {
    /// Creates the operation for a time from one minute to 30 days; `None` lets the workspace run.
    pub fn new(workspace: WorkspaceId, ttl: Option<SignedDuration>) -> Self {
        let ttl_ms = ttl.and_then(|ttl| i64::try_from(ttl.as_millis()).ok());
        Self { workspace, ttl_ms }
    }
}

impl_operation!(SetTtl => (), |this| {
    RequestBuilder::put(["workspaces", &this.workspace.to_string(), "ttl"]).json(this)
});

/// `POST /api/v2/workspaces/{workspace}/usage`: reports that a workspace is used, which moves its
/// deadline and its dormancy.
#[doc(alias = "heartbeat")]
#[doc(alias = "keep alive")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportUsage {
    #[serde(skip)]
    workspace: WorkspaceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<&'static str>,
}

/// The kind of app that uses a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageApp {
    /// Visual Studio Code and editors that are based on it.
    Vscode,
    /// An IDE of JetBrains.
    Jetbrains,
    /// A terminal in the browser.
    ReconnectingPty,
    /// An SSH session of a user.
    Ssh,
}

impl ReportUsage {
    /// Creates the operation without telling which app uses the workspace.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, agent_id: None, app_name: None }
    }

    /// Sets the app, and the agent that it is connected to.
    #[must_use]
    pub fn app(self, agent: AgentId, app: UsageApp) -> Self {
        let name = match app {
            UsageApp::Vscode => "vscode",
            UsageApp::Jetbrains => "jetbrains",
            UsageApp::ReconnectingPty => "reconnecting-pty",
            UsageApp::Ssh => "ssh",
        };
        Self { agent_id: Some(agent), app_name: Some(name), ..self }
    }
}

impl_operation!(ReportUsage => (), |this| {
    RequestBuilder::post(["workspaces", &this.workspace.to_string(), "usage"]).json(this)
});
