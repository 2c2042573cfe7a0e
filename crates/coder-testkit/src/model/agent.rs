//! Agents: connecting, connected, ready, lost; told by the clock.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::NewWorkspaceApp;
use super::pace::{CONNECTION_TIMEOUT, Pace, plus};
use crate::Version;
use crate::json::Json as _;
use crate::release::Profile;

/// How often a connected agent is heard of.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An agent that a start gives a workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct AgentPlan {
    pub(crate) name: String,
    pub(crate) fate: AgentFate,
    pub(crate) scripts: ScriptPlan,
    pub(crate) apps: Vec<NewWorkspaceApp>,
    /// Whether it serves a dev container inside of the first agent.
    pub(crate) is_sub_agent: bool,
}

/// The course of an agent when nobody interferes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AgentFate {
    #[default]
    BecomesReady,
    NeverConnects,
    /// The agent loses its connection once it was ready.
    IsLost,
}

/// The scripts that an agent runs by itself, and how they end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScriptPlan {
    /// Whether nobody should use the workspace before the startup script is done.
    pub(crate) blocks: bool,
    pub(crate) start: ScriptFate,
    /// The end of its stop script, when it has one.
    pub(crate) stop: Option<ScriptFate>,
}

/// The end of a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ScriptFate {
    #[default]
    Succeeds,
    Fails,
    TimesOut,
    LeavesOutputOpen,
}

/// An event in the life of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentEvent {
    /// The connection of the agent breaks.
    Lost,
    /// The agent is started again, connects, and runs its scripts once more.
    Back,
    /// The agent's connection is there again, and its process has run all the time.
    Reconnects,
    /// The agent is told to end: it runs its stop scripts, and goes.
    ShutsDown,
}

/// An agent of a build.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) id: Uuid,
    pub(crate) plan: AgentPlan,
    pub(crate) events: Vec<(Timestamp, AgentEvent)>,
    log_source: Uuid,
    scripts: [Uuid; 2],
    apps: Vec<Uuid>,
}

/// The place of an agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The names of its workspace and of the owner; none while it is only what a template will
    /// make.
    pub(crate) home: Option<(&'a str, &'a str)>,
    /// The agent that a dev container runs in.
    pub(crate) parent: Option<Uuid>,
    pub(crate) resource: Uuid,
}

/// An agent at one moment.
#[derive(Debug)]
pub(crate) struct AgentState {
    pub(crate) status: &'static str,
    pub(crate) lifecycle: &'static str,
    created_at: Timestamp,
    first_connected_at: Option<Timestamp>,
    /// Since when it has been connected, without a break.
    connected_at: Option<Timestamp>,
    disconnected_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    ready_at: Option<Timestamp>,
    /// The start of the startup script that has ended last; kept when the agent comes back.
    start_began: Option<Timestamp>,
    start_ended: Option<Timestamp>,
    stop_began: Option<Timestamp>,
    stop_ended: Option<Timestamp>,
    /// The lines that its scripts have written.
    log: Vec<(Timestamp, &'static str)>,
}

impl ScriptFate {
    /// Returns the exit code and the word for it.
    fn end(self) -> (i32, &'static str) {
        match self {
            Self::Succeeds => (0, "ok"),
            Self::Fails => (1, "exit_failure"),
            Self::TimesOut => (255, "timed_out"),
            Self::LeavesOutputOpen => (255, "pipes_left_open"),
        }
    }

    fn after_start(self) -> &'static str {
        match self {
            Self::Succeeds => "ready",
            Self::Fails | Self::LeavesOutputOpen => "start_error",
            Self::TimesOut => "start_timeout",
        }
    }

    fn after_stop(self) -> &'static str {
        match self {
            Self::Succeeds => "off",
            Self::Fails | Self::LeavesOutputOpen => "shutdown_error",
            Self::TimesOut => "shutdown_timeout",
        }
    }

    /// Returns the time limit of the script in nanoseconds; 0 for none.
    fn timeout(self) -> i64 {
        match self {
            Self::TimesOut => 3_000_000_000,
            Self::Succeeds | Self::Fails | Self::LeavesOutputOpen => 0,
        }
    }
}

impl Agent {
    /// Makes an agent that has the next ids of `id`.
    pub(crate) fn new(plan: AgentPlan, mut id: impl FnMut() -> Uuid) -> Self {
        Self {
            id: id(),
            events: Vec::new(),
            log_source: id(),
            scripts: [id(), id()],
            apps: plan.apps.iter().map(|_| id()).collect(),
            plan,
        }
    }

    /// Returns the state of the agent at `now`, where its build was done at `built`.
    pub(crate) fn state(&self, pace: &Pace, built: Timestamp, now: Timestamp) -> AgentState {
        let mut state = AgentState::created(built);
        let Some((connects, events)) = self.connects(pace, built, now) else {
            if coder_core::elapsed(now, built) >= pace.giving_up {
                state.status = "timeout";
            }
            return state;
        };
        if now < connects {
            return state;
        }
        let start = self.plan.scripts.start;
        // A new process takes the place of the one whose script still runs.
        let replaced = |after: usize| {
            let later = events.iter().skip(after).find(|(_, event)| *event == AgentEvent::Back);
            later.map_or(now, |(at, _)| now.min(*at))
        };
        let ready = state.connect(connects, pace, start, replaced(0));
        if self.plan.fate == AgentFate::IsLost && ready <= now {
            state.lose(ready);
        }
        for (index, (at, event)) in events.iter().enumerate() {
            if *at < connects || now < *at {
                continue;
            }
            match event {
                AgentEvent::Lost => state.lose(*at),
                AgentEvent::Back => {
                    state.connect(*at, pace, start, replaced(index + 1));
                }
                AgentEvent::Reconnects => state.reconnect(*at),
                AgentEvent::ShutsDown => {
                    state.shut_down(*at, pace, self.plan.scripts.stop, now);
                }
            }
        }
        state
    }

    /// Returns when the agent first connects, and what happens after that. An agent that never
    /// connects by itself does so when somebody starts it.
    fn connects(
        &self,
        pace: &Pace,
        built: Timestamp,
        now: Timestamp,
    ) -> Option<(Timestamp, &[(Timestamp, AgentEvent)])> {
        match self.plan.fate {
            AgentFate::BecomesReady | AgentFate::IsLost => {
                Some((plus(built, pace.connecting), &self.events))
            }
            AgentFate::NeverConnects => {
                let first = self.events.iter().position(|(_, event)| *event == AgentEvent::Back)?;
                let (at, _) = self.events.get(first)?;
                (*at <= now).then(|| (*at, self.events.get(first + 1..).unwrap_or_default()))
            }
        }
    }

    fn script_name(&self, starts: bool) -> &'static str {
        if starts { "Startup Script" } else { "Shutdown Script" }
    }

    /// Returns how long its scripts took so far.
    pub(crate) fn script_timings(&self, state: &AgentState) -> Vec<Value> {
        let scripts = self.plan.scripts;
        let timing = |starts: bool, began: Option<Timestamp>, ended: Option<Timestamp>, fate| {
            let (code, status) = ScriptFate::end(fate);
            Some(json!({
                "started_at": began?.to_string(),
                "ended_at": ended?.to_string(),
                "exit_code": code,
                "stage": if starts { "start" } else { "stop" },
                "status": status,
                "display_name": self.script_name(starts),
                "workspace_agent_id": self.id,
                "workspace_agent_name": self.plan.name,
            }))
        };
        let stop =
            scripts.stop.and_then(|fate| timing(false, state.stop_began, state.stop_ended, fate));
        let start = (!self.plan.is_sub_agent)
            .then(|| timing(true, state.start_began, state.start_ended, scripts.start))
            .flatten();
        stop.into_iter().chain(start).collect()
    }

    /// Returns how long connecting took; `None` before it has connected.
    pub(crate) fn connection_timing(&self, state: &AgentState) -> Option<Value> {
        Some(json!({
            "started_at": state.created_at.to_string(),
            "ended_at": state.first_connected_at?.to_string(),
            "stage": "connect",
            "workspace_agent_id": self.id,
            "workspace_agent_name": self.plan.name,
        }))
    }

    /// Returns the lines of its log so far, after the line with this id.
    pub(crate) fn logs(&self, state: &AgentState, after: u64) -> Vec<Value> {
        let written = (1..).zip(self.lines(state)).filter(|(id, _)| *id > after);
        let line = |(id, (at, output)): (u64, &(Timestamp, &str))| {
            json!({
                "id": id,
                "created_at": at.to_string(),
                "output": output,
                "level": "info",
                "source_id": self.log_source,
            })
        };
        written.map(line).collect()
    }

    /// Returns the lines that its scripts have written; a dev container's agent has none.
    fn lines<'a>(&self, state: &'a AgentState) -> &'a [(Timestamp, &'static str)] {
        if self.plan.is_sub_agent { &[] } else { &state.log }
    }

    fn scripts_json(&self, state: &AgentState) -> Vec<Value> {
        if self.plan.is_sub_agent {
            return Vec::new();
        }
        let ScriptPlan { blocks, start, stop } = self.plan.scripts;
        let script = |id: Uuid, starts: bool, fate: ScriptFate, ended: Option<Timestamp>| {
            let mut script = json!({
                "id": id,
                "log_source_id": self.log_source,
                "log_path": "",
                "script": "#!/bin/sh\nset -e\n",
                "cron": "",
                "run_on_start": starts,
                "run_on_stop": !starts,
                "start_blocks_login": starts && blocks,
                "timeout": fate.timeout(),
                "display_name": self.script_name(starts),
            });
            if ended.is_some() {
                let (code, status) = fate.end();
                script.set("exit_code", code);
                script.set("status", status);
            }
            script
        };
        let [starting, stopping] = self.scripts;
        let start = script(starting, true, start, state.start_ended);
        let stop = stop.map(|fate| script(stopping, false, fate, state.stop_ended));
        stop.into_iter().chain([start]).collect()
    }

    fn log_sources_json(&self, state: &AgentState) -> Vec<Value> {
        if self.plan.is_sub_agent {
            return Vec::new();
        }
        vec![json!({
            "workspace_agent_id": self.id,
            "id": self.log_source,
            "created_at": state.created_at.to_string(),
            "display_name": self.script_name(true),
            "icon": "/icon/terminal.svg",
        })]
    }

    fn apps_json(&self, version: Version, place: &Place<'_>, state: &AgentState) -> Vec<Value> {
        let apps = self.plan.apps.iter().zip(&self.apps);
        let home = place.home.map(|(workspace, owner)| {
            if Profile::new(version).agents_in_subdomains {
                format!("{}--{workspace}--{owner}", self.plan.name)
            } else {
                format!("{workspace}--{owner}")
            }
        });
        let json = |(app, id): (&NewWorkspaceApp, &Uuid)| {
            app.json(*id, home.as_deref(), state.has_reported())
        };
        apps.map(json).collect()
    }

    pub(crate) fn json(
        &self,
        version: Version,
        now: Timestamp,
        place: Place<'_>,
        state: &AgentState,
    ) -> Value {
        let reported = state.has_reported();
        let seen = state.last_seen(now);
        let output: usize = self.lines(state).iter().map(|(_, output)| output.len()).sum();
        let display_apps: &[&str] = if self.plan.is_sub_agent {
            &["vscode", "web_terminal"]
        } else {
            &["vscode", "vscode_insiders", "ssh_helper", "port_forwarding_helper", "web_terminal"]
        };
        let mut agent = json!({
            "id": self.id,
            "parent_id": place.parent,
            "created_at": state.created_at.to_string(),
            "updated_at": seen.unwrap_or(state.created_at).to_string(),
            "status": state.status,
            "lifecycle_state": state.lifecycle,
            "name": self.plan.name,
            "resource_id": place.resource,
            "architecture": "amd64",
            "environment_variables": null,
            "operating_system": "linux",
            "logs_length": output,
            "logs_overflowed": false,
            "directory": "/home/coder",
            "version": if reported { format!("v{}", version.number()) } else { String::new() },
            "api_version": if reported { "2.10" } else { "" },
            "apps": self.apps_json(version, &place, state),
            "connection_timeout_seconds": CONNECTION_TIMEOUT.as_secs(),
            "troubleshooting_url": "",
            "subsystems": [],
            "health": state.health(),
            "display_apps": display_apps,
            "log_sources": self.log_sources_json(state),
            "scripts": self.scripts_json(state),
            "startup_script_behavior": if self.plan.scripts.blocks && !self.plan.is_sub_agent {
                "blocking"
            } else {
                "non-blocking"
            },
        });
        state.add_to_json(&mut agent, now);
        if version >= Version::V2_37 {
            agent.set("metadata", json!([]));
        }
        agent
    }
}

impl AgentState {
    /// Adds what an agent has only in some states.
    fn add_to_json(&self, agent: &mut Value, now: Timestamp) {
        for (field, time) in [
            ("first_connected_at", self.first_connected_at),
            ("last_connected_at", self.last_heard_of(now)),
            ("disconnected_at", self.disconnected_at),
            ("started_at", self.started_at),
            ("ready_at", self.ready_at),
        ] {
            if let Some(time) = time {
                agent.set(field, time.to_string());
            }
        }
        if self.has_reported() {
            agent.set("expanded_directory", "/home/coder");
        }
        if self.status == "connected" {
            agent.set(
                "latency",
                json!({ "Coder Embedded Relay": { "preferred": true, "latency_ms": 11.42 } }),
            );
        }
    }

    fn created(created_at: Timestamp) -> Self {
        Self {
            status: "connecting",
            lifecycle: "created",
            created_at,
            first_connected_at: None,
            connected_at: None,
            disconnected_at: None,
            started_at: None,
            ready_at: None,
            start_began: None,
            start_ended: None,
            stop_began: None,
            stop_ended: None,
            log: Vec::new(),
        }
    }

    /// Connects an agent process, which reports a moment later and runs the startup script. The
    /// result is the time at which the script ends.
    fn connect(
        &mut self,
        at: Timestamp,
        pace: &Pace,
        start: ScriptFate,
        now: Timestamp,
    ) -> Timestamp {
        let reports = plus(at, pace.reporting);
        let ends = plus(reports, pace.starting);
        self.status = "connected";
        self.first_connected_at.get_or_insert(at);
        self.connected_at = Some(at);
        if reports <= now {
            self.lifecycle = "starting";
            self.started_at = Some(reports);
            self.ready_at = None;
            self.log.push((reports, "Running the startup script"));
        }
        if ends <= now {
            self.lifecycle = start.after_start();
            self.ready_at = Some(ends);
            (self.start_began, self.start_ended) = (Some(reports), Some(ends));
            self.log.push((ends, "The startup script is done"));
        }
        ends
    }

    fn lose(&mut self, at: Timestamp) {
        self.status = "disconnected";
        self.disconnected_at = Some(at);
    }

    /// Restores the connection, unless the process has ended.
    fn reconnect(&mut self, at: Timestamp) {
        let has_ended = matches!(self.lifecycle, "off" | "shutdown_error" | "shutdown_timeout");
        if self.status == "disconnected" && !has_ended {
            self.status = "connected";
            self.connected_at = Some(at);
        }
    }

    /// Begins to shut the agent down at `at`, and ends with its shutdown script, if it has one.
    fn shut_down(&mut self, at: Timestamp, pace: &Pace, stop: Option<ScriptFate>, now: Timestamp) {
        if stop.is_some() {
            self.log.push((at, "Shutting down"));
        }
        self.lifecycle = "shutting_down";
        self.stop_began = Some(at);
        let ends = plus(at, pace.stopping);
        if ends <= now {
            self.lifecycle = stop.unwrap_or_default().after_stop();
            self.stop_ended = Some(ends);
            self.lose(ends);
        }
    }

    /// Tells whether the agent's process has told Coder about itself.
    pub(crate) fn has_reported(&self) -> bool {
        self.started_at.is_some()
    }

    /// Returns when Coder last heard of the agent; a connected agent is heard of every fifteen
    /// seconds.
    fn last_heard_of(&self, now: Timestamp) -> Option<Timestamp> {
        let connected = self.connected_at?;
        let gone = self.disconnected_at.filter(|_| self.status == "disconnected");
        let lasted = gone.unwrap_or(now).duration_since(connected).as_secs();
        let beats = u32::try_from(lasted / HEARTBEAT.as_secs() as i64).unwrap_or_default();
        Some(plus(connected, HEARTBEAT.saturating_mul(beats)))
    }

    fn last_seen(&self, now: Timestamp) -> Option<Timestamp> {
        let gone = self.disconnected_at.filter(|_| self.status == "disconnected");
        gone.or_else(|| self.last_heard_of(now))
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.complaint().is_none()
    }

    /// Returns the first thing that is wrong, in Coder's words and order.
    fn complaint(&self) -> Option<&'static str> {
        match (self.status, self.lifecycle) {
            ("connecting", _) => Some("agent has not yet connected"),
            ("timeout", _) => Some("agent is taking too long to connect"),
            ("disconnected", "off") => Some("agent is not running"),
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

/// Returns the agent that a workspace has unless a test says otherwise.
pub(crate) fn default_agent() -> AgentPlan {
    AgentPlan {
        name: "main".to_owned(),
        apps: vec![NewWorkspaceApp::subdomain("code-server").icon("/icon/code.svg")],
        ..AgentPlan::default()
    }
}
