//! `POST /api/v2/templateversions/{id}/dynamic-parameters/evaluate`: a form that answers.

use serde_json::{Value, json};

use super::TemplateVersion;
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};

/// What the form looks like with these values filled in.
pub(crate) fn evaluate(version: &TemplateVersion, call: &Call) -> Answer {
    let body = call.json()?;
    let inputs = body.get("inputs").cloned().unwrap_or_default();
    let parameters: Vec<Value> = version
        .parameters
        .iter()
        .enumerate()
        .map(|(order, parameter)| preview(order, parameter, &inputs))
        .collect();
    Ok(Reply::ok(&json!({
        "id": body.get("id").cloned().unwrap_or_default(),
        "diagnostics": [],
        "parameters": parameters,
    })))
}

fn preview(order: usize, parameter: &Value, inputs: &Value) -> Value {
    let text = |field: &str| parameter.text(field).unwrap_or_default();
    let flag = |field: &str| parameter.get(field).and_then(Value::as_bool) == Some(true);
    let value = |text: &str, valid: bool| json!({ "value": text, "valid": valid });
    let options: Vec<Value> = parameter
        .get("options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|option| {
            json!({
                "name": option.text("name").unwrap_or_default(),
                "description": option.text("description").unwrap_or_default(),
                "value": value(option.text("value").unwrap_or_default(), true),
                "icon": option.text("icon").unwrap_or_default(),
            })
        })
        .collect();
    let given = inputs.text(text("name"));
    let current = given.unwrap_or(text("default_value"));
    let missing = flag("required") && given.is_none();
    let mut diagnostics = Vec::new();
    if missing {
        diagnostics.push(json!({
            "severity": "error",
            "summary": "Required parameter not provided",
            "detail": "parameter value is null",
            "extra": { "code": "required" },
        }));
    } else if let Some(reason) = super::parameters::refusal(parameter, current) {
        diagnostics.push(json!({
            "severity": "error",
            "summary": "Invalid parameter value",
            "detail": reason,
            "extra": { "code": "" },
        }));
    }
    let valid = diagnostics.is_empty();
    json!({
        "name": text("name"),
        "display_name": text("display_name"),
        "description": text("description"),
        "type": text("type"),
        "form_type": text("form_type"),
        "styling": {},
        "mutable": flag("mutable"),
        "default_value": value(text("default_value"), !flag("required")),
        "icon": text("icon"),
        "options": options,
        "validations": [],
        "required": flag("required"),
        "order": order,
        "ephemeral": flag("ephemeral"),
        "value": value(current, valid),
        "diagnostics": diagnostics,
    })
}
