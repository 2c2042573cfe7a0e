//! Starting, stopping, deleting and canceling.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::agents::Agent;
use super::json::Fresh;
use super::lifecycle::{Fate, Transition};
use super::successor::Successor;
use super::{Build, Workspace};
use crate::Version;
use crate::authentication::Caller;
use crate::call::Call;
use crate::json::Json as _;
use crate::keys::after;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;
use crate::templates;

/// A build that is about to begin.
#[derive(Debug)]
pub(crate) struct BuildPlan {
    pub(crate) transition: Transition,
    pub(crate) version: Uuid,
    pub(crate) preset: Option<Uuid>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) initiator: Uuid,
    pub(crate) reason: String,
    pub(crate) created_at: Timestamp,
    pub(crate) fate: Fate,
}

impl Deployment<'_> {
    /// Adds a build to a workspace; its id.
    pub(crate) fn add_build(&mut self, workspace: Uuid, plan: BuildPlan) -> Option<Uuid> {
        let mint = self.mint().clone();
        let stored = self.state.workspace_mut(workspace)?;
        let start = plan.transition == Transition::Start;
        let agents = if start { stored.agents.clone() } else { Vec::new() };
        let disk = stored.latest().map_or_else(|| mint.uuid(), |last| last.resources[1]);
        let deadline = stored
            .ttl_ms
            .filter(|_| start)
            .map(|ttl_ms| after(plan.created_at, SignedDuration::from_millis(ttl_ms)));
        let build = Build {
            id: mint.uuid(),
            job: mint.uuid(),
            number: stored.latest().map_or(1, |last| last.number + 1),
            transition: plan.transition,
            version: plan.version,
            preset: plan.preset,
            parameters: plan.parameters,
            created_at: plan.created_at,
            initiator: plan.initiator,
            reason: plan.reason,
            fate: plan.fate,
            canceled_at: None,
            deadline,
            resources: [mint.uuid(), disk],
            agents: agents.into_iter().map(|plan| Agent::new(plan, &mint)).collect(),
        };
        let id = build.id;
        stored.builds.push(build);
        if start {
            stored.dormant_at = None;
            stored.last_used_at = plan.created_at;
        }
        self.state.workspace_of_build.insert(id, workspace);
        Some(id)
    }

    /// Begins a build of a workspace that has none under way, with the last one's version and
    /// parameters.
    pub(crate) fn rebuild(&mut self, workspace: Uuid, transition: Transition) -> Option<Uuid> {
        let stored = self.state.workspace(workspace)?;
        let last = stored.latest()?;
        let plan = BuildPlan {
            transition,
            version: last.version,
            preset: last.preset,
            parameters: last.parameters.clone(),
            initiator: stored.owner,
            reason: "initiator".to_owned(),
            created_at: self.now,
            fate: self.fate(stored.template, transition),
        };
        self.add_build(workspace, plan)
    }
}

/// `POST /api/v2/workspaces/{id}/builds`.
pub(crate) fn start(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    let body = call.json()?;
    let transition = body.text("transition").unwrap_or_default();
    let transition = Transition::parse(transition).ok_or_else(|| {
        let detail = format!("Validation failed for tag \"oneof\" with value: \"{transition}\"");
        Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", [("transition", detail)])
    })?;
    let action = match transition {
        Transition::Start => "workspace:start",
        Transition::Stop => "workspace:stop",
        Transition::Delete => "workspace:delete",
    };
    let owner = caller.user.owner || workspace.owner == caller.user.id;
    if !owner || !caller.may(action) {
        return Err(Reply::error(
            StatusCode::FORBIDDEN,
            &format!("You do not have permission to {} this workspace.", transition.as_str()),
        ));
    }
    // Later releases wake it by themselves.
    let must_be_woken = deployment.settings.version < Version::V2_25 && !caller.user.owner;
    if must_be_woken && transition == Transition::Start && workspace.dormant_at.is_some() {
        return Err(Reply::error(
            StatusCode::FORBIDDEN,
            "You do not have permission to start this workspace.",
        ));
    }
    let pace = deployment.settings.pace;
    let last = workspace.latest().ok_or_else(Reply::not_found)?;
    if last.is_active(&pace, deployment.now) {
        let message = "A workspace build is already active.";
        return Err(Reply::error_with_detail(StatusCode::CONFLICT, message, message));
    }
    if workspace.is_deleted(&pace, deployment.now) {
        let message = format!("Cannot {} a deleted workspace!", transition.as_str());
        return Err(Reply::error(StatusCode::CONFLICT, &message));
    }
    let version_id = match body.text("template_version_id") {
        None => last.version,
        Some(text) => templates::parse_id(text)?,
    };
    let template = deployment.state.template(workspace.template).ok_or_else(Reply::not_found)?;
    let version = template.version(version_id).ok_or_else(|| {
        Reply::bad_request("The template version does not match the template of the workspace.")
    })?;
    let preset = match body.text("template_version_preset_id") {
        None => last.preset,
        Some(text) => Some(templates::parse_id(text)?),
    };
    let parameters = if transition == Transition::Start {
        templates::resolve(version, preset, &given_parameters(&body), &last.parameters)?
    } else {
        last.parameters.clone()
    };
    let successor = Successor::wished_for(deployment, &body)?;
    let plan = BuildPlan {
        transition,
        version: version_id,
        preset,
        parameters,
        initiator: caller.user.id,
        reason: body.text("reason").unwrap_or("initiator").to_owned(),
        created_at: deployment.now,
        fate: deployment.fate(workspace.template, transition),
    };
    let id = deployment.add_build(workspace.id, plan).ok_or_else(Reply::not_found)?;
    deployment.state.successors.extend(successor.map(|successor| successor.after(id)));
    let (workspace, build) = deployment.state.build(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::created(&build.json(deployment, workspace, Fresh::Yes)))
}

/// `rich_parameter_values` of a request.
pub(crate) fn given_parameters(body: &Value) -> Vec<(String, String)> {
    let values = body.get("rich_parameter_values").and_then(Value::as_array);
    values
        .into_iter()
        .flatten()
        .filter_map(|parameter| {
            let value = parameter.get("value")?.as_str()?;
            Some((parameter.text("name")?.to_owned(), value.to_owned()))
        })
        .collect()
}

/// `PATCH /api/v2/workspacebuilds/{id}/cancel`.
pub(crate) fn cancel(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    build: &Build,
) -> Answer {
    if workspace.owner != caller.user.id && !caller.user.owner {
        return Err(Reply::error(
            StatusCode::FORBIDDEN,
            "User is not allowed to cancel workspace builds. Owner role is required.",
        ));
    }
    let job = build.job(&deployment.settings.pace, deployment.now);
    if job.completed_at.is_some() {
        return Err(Reply::bad_request("Job has already completed!"));
    }
    if job.canceled_at.is_some() {
        return Err(Reply::bad_request("Job has already been marked as canceled!"));
    }
    if call.query("expect_status").is_some_and(|expected| expected != job.status) {
        return Err(Reply::error(
            StatusCode::PRECONDITION_FAILED,
            "Job is not in the expected state.",
        ));
    }
    let now = deployment.now;
    let stored = deployment.state.workspace_mut(workspace.id);
    let stored = stored.and_then(|stored| stored.builds.iter_mut().find(|b| b.id == build.id));
    if let Some(stored) = stored {
        stored.canceled_at = Some(now);
    }
    Ok(Reply::ok(&serde_json::json!({ "message": "Job has been marked as canceled..." })))
}
