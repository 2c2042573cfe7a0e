//! `POST /api/v2/authcheck`: what the caller may do.

use http::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Open;
use crate::json::Json as _;
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

const REQUEST: Shape =
    Shape { name: "AuthorizationRequest", fields: &[field("checks", Kind::Any)] };

/// The kinds of things a test is likely to ask about, of those Coder knows.
const KINDS: [&str; 12] = [
    "api_key",
    "deployment_config",
    "file",
    "group",
    "oauth2_app",
    "oauth2_app_secret",
    "organization",
    "organization_member",
    "template",
    "user",
    "workspace",
    "workspace_dormant",
];

const ACTIONS: [&str; 14] = [
    "application_connect",
    "assign",
    "create",
    "create_agent",
    "delete",
    "delete_agent",
    "read",
    "read_personal",
    "share",
    "ssh",
    "start",
    "stop",
    "update",
    "update_personal",
];

/// Answers each question of an authorization check.
pub(crate) fn check(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = REQUEST.read(call)?;
    let mut answers = Map::new();
    let checks = body.value("checks").and_then(Value::as_object);
    for (name, question) in checks.into_iter().flatten() {
        let object = question.get("object").unwrap_or(&Value::Null);
        if object.text("resource_type").is_none() {
            let message =
                format!("Object's \"resource_type\" field must be defined for key {name:?}.");
            return Err(Reply::error(StatusCode::BAD_REQUEST, &message));
        }
        let action = question.text("action").unwrap_or_default();
        answers.insert(name.clone(), allowed(deployment, &caller, object, action).into());
    }
    Ok(Reply::ok(&answers.into()))
}

/// Tells whether the caller may do something with an object. Things, kinds and actions that do not
/// exist are not allowed.
fn allowed(deployment: &Deployment<'_>, caller: &Caller, object: &Value, action: &str) -> bool {
    let kind = object.text("resource_type").unwrap_or_default();
    let knows = !deployment.dialect().checks_actions || ACTIONS.contains(&action);
    if !KINDS.contains(&kind) || !knows || !caller.may(&format!("{kind}:{action}")) {
        return false;
    }
    let me = caller.user.id;
    let Some(Thing { owner, exists }) = find(deployment, caller, object, action) else {
        return false;
    };
    let is_mine = owner == Some(me);
    let somewhere = exists
        || object.text("organization_id").is_some()
        || object.get("any_org").and_then(Value::as_bool).unwrap_or_default()
        || !deployment.dialect().checks_organizations;
    caller.user.owner
        || match (kind, action) {
            // Of templates in general a member may know nothing: their groups decide.
            ("template", "read" | "use") => exists,
            ("organization" | "oauth2_app", "read") => true,
            ("workspace" | "workspace_dormant", _) => is_mine && somewhere,
            ("api_key", _) => is_mine,
            ("user", "read" | "read_personal" | "update_personal") => is_mine,
            ("organization_member", "read") => is_mine,
            _ => false,
        }
}

/// The thing that an object of a question names.
struct Thing {
    owner: Option<Uuid>,
    /// Whether the deployment has it, not only its kind.
    exists: bool,
}

/// Finds what an object names; `None` when the object names something that does not exist.
///
/// A workspace that is shared with the caller counts as the caller's own to read.
fn find(
    deployment: &Deployment<'_>,
    caller: &Caller,
    object: &Value,
    action: &str,
) -> Option<Thing> {
    let me = caller.user.id;
    let owner = match object.text("owner_id") {
        Some("me") => Some(me),
        Some(id) => Uuid::try_parse(id).ok(),
        None => None,
    };
    let thing = object.text("resource_id").map(|id| Uuid::try_parse(id).unwrap_or_default());
    match (object.text("resource_type").unwrap_or_default(), thing) {
        ("workspace", Some(id)) => {
            let known = deployment.state.workspace(id)?;
            let is_shared = action == "read" && known.is_shared_with(me);
            Some(Thing { owner: Some(if is_shared { me } else { known.owner }), exists: true })
        }
        ("template", Some(id)) => {
            deployment.state.template(id)?;
            Some(Thing { owner, exists: true })
        }
        ("user", Some(id)) => Some(Thing { owner: Some(id), exists: false }),
        _ => Some(Thing { owner, exists: false }),
    }
}
