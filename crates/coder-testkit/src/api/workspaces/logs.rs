//! `GET /api/v2/workspacebuilds/{id}/logs` and `…/workspaceagents/{id}/logs`: what is said so far, and
//! what is said from now on.

use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::json::Json as _;
use crate::model::{Agent, Build, Fate, ImportJob, Job, Template, Transition, Workspace};
use crate::rules::live::{Next, live};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};
use crate::wire::socket::LOGS;

/// Answers with the log of a build, after `?after=<id>`. With `follow` the answer is a WebSocket
/// with a message for each line, which closes when the build is over.
pub(super) fn of_build(
    deployment: &Deployment<'_>,
    call: &Call,
    workspace: &Workspace,
    build: &Build,
) -> Answer {
    let asked = Asked::read(call)?;
    if !asked.follow {
        let job = build.job(&deployment.settings.pace, deployment.now);
        let lines = build_lines(deployment, workspace, build, &job, asked.after);
        return Ok(asked.answer(lines));
    }
    let (id, mut last) = (build.id, asked.after);
    let batches = live(deployment.shared.clone(), move |deployment| {
        let Some((workspace, build)) = deployment.state.build(id) else { return Next::Never };
        let job = build.job(&deployment.settings.pace, deployment.now);
        let over = job.completed_at.is_some();
        let lines = build_lines(deployment, workspace, build, &job, last);
        next_batch(lines, &mut last, over)
    });
    Reply::web_socket(call, &LOGS, batches.flat_map(stream::iter))
}

/// Answers with the log of an agent, after `?after=<id>`. With `follow` the answer is a WebSocket
/// with an array of lines in each message: first the lines that there are (an empty array without
/// any), then those that come. It closes when the workspace has got another build.
pub(super) fn of_agent(deployment: &Deployment<'_>, call: &Call, agent: Uuid) -> Answer {
    let asked = Asked::read(call)?;
    if !asked.follow {
        let lines = agent_lines(deployment, agent, asked.after).unwrap_or_default();
        return Ok(asked.answer(lines));
    }
    let mut last = asked.after;
    let mut begun = false;
    let batches = live(deployment.shared.clone(), move |deployment| {
        match agent_lines(deployment, agent, last) {
            Some(lines) if !std::mem::replace(&mut begun, true) => {
                last = lines.last().map_or(last, id);
                Next::Now(lines)
            }
            Some(lines) => next_batch(lines, &mut last, false),
            None => Next::Never,
        }
    });
    Reply::web_socket(call, &LOGS, batches.map(Value::from))
}

/// Answers with the log of the import of a template's version, or of a dry run. With `follow` the answer is a
/// WebSocket with a message for each line, which closes when the import is over.
pub(crate) fn of_import(
    deployment: &Deployment<'_>,
    call: &Call,
    version: Uuid,
    planned: &[String],
) -> Answer {
    let asked = Asked::read(call)?;
    if !asked.follow {
        let import = import_of(deployment, version);
        return Ok(asked.answer(import_lines(import.as_ref(), planned, asked.after)));
    }
    let (planned, mut last) = (planned.to_vec(), asked.after);
    let batches = live(deployment.shared.clone(), move |deployment| {
        let Some(import) = import_of(deployment, version) else { return Next::Never };
        let over = import.completed_at.is_some();
        next_batch(import_lines(Some(&import), &planned, last), &mut last, over)
    });
    Reply::web_socket(call, &LOGS, batches.flat_map(stream::iter))
}

fn import_of(deployment: &Deployment<'_>, version: Uuid) -> Option<ImportJob> {
    let state = &deployment.state;
    let (pace, now) = (&deployment.settings.pace, deployment.now);
    if let Some(run) = state.dry_runs.iter().find(|run| run.job.id == version) {
        return Some(run.job.import(pace, now));
    }
    let (_, version) = state.version(version)?;
    Some(version.import(pace, now))
}

/// Returns the lines of an import so far: the provisioner plans twice, unless the import fails.
fn import_lines(import: Option<&ImportJob>, planned: &[String], after: u64) -> Vec<Value> {
    let Some((import, at)) = import.and_then(|import| Some((import, import.started_at?))) else {
        return Vec::new();
    };
    let (daemon, provisioner) = SOURCES;
    let stage = |stage| (at, daemon, stage, String::new());
    let mut said = vec![stage("Setting up"), stage("Parsing template parameters")];
    if import.status == "succeeded" {
        for detecting in ["Detecting persistent resources", "Detecting ephemeral resources"] {
            said.push(stage(detecting));
            said.extend(planned.iter().map(|line| (at, provisioner, detecting, line.clone())));
        }
    }
    if import.completed_at.is_some() {
        said.push(stage("Cleaning Up"));
    }
    lines(1, after, said)
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

/// The sources of the lines in the log of a job.
const SOURCES: (&str, &str) = ("provisioner_daemon", "provisioner");

/// The part of a log that a request asks for.
struct Asked {
    after: u64,
    /// The parameter has to be there; its value does not matter.
    follow: bool,
    as_text: bool,
}

impl Asked {
    fn read(call: &Call) -> Result<Self, Reply> {
        let follow = call.query.iter().any(|(name, _)| name == "follow");
        let as_text = match call.query("format") {
            None | Some("json") => false,
            Some("text") => true,
            Some(_) => {
                let detail = "Only \"text\" and \"json\" are supported.";
                let message = "Invalid format parameter.";
                return Err(Reply::error_with_detail(StatusCode::BAD_REQUEST, message, detail));
            }
        };
        if follow && as_text {
            return Err(Reply::error_with_detail(
                StatusCode::BAD_REQUEST,
                "Text format is not supported with follow mode.",
                "Use format=json or omit the follow parameter.",
            ));
        }
        Ok(Self { after: after(call)?, follow, as_text })
    }

    fn answer(&self, lines: Vec<Value>) -> Reply {
        if self.as_text {
            let text: String = lines.iter().map(as_text).collect();
            Reply::text(StatusCode::OK, text)
        } else {
            Reply::ok(&lines.into())
        }
    }
}

fn after(call: &Call) -> Result<u64, Reply> {
    let Some(text) = call.query("after") else { return Ok(0) };
    let number: i64 = text.parse().map_err(|_| {
        Reply::invalid(
            StatusCode::BAD_REQUEST,
            "Query param \"after\" must be an integer.",
            [("after", "Must be an integer")],
        )
    })?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// Renders a line for people. A line of a build has its stage, a line of an agent has none.
fn as_text(line: &Value) -> String {
    let text = |field: &str| line.text(field).unwrap_or_default();
    let at: Timestamp = text("created_at").parse().unwrap_or_default();
    let (at, output) = (at.strftime("%Y-%m-%dT%H:%M:%SZ"), text("output"));
    match line.text("stage") {
        Some(stage) => {
            format!("{at} [{}] [provisioner|{stage}] {output}\n", text("log_level"))
        }
        None => format!("{at} [{}] [agent] {output}\n", text("level")),
    }
}

fn id(line: &Value) -> u64 {
    line.get("id").and_then(Value::as_u64).unwrap_or_default()
}

/// Returns the lines of the provisioner so far: first it plans, then it applies.
fn build_lines(
    deployment: &Deployment<'_>,
    workspace: &Workspace,
    build: &Build,
    job: &Job,
    after: u64,
) -> Vec<Value> {
    let template = deployment.state.template(workspace.template);
    let [planned, applied] = match build.fate {
        // A build that fails does so before the provisioner says anything.
        Fate::Fails { .. } => Default::default(),
        Fate::Succeeds | Fate::WaitsForEver { .. } => {
            template.map(|template| template.log.clone()).unwrap_or_default()
        }
    };
    let costs = costs(deployment, template, build);
    let applying = match build.transition {
        Transition::Start => "Starting workspace",
        Transition::Stop => "Stopping workspace",
        Transition::Delete => "Deleting workspace",
    };
    let (daemon, provisioner) = SOURCES;
    let nothing = String::new;
    let planning = deployment.profile().planning_stage;
    let mut said = Vec::new();
    if let Some(at) = job.started_at {
        said.push((at, daemon, "Setting up", nothing()));
        said.extend(planned.into_iter().map(|line| (at, provisioner, planning, line)));
        said.extend(costs.into_iter().map(|line| (at, provisioner, "Commit quota", line)));
        said.push((at, daemon, applying, nothing()));
    }
    if let Some(at) = job.completed_at {
        if job.status == "succeeded" {
            said.extend(applied.into_iter().map(|line| (at, provisioner, applying, line)));
        }
        said.push((at, daemon, "Cleaning Up", nothing()));
    }
    lines(u64::from(build.number) * 1000 + 1, after, said)
}

/// Returns the lines about what a start costs, in the releases whose logs have them. Nobody has a
/// budget without enterprise features.
fn costs(deployment: &Deployment<'_>, template: Option<&Template>, build: &Build) -> Vec<String> {
    let starts = build.transition == Transition::Start && build.fate == Fate::Succeeds;
    let cost = template.map_or(0, Template::daily_cost);
    if cost == 0 || !starts || !deployment.profile().logs_costs {
        return Vec::new();
    }
    vec![
        format!("Build cost       —   {cost}"),
        "Budget           —   -1".to_owned(),
        "Credits consumed —   0".to_owned(),
    ]
}

/// Something that is said in a log: when, by whom, at which stage, and what.
type Said<'a> = (Timestamp, &'a str, &'a str, String);

/// Renders the lines of a log whose first line has the id `first`, and leaves out those up to the
/// id `after`.
fn lines(first: u64, after: u64, said: Vec<Said<'_>>) -> Vec<Value> {
    let line = |(id, (at, source, stage, output)): (u64, Said<'_>)| {
        json!({
            "id": id,
            "created_at": at.to_string(),
            "log_source": source,
            "log_level": "info",
            "stage": stage,
            "output": output,
        })
    };
    (first..).zip(said).filter(|(id, _)| *id > after).map(line).collect()
}

/// Renders the log of an agent; `None` when the agent is not one of a latest build.
fn agent_lines(deployment: &Deployment<'_>, id: Uuid, after: u64) -> Option<Vec<Value>> {
    let builds = deployment.state.workspaces.values().filter_map(Workspace::latest);
    let mut agents = builds.flat_map(|build| build.agents_now(deployment));
    let (agent, state) = agents.find(|(agent, _)| agent.id == id)?;
    Some(Agent::logs(agent, &state, after))
}
