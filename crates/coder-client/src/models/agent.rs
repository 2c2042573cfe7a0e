//! Agents, which connect a workspace to Coder.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{AgentMetadatum, WorkspaceApp};
use crate::reading::{model, neutral, open_enum};
use crate::{AgentId, List, LogSourceId, ResourceId, ScriptId};

model! {
    /// An agent of a workspace: `GET /api/v2/workspaceagents/{agent}`.
    ///
    /// The agent is the program in the workspace that connects it to Coder.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct WorkspaceAgent {
        /// The id of the agent. Each build makes new agents.
        pub id: AgentId = required,
        /// The id of the agent that this one runs below, when it serves a dev container.
        pub parent_id: Option<AgentId>,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The moment of the first connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub first_connected_at: Option<Timestamp>,
        /// The moment at which Coder last heard of the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_connected_at: Option<Timestamp>,
        /// The moment of the last disconnection.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub disconnected_at: Option<Timestamp>,
        /// The moment at which the start scripts began.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub started_at: Option<Timestamp>,
        /// The moment at which the start scripts ended.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ready_at: Option<Timestamp>,
        /// The state of the agent's connection.
        pub status: AgentStatus,
        /// The state of the agent's start and stop scripts.
        pub lifecycle_state: AgentLifecycle,
        /// The name, which is unique in the workspace.
        pub name: String = required,
        /// The id of the resource that the agent runs in.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub resource_id: Option<ResourceId>,
        /// The cloud provider's id of that resource.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub instance_id: Option<String>,
        /// The processor architecture, like `amd64`.
        pub architecture: String,
        /// The environment variables that the template sets.
        #[serde(serialize_with = "null_when_empty")]
        pub environment_variables: BTreeMap<String, String>,
        /// The operating system, like `linux`.
        pub operating_system: String,
        /// The size of the agent's logs, in bytes.
        pub logs_length: i64,
        /// `true` when logs were cut, because they were too long.
        pub logs_overflowed: bool,
        /// The directory in which sessions begin, as the template names it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub directory: Option<String>,
        /// The directory in which sessions begin, as an absolute path.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expanded_directory: Option<String>,
        /// The version of the agent program.
        pub version: String,
        /// The version of the agent API that the agent speaks.
        pub api_version: String,
        /// The apps that the agent offers.
        pub apps: List<WorkspaceApp>,
        /// The latency of the connection, by the name of the relay (DERP region).
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        pub latency: BTreeMap<String, RegionLatency>,
        /// The time after which an agent that never connected has the status `timeout`, in seconds;
        /// 0 for never.
        pub connection_timeout_seconds: i32,
        /// The URL of a page that helps when the agent does not connect.
        pub troubleshooting_url: String,
        /// The subsystems that the agent runs with.
        pub subsystems: List<AgentSubsystem>,
        /// The health of the agent.
        pub health: AgentHealth,
        /// The built-in apps of Coder that the template shows.
        pub display_apps: List<DisplayApp>,
        /// The sources of the agent's log lines.
        pub log_sources: List<AgentLogSource>,
        /// The scripts that the agent runs.
        pub scripts: List<AgentScript>,
        /// A field that Coder no longer uses.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub startup_script_behavior: Option<String>,
        /// The metadata that the agent collects. Releases since 2.37 fill it in lists, on request;
        /// see [`WatchAgentMetadata`](crate::subscriptions::WatchAgentMetadata).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub metadata: List<AgentMetadatum>,
    }
}

model! {
    /// The latency of the connection to an agent through a relay.
    // coder: codersdk.DERPRegion
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct RegionLatency {
        /// `true` when the agent prefers this relay.
        pub preferred: bool,
        /// The latency, in milliseconds.
        pub latency_ms: f64 = required,
    }
}

model! {
    /// The health of an agent.
    // coder: codersdk.WorkspaceAgentHealth
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentHealth {
        /// `true` when the agent is healthy.
        pub healthy: bool = required,
        /// The reason when it is not healthy, in Coder's words.
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
    /// A source of an agent's log lines, such as a script.
    // coder: codersdk.WorkspaceAgentLogSource
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentLogSource {
        /// The id of the agent.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub workspace_agent_id: Option<AgentId>,
        /// The id of the source.
        pub id: LogSourceId = required,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The icon: a path of the deployment like `/icon/k8s.png`, or a URL.
        pub icon: String,
    }
}

model! {
    /// A script that an agent runs.
    // coder: codersdk.WorkspaceAgentScript
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct AgentScript {
        /// The id of the script. Releases since 2.18 tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub id: Option<ScriptId>,
        /// The source that its output has in the agent's log.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_source_id: Option<LogSourceId>,
        /// The file that its output is also written to.
        pub log_path: String,
        /// The text of the script.
        pub script: String,
        /// The schedule on which it runs, as a cron expression; may be empty.
        pub cron: String,
        /// `true` when it runs at the start of the workspace.
        pub run_on_start: bool,
        /// `true` when it runs before the workspace stops.
        pub run_on_stop: bool,
        /// `true` when users should not use the workspace before it has ended.
        pub start_blocks_login: bool,
        /// The time after which it is stopped, in nanoseconds; 0 for never.
        pub timeout: i64,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The exit code of its last run.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub exit_code: Option<i32>,
        /// The result of its last run.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub status: Option<ScriptStatus>,
    }
}

neutral!(AgentHealth);

open_enum! {
    /// The state of an agent's connection.
    AgentStatus {
        /// The agent has not connected yet.
        Connecting = "connecting",
        /// The agent is connected to Coder.
        Connected = "connected",
        /// The agent was connected, and is not any more.
        Disconnected = "disconnected",
        /// The agent has not connected in the expected time.
        Timeout = "timeout",
    }
}

open_enum! {
    /// The state of an agent's start and stop scripts.
    AgentLifecycle {
        /// The agent has not reported yet.
        Created = "created",
        /// The start scripts are running.
        Starting = "starting",
        /// A start script takes longer than it may.
        StartTimeout = "start_timeout",
        /// A start script has failed.
        StartError = "start_error",
        /// The start scripts have ended.
        Ready = "ready",
        /// The stop scripts are running.
        ShuttingDown = "shutting_down",
        /// A stop script takes longer than it may.
        ShutdownTimeout = "shutdown_timeout",
        /// A stop script has failed.
        ShutdownError = "shutdown_error",
        /// The stop scripts have ended.
        Off = "off",
    }
}

open_enum! {
    /// A subsystem that an agent runs with.
    AgentSubsystem {
        /// Envbox, which runs containers inside of a container.
        Envbox = "envbox",
        /// Envbuilder, which builds a container from a dev container definition.
        Envbuilder = "envbuilder",
        /// Exectrace, which records the commands that are run.
        Exectrace = "exectrace",
    }
}

open_enum! {
    /// A built-in app of Coder.
    DisplayApp {
        /// A link that opens VS Code.
        Vscode = "vscode",
        /// A link that opens VS Code Insiders.
        VscodeInsiders = "vscode_insiders",
        /// A terminal in the browser.
        WebTerminal = "web_terminal",
        /// Instructions for a connection over SSH.
        SshHelper = "ssh_helper",
        /// A list of the workspace's ports, to open in the browser.
        PortForwardingHelper = "port_forwarding_helper",
    }
}

open_enum! {
    /// The result of a script's run.
    ScriptStatus {
        /// The script ended with exit code 0.
        Ok = "ok",
        /// The script ended with another exit code.
        ExitFailure = "exit_failure",
        /// The script was stopped, because it took too long.
        TimedOut = "timed_out",
        /// The script ended, but a process that it started holds its output open.
        PipesLeftOpen = "pipes_left_open",
    }
}

/// Serializes a map as Coder does: one that nobody filled is null.
fn null_when_empty<S: Serializer>(
    map: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    (!map.is_empty()).then_some(map).serialize(serializer)
}
