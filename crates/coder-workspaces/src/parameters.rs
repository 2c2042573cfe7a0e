//! Values for a template's parameters, checked before Coder is asked to build with them.

use coder_client::models::{
    DiagnosticSeverity, DynamicParameters, ParameterType, Preset, TemplateVersionParameter,
};
use coder_core::quoted;
use indexmap::IndexMap;

use crate::error::listed;
use crate::{NotCreatable, ParameterProblem};

/// Values that a template takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Parameter values to send to Coder.
    pub(crate) values: Vec<(String, String)>,
    /// Values that the preset sets.
    pub(crate) from_preset: Vec<(String, String)>,
    /// Names that the template does not have: of the parameters that may hold a repository, a
    /// template usually has one.
    pub(crate) unknown: Vec<String>,
}

/// Chooses from what was asked for by the template's own list.
///
/// Each name that the caller has `named` must be a parameter of the template. The other names come
/// from the entity, which may name parameters of several templates.
pub(crate) fn choose(
    asked: &IndexMap<String, String>,
    named: &IndexMap<String, String>,
    known: &[TemplateVersionParameter],
    preset: Option<&Preset>,
) -> Result<Chosen, NotCreatable> {
    let mut problems = Vec::new();
    for parameter in known {
        let preset_value = preset.and_then(|preset| {
            preset.parameters.iter().find(|preset| preset.name == parameter.name)
        });
        match (asked.get(&parameter.name), preset_value) {
            (Some(value), _) => {
                if let Err(problem) = check(parameter, value) {
                    problems.push(ParameterProblem::new(&parameter.name, problem));
                }
            }
            (None, None) if parameter.required => {
                problems.push(ParameterProblem::new(&parameter.name, "needs a value"));
            }
            (None, _) => {}
        }
    }
    let known: Vec<&str> = known.iter().map(|parameter| parameter.name.as_str()).collect();
    settle(asked, named, preset, &known, problems)
}

/// Chooses by what the template asks for, given what was asked for.
pub(crate) fn choose_dynamic(
    asked: &IndexMap<String, String>,
    named: &IndexMap<String, String>,
    form: &DynamicParameters,
    preset: Option<&Preset>,
) -> Result<Chosen, NotCreatable> {
    let errors = |name: &str, diagnostics: &[coder_client::models::ParameterDiagnostic]| {
        diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error)
            .map(|diagnostic| {
                let said = [diagnostic.summary.as_str(), &diagnostic.detail];
                let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
                ParameterProblem::new(name, said.join(": "))
            })
            .collect::<Vec<_>>()
    };
    let mut problems = errors("", &form.diagnostics);
    for parameter in &form.parameters {
        problems.extend(errors(&parameter.name, &parameter.diagnostics));
    }
    let known: Vec<&str> = form.parameters.iter().map(|one| one.name.as_str()).collect();
    settle(asked, named, preset, &known, problems)
}

/// Chooses by the names of what the template asks for, where Coder has found no fault in these values
/// just now.
pub(crate) fn choose_recent(
    asked: &IndexMap<String, String>,
    named: &IndexMap<String, String>,
    known: &[String],
    preset: Option<&Preset>,
) -> Result<Chosen, NotCreatable> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    settle(asked, named, preset, &known, Vec::new())
}

fn settle(
    asked: &IndexMap<String, String>,
    named: &IndexMap<String, String>,
    preset: Option<&Preset>,
    known: &[&str],
    mut problems: Vec<ParameterProblem>,
) -> Result<Chosen, NotCreatable> {
    let is_known = |name: &str| known.contains(&name);
    problems.extend(strangers(named, known));
    if !problems.is_empty() {
        return Err(NotCreatable::Parameters(problems));
    }
    let (values, unknown): (Vec<_>, Vec<_>) =
        asked.clone().into_iter().partition(|(name, _)| is_known(name));
    let from_preset = preset
        .into_iter()
        .flat_map(|preset| &preset.parameters)
        .filter(|one| is_known(&one.name))
        .map(|one| (one.name.clone(), one.value.clone()))
        .collect();
    Ok(Chosen { values, from_preset, unknown: unknown.into_iter().map(|(name, _)| name).collect() })
}

/// Returns a problem for each name that is not one of the template's parameters.
pub(crate) fn strangers(
    named: &IndexMap<String, String>,
    known: &[&str],
) -> impl Iterator<Item = ParameterProblem> {
    let unknown = named.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.map(|name| ParameterProblem::new(name, stranger(name, known)))
}

/// Tells that the template has no parameter of this name, and which one may be meant.
fn stranger(name: &str, known: &[&str]) -> String {
    let folded = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    match known.iter().find(|known| folded(known) == folded(name)) {
        Some(meant) => format!("is not one of the template's; did you mean {}?", quoted(meant)),
        None => {
            let mut known = known.to_vec();
            known.sort_unstable();
            format!("is not one of the template's; it has: {}", listed(&known))
        }
    }
}

/// Tells whether the value is one that Coder would refuse.
///
/// Its regular expressions are Go's, so they are left to Coder.
fn check(parameter: &TemplateVersionParameter, value: &str) -> Result<(), String> {
    let option = |value: &str| {
        let options = &parameter.options;
        if options.is_empty() || options.iter().any(|option| option.value == value) {
            return Ok(());
        }
        let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
        Err(format!("is {}; it may be {}", quoted(value), listed(&values)))
    };
    match parameter.kind {
        ParameterType::Bool if !matches!(value, "true" | "false") => {
            Err(format!("is {}; it may be `true` or `false`", quoted(value)))
        }
        ParameterType::Number => {
            let number: f64 = value
                .trim()
                .parse()
                .map_err(|_| format!("is {}, which is no number", quoted(value)))?;
            let (least, greatest) = (parameter.validation_min, parameter.validation_max);
            if least.is_some_and(|least| number < least as f64) {
                return Err(format!("is {number}; it must be at least {}", least.unwrap_or(0)));
            }
            if greatest.is_some_and(|greatest| number > greatest as f64) {
                return Err(format!("is {number}; it must be at most {}", greatest.unwrap_or(0)));
            }
            option(value)
        }
        ParameterType::ListOfStrings => {
            let list = parse_list(value)
                .ok_or_else(|| format!("is {}; write a list like `[\"a\"]`", quoted(value)))?;
            list.iter().try_for_each(|item| option(item))
        }
        _ => option(value),
    }
}

fn parse_list(value: &str) -> Option<Vec<String>> {
    serde_json::from_str(value).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn known(parameters: Value) -> Vec<TemplateVersionParameter> {
        serde_json::from_value(parameters).unwrap()
    }

    fn asked(values: &[(&str, &str)]) -> IndexMap<String, String> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn problem(parameter: &Value, value: &str) -> String {
        let error = choose(&asked(&[("p", value)]), &asked(&[]), &known(json!([parameter])), None)
            .unwrap_err();
        error.to_string()
    }

    #[test]
    fn what_the_template_does_not_have_is_left_out() {
        let known = known(json!([{"name": "repo", "type": "string", "required": true}]));
        let chosen =
            choose(&asked(&[("git_repo", "u"), ("repo", "u")]), &asked(&[]), &known, None).unwrap();
        assert_eq!(chosen.values, [("repo".to_owned(), "u".to_owned())]);
        assert_eq!(chosen.unknown, ["git_repo"]);
    }

    #[test]
    fn a_preset_gives_what_nobody_asked_for() {
        let known = known(json!([{"name": "cpu", "type": "number", "required": true}]));
        let preset = json!({
            "ID": "2dd374a7-2368-406d-ada2-2f3bc6662e0e", "Name": "Large",
            "Parameters": [{"Name": "cpu", "Value": "8"}],
        });
        let preset: Preset = serde_json::from_value(preset).unwrap();
        assert!(choose(&asked(&[]), &asked(&[]), &known, Some(&preset)).unwrap().values.is_empty());
        let error = choose(&asked(&[]), &asked(&[]), &known, None).unwrap_err();
        assert_eq!(error.to_string(), "parameter `cpu`: needs a value");
    }

    #[test]
    fn values_are_checked_by_their_type() {
        let number =
            json!({"name": "p", "type": "number", "validation_min": 2, "validation_max": 16});
        insta::assert_snapshot!(problem(&number, "one"), @"parameter `p`: is `one`, which is no number");
        insta::assert_snapshot!(problem(&number, "1"), @"parameter `p`: is 1; it must be at least 2");
        insta::assert_snapshot!(problem(&number, "17"), @"parameter `p`: is 17; it must be at most 16");
        insta::assert_snapshot!(problem(&json!({"name": "p", "type": "bool"}), "yes"), @"parameter `p`: is `yes`; it may be `true` or `false`");
        let list = json!({"name": "p", "type": "list(string)"});
        insta::assert_snapshot!(problem(&list, "a, b"), @r#"parameter `p`: is `a, b`; write a list like `["a"]`"#);
        let options = json!([{"name": "EU", "value": "eu"}, {"name": "US", "value": "us"}]);
        let choice = json!({"name": "p", "type": "string", "options": options});
        insta::assert_snapshot!(problem(&choice, "mars"), @"parameter `p`: is `mars`; it may be `eu`, `us`");
    }
}
