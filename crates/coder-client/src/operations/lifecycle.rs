//! What happens to a workspace over time: its name, its schedule, its dormancy, its use.

use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::models::{
    AutomaticUpdates, BuildTimings, ExternalAgentCredentials, ResolvedAutostart, Workspace,
};
use crate::operation::{Draft, operation, operations};
use crate::{AgentId, Error, Operation, WorkspaceId, WorkspaceName};

operations! {
    /// `PUT /api/v2/workspaces/{workspace}/favorite`: lists an own workspace first.
    FavoriteWorkspace(workspace: WorkspaceId) = PUT ["workspaces", workspace, "favorite"];
    /// `DELETE /api/v2/workspaces/{workspace}/favorite`: does not list it first any more.
    UnfavoriteWorkspace(workspace: WorkspaceId) = DELETE ["workspaces", workspace, "favorite"];
    /// `GET /api/v2/workspaces/{workspace}/resolve-autostart`: whether a workspace that updates by
    /// itself could start by itself.
    ResolveAutostart(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "resolve-autostart"] => ResolvedAutostart;
    /// `GET /api/v2/workspaces/{workspace}/timings`: how long the parts of its last build took.
    GetWorkspaceTimings(workspace: WorkspaceId) =
        GET ["workspaces", workspace, "timings"] => BuildTimings;
    /// `GET /api/v2/workspaces/{workspace}/external-agent/{agent}/credentials`: what an agent that
    /// runs outside of what the build made signs in with.
    GetExternalAgentCredentials(workspace: WorkspaceId, agent: String) =
        GET ["workspaces", workspace, "external-agent", agent, "credentials"]
        => ExternalAgentCredentials;
}

/// Declares a change of a workspace whose request is one field.
macro_rules! changes {
    ($(
        $(#[$meta:meta])*
        $name:ident($field:ident: $ty:ty) = $method:ident $($segment:literal)?;
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name {
            #[serde(skip)]
            workspace: WorkspaceId,
            $field: $ty,
        }

        impl $name {
            /// Of this workspace, to this.
            pub fn new(workspace: WorkspaceId, $field: $ty) -> Self {
                Self { workspace, $field }
            }
        }

        operation!($name, |this| {
            let workspace = this.workspace.to_string();
            let path = ["workspaces", workspace.as_str()].into_iter().chain([$($segment)?]);
            Draft::api(Method::$method, path).json(this)
        });
    )+};
}

changes! {
    /// `PATCH /api/v2/workspaces/{workspace}`: renames it, where the deployment allows that
    /// ([`Workspace::allow_renames`]). Answers 409 when the name is taken.
    RenameWorkspace(name: WorkspaceName) = PATCH;
    /// `PUT /api/v2/workspaces/{workspace}/autostart`: when it starts by itself, as
    /// `CRON_TZ=Zone 30 9 * * 1-5`; `None` for never.
    SetAutostart(schedule: Option<String>) = PUT "autostart";
    /// `PUT /api/v2/workspaces/{workspace}/autoupdates`: whether it updates when it starts.
    SetAutomaticUpdates(automatic_updates: AutomaticUpdates) = PUT "autoupdates";
    /// `PUT /api/v2/workspaces/{workspace}/extend`: lets it run until this moment, at least half
    /// an hour ahead and not beyond [`WorkspaceBuild::max_deadline`](crate::models::WorkspaceBuild).
    ExtendWorkspace(deadline: Timestamp) = PUT "extend";
}

/// `PUT /api/v2/workspaces/{workspace}/ttl`: after which time it stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SetTtl {
    #[serde(skip)]
    workspace: WorkspaceId,
    ttl_ms: Option<i64>,
}

impl SetTtl {
    /// After one minute to 30 days; `None` for never.
    pub fn new(workspace: WorkspaceId, ttl: Option<SignedDuration>) -> Self {
        let ttl_ms = ttl.and_then(|ttl| i64::try_from(ttl.as_millis()).ok());
        Self { workspace, ttl_ms }
    }
}

operation!(SetTtl, |this| {
    Draft::put(["workspaces", &this.workspace.to_string(), "ttl"]).json(this)
});

/// `PUT /api/v2/workspaces/{workspace}/dormant`: puts it to sleep or wakes it; `None` when it was
/// so already. It does not start by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SetDormancy {
    #[serde(skip)]
    workspace: WorkspaceId,
    dormant: bool,
}

impl SetDormancy {
    /// Puts it to sleep.
    pub fn sleep(workspace: WorkspaceId) -> Self {
        Self { workspace, dormant: true }
    }

    /// Wakes it.
    pub fn wake(workspace: WorkspaceId) -> Self {
        Self { workspace, dormant: false }
    }
}

impl Operation for SetDormancy {
    type Output = Option<Workspace>;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error> {
        let workspace = self.workspace.to_string();
        Draft::put(["workspaces", &workspace, "dormant"]).json(self).build(deployment)
    }

    fn parse(&self, response: Response<Bytes>) -> Result<Option<Workspace>, Error> {
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        crate::operation::tolerant(&response).map(Some)
    }
}

/// `POST /api/v2/workspaces/{workspace}/usage`: says that it is being used, which puts off its
/// deadline and its dormancy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportUsage {
    #[serde(skip)]
    workspace: WorkspaceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<AgentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_name: Option<&'static str>,
}

/// By what a workspace is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UsageApp {
    /// VS Code and its kin.
    Vscode,
    /// JetBrains IDEs.
    Jetbrains,
    /// A terminal in the browser.
    ReconnectingPty,
    /// SSH.
    Ssh,
}

impl ReportUsage {
    /// By anything.
    pub fn new(workspace: WorkspaceId) -> Self {
        Self { workspace, agent_id: None, app_name: None }
    }

    /// By this, on this agent.
    #[must_use]
    pub fn by(self, agent: AgentId, app: UsageApp) -> Self {
        let name = match app {
            UsageApp::Vscode => "vscode",
            UsageApp::Jetbrains => "jetbrains",
            UsageApp::ReconnectingPty => "reconnecting-pty",
            UsageApp::Ssh => "ssh",
        };
        Self { agent_id: Some(agent), app_name: Some(name), ..self }
    }
}

operation!(ReportUsage, |this| {
    Draft::post(["workspaces", &this.workspace.to_string(), "usage"]).json(this)
});
