//! `GET /api/v2/workspacebuilds/{id}/logs` and `…/workspaceagents/{id}/logs`: what is said so far, and
//! what is said from now on.

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lifecycle::Job;
use super::{Agent, Build};
use crate::call::Call;
use crate::live::{Next, live};
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// The log of a build, after `?after=<id>`. With `follow` it is a WebSocket with a message for each
/// line, which closes when the build is over.
pub(super) fn of_build(deployment: &Deployment<'_>, call: &Call, build: &Build) -> Answer {
    let after = after(call);
    if !follows(call)? {
        let job = build.job(&deployment.settings.pace, deployment.now);
        return Ok(Reply::ok(&build_lines(build, &job, after).into()));
    }
    let (id, mut last) = (build.id, after);
    let batches = live(deployment.coder.clone(), move |deployment| {
        let Some((_, build)) = deployment.state.build(id) else { return Next::Never };
        let job = build.job(&deployment.settings.pace, deployment.now);
        let over = job.completed_at.is_some();
        next_batch(build_lines(build, &job, last), &mut last, over)
    });
    Reply::web_socket(call, batches.flat_map(stream::iter))
}

/// The log of an agent, after `?after=<id>`. With `follow` it is a WebSocket with an array of
/// lines in each message, which closes when the workspace has got another build.
pub(super) fn of_agent(deployment: &Deployment<'_>, call: &Call, agent: Uuid) -> Answer {
    let after = after(call);
    if !follows(call)? {
        return Ok(Reply::ok(&agent_lines(deployment, agent, after).unwrap_or_default().into()));
    }
    let mut last = after;
    let batches = live(deployment.coder.clone(), move |deployment| {
        match agent_lines(deployment, agent, last) {
            Some(lines) => next_batch(lines, &mut last, false),
            None => Next::Never,
        }
    });
    Reply::web_socket(call, batches.map(Value::from))
}

fn next_batch(lines: Vec<Value>, last: &mut u64, over: bool) -> Next<Vec<Value>> {
    match lines.last() {
        Some(line) => {
            *last = id(line);
            Next::Now(lines)
        }
        None if over => Next::Never,
        None => Next::Later,
    }
}

fn after(call: &Call) -> u64 {
    call.query("after").and_then(|id| id.parse().ok()).unwrap_or_default()
}

/// Whether the log is followed: the parameter has to be there, its value does not matter.
fn follows(call: &Call) -> Result<bool, Reply> {
    let follow = call.query.iter().any(|(name, _)| name == "follow");
    if follow && call.query("format") == Some("text") {
        let message = "Text format is not supported with follow mode.";
        let reason = "Text format is only supported with follow=false.";
        return Err(Reply::error_with_detail(StatusCode::BAD_REQUEST, message, reason));
    }
    Ok(follow)
}

fn id(line: &Value) -> u64 {
    line.get("id").and_then(Value::as_u64).unwrap_or_default()
}

fn build_lines(build: &Build, job: &Job, after: u64) -> Vec<Value> {
    let line = |id: u64, at: jiff::Timestamp, source: &str, stage: &str, output: &str| {
        json!({
            "id": u64::from(build.number) * 1000 + id,
            "created_at": at.to_string(),
            "log_source": source,
            "log_level": "info",
            "stage": stage,
            "output": output,
        })
    };
    let mut lines = Vec::new();
    if let Some(at) = job.started_at {
        let stage = match build.transition.as_str() {
            "start" => "Starting workspace",
            "stop" => "Stopping workspace",
            _ => "Deleting workspace",
        };
        let ready = "Terraform has been successfully initialized!";
        lines.push(line(1, at, "provisioner_daemon", "Setting up", ""));
        lines.push(line(2, at, "provisioner", stage, ready));
    }
    if let Some(at) = job.completed_at {
        lines.push(line(3, at, "provisioner_daemon", "Cleaning Up", ""));
    }
    lines.retain(|line| id(line) > after);
    lines
}

/// `None` when the agent is not one of a latest build.
fn agent_lines(deployment: &Deployment<'_>, id: Uuid, after: u64) -> Option<Vec<Value>> {
    let builds = deployment.state.workspaces.values().filter_map(super::Workspace::latest);
    let mut agents = builds.flat_map(|build| build.agents_now(deployment));
    let (agent, state) = agents.find(|(agent, _)| agent.id == id)?;
    Some(Agent::logs(agent, &state, after))
}
