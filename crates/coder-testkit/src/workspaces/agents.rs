//! Agents: connecting, connected, ready, lost; told by the clock.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::apps::NewWorkspaceApp;
use super::lifecycle::{Pace, plus};
use super::{Build, Workspace};
use crate::Version;
use crate::json::Json as _;
use crate::mint::Mint;
use crate::state::Deployment;

/// Seconds after which an agent that has never connected counts as timed out.
const CONNECTION_TIMEOUT: u64 = 120;

/// What a start gives a workspace.
#[derive(Clone, Debug)]
pub(crate) struct AgentPlan {
    pub(crate) name: String,
    pub(crate) fate: AgentFate,
    pub(crate) apps: Vec<NewWorkspaceApp>,
}

/// What becomes of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AgentFate {
    #[default]
    BecomesReady,
    NeverConnects,
    /// Its connection is lost once it was ready.
    IsLost,
    StartupFails,
    StartupTimesOut,
    ShutsDown,
}

/// An agent of a build.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: Uuid,
    pub(crate) plan: AgentPlan,
    log_source: Uuid,
    script: Uuid,
    apps: Vec<Uuid>,
}

/// An agent at one moment.
#[derive(Debug)]
pub(crate) struct AgentState {
    pub(crate) status: &'static str,
    pub(crate) lifecycle: &'static str,
    created_at: Timestamp,
    connected_at: Option<Timestamp>,
    disconnected_at: Option<Timestamp>,
    ready_at: Option<Timestamp>,
}

impl Agent {
    pub(crate) fn new(plan: AgentPlan, mint: &Mint) -> Self {
        Self {
            id: mint.uuid(),
            log_source: mint.uuid(),
            script: mint.uuid(),
            apps: plan.apps.iter().map(|_| mint.uuid()).collect(),
            plan,
        }
    }

    /// The agent at `now`; its build was done at `built`.
    pub(crate) fn state(&self, pace: &Pace, built: Timestamp, now: Timestamp) -> AgentState {
        let connects = plus(built, pace.connecting);
        let ready = plus(connects, pace.starting);
        let fate = self.plan.fate;
        let mut state = AgentState {
            status: "connecting",
            lifecycle: "created",
            created_at: built,
            connected_at: None,
            disconnected_at: None,
            ready_at: None,
        };
        if fate == AgentFate::NeverConnects {
            let waited = now.duration_since(built).as_secs();
            if u64::try_from(waited).is_ok_and(|waited| waited >= CONNECTION_TIMEOUT) {
                state.status = "timeout";
            }
            return state;
        }
        if now < connects {
            return state;
        }
        state.status = "connected";
        state.lifecycle = "starting";
        state.connected_at = Some(connects);
        if now < ready {
            return state;
        }
        state.ready_at = Some(ready);
        state.lifecycle = match fate {
            AgentFate::StartupFails => "start_error",
            AgentFate::StartupTimesOut => "start_timeout",
            AgentFate::ShutsDown => "shutting_down",
            _ => "ready",
        };
        if fate == AgentFate::IsLost {
            state.status = "disconnected";
            state.disconnected_at = Some(ready);
        }
        state
    }

    /// What the startup script has said so far, after the line of that id.
    pub(crate) fn logs(&self, state: &AgentState, after: u64) -> Vec<Value> {
        let lines = [
            (1, state.connected_at, "Running the startup script"),
            (2, state.ready_at, "The startup script is done"),
        ];
        lines
            .into_iter()
            .filter(|(id, _, _)| *id > after)
            .filter_map(|(id, at, output)| {
                Some(json!({
                    "id": id,
                    "created_at": at?.to_string(),
                    "output": output,
                    "level": "info",
                    "source_id": self.log_source,
                }))
            })
            .collect()
    }

    pub(crate) fn json(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        build: &Build,
        state: &AgentState,
    ) -> Value {
        let version = deployment.settings.version;
        let running = state.connected_at.is_some();
        let owner = deployment.state.username(workspace.owner);
        let apps: Vec<Value> = self
            .plan
            .apps
            .iter()
            .zip(&self.apps)
            .map(|(app, id)| app.json(*id, &workspace.name, &owner))
            .collect();
        let last_seen = match state.disconnected_at {
            Some(lost) => lost,
            None if running => deployment.now,
            None => state.created_at,
        };
        let mut script = json!({
            "id": self.script,
            "log_source_id": self.log_source,
            "log_path": "",
            "script": "#!/bin/sh\nset -e\n",
            "cron": "",
            "run_on_start": true,
            "run_on_stop": false,
            "start_blocks_login": false,
            "timeout": 0,
            "display_name": "Startup Script",
        });
        if state.ready_at.is_some() {
            let (code, status) = match state.lifecycle {
                "start_error" => (1, "exit_failure"),
                "start_timeout" => (255, "timed_out"),
                _ => (0, "ok"),
            };
            script.set("exit_code", code);
            script.set("status", status);
        }
        let mut agent = json!({
            "id": self.id,
            "parent_id": null,
            "created_at": state.created_at.to_string(),
            "updated_at": last_seen.to_string(),
            "status": state.status,
            "lifecycle_state": state.lifecycle,
            "name": self.plan.name,
            "resource_id": build.resource_id(0),
            "architecture": "amd64",
            "environment_variables": null,
            "operating_system": "linux",
            "logs_length": if running { 2310 } else { 0 },
            "logs_overflowed": false,
            "directory": "/home/coder",
            "version": if running { version.build() } else { String::new() },
            "api_version": if running { "2.11" } else { "" },
            "apps": apps,
            "connection_timeout_seconds": CONNECTION_TIMEOUT,
            "troubleshooting_url": "",
            "subsystems": [],
            "health": state.health(),
            "display_apps": [
                "vscode", "vscode_insiders", "web_terminal", "port_forwarding_helper", "ssh_helper",
            ],
            "log_sources": [{
                "workspace_agent_id": self.id,
                "id": self.log_source,
                "created_at": state.created_at.to_string(),
                "display_name": "Startup Script",
                "icon": "/icon/terminal.svg",
            }],
            "scripts": [script],
            "startup_script_behavior": "non-blocking",
        });
        if let Some(connected_at) = state.connected_at {
            agent.set("first_connected_at", connected_at.to_string());
            agent.set("last_connected_at", last_seen.to_string());
            agent.set("started_at", connected_at.to_string());
            agent.set("expanded_directory", "/home/coder");
        }
        if let Some(ready_at) = state.ready_at {
            agent.set("ready_at", ready_at.to_string());
        }
        if let Some(lost) = state.disconnected_at {
            agent.set("disconnected_at", lost.to_string());
        }
        if state.status == "connected" {
            agent.set(
                "latency",
                json!({ "Coder Embedded Relay": { "preferred": true, "latency_ms": 11.42 } }),
            );
        }
        if version >= Version::V2_37 {
            agent.set("metadata", json!([]));
        }
        agent
    }
}

impl AgentState {
    pub(crate) fn is_healthy(&self) -> bool {
        self.complaint().is_none()
    }

    /// The first thing that is wrong, in Coder's words and order.
    fn complaint(&self) -> Option<&'static str> {
        match (self.status, self.lifecycle) {
            ("connecting", _) => Some("agent has not yet connected"),
            ("timeout", _) => Some("agent is taking too long to connect"),
            ("disconnected", _) => Some("agent has lost connection"),
            (_, "start_error") => Some("agent startup script exited with an error"),
            (_, "shutting_down") => Some("agent is shutting down"),
            _ => None,
        }
    }

    fn health(&self) -> Value {
        match self.complaint() {
            Some(reason) => json!({ "healthy": false, "reason": reason }),
            None => json!({ "healthy": true }),
        }
    }
}
