//! Agents: what connects a workspace to Coder.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{AgentMetadatum, WorkspaceApp};
use crate::reading::{model, neutral, open_enum};
use crate::{AgentId, List, LogSourceId, ResourceId, ScriptId};

model! {
    /// An agent of a workspace: `GET /api/v2/workspaceagents/{agent}`.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceAgent {
        /// Changes with every build.
        pub id: AgentId = required,
        /// The agent it lives in, when it serves a dev container.
        pub parent_id: Option<AgentId>,
        /// When the build made it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// When it first connected.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub first_connected_at: Option<Timestamp>,
        /// When it was last heard of.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_connected_at: Option<Timestamp>,
        /// When it disconnected.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disconnected_at: Option<Timestamp>,
        /// When its start scripts began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// When its start scripts ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ready_at: Option<Timestamp>,
        /// Whether it is connected.
        pub status: AgentStatus,
        /// How far its scripts are.
        pub lifecycle_state: AgentLifecycle,
        /// Unique within the workspace.
        pub name: String = required,
        /// What it runs in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub resource_id: Option<ResourceId>,
        /// The cloud's name for that.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub instance_id: Option<String>,
        /// Like `amd64`.
        pub architecture: String,
        /// What the template sets.
        #[serde(serialize_with = "null_when_empty")]
        pub environment_variables: BTreeMap<String, String>,
        /// Like `linux`.
        pub operating_system: String,
        /// The size of its logs, in bytes.
        pub logs_length: i64,
        /// Whether logs were cut off.
        pub logs_overflowed: bool,
        /// Where to start, as the template says it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub directory: Option<String>,
        /// Where to start, as an absolute path.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expanded_directory: Option<String>,
        /// The agent's own version.
        pub version: String,
        /// The version of the agents' API it speaks.
        pub api_version: String,
        /// What it offers.
        pub apps: List<WorkspaceApp>,
        /// The way to it, by the name of the relay.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        pub latency: BTreeMap<String, RegionLatency>,
        /// After how many seconds an agent that never connected is in trouble; 0 for never.
        pub connection_timeout_seconds: i32,
        /// Where to read what to do then.
        pub troubleshooting_url: String,
        /// What it consists of.
        pub subsystems: List<AgentSubsystem>,
        /// Whether it works.
        pub health: AgentHealth,
        /// Which of Coder's own apps to show.
        pub display_apps: List<DisplayApp>,
        /// Who writes its logs.
        pub log_sources: List<AgentLogSource>,
        /// What it runs by itself.
        pub scripts: List<AgentScript>,
        /// Not used by Coder any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub startup_script_behavior: Option<String>,
        /// What it tells about itself; filled in lists that were asked to, from 2.37 on. See
        /// [`WatchAgentMetadata`](crate::subscriptions::WatchAgentMetadata).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub metadata: List<AgentMetadatum>,
    }
}

model! {
    /// How long the way to an agent takes.
    // coder: codersdk.DERPRegion
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct RegionLatency {
        /// Whether the agent prefers this relay.
        pub preferred: bool,
        /// In milliseconds.
        pub latency_ms: f64 = required,
    }
}

model! {
    /// Whether an agent works.
    // coder: codersdk.WorkspaceAgentHealth
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentHealth {
        /// Whether it does.
        pub healthy: bool = required,
        /// Why not, in Coder's words.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
    }
}

impl Default for AgentHealth {
    fn default() -> Self {
        Self { healthy: true, reason: None }
    }
}

model! {
    /// Who writes an agent's logs.
    // coder: codersdk.WorkspaceAgentLogSource
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentLogSource {
        /// The agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_agent_id: Option<AgentId>,
        /// Identifies the source.
        pub id: LogSourceId = required,
        /// When it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// For people.
        pub display_name: String,
        /// A path of the deployment, or a URL.
        pub icon: String,
    }
}

model! {
    /// A script that an agent runs by itself.
    // coder: codersdk.WorkspaceAgentScript
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentScript {
        /// Identifies the script. Told from 2.18 on.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub id: Option<ScriptId>,
        /// Where its output goes.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_source_id: Option<LogSourceId>,
        /// The file its output goes to as well.
        pub log_path: String,
        /// The script itself.
        pub script: String,
        /// When it runs, beside the two below.
        pub cron: String,
        /// Whether it runs at the start.
        pub run_on_start: bool,
        /// Whether it runs before the stop.
        pub run_on_stop: bool,
        /// Whether nobody should use the workspace before it is done.
        pub start_blocks_login: bool,
        /// After how many nanoseconds it is given up; 0 for never.
        pub timeout: i64,
        /// For people.
        pub display_name: String,
        /// With which code it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub exit_code: Option<i32>,
        /// How it ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<ScriptStatus>,
    }
}

neutral!(AgentHealth);

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
