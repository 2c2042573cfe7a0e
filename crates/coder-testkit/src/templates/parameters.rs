//! Which values a build's parameters get.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::TemplateVersion;
use crate::json::Json as _;
use crate::reply::Reply;

/// The values of a build: the preset's first, which beat given ones, then the last build's, and
/// defaults.
/// A value for a parameter the template does not have is kept when the template has none at all
/// (tests that only care about values), and refused otherwise.
///
/// # Errors
///
/// 400 with one validation per parameter.
pub(crate) fn resolve(
    version: &TemplateVersion,
    preset: Option<Uuid>,
    given: &[(String, String)],
    last: &[(String, String)],
) -> Result<Vec<(String, String)>, Reply> {
    if version.parameters.is_empty() {
        let mut values = last.to_vec();
        for (name, value) in given {
            values.retain(|(known, _)| known != name);
            values.push((name.clone(), value.clone()));
        }
        return Ok(values);
    }
    let preset =
        match preset {
            None => None,
            Some(id) => {
                Some(version.presets.iter().find(|preset| preset.id == id).ok_or_else(|| {
                    Reply::bad_request("Preset not found for the template version.")
                })?)
            }
        };
    let find = |values: &[(String, String)], name: &str| {
        values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let mut faults: Vec<(String, String)> = Vec::new();
    for (name, _) in given {
        if !version.parameters.iter().any(|parameter| parameter.text("name") == Some(name)) {
            faults.push((name.clone(), "unknown parameter".to_owned()));
        }
    }
    let mut values = Vec::new();
    for parameter in &version.parameters {
        let name = parameter.text("name").unwrap_or_default();
        let flag = |field: &str| parameter.get(field).and_then(Value::as_bool) == Some(true);
        let chosen = find(preset.map_or(&[], |preset| &preset.values), name)
            .or_else(|| find(given, name))
            .or_else(|| find(last, name).filter(|_| !flag("ephemeral")));
        match chosen {
            None if flag("required") => {
                faults.push((name.to_owned(), "Required parameter not provided".to_owned()));
            }
            None => {
                let default = parameter.text("default_value").unwrap_or_default();
                values.push((name.to_owned(), default.to_owned()));
            }
            Some(value) => {
                let before = find(last, name);
                if !flag("mutable") && before.is_some_and(|before| before != value) {
                    faults.push((name.to_owned(), "Parameter is not mutable".to_owned()));
                } else if let Some(reason) = refusal(parameter, &value) {
                    faults.push((name.to_owned(), reason));
                } else {
                    values.push((name.to_owned(), value));
                }
            }
        }
    }
    if faults.is_empty() {
        return Ok(values);
    }
    let names: Vec<String> = faults.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    Err(Reply::invalid(
        StatusCode::BAD_REQUEST,
        &format!("Unable to validate parameter {}", names.join(", ")),
        faults,
    ))
}

/// Why a value is not one of this parameter.
fn refusal(parameter: &Value, value: &str) -> Option<String> {
    let options = parameter.get("options").and_then(Value::as_array);
    if let Some(options) = options.filter(|options| !options.is_empty())
        && !options.iter().any(|option| option.get("value").and_then(Value::as_str) == Some(value))
    {
        return Some(format!("Value \"{value}\" is not one of the options"));
    }
    let number = |field: &str| parameter.get(field).and_then(Value::as_i64);
    match parameter.text("type") {
        Some("bool") if !matches!(value, "true" | "false") => {
            Some("value must be a boolean".to_owned())
        }
        Some("number") => match value.parse::<i64>() {
            Err(_) => Some("value must be a number".to_owned()),
            Ok(given) => {
                let low = number("validation_min").is_some_and(|low| given < low);
                let high = number("validation_max").is_some_and(|high| given > high);
                (low || high).then(|| format!("value {given} is out of range"))
            }
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::templates::Preset;

    fn version() -> TemplateVersion {
        TemplateVersion {
            id: Uuid::nil(),
            name: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            parameters: vec![
                json!({ "name": "repo", "required": true, "mutable": false }),
                json!({ "name": "cpu", "type": "number", "default_value": "4", "mutable": true,
                        "validation_min": 2, "validation_max": 16 }),
                json!({ "name": "fresh", "type": "bool", "default_value": "false",
                        "mutable": true, "ephemeral": true }),
            ],
            presets: vec![Preset {
                id: Uuid::max(),
                name: "Large".to_owned(),
                default: true,
                values: pairs(&[("cpu", "8")]),
            }],
            importing: false,
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn try_resolve(
        preset: Option<Uuid>,
        given: &[(&str, &str)],
        last: &[(&str, &str)],
    ) -> Option<Vec<(String, String)>> {
        resolve(&version(), preset, &pairs(given), &pairs(last)).ok()
    }

    #[test]
    fn preset_beats_given_beats_last_beats_default() {
        assert_eq!(
            try_resolve(None, &[("repo", "a")], &[]).unwrap(),
            pairs(&[("repo", "a"), ("cpu", "4"), ("fresh", "false")])
        );
        let last = [("repo", "a"), ("cpu", "2"), ("fresh", "true")];
        assert_eq!(
            try_resolve(None, &[], &last).unwrap(),
            pairs(&[("repo", "a"), ("cpu", "2"), ("fresh", "false")]),
            "an ephemeral value is for one build"
        );
        let large = try_resolve(Some(Uuid::max()), &[], &last).unwrap();
        assert_eq!(large[1].1, "8");
        let own = try_resolve(Some(Uuid::max()), &[("cpu", "16")], &last).unwrap();
        assert_eq!(own[1].1, "8");
    }

    #[test]
    fn what_a_template_cannot_take_is_refused() {
        assert!(try_resolve(None, &[], &[]).is_none(), "required");
        assert!(try_resolve(None, &[("repo", "a"), ("other", "b")], &[]).is_none(), "unknown");
        assert!(try_resolve(None, &[("repo", "b")], &[("repo", "a")]).is_none(), "immutable");
        for (name, value) in [("cpu", "x"), ("cpu", "1"), ("cpu", "17"), ("fresh", "yes")] {
            assert!(try_resolve(None, &[("repo", "a"), (name, value)], &[]).is_none(), "{value}");
        }
        assert!(try_resolve(Some(Uuid::nil()), &[("repo", "a")], &[]).is_none(), "preset");
    }
}
