//! Agents: what connects a workspace to Coder.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::{AgentMetadatum, WorkspaceApp, nullable};
use crate::open_enum::open_enum;
use crate::{AgentId, LogSourceId, ResourceId, ScriptId};

/// An agent of a workspace: `GET /api/v2/workspaceagents/{agent}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceAgent {
    /// Changes with every build.
    pub id: AgentId,
    /// The agent it lives in, when it serves a dev container.
    #[serde(default)]
    pub parent_id: Option<AgentId>,
    /// When the build made it.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it first connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_connected_at: Option<Timestamp>,
    /// When it was last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_connected_at: Option<Timestamp>,
    /// When it disconnected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnected_at: Option<Timestamp>,
    /// When its start scripts began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its start scripts ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<Timestamp>,
    /// Whether it is connected.
    #[serde(default)]
    pub status: AgentStatus,
    /// How far its scripts are.
    #[serde(default)]
    pub lifecycle_state: AgentLifecycle,
    /// Unique within the workspace.
    pub name: String,
    /// What it runs in.
    pub resource_id: ResourceId,
    /// The cloud's name for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Like `amd64`.
    #[serde(default)]
    pub architecture: String,
    /// What the template sets.
    #[serde(default, deserialize_with = "nullable", serialize_with = "null_when_empty")]
    pub environment_variables: BTreeMap<String, String>,
    /// Like `linux`.
    #[serde(default)]
    pub operating_system: String,
    /// The size of its logs, in bytes.
    #[serde(default)]
    pub logs_length: i64,
    /// Whether logs were cut off.
    #[serde(default)]
    pub logs_overflowed: bool,
    /// Where to start, as the template says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Where to start, as an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expanded_directory: Option<String>,
    /// The agent's own version.
    #[serde(default)]
    pub version: String,
    /// The version of the agents' API it speaks.
    #[serde(default)]
    pub api_version: String,
    /// What it offers.
    #[serde(default, deserialize_with = "nullable")]
    pub apps: Vec<WorkspaceApp>,
    /// The way to it, by the name of the relay.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "BTreeMap::is_empty")]
    pub latency: BTreeMap<String, RegionLatency>,
    /// After how many seconds an agent that never connected is in trouble; 0 for never.
    #[serde(default)]
    pub connection_timeout_seconds: i32,
    /// Where to read what to do then.
    #[serde(default)]
    pub troubleshooting_url: String,
    /// What it consists of.
    #[serde(default, deserialize_with = "nullable")]
    pub subsystems: Vec<AgentSubsystem>,
    /// Whether it works.
    #[serde(default)]
    pub health: AgentHealth,
    /// Which of Coder's own apps to show.
    #[serde(default, deserialize_with = "nullable")]
    pub display_apps: Vec<DisplayApp>,
    /// Who writes its logs.
    #[serde(default, deserialize_with = "nullable")]
    pub log_sources: Vec<AgentLogSource>,
    /// What it runs by itself.
    #[serde(default, deserialize_with = "nullable")]
    pub scripts: Vec<AgentScript>,
    /// Not used by Coder any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup_script_behavior: Option<String>,
    /// What it tells about itself; filled in lists that were asked to, from 2.37 on. See
    /// [`WatchAgentMetadata`](crate::subscriptions::WatchAgentMetadata).
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<AgentMetadatum>,
}

/// How long the way to an agent takes.
// coder: codersdk.DERPRegion
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegionLatency {
    /// Whether the agent prefers this relay.
    #[serde(default)]
    pub preferred: bool,
    /// In milliseconds.
    pub latency_ms: f64,
}

/// Whether an agent works.
// coder: codersdk.WorkspaceAgentHealth
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentHealth {
    /// Whether it does.
    pub healthy: bool,
    /// Why not, in Coder's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Default for AgentHealth {
    fn default() -> Self {
        Self { healthy: true, reason: None }
    }
}

/// Who writes an agent's logs.
// coder: codersdk.WorkspaceAgentLogSource
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentLogSource {
    /// The agent.
    pub workspace_agent_id: AgentId,
    /// Identifies the source.
    pub id: LogSourceId,
    /// When it was made.
    pub created_at: Timestamp,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// A path of the deployment, or a URL.
    #[serde(default)]
    pub icon: String,
}

/// A script that an agent runs by itself.
// coder: codersdk.WorkspaceAgentScript
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentScript {
    /// Identifies the script. Told from 2.18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ScriptId>,
    /// Where its output goes.
    pub log_source_id: LogSourceId,
    /// The file its output goes to as well.
    #[serde(default)]
    pub log_path: String,
    /// The script itself.
    #[serde(default)]
    pub script: String,
    /// When it runs, beside the two below.
    #[serde(default)]
    pub cron: String,
    /// Whether it runs at the start.
    #[serde(default)]
    pub run_on_start: bool,
    /// Whether it runs before the stop.
    #[serde(default)]
    pub run_on_stop: bool,
    /// Whether nobody should use the workspace before it is done.
    #[serde(default)]
    pub start_blocks_login: bool,
    /// After how many nanoseconds it is given up; 0 for never.
    #[serde(default)]
    pub timeout: i64,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// With which code it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ScriptStatus>,
}

open_enum! {
    /// Whether an agent is connected.
    AgentStatus {
        /// It never was, and may still come.
        Connecting = "connecting",
        /// It is.
        Connected = "connected",
        /// It was.
        Disconnected = "disconnected",
        /// It never was, and should have been by now.
        Timeout = "timeout",
    }
}

open_enum! {
    /// How far an agent's scripts are.
    AgentLifecycle {
        /// The agent has not reported yet.
        Created = "created",
        /// Start scripts run.
        Starting = "starting",
        /// A start script takes too long.
        StartTimeout = "start_timeout",
        /// A start script failed.
        StartError = "start_error",
        /// Start scripts are done.
        Ready = "ready",
        /// Stop scripts run.
        ShuttingDown = "shutting_down",
        /// A stop script takes too long.
        ShutdownTimeout = "shutdown_timeout",
        /// A stop script failed.
        ShutdownError = "shutdown_error",
        /// Stop scripts are done.
        Off = "off",
    }
}

open_enum! {
    /// What an agent consists of.
    AgentSubsystem {
        /// Containers inside a container.
        Envbox = "envbox",
        /// A container built from a dev container's file.
        Envbuilder = "envbuilder",
        /// Records the commands that run.
        Exectrace = "exectrace",
    }
}

open_enum! {
    /// One of Coder's own apps.
    DisplayApp {
        /// Open in VS Code.
        Vscode = "vscode",
        /// Open in VS Code Insiders.
        VscodeInsiders = "vscode_insiders",
        /// A terminal in the browser.
        WebTerminal = "web_terminal",
        /// How to reach the workspace over SSH.
        SshHelper = "ssh_helper",
        /// Ports of the workspace, in the browser.
        PortForwardingHelper = "port_forwarding_helper",
    }
}

open_enum! {
    /// How a script ended.
    ScriptStatus {
        /// With code 0.
        Ok = "ok",
        /// With another code.
        ExitFailure = "exit_failure",
        /// It was given up.
        TimedOut = "timed_out",
        /// It ended, but something it started holds its output open.
        PipesLeftOpen = "pipes_left_open",
    }
}

/// As Coder writes a map that nobody filled.
fn null_when_empty<S: Serializer>(
    map: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    (!map.is_empty()).then_some(map).serialize(serializer)
}
