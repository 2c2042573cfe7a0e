//! `POST …/workspaces`: a new workspace.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::builds::{PARAMETER, check_active_version, given_parameters};
use super::json::Fresh;
use crate::Version;
use crate::api::templates::{Values, Wanted};
use crate::json::Json as _;
use crate::model::{
    BuildPlan, Schedule, Template, TemplateVersion, Transition, User, Workspace, default_agent,
};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

/// The body of a creation.
static BODY: Shape = Shape {
    name: "CreateWorkspaceRequest",
    fields: &[
        ruled(
            "template_id",
            Kind::Id,
            &[
                Rule::RequiredWithout("template_version_id"),
                Rule::ExcludedWith("template_version_id"),
            ],
        ),
        ruled(
            "template_version_id",
            Kind::Id,
            &[Rule::RequiredWithout("template_id"), Rule::ExcludedWith("template_id")],
        ),
        ruled("name", Kind::Text, &[Rule::Tag("workspace_name", is_workspace_name)]),
        field("autostart_schedule", Kind::Text),
        field("ttl_ms", Kind::Integer),
        field("rich_parameter_values", Kind::Objects(&PARAMETER)),
        field("automatic_updates", Kind::Named("codersdk.AutomaticUpdates")),
        field("template_version_preset_id", Kind::Id),
    ],
};

/// The workspace that somebody wants to have.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: String,
    pub(crate) template: Option<Uuid>,
    pub(crate) version: Option<Uuid>,
    pub(crate) preset: Option<Uuid>,
    pub(crate) parameters: Values,
    pub(crate) autostart_schedule: Option<String>,
    pub(crate) ttl_ms: Option<i64>,
    pub(crate) automatic_updates: Option<String>,
    /// When the request came: what was made since then was made at the same time.
    pub(crate) arrived: u64,
}

/// Answers `POST /api/v2/users/{user}/workspaces` and its older form below an organization.
pub(crate) fn create(
    deployment: &mut Deployment<'_>,
    call: &Call,
    caller: &Caller,
    owner: &User,
) -> Answer {
    let body = BODY.read(call)?;
    let wish = Wish {
        name: body.text("name").unwrap_or_default().to_owned(),
        template: body.id("template_id"),
        version: body.id("template_version_id"),
        preset: body.id("template_version_preset_id"),
        parameters: given_parameters(body.value("rich_parameter_values")),
        autostart_schedule: body.text("autostart_schedule").map(str::to_owned),
        ttl_ms: body.integer("ttl_ms"),
        automatic_updates: body.text("automatic_updates").map(str::to_owned),
        arrived: call.arrived,
    };
    let id = fulfil(deployment, caller, owner, wish)?;
    let workspace = deployment.state.workspace(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::created(&workspace.json(deployment, caller.user.id, Fresh::Yes)))
}

/// Creates what is wished for, if it may be created, and returns the workspace's id.
pub(crate) fn fulfil(
    deployment: &mut Deployment<'_>,
    caller: &Caller,
    owner: &User,
    wish: Wish,
) -> Result<Uuid, Reply> {
    check_form_of_name(&wish.name)?;
    let (template, version) = chosen(deployment, caller, &wish)?;
    let template = deployment.state.template(template).cloned().ok_or_else(Reply::not_found)?;
    let version = template.version(version).cloned().ok_or_else(Reply::not_found)?;
    check_rights(caller, owner, &template)?;
    check_template(deployment, &template, &version, owner)?;
    let settings = Knobs::read(&wish)?;
    check_name(deployment, owner, &wish)?;
    let preset = wish.preset.map(|id| deployment.state.preset(id)).transpose()?;
    let wanted = Wanted { preset, given: &wish.parameters, last: None };
    let resolved = template.resolve(deployment.settings.version, &version, wanted)?;
    check_active_version(&template, caller, version.id)?;
    let id = store(deployment, owner, wish.name, &template, settings);
    let plan = BuildPlan {
        transition: Transition::Start,
        version: version.id,
        preset: resolved.preset,
        parameters: resolved.values,
        initiator: caller.user.id,
        reason: "initiator".to_owned(),
        created_at: deployment.now,
        fate: deployment.fate(template.id, Transition::Start),
    };
    deployment.add_build(id, plan);
    Ok(id)
}

/// Stores a workspace that has no build yet, and returns its id.
fn store(
    deployment: &mut Deployment<'_>,
    owner: &User,
    name: String,
    template: &Template,
    settings: Knobs,
) -> Uuid {
    let id = deployment.mint().uuid();
    let moment = deployment.state.next_moment();
    deployment.state.names_made.insert((owner.id, name.to_lowercase()), moment);
    let workspace = Workspace {
        id,
        name,
        owner: owner.id,
        template: template.id,
        created_at: deployment.now,
        last_used_at: deployment.now,
        builds: Vec::new(),
        favorite: false,
        dormant_at: None,
        awaits_start: settings.autostart.is_some(),
        autostart: settings.autostart,
        ttl_ms: settings.ttl_ms,
        automatic_updates: settings.automatic_updates,
        shared_with: Vec::new(),
        port_shares: Vec::new(),
        agents: vec![default_agent()],
    };
    deployment.state.workspaces.insert(id, workspace);
    id
}

fn check_form_of_name(name: &str) -> Result<(), Reply> {
    if is_workspace_name(name) {
        return Ok(());
    }
    let detail = format!("Validation failed for tag \"workspace_name\" with value: \"{name}\"");
    let fields = [("name", detail)];
    Err(Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", fields))
}

/// Checks that the caller may create a workspace of this template for that owner.
fn check_rights(caller: &Caller, owner: &User, template: &Template) -> Result<(), Reply> {
    let scopes = caller.may("workspace:create") && caller.may("organization_member:read");
    if !scopes || (owner.id != caller.user.id && !caller.user.owner) {
        return Err(Reply::error_with_detail(
            StatusCode::FORBIDDEN,
            "Unauthorized to create workspace.",
            "You are unable to create a workspace in this organization. It is possible to have \
             access to the template, but not be able to create a workspace. Please contact an \
             administrator about your permissions if you feel this is an error.",
        ));
    }
    if !caller.may("template:use") {
        let message = format!("Unauthorized access to use the template \"{}\".", template.name);
        return Err(Reply::error(StatusCode::FORBIDDEN, &message));
    }
    Ok(())
}

/// Checks that workspaces can be made from this template now.
fn check_template(
    deployment: &Deployment<'_>,
    template: &Template,
    version: &TemplateVersion,
    owner: &User,
) -> Result<(), Reply> {
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
    let import = version.import(&deployment.settings.pace, deployment.now);
    if let Some(error) = &import.error {
        return Err(Reply::bad_request(&format!(
            "The provided template version \"{}\" has failed to import: \"{error}\". You cannot \
             create workspaces using it!",
            version.name
        )));
    }
    if import.completed_at.is_none() {
        return Err(Reply::error(
            StatusCode::NOT_ACCEPTABLE,
            "The provided template version is still importing.",
        ));
    }
    if deployment.settings.version >= Version::V2_37 {
        check_external_auth(deployment, template, owner)?;
    }
    Ok(())
}

/// The settings of a new workspace, as they were checked.
struct Knobs {
    autostart: Option<Schedule>,
    ttl_ms: Option<i64>,
    automatic_updates: String,
}

impl Knobs {
    fn read(wish: &Wish) -> Result<Self, Reply> {
        let invalid = |message: &str, field: &str, detail: String| {
            Reply::invalid(StatusCode::BAD_REQUEST, message, [(field, detail)])
        };
        let autostart = wish.autostart_schedule.as_deref().map(Schedule::parse).transpose();
        let automatic_updates = wish.automatic_updates.as_deref().unwrap_or("never").to_owned();
        Ok(Self {
            autostart: autostart
                .map_err(|reason| invalid("Invalid Autostart Schedule.", "schedule", reason))?,
            ttl_ms: time_to_live(wish.ttl_ms).map_err(|reason| {
                invalid("Invalid Workspace Time to Shutdown.", "ttl_ms", reason.to_owned())
            })?,
            automatic_updates: match automatic_updates.as_str() {
                "always" | "never" => automatic_updates,
                _ => {
                    return Err(invalid(
                        "Invalid Workspace Automatic Updates setting.",
                        "automatic_updates",
                        "Automatic updates must be always or never".to_owned(),
                    ));
                }
            },
        })
    }
}

const MINUTE_MS: i64 = 60_000;
const MONTH_MS: i64 = 30 * 24 * 60 * MINUTE_MS;

/// Reads how long a workspace runs, in milliseconds; zero is for ever.
///
/// # Errors
///
/// Coder's reason.
pub(crate) fn time_to_live(ttl_ms: Option<i64>) -> Result<Option<i64>, &'static str> {
    match ttl_ms {
        None | Some(0) => Ok(None),
        Some(ttl) if ttl < MINUTE_MS => Err("time until shutdown must be at least one minute"),
        Some(ttl) if ttl > MONTH_MS => Err("time until shutdown must be less than 30 days"),
        Some(ttl) => Ok(Some(ttl)),
    }
}

/// Checks that the owner has no workspace of that name.
///
/// Coder's own check does not see what was made while this request was under way: then its database
/// refuses.
pub(crate) fn check_name(
    deployment: &Deployment<'_>,
    owner: &User,
    wish: &Wish,
) -> Result<(), Reply> {
    if !deployment.is_taken(owner.id, &wish.name) {
        return Ok(());
    }
    let made = deployment.state.names_made.get(&(owner.id, wish.name.to_lowercase()));
    if made.is_some_and(|moment| *moment > wish.arrived) {
        return Err(Reply::error_with_detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal error creating workspace.",
            "insert workspace: pq: duplicate key value violates unique constraint \
             \"workspaces_owner_id_lower_idx\"",
        ));
    }
    Err(already_exists(&wish.name))
}

/// Refuses a name that is taken.
pub(crate) fn already_exists(name: &str) -> Reply {
    Reply::invalid(
        StatusCode::CONFLICT,
        &format!("Workspace \"{name}\" already exists."),
        [("name", "This value is already in use and should be unique.")],
    )
}

impl Deployment<'_> {
    /// Tells whether the owner has a workspace of that name.
    pub(crate) fn is_taken(&self, owner: Uuid, name: &str) -> bool {
        self.state.workspaces.values().any(|other| {
            other.owner == owner
                && other.name.eq_ignore_ascii_case(name)
                && !other.is_deleted(&self.settings.pace, self.now)
        })
    }
}

/// Returns the template and the version that a wish names.
fn chosen(
    deployment: &Deployment<'_>,
    caller: &Caller,
    wish: &Wish,
) -> Result<(Uuid, Uuid), Reply> {
    let usable = |template: &&Template| deployment.state.may_use(&caller.user, template);
    if let Some(id) = wish.version {
        let missing = || {
            let message = format!("Template version \"{id}\" doesn't exist.");
            missing("template_version_id", &message)
        };
        let template =
            deployment.state.template_of_version(id).filter(usable).ok_or_else(missing)?;
        return Ok((template.id, id));
    }
    let id = wish.template.unwrap_or_default();
    let missing = || missing("template_id", &format!("Template \"{id}\" doesn't exist."));
    let template = deployment.state.template(id).filter(usable).ok_or_else(missing)?;
    Ok((template.id, template.active_id()))
}

fn check_external_auth(
    deployment: &Deployment<'_>,
    template: &Template,
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
    Reply::invalid(StatusCode::BAD_REQUEST, message, [(field, "template not found")])
}

/// Tells whether a name has 1 to 32 letters and digits, in groups joined by single hyphens, and is
/// not `new` or `create`.
pub(crate) fn is_workspace_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && !matches!(name, "new" | "create")
        && name.split('-').all(|group| {
            !group.is_empty() && group.chars().all(|letter| letter.is_ascii_alphanumeric())
        })
}
