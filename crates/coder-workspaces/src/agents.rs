//! How usable a workspace is whose last build has started it: as usable as its agents are.

use std::time::Duration;

use coder_client::models::{
    AgentLifecycle, AgentScript, AgentStatus, ScriptStatus, Workspace, WorkspaceAgent,
};
use coder_client::{AgentId, Unreadable};

use crate::agent_list::counted;
use crate::availability_state::AvailabilityState;
use crate::watch::Ages;

/// How long a connected agent may take to report that its start scripts run; real ones take about
/// a second. An agent process that is older than the build never reports it.
const REPORTS_WITHIN: Duration = Duration::from_secs(30);
/// How long a lost connection may take to come back: agents connect again some ten seconds after a
/// restart of Coder.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(30);

/// State of a workspace whose last build has started it.
pub(crate) struct Running {
    pub(crate) state: AvailabilityState,
    pub(crate) reason: Option<String>,
}

/// Returns the first agent, or resource with agents, that could not be read.
fn unreadable(workspace: &Workspace) -> Option<&Unreadable> {
    let resources = &workspace.latest_build.resources;
    let agents = resources.iter().flat_map(|resource| resource.agents.unreadable());
    resources.unreadable().iter().chain(agents).next()
}

/// Decides the state of a started workspace: an agent that is still starting comes first, then one
/// in an unknown state, then one that has failed.
pub(crate) fn running(workspace: &Workspace, ages: Ages<'_>) -> Running {
    let of = |state, reason: Option<String>| Running { state, reason };
    if let Some(reason) = counted(workspace).find_map(|agent| still_to_come(agent, ages)) {
        return of(AvailabilityState::Pending, Some(reason));
    }
    let mut all = counted(workspace);
    if let Some(agent) = all.find(|agent| matches!(agent.status, AgentStatus::Other(_))) {
        let status = shown(agent.status.as_str());
        let reason = format!("coder says its agent `{}` is `{status}`", shown(&agent.name));
        return of(AvailabilityState::Unknown, Some(reason));
    }
    if let Some(unreadable) = unreadable(workspace) {
        let reason = format!("one of its agents could not be read: {unreadable}");
        return of(AvailabilityState::Unknown, Some(reason));
    }
    let unhealthy = counted(workspace).find(|agent| !is_well(agent)).map(trouble);
    if !workspace.health.healthy && !only_sub_agents_fail(workspace) {
        return of(AvailabilityState::Unhealthy, unhealthy);
    }
    if counted(workspace).any(|agent| agent.status != AgentStatus::Connected) {
        return of(AvailabilityState::Offline, unhealthy);
    }
    of(AvailabilityState::Online, counted(workspace).find_map(remark))
}

/// Returns whether each agent that Coder calls failing is one of a dev container.
///
/// Older releases count those agents when they decide about the health of the workspace.
fn only_sub_agents_fail(workspace: &Workspace) -> bool {
    let failing = &workspace.health.failing_agents;
    let is_sub_agent =
        |id: &AgentId| workspace.agents().any(|agent| agent.id == *id && agent.parent_id.is_some());
    failing.unreadable().is_empty()
        && failing.iter().next().is_some()
        && failing.iter().all(is_sub_agent)
}

/// Returns whether people can work in an unhealthy workspace: all agents are connected, and nothing
/// but a start script has failed.
pub(crate) fn is_workable(workspace: &Workspace) -> bool {
    counted(workspace).all(|agent| {
        let failed = agent.lifecycle_state == AgentLifecycle::StartError;
        agent.status == AgentStatus::Connected && (agent.health.healthy || failed)
    })
}

/// Tells why an agent cannot be used yet; `None` when it is not starting.
fn still_to_come(agent: &WorkspaceAgent, ages: Ages<'_>) -> Option<String> {
    let name = shown(&agent.name);
    match (&agent.status, &agent.lifecycle_state) {
        (AgentStatus::Connecting, _) => Some(format!("its agent `{name}` has not connected yet")),
        (AgentStatus::Connected, AgentLifecycle::Created)
            if blocks_login(agent)
                && ages.is_within(REPORTS_WITHIN, agent.first_connected_at, agent) =>
        {
            Some(format!("its agent `{name}` is about to run start scripts"))
        }
        // What this version does not know may come before the scripts.
        (AgentStatus::Connected, AgentLifecycle::Other(state)) if blocks_login(agent) => {
            Some(format!("coder says its agent `{name}` is `{}`", shown(state)))
        }
        (AgentStatus::Connected, AgentLifecycle::Starting) if blocks_login(agent) => {
            Some(format!("its agent `{name}` runs start scripts"))
        }
        (AgentStatus::Disconnected, lifecycle)
            if !has_shut_down(lifecycle)
                && ages.is_within(COMES_BACK_WITHIN, agent.disconnected_at, agent) =>
        {
            Some(format!("its agent `{name}` has lost its connection, and may come back"))
        }
        _ => None,
    }
}

/// Returns whether the agent has been shut down, so that its connection is not lost.
fn has_shut_down(lifecycle: &AgentLifecycle) -> bool {
    matches!(
        lifecycle,
        AgentLifecycle::ShuttingDown
            | AgentLifecycle::ShutdownTimeout
            | AgentLifecycle::ShutdownError
            | AgentLifecycle::Off
    )
}

fn blocks_login(agent: &WorkspaceAgent) -> bool {
    agent.scripts.iter().any(|script| script.run_on_start && script.start_blocks_login)
}

fn is_well(agent: &WorkspaceAgent) -> bool {
    agent.health.healthy && agent.status == AgentStatus::Connected
}

/// Tells what is wrong with an agent in Coder's words, and why.
fn trouble(agent: &WorkspaceAgent) -> String {
    let said = agent.health.reason.as_deref().filter(|reason| !reason.is_empty());
    let said = said.unwrap_or(match agent.status {
        AgentStatus::Timeout => "agent is taking too long to connect",
        AgentStatus::Disconnected => "agent has lost connection",
        AgentStatus::Connecting | AgentStatus::Connected | AgentStatus::Other(_) | _ => {
            "agent does not work"
        }
    });
    let mut text = format!("`{}`: {}", shown(&agent.name), shown(said));
    if let Some(why) = cause(agent) {
        text.push_str(&format!("; {why}"));
    }
    if !agent.troubleshooting_url.is_empty() {
        text.push_str(&format!("; see {}", shown(&agent.troubleshooting_url)));
    }
    text
}

/// Tells a working agent's slow start script, if it has one.
fn remark(agent: &WorkspaceAgent) -> Option<String> {
    let took_long = agent.lifecycle_state == AgentLifecycle::StartTimeout;
    let name = shown(&agent.name);
    took_long.then(|| match cause(agent) {
        Some(why) => format!("`{name}`: {why}"),
        None => format!("start scripts of its agent `{name}` take long"),
    })
}

/// Names the first script that failed, with its end.
fn cause(agent: &WorkspaceAgent) -> Option<String> {
    let (kind, ran): (_, fn(&AgentScript) -> bool) = match agent.lifecycle_state {
        AgentLifecycle::StartTimeout | AgentLifecycle::StartError => {
            ("start", |script| script.run_on_start)
        }
        AgentLifecycle::ShutdownTimeout | AgentLifecycle::ShutdownError => {
            ("stop", |script| script.run_on_stop)
        }
        AgentLifecycle::Created
        | AgentLifecycle::Starting
        | AgentLifecycle::Ready
        | AgentLifecycle::ShuttingDown
        | AgentLifecycle::Off
        | AgentLifecycle::Other(_)
        | _ => return None,
    };
    let mut scripts = agent.scripts.iter().filter(|script| ran(script));
    scripts.find_map(|script| {
        let end = end(script)?;
        Some(format!("its {kind} script `{}` {end}", shown(&script.display_name)))
    })
}

/// Tells how a script failed; `None` when it has not.
fn end(script: &AgentScript) -> Option<String> {
    match script.status.as_ref()? {
        ScriptStatus::Ok => None,
        ScriptStatus::ExitFailure => Some(match script.exit_code {
            Some(code) => format!("exited with code {code}"),
            None => "failed".to_owned(),
        }),
        ScriptStatus::TimedOut => Some(match u64::try_from(script.timeout) {
            Ok(limit) if limit > 0 => {
                format!("was given up after {} s", Duration::from_nanos(limit).as_secs_f64())
            }
            Ok(_) | Err(_) => "was given up, since it took too long".to_owned(),
        }),
        ScriptStatus::PipesLeftOpen => {
            Some("ended, but something that it started holds its output open".to_owned())
        }
        ScriptStatus::Other(status) => Some(format!("ended with `{}`", shown(status))),
        _ => None,
    }
}

/// Returns a foreign text as [`quoted`](coder_core::quoted) does, without the backticks.
fn shown(text: &str) -> String {
    coder_core::cleaned(text).replace('`', "'")
}
