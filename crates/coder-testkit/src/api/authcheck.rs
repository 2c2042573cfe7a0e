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
    let mut owner = match object.text("owner_id") {
        Some("me") => Some(me),
        Some(id) => Uuid::try_parse(id).ok(),
        None => None,
    };
    let thing = object.text("resource_id").map(|id| Uuid::try_parse(id).unwrap_or_default());
    let mut exists = false;
    match (kind, thing) {
        ("workspace", Some(id)) => match deployment.state.workspace(id) {
            None => return false,
            Some(known) if action == "read" && known.is_shared_with(me) => return true,
            Some(known) => {
                owner = Some(known.owner);
                exists = true;
            }
        },
        ("template", Some(id)) => match deployment.state.template(id) {
            None => return false,
            Some(_) => exists = true,
        },
        ("user", Some(id)) => owner = Some(id),
        _ => {}
    }
    let somewhere = exists
        || object.text("organization_id").is_some()
        || object.get("any_org").and_then(Value::as_bool).unwrap_or_default()
        || !deployment.dialect().checks_organizations;
    caller.user.owner
        || match (kind, action) {
            // Of templates in general a member may know nothing: their groups decide.
            ("template", "read" | "use") => exists,
            ("organization" | "oauth2_app", "read") => true,
            ("workspace" | "workspace_dormant", _) => owner == Some(me) && somewhere,
            ("api_key", _) => owner == Some(me),
            ("user", "read" | "read_personal" | "update_personal") => owner == Some(me),
            ("organization_member", "read") => owner == Some(me),
            _ => false,
        }
}
