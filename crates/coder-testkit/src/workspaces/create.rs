//! `POST …/workspaces`: a new workspace.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::Workspace;
use super::agents::AgentPlan;
use super::apps::NewWorkspaceApp;
use super::builds::{BuildPlan, given_parameters};
use super::json::Fresh;
use super::lifecycle::Transition;
use crate::Version;
use crate::authentication::Caller;
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;
use crate::templates;
use crate::users::User;

const MINUTE_MS: i64 = 60_000;

/// What somebody wants to have.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) template: Option<Uuid>,
    pub(crate) version: Option<Uuid>,
    pub(crate) preset: Option<Uuid>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) autostart_schedule: Option<String>,
    pub(crate) ttl_ms: Option<i64>,
    pub(crate) automatic_updates: Option<String>,
}

/// `POST /api/v2/users/{user}/workspaces` and its older form below an organization.
pub(crate) fn create(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    owner: &User,
) -> Answer {
    let body = call.json()?;
    let id = |field: &str| body.text(field).map(templates::parse_id).transpose();
    let wish = Wish {
        name: body.text("name").unwrap_or_default().to_owned(),
        template: id("template_id")?,
        version: id("template_version_id")?,
        preset: id("template_version_preset_id")?,
        parameters: given_parameters(&body),
        autostart_schedule: body.text("autostart_schedule").map(str::to_owned),
        ttl_ms: body.get("ttl_ms").and_then(Value::as_i64),
        automatic_updates: body.text("automatic_updates").map(str::to_owned),
    };
    let id = fulfil(deployment, caller, owner, wish)?;
    let workspace = deployment.state.workspace(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::created(&workspace.json(deployment, caller.user.id, Fresh::Yes)))
}

/// Creates what is wished for, if it may be; the workspace's id.
pub(crate) fn fulfil(
    deployment: &mut Deployment<'_>,
    caller: &Caller,
    owner: &User,
    wish: Wish,
) -> Result<Uuid, Reply> {
    if !caller.may("workspace:create") || !caller.may("organization_member:read") {
        return Err(Reply::error(StatusCode::FORBIDDEN, "Unauthorized to create workspace."));
    }
    if !is_workspace_name(&wish.name) {
        let detail =
            format!("Validation failed for tag \"workspace_name\" with value: \"{}\"", wish.name);
        return Err(invalid("name", detail));
    }
    if wish.ttl_ms.is_some_and(|ttl| !(MINUTE_MS..=30 * 24 * 60 * MINUTE_MS).contains(&ttl)) {
        return Err(Reply::invalid(
            StatusCode::BAD_REQUEST,
            "Invalid Workspace Time to Shutdown.",
            [("ttl_ms", "time until shutdown must be between one minute and 30 days")],
        ));
    }
    let (template, version) = chosen(deployment, &wish)?;
    let template = deployment.state.template(template).cloned().ok_or_else(Reply::not_found)?;
    let version = template.version(version).cloned().ok_or_else(Reply::not_found)?;
    if !caller.may("template:use") {
        let message = format!("Unauthorized access to use the template \"{}\".", template.name);
        return Err(Reply::error(StatusCode::FORBIDDEN, &message));
    }
    if !template.deprecation.is_empty() {
        return Err(Reply::error_with_detail(
            StatusCode::BAD_REQUEST,
            &format!(
                "Template \"{}\" has been deprecated, and cannot be used to create a new \
                 workspace.",
                template.name
            ),
            &template.deprecation,
        ));
    }
    if version.importing {
        return Err(Reply::error(
            StatusCode::NOT_ACCEPTABLE,
            "The provided template version is still importing.",
        ));
    }
    if deployment.settings.version >= Version::V2_37 {
        check_external_auth(deployment, &template, owner)?;
    }
    let taken = deployment.state.workspaces.values().any(|other| {
        other.owner == owner.id
            && other.name.eq_ignore_ascii_case(&wish.name)
            && !other.is_deleted(&deployment.settings.pace, deployment.now)
    });
    if taken {
        return Err(Reply::invalid(
            StatusCode::CONFLICT,
            &format!("Workspace \"{}\" already exists.", wish.name),
            [("name", "This value is already in use and should be unique.")],
        ));
    }
    let parameters = templates::resolve(&version, wish.preset, &wish.parameters, &[])?;
    let id = deployment.mint().uuid();
    let workspace = Workspace {
        id,
        name: wish.name,
        owner: owner.id,
        template: template.id,
        created_at: deployment.now,
        last_used_at: deployment.now,
        builds: Vec::new(),
        favorite: false,
        dormant_at: None,
        autostart_schedule: wish.autostart_schedule,
        ttl_ms: wish.ttl_ms,
        automatic_updates: wish.automatic_updates.unwrap_or_else(|| "never".to_owned()),
        shared_with: Vec::new(),
        port_shares: Vec::new(),
        agents: vec![default_agent()],
    };
    deployment.state.workspaces.insert(id, workspace);
    let plan = BuildPlan {
        transition: Transition::Start,
        version: version.id,
        preset: wish.preset,
        parameters,
        initiator: caller.user.id,
        reason: "initiator".to_owned(),
        created_at: deployment.now,
        fate: deployment.fate(template.id, Transition::Start),
    };
    deployment.add_build(id, plan);
    Ok(id)
}

/// The agent a workspace has unless a test says otherwise.
pub(crate) fn default_agent() -> AgentPlan {
    AgentPlan {
        name: "main".to_owned(),
        apps: vec![NewWorkspaceApp::subdomain("code-server").icon("/icon/code.svg")],
        ..AgentPlan::default()
    }
}

/// The template and version a wish names: one of the two.
fn chosen(deployment: &Deployment<'_>, wish: &Wish) -> Result<(Uuid, Uuid), Reply> {
    match (wish.template, wish.version) {
        (Some(id), None) => match deployment.state.template(id) {
            Some(template) => Ok((id, template.active_id())),
            None => Err(missing("template_id", &format!("Template \"{id}\" doesn't exist."))),
        },
        (None, Some(id)) => match deployment.state.template_of_version(id) {
            Some(template) => Ok((template.id, id)),
            None => Err(missing(
                "template_version_id",
                &format!("Template version \"{id}\" doesn't exist."),
            )),
        },
        _ => Err(invalid(
            "template_id",
            "Exactly one of template_id and template_version_id is required".to_owned(),
        )),
    }
}

fn check_external_auth(
    deployment: &Deployment<'_>,
    template: &templates::Template,
    owner: &User,
) -> Result<(), Reply> {
    let linked = deployment.state.external_auth_of(owner.id);
    let missing: Vec<_> =
        template.external_auth.iter().filter(|(id, _)| !linked.contains(id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|(_, name)| name.as_str()).collect();
    let mut body = serde_json::json!({
        "message": "External authentication is required to create a workspace with this template.",
        "detail": format!(
            "The workspace owner must authenticate with the following external auth providers: \
             {}.",
            names.join(", ")
        ),
    });
    let validations: Vec<Value> = missing
        .iter()
        .map(|(id, _)| serde_json::json!({ "field": "external_auth", "detail": id }))
        .collect();
    body.set("validations", validations);
    Err(Reply::json(StatusCode::FORBIDDEN, &body))
}

fn missing(field: &str, message: &str) -> Reply {
    Reply::invalid(StatusCode::BAD_REQUEST, message, [(field, "resource not found")])
}

fn invalid(field: &str, detail: String) -> Reply {
    Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", [(field, detail)])
}

/// 1 to 32 letters and digits, in groups joined by single hyphens; not `new` or `create`.
pub(crate) fn is_workspace_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && !matches!(name, "new" | "create")
        && name.split('-').all(|group| {
            !group.is_empty() && group.chars().all(|letter| letter.is_ascii_alphanumeric())
        })
}
