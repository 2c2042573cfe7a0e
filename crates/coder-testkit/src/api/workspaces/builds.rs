//! Starting, stopping, deleting and canceling.

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;
use uuid::Uuid;

use super::json::Fresh;
use crate::api::templates::{Values, Wanted};
use crate::json::Json as _;
use crate::model::{
    Agent, AgentDescription, AgentFate, AgentPlan, Build, BuildPlan, Fate, Reader, Successor,
    Template, TemplateVersion, Transition, Workspace, after, default_agent, plus,
};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

impl Deployment<'_> {
    /// Adds a build to a workspace, and returns its id.
    pub(crate) fn add_build(&mut self, workspace: Uuid, plan: BuildPlan) -> Option<Uuid> {
        let mint = self.mint().clone();
        let start = plan.transition == Transition::Start;
        let agents = if start { self.agents_of(workspace) } else { Vec::new() };
        let is_slow = self.settings.slow_deletions && plan.transition == Transition::Delete;
        let reader = if is_slow { Reader::Awaited } else { Reader::NotNeeded };
        let pace = &self.settings.pace;
        let built = plus(plan.created_at, pace.queued.saturating_add(pace.building));
        let stored = self.state.workspace_mut(workspace)?;
        let deadline =
            stored.ttl_ms.map(|ttl_ms| after(built, SignedDuration::from_millis(ttl_ms)));
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
            agents: agents.into_iter().map(|plan| Agent::new(plan, || mint.uuid())).collect(),
            reader,
        };
        let id = build.id;
        stored.builds.push(build);
        stored.awaits_start = stored.autostart.is_some();
        if start {
            stored.dormant_at = None;
            stored.last_used_at = plan.created_at;
        }
        self.state.workspace_of_build.insert(id, workspace);
        if start {
            self.describe_metadata(workspace);
        }
        Some(id)
    }

    /// Returns the agents that a start gives a workspace: those that its template describes, or
    /// else its own.
    fn agents_of(&self, workspace: Uuid) -> Vec<AgentPlan> {
        let Some(stored) = self.state.workspace(workspace) else { return Vec::new() };
        let template = self.state.template(stored.template);
        let Some(template) = template.filter(|template| template.describes_agents()) else {
            return stored.agents.clone();
        };
        let own = |name: &str| stored.agents.iter().find(|agent| agent.name == name);
        let planned = |agent: &AgentDescription| {
            let usual = own(&agent.name).or(stored.agents.first()).cloned();
            let mut plan = usual.unwrap_or_else(default_agent);
            plan.name.clone_from(&agent.name);
            plan.apps.clone_from(&agent.apps);
            if agent.never_connects {
                plan.fate = AgentFate::NeverConnects;
            }
            plan
        };
        template.agents().map(planned).collect()
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

/// A parameter value in a body.
pub(crate) static PARAMETER: Shape = Shape {
    name: "WorkspaceBuildParameter",
    fields: &[field("name", Kind::Text), field("value", Kind::Text)],
};

/// The body of a build.
static BODY: Shape = Shape {
    name: "CreateWorkspaceBuildRequest",
    fields: &[
        field("template_version_id", Kind::Id),
        ruled(
            "transition",
            Kind::Named("codersdk.WorkspaceTransition"),
            &[Rule::OneOf(&["start", "stop", "delete"])],
        ),
        field("dry_run", Kind::Flag),
        field("state", Kind::Text),
        field("orphan", Kind::Flag),
        field("rich_parameter_values", Kind::Objects(&PARAMETER)),
        ruled(
            "log_level",
            Kind::Named("codersdk.ProvisionerLogLevel"),
            &[Rule::OneOfIfGiven(&["debug"])],
        ),
        field("template_version_preset_id", Kind::Id),
        ruled(
            "reason",
            Kind::Named("codersdk.CreateWorkspaceBuildReason"),
            &[Rule::OneOfIfGiven(&[
                "dashboard",
                "cli",
                "ssh_connection",
                "vscode_connection",
                "jetbrains_connection",
            ])],
        ),
        field("on_success", Kind::Any),
    ],
};

/// Answers a request for `POST /api/v2/workspaces/{id}/builds`.
pub(crate) fn start(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
) -> Answer {
    let body = BODY.read(call)?;
    let transition = body.text("transition").and_then(Transition::parse);
    let transition = transition.unwrap_or(Transition::Start);
    check_powers(&body, transition, caller)?;
    check_rights(caller, workspace, transition)?;
    check_dormancy(deployment, caller, workspace, transition)?;
    let last = workspace.latest().ok_or_else(Reply::not_found)?;
    check_moment(deployment, workspace, last, transition)?;
    let template = deployment.state.template(workspace.template).ok_or_else(Reply::not_found)?;
    let version_id = body.id("template_version_id").unwrap_or(last.version);
    let version = version_of(deployment, template, version_id)?;
    let preset = body.id("template_version_preset_id");
    let preset = preset.map(|id| deployment.state.preset(id)).transpose()?;
    let given = given_parameters(body.value("rich_parameter_values"));
    let wanted = Wanted { preset, given: &given, last: Some(&last.parameters) };
    let resolved = template.resolve(deployment.settings.version, version, wanted)?;
    let successor = Successor::wished_for(deployment, body.value("on_success"))?;
    if transition == Transition::Start {
        check_active_version(template, caller, version_id)?;
    }
    let plan = BuildPlan {
        transition,
        version: version_id,
        preset: resolved.preset,
        parameters: resolved.values,
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

/// Refuses a request for what only those who manage templates, or the deployment, may ask.
fn check_powers(body: &Input, transition: Transition, caller: &Caller) -> Result<(), Reply> {
    let orphan = body.flag("orphan");
    if orphan && transition != Transition::Delete {
        let message = "Orphan is only permitted when deleting a workspace.";
        return Err(Reply::bad_request(message));
    }
    if caller.user.owner {
        return if body.is_given("log_level") {
            let message = "Terraform debug mode is disabled in the deployment configuration.";
            Err(Reply::error_with_detail(StatusCode::BAD_REQUEST, message, message))
        } else {
            Ok(())
        };
    }
    if orphan || body.is_given("state") {
        let message = "Only template managers may provide custom state";
        return Err(Reply::error_with_detail(StatusCode::FORBIDDEN, message, message));
    }
    if body.is_given("log_level") {
        let message = "Workspace builds with a custom log level are restricted to administrators \
                       only.";
        return Err(Reply::error_with_detail(StatusCode::BAD_REQUEST, message, message));
    }
    Ok(())
}

fn check_rights(
    caller: &Caller,
    workspace: &Workspace,
    transition: Transition,
) -> Result<(), Reply> {
    let action = match transition {
        Transition::Start => "workspace:start",
        Transition::Stop => "workspace:stop",
        Transition::Delete => "workspace:delete",
    };
    let owner = caller.user.owner || workspace.owner == caller.user.id;
    if owner && caller.may(action) {
        return Ok(());
    }
    Err(Reply::error(
        StatusCode::FORBIDDEN,
        &format!("You do not have permission to {} this workspace.", transition.as_str()),
    ))
}

/// Checks that no other build is active, and that nothing but a deletion follows a deletion.
fn check_moment(
    deployment: &Deployment<'_>,
    workspace: &Workspace,
    last: &Build,
    transition: Transition,
) -> Result<(), Reply> {
    let pace = deployment.settings.pace;
    if last.is_active(&pace, deployment.now) {
        let message = "A workspace build is already active.";
        return Err(Reply::error_with_detail(StatusCode::CONFLICT, message, message));
    }
    if workspace.is_deleted(&pace, deployment.now) && transition != Transition::Delete {
        return Err(Reply::error_with_detail(
            StatusCode::CONFLICT,
            &format!("Cannot {} a deleted workspace!", transition.as_str()),
            "This workspace has been deleted and cannot be modified.",
        ));
    }
    Ok(())
}

/// Checks that a dormant workspace is not started before 2.25: there a member must wake it first,
/// and later releases wake it.
fn check_dormancy(
    deployment: &Deployment<'_>,
    caller: &Caller,
    workspace: &Workspace,
    transition: Transition,
) -> Result<(), Reply> {
    let must_be_woken = !deployment.profile().starting_wakes && !caller.user.owner;
    if must_be_woken && transition == Transition::Start && workspace.dormant_at.is_some() {
        let message = "You do not have permission to start this workspace.";
        return Err(Reply::error(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

/// Refuses a start with another version than the active one where the template requires that one,
/// except to those who may change the template.
///
/// Coder's database checks it, after everything that Coder itself checks. Only a build with
/// enterprise features lets a template require it.
pub(crate) fn check_active_version(
    template: &Template,
    caller: &Caller,
    version: Uuid,
) -> Result<(), Reply> {
    let is_bound = template.require_active_version && !caller.user.owner;
    if !is_bound || version == template.active_id() {
        return Ok(());
    }
    Err(Reply::error_with_detail(
        StatusCode::FORBIDDEN,
        "insert workspace build",
        "cannot use non-active version: unauthorized: rbac: forbidden",
    ))
}

/// Returns the version of that id, when it is one of the workspace's template.
fn version_of<'t>(
    deployment: &Deployment<'_>,
    template: &'t Template,
    id: Uuid,
) -> Result<&'t TemplateVersion, Reply> {
    let refusal = |message: &str, detail: String| {
        Reply::error_with_detail(StatusCode::BAD_REQUEST, message, &detail)
    };
    template.version(id).ok_or_else(|| match deployment.state.template_of_version(id) {
        Some(other) => refusal(
            "template version doesn't match template",
            format!(
                "templateVersion.TemplateID = {{UUID:{} Valid:true}}, template.ID = {}",
                other.id, template.id
            ),
        ),
        None => refusal(
            "template version does not exist",
            format!("get template version {id}: sql: no rows in result set"),
        ),
    })
}

/// Reads `rich_parameter_values` of a request.
pub(crate) fn given_parameters(values: Option<&Value>) -> Values {
    let values = values.and_then(Value::as_array);
    values
        .into_iter()
        .flatten()
        .map(|parameter| {
            let text = |field: &str| parameter.text(field).unwrap_or_default().to_owned();
            (text("name"), text("value"))
        })
        .collect()
}

/// Answers a request for `PATCH /api/v2/workspacebuilds/{id}/cancel`.
pub(crate) fn cancel(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    workspace: &Workspace,
    build: &Build,
) -> Answer {
    let expected = call.query("expect_status").filter(|_| deployment.profile().expects_status);
    if let Some(wrong) = expected.filter(|status| !matches!(*status, "running" | "pending")) {
        let message =
            format!("Invalid expect_status \"{wrong}\". Only 'running' or 'pending' are allowed.");
        return Err(Reply::bad_request(&message));
    }
    check_may_cancel(deployment, caller, workspace)?;
    let job = build.job(&deployment.settings.pace, deployment.now);
    if job.completed_at.is_some() {
        return Err(Reply::bad_request("Job has already completed!"));
    }
    if job.canceled_at.is_some() {
        return Err(Reply::bad_request("Job has already been marked as canceled!"));
    }
    if expected.is_some_and(|expected| expected != job.status) {
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

/// Checks that the caller may cancel builds: owners may, and members where the template lets them.
fn check_may_cancel(
    deployment: &Deployment<'_>,
    caller: &Caller,
    workspace: &Workspace,
) -> Result<(), Reply> {
    let template = deployment.state.template(workspace.template);
    let by_members = template.is_some_and(|template| template.cancel_by_members);
    if caller.user.owner || by_members && workspace.owner == caller.user.id {
        return Ok(());
    }
    Err(Reply::error(
        StatusCode::FORBIDDEN,
        "User is not allowed to cancel workspace builds. Owner role is required.",
    ))
}

impl Deployment<'_> {
    /// Returns the course of a build that a request asks for.
    pub(crate) fn fate(&self, template: Uuid, transition: Transition) -> Fate {
        let failure = self.state.template(template).and_then(|template| match transition {
            Transition::Start => template.builds_fail.clone(),
            Transition::Stop => None,
            Transition::Delete => template.deletions_fail.clone(),
        });
        failure.map_or(Fate::Succeeds, |(error, code)| Fate::Fails { error, code })
    }
}
