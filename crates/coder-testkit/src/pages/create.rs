//! `/templates/[organization/]{template}/workspace`: the form that makes a workspace, prefilled
//! by the link that led here.

use std::fmt::Write as _;

use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::frame::Visitor;
use super::html::escape;
use crate::api::workspaces::{Wish, WorkspaceSearch, find, fulfil};
use crate::json::Json as _;
use crate::model::Template;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Returns the path of a template's form.
pub(crate) fn path(deployment: &Deployment<'_>, template: &Template) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let organization = deployment
        .state
        .organizations
        .iter()
        .position(|known| known.id == template.organization)
        .filter(|index| *index > 0)
        .and_then(|index| deployment.state.organizations.get(index))
        .map_or_else(String::new, |known| format!("{}/", encode(&known.name)));
    format!("/templates/{organization}{}/workspace", encode(&template.name))
}

/// Shows the form, or makes the workspace.
pub(crate) fn route(
    deployment: &mut Deployment<'_>,
    call: &Call,
    organization: &str,
    name: &str,
) -> Answer {
    let visitor = Visitor::from_call(deployment, call)?;
    let template = deployment
        .state
        .organization_at(organization)
        .and_then(|organization| deployment.state.template_named(organization.id, name))
        .cloned();
    let Some(template) = template else {
        let main = format!("<p>There is no template <strong>{}</strong>.</p>", escape(name));
        return Err(visitor.page(StatusCode::NOT_FOUND, "Template not found", &main));
    };
    if call.method == Method::POST {
        return submit(deployment, call, &visitor, &template);
    }
    if call.query("mode") == Some("auto")
        && let Some(existing) = existing(deployment, call, &visitor, &template)
    {
        return Ok(Reply::redirect(StatusCode::SEE_OTHER, &existing));
    }
    let values = prefilled(&template, call);
    let name = call.query("name").unwrap_or_default();
    Ok(form(&visitor, call, &template, name, &values, None))
}

/// Finds the workspace that a link with `mode=auto&match=…` opens instead of creating one.
fn existing(
    deployment: &Deployment<'_>,
    call: &Call,
    visitor: &Visitor,
    template: &Template,
) -> Option<String> {
    let search = format!("owner:me template:{} {}", template.name, call.query("match")?);
    let search = WorkspaceSearch::read(&search, deployment).ok()?;
    let found = find(deployment, &search, &visitor.caller);
    let owner = &visitor.caller.user.username;
    found.first().map(|workspace| format!("/@{owner}/{}", workspace.name))
}

/// Returns the template's parameters with the values of the link, where a preset beats single
/// values. A template without parameters takes all values of the link.
fn prefilled(template: &Template, call: &Call) -> Vec<(String, String)> {
    let linked = |name: &str| {
        let key = format!("param.{name}");
        call.query.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone())
    };
    let preset = template
        .active()
        .and_then(|version| {
            let wanted = call.query("preset")?;
            version.presets.iter().find(|preset| preset.name == wanted)
        })
        .map(|preset| preset.values.as_slice())
        .unwrap_or_default();
    let parameters = template.active().map(|version| version.parameters.as_slice());
    match parameters.unwrap_or_default() {
        [] => call
            .query
            .iter()
            .filter_map(|(key, value)| {
                Some((key.strip_prefix("param.")?.to_owned(), value.clone()))
            })
            .collect(),
        known => known
            .iter()
            .filter_map(|parameter| parameter.text("name").map(|name| (name, parameter)))
            .map(|(name, parameter)| {
                let of_preset = preset.iter().find(|(known, _)| known == name);
                let value = of_preset
                    .map(|(_, value)| value.clone())
                    .or_else(|| linked(name))
                    .unwrap_or_else(|| {
                        parameter.text("default_value").unwrap_or_default().to_owned()
                    });
                (name.to_owned(), value)
            })
            .collect(),
    }
}

fn submit(
    deployment: &mut Deployment<'_>,
    call: &Call,
    visitor: &Visitor,
    template: &Template,
) -> Answer {
    deployment.check_csrf(call)?;
    let parameters: Vec<(String, String)> = call
        .form
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("param.")?.to_owned(), value.clone())))
        .collect();
    let name = call.form("name").unwrap_or_default();
    let wish = Wish {
        name: name.to_owned(),
        template: Some(template.id),
        parameters: parameters.iter().filter(|(_, value)| !value.is_empty()).cloned().collect(),
        arrived: call.arrived,
        ..Wish::default()
    };
    let owner = visitor.caller.user.clone();
    match fulfil(deployment, &visitor.caller, &owner, wish) {
        Ok(_) => {
            Ok(Reply::redirect(StatusCode::SEE_OTHER, &format!("/@{}/{name}", owner.username)))
        }
        Err(refusal) => {
            Err(form(visitor, call, template, name, &parameters, Some(&refusal.reason())))
        }
    }
}

fn form(
    visitor: &Visitor,
    call: &Call,
    template: &Template,
    name: &str,
    values: &[(String, String)],
    problem: Option<&str>,
) -> Reply {
    let auto = call.query("mode") == Some("auto");
    let mut main = note(problem, auto);
    let _ = writeln!(
        main,
        "<form method=\"POST\" id=\"create-form\">{}\
         <label for=\"name\">Workspace name</label>\
         <input type=\"text\" id=\"name\" name=\"name\" value=\"{}\" required maxlength=\"32\" \
         autocomplete=\"off\" aria-describedby=\"name-help\">\
         <small id=\"name-help\">Letters, digits and single hyphens.</small>",
        visitor.csrf_field(),
        escape(name),
    );
    add_parameters(&mut main, call, template, values);
    let button = if auto { "Confirm and create" } else { "Create workspace" };
    let _ = write!(
        main,
        "<div class=\"actions\"><button id=\"create-button\">{button}</button>\
         <a class=\"button quiet\" href=\"/workspaces\">Cancel</a></div></form>"
    );
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    visitor.page(status, &format!("New {} workspace", template.shown_name()), &main)
}

/// Renders the note that a person reads above the form.
fn note(problem: Option<&str>, auto: bool) -> String {
    match problem {
        Some(problem) => format!(
            "<p class=\"note error\" role=\"alert\" id=\"problem\">{}</p>\n",
            escape(problem)
        ),
        None if auto => {
            "<p class=\"note\" role=\"status\">A link asks to create this workspace. Look at the \
             values before you confirm.</p>\n"
                .to_owned()
        }
        None => String::new(),
    }
}

/// Adds the fields of the template's parameters.
fn add_parameters(
    main: &mut String,
    call: &Call,
    template: &Template,
    values: &[(String, String)],
) {
    let locked: Vec<&str> =
        call.query("disable_params").map(|list| list.split(',').collect()).unwrap_or_default();
    let parameters = template.active().map(|version| version.parameters.as_slice());
    for (index, (parameter, value)) in values.iter().enumerate() {
        let known = parameters
            .unwrap_or_default()
            .iter()
            .find(|known| known.text("name") == Some(parameter.as_str()));
        let label = known.and_then(|known| known.text("display_name")).unwrap_or(parameter);
        let required = known.and_then(|known| known.get("required")).and_then(Value::as_bool);
        let _ = writeln!(
            main,
            "<label for=\"param-{index}\">{}</label>\
             <input type=\"text\" id=\"param-{index}\" name=\"param.{}\" value=\"{}\"{}{}>",
            escape(label),
            escape(parameter),
            escape(value),
            if required == Some(true) { " required" } else { "" },
            if locked.contains(&parameter.as_str()) { " readonly" } else { "" },
        );
    }
}
