//! The API's routes about templates.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Preset, Template, TemplateVersion, dynamic};
use crate::Version;
use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::search::Terms;
use crate::state::Deployment;

/// Everything below `/api/v2/templates` and `/api/v2/organizations/{organization}/templates`;
/// `organization` is the segment of the latter.
pub(crate) fn route_templates(
    deployment: &mut Deployment<'_>,
    call: &Call,
    organization: Option<&str>,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization = match organization {
        None => None,
        Some(segment) => {
            Some(deployment.state.organization_at(segment).ok_or_else(Reply::not_found)?.id)
        }
    };
    if !caller.may("template:read") {
        return Err(Reply::not_found());
    }
    let find = |segment: &str| {
        let found = match organization {
            Some(organization) => deployment.state.template_named(organization, segment),
            None => deployment.state.template(parse_id(segment)?),
        };
        found.ok_or_else(Reply::not_found)
    };
    match (&call.method, rest) {
        (&Method::GET, []) => list(deployment, call, organization),
        (&Method::GET, [template]) => Ok(Reply::ok(&find(template)?.json(deployment))),
        (&Method::GET, [template, "versions"]) => {
            let template = find(template)?;
            let versions = template.versions.iter().rev();
            Ok(Reply::ok(&versions.map(|version| version.json(template)).collect()))
        }
        (&Method::GET, [template, "versions", name]) => {
            let template = find(template)?;
            let version = template.versions.iter().find(|version| version.name == *name);
            Ok(Reply::ok(&version.ok_or_else(Reply::not_found)?.json(template)))
        }
        _ => Err(Reply::no_route()),
    }
}

/// Everything below `/api/v2/templateversions/{id}`.
pub(crate) fn route_versions(
    deployment: &mut Deployment<'_>,
    call: &Call,
    rest: &[&str],
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let [segment, rest @ ..] = rest else { return Err(Reply::no_route()) };
    let id = parse_id(segment)?;
    let template = deployment.state.template_of_version(id).filter(|_| caller.may("template:read"));
    let template = template.ok_or_else(Reply::not_found)?;
    let version = template.version(id).ok_or_else(Reply::not_found)?;
    match (&call.method, rest) {
        (&Method::POST, ["dynamic-parameters", "evaluate"]) => {
            imported(version)?;
            dynamic::evaluate(deployment, &caller, version, call)
        }
        (&Method::GET, []) => Ok(Reply::ok(&version.json(template))),
        (&Method::GET, ["rich-parameters"]) => {
            imported(version)?;
            Ok(Reply::ok(&version.parameters.clone().into()))
        }
        (&Method::GET, ["presets"]) => {
            let presets: Vec<Value> = version.presets.iter().map(Preset::json).collect();
            // Go's nil slice.
            let presets = if presets.is_empty() { Value::Null } else { presets.into() };
            Ok(Reply::ok(&presets))
        }
        (&Method::GET, ["external-auth"]) => {
            let user = call.query("user_id").map(parse_id).transpose()?;
            let heard = deployment.settings.version >= Version::V2_36 && caller.user.owner;
            let user = user.filter(|_| heard).unwrap_or(caller.user.id);
            let linked = deployment.state.external_auth_of(user);
            let providers = template.external_auth.iter().map(|(id, name)| {
                json!({
                    "id": id,
                    "type": "github",
                    "display_name": name,
                    "display_icon": "/icon/github.svg",
                    "authenticate_url": deployment.url(&format!("/external-auth/{id}")),
                    "authenticated": linked.contains(id),
                })
            });
            Ok(Reply::ok(&providers.collect()))
        }
        (&Method::GET, ["variables" | "resources" | "logs"]) => Ok(Reply::ok(&json!([]))),
        _ => Err(Reply::no_route()),
    }
}

fn imported(version: &TemplateVersion) -> Result<(), Reply> {
    if version.importing {
        Err(Reply::error(StatusCode::TOO_EARLY, "Template version job has not finished"))
    } else {
        Ok(())
    }
}

/// Ordered by name; deprecated ones only when asked for.
fn list(deployment: &Deployment<'_>, call: &Call, organization: Option<Uuid>) -> Answer {
    let search = call.query("q").unwrap_or_default();
    let invalid = |faults: Vec<(String, String)>| {
        Reply::invalid(StatusCode::BAD_REQUEST, "Invalid template search query.", faults)
    };
    let mut terms =
        Terms::with_default_key(search, "display_name").map_err(|fault| invalid(vec![fault]))?;
    let exact = terms.one("exact_name");
    let exact_display = terms.one("exact_display_name");
    let name = terms.one("name");
    let display_name = terms.one("display_name");
    let ids = terms.ids("ids");
    let deprecated = terms.bool("deprecated").unwrap_or(false);
    let named_organization = terms.one("organization");
    for unused in ["deleted", "has-ai-task", "agents-allowed", "has_external_agent"] {
        let _ = terms.bool(unused);
    }
    for unused in ["author", "author_id"] {
        let _ = terms.one(unused);
    }
    terms.finish().map_err(invalid)?;
    let organization = match named_organization {
        None => organization,
        Some(text) => Some(deployment.state.organization_at(&text).map_or(Uuid::nil(), |o| o.id)),
    };
    let equal = |wanted: &Option<String>, text: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(text))
    };
    let contains = |wanted: &Option<String>, text: &str| {
        wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(wanted))
    };
    let mut found: Vec<&Template> = deployment
        .state
        .templates
        .iter()
        .filter(|template| organization.is_none_or(|wanted| template.organization == wanted))
        .filter(|template| deprecated != template.deprecation.is_empty())
        .filter(|template| ids.is_empty() || ids.contains(&template.id))
        .filter(|template| equal(&exact, &template.name) && contains(&name, &template.name))
        .filter(|template| {
            equal(&exact_display, &template.display_name)
                && contains(&display_name, template.shown_name())
        })
        .collect();
    found.sort_by_key(|template| template.name.to_lowercase());
    Ok(Reply::ok(&found.into_iter().map(|template| template.json(deployment)).collect()))
}

/// An id in a path.
pub(crate) fn parse_id(segment: &str) -> Result<Uuid, Reply> {
    Uuid::try_parse(segment).map_err(|_| Reply::bad_request(&format!("Invalid UUID {segment:?}.")))
}
