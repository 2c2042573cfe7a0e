//! `/api/v2/templateversions/{id}/dynamic-parameters` and its `/evaluate`: a form that answers.

use coder_core::WebSocketMessage;
use futures_channel::mpsc;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::validation::diagnose;
use crate::Version;
use crate::json::Json as _;
use crate::model::TemplateVersion;
use crate::rules::authentication::Caller;
use crate::rules::live::{Next, live};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Shape, field, parse_id};
use crate::wire::reply::{Answer, Reply};
use crate::wire::socket::FORMS;

const ASKED: Shape = Shape {
    name: "DynamicParametersRequest",
    fields: &[field("id", Kind::Integer), field("inputs", Kind::Map), field("owner_id", Kind::Id)],
};

/// Answers `POST …/evaluate` with the form for the owner that the body names, with the body's
/// values filled in. Without an owner there is no form: this route does not take the caller for the
/// owner.
pub(crate) fn evaluate(
    deployment: &Deployment<'_>,
    caller: &Caller,
    version: &TemplateVersion,
    call: &Call,
) -> Answer {
    let asked = ASKED.read(call)?;
    let (owner, inputs) = (asked.id("owner_id"), asked.value("inputs"));
    Ok(Reply::ok(&form(deployment, caller, version, (0, owner, inputs))))
}

/// Answers `GET …/dynamic-parameters?user_id=…` with a WebSocket, which sends the form as it is
/// without values, and answers each message of the client under the same id. The owner is the
/// caller unless the query, or a message, names another one.
pub(crate) fn talk(
    deployment: &Deployment<'_>,
    caller: Caller,
    version: TemplateVersion,
    call: &Call,
) -> Answer {
    let mut owner = match call.query("user_id") {
        None | Some("me") => caller.user.id,
        Some(id) => parse_id(id).map_err(|reason| {
            let message = "Invalid user_id query parameter";
            Reply::error_with_detail(StatusCode::BAD_REQUEST, message, &reason)
        })?,
    };
    let (said, mut heard) = mpsc::unbounded::<Input>();
    let mut greeted = false;
    let answers = live(deployment.shared.clone(), move |deployment| {
        if !std::mem::replace(&mut greeted, true) {
            return Next::Now(form(deployment, &caller, &version, (-1, Some(owner), None)));
        }
        let Ok(asked) = heard.try_recv() else { return Next::Later };
        owner = asked.id("owner_id").unwrap_or(owner);
        let id = asked.integer("id").unwrap_or_default();
        Next::Now(form(deployment, &caller, &version, (id, Some(owner), asked.value("inputs"))))
    });
    let listener = move |message| {
        let WebSocketMessage::Text(text) = message else { return false };
        ASKED.parse(text.as_bytes()).is_ok_and(|asked| said.unbounded_send(asked).is_ok())
    };
    Ok(Reply::web_socket(call, &FORMS, answers)?.heard_by(Box::new(listener)))
}

/// Renders the form of an owner under an id, with these values filled in.
fn form(
    deployment: &Deployment<'_>,
    caller: &Caller,
    version: &TemplateVersion,
    (id, owner, inputs): (i64, Option<Uuid>, Option<&Value>),
) -> Value {
    if owner.is_some_and(|owner| may_ask_for(deployment, caller, owner)) {
        let parameters = parameters(version, inputs);
        return json!({ "id": id, "diagnostics": [], "parameters": parameters });
    }
    let diagnostic = error(
        "Failed to fetch workspace owner",
        "Please check your permissions or the user may not exist.",
        "owner_not_found",
    );
    json!({ "id": id, "diagnostics": [diagnostic], "parameters": null })
}

/// Tells whether the caller gets the form of this owner. From 2.31 on members get everybody's form.
fn may_ask_for(deployment: &Deployment<'_>, caller: &Caller, owner: Uuid) -> bool {
    let known = deployment.state.users.contains_key(&owner);
    let everybody = deployment.settings.version >= Version::V2_31;
    known && (everybody || caller.user.owner || caller.user.id == owner)
}

/// Renders the parameters, ordered by their names.
fn parameters(version: &TemplateVersion, inputs: Option<&Value>) -> Vec<Value> {
    let mut parameters: Vec<&Value> = version.parameters.iter().collect();
    parameters.sort_by_key(|parameter| parameter.text("name").unwrap_or_default());
    parameters.into_iter().map(|parameter| preview(parameter, inputs)).collect()
}

fn preview(parameter: &Value, inputs: Option<&Value>) -> Value {
    let text = |field: &str| parameter.text(field).unwrap_or_default();
    let flag = |field: &str| parameter.get(field).and_then(Value::as_bool) == Some(true);
    let required = flag("required");
    let given = inputs.and_then(|inputs| inputs.get(text("name"))).and_then(Value::as_str);
    let (value, diagnostics) = match given.or((!required).then(|| text("default_value"))) {
        Some(value) => {
            let faults = diagnose(parameter, value);
            // What is not of the type is no value; what breaks a rule is one.
            let valid = !faults.iter().any(|fault| fault.mistyped);
            let diagnostics =
                faults.iter().map(|fault| error(&fault.summary, &fault.detail, "")).collect();
            (json!({ "value": value, "valid": valid }), diagnostics)
        }
        None => {
            let place = format!("data.coder_parameter.{}.value", text("name"));
            let missing =
                error("Required parameter not provided", "parameter value is null", "required");
            (json!({ "value": place, "valid": false }), vec![missing])
        }
    };
    json!({
        "name": text("name"),
        "display_name": text("display_name"),
        "description": text("description"),
        "type": text("type"),
        "form_type": text("form_type"),
        "styling": {},
        "mutable": flag("mutable"),
        "default_value": { "value": text("default_value"), "valid": !required },
        "icon": text("icon"),
        "options": options(parameter),
        "validations": validations(parameter),
        "required": required,
        "order": 0,
        "ephemeral": flag("ephemeral"),
        "value": value,
        "diagnostics": diagnostics,
    })
}

fn options(parameter: &Value) -> Vec<Value> {
    let options = parameter.get("options").and_then(Value::as_array).into_iter().flatten();
    let option = |option: &Value| {
        let text = |field: &str| option.text(field).unwrap_or_default();
        json!({
            "name": text("name"),
            "description": text("description"),
            "value": { "value": text("value"), "valid": true },
            "icon": text("icon"),
        })
    };
    options.map(option).collect()
}

/// Renders the rules of a parameter as one entry; empty when the parameter has no rules.
fn validations(parameter: &Value) -> Vec<Value> {
    let rule = |field: &str| parameter.get(field).filter(|rule| **rule != "").cloned();
    let rules = ["regex", "min", "max", "monotonic"].map(|kind| format!("validation_{kind}"));
    if rules.iter().all(|field| rule(field).is_none()) {
        return Vec::new();
    }
    let mut validation =
        json!({ "validation_error": parameter.text("validation_error").unwrap_or_default() });
    for field in rules {
        validation.set(&field, rule(&field).unwrap_or_default());
    }
    vec![validation]
}

fn error(summary: &str, detail: &str, code: &str) -> Value {
    json!({
        "severity": "error",
        "summary": summary,
        "detail": detail,
        "extra": { "code": code },
    })
}
