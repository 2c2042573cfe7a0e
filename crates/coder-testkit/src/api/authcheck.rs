//! `POST /api/v2/authcheck`: what the caller may do.

use http::StatusCode;
use serde_json::{Map, Value};

use crate::authentication::Caller;
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;
use crate::templates::parse_id;

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

/// One answer for each question.
pub(crate) fn check(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = call.json()?;
    let mut answers = Map::new();
    for (name, question) in body.get("checks").and_then(Value::as_object).into_iter().flatten() {
        answers.insert(name.clone(), allowed(deployment, &caller, question)?.into());
    }
    Ok(Reply::ok(&answers.into()))
}

fn allowed(deployment: &Deployment<'_>, caller: &Caller, question: &Value) -> Result<bool, Reply> {
    let action = question.text("action").unwrap_or_default();
    let object = question.get("object").unwrap_or(&Value::Null);
    let kind = object.text("resource_type").unwrap_or_default();
    if !KINDS.contains(&kind) {
        let message = format!("Object's \"resource_type\" field must be one of {KINDS:?}.");
        return Err(Reply::error(StatusCode::BAD_REQUEST, &message));
    }
    let me = caller.user.id;
    let mut owner = match object.text("owner_id") {
        Some("me") => Some(me),
        Some(id) => Some(parse_id(id)?),
        None => None,
    };
    if let Some(id) = object.text("resource_id") {
        let id = parse_id(id)?;
        owner = match kind {
            "workspace" => {
                let stored = deployment.state.workspace(id).ok_or_else(Reply::not_found)?;
                if action == "read" && stored.is_shared_with(me) {
                    return Ok(caller.may("workspace:read"));
                }
                Some(stored.owner)
            }
            "user" => Some(id),
            _ => owner,
        };
    }
    if !caller.may(&format!("{kind}:{action}")) {
        return Ok(false);
    }
    Ok(caller.user.owner
        || match (kind, action) {
            ("template", "read" | "use") | ("organization" | "oauth2_app", "read") => true,
            ("workspace" | "workspace_dormant" | "api_key", _) => owner == Some(me),
            ("user", "read" | "read_personal" | "update_personal") => owner == Some(me),
            ("organization_member", "read") => owner == Some(me),
            _ => false,
        })
}
