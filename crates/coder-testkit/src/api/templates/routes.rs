//! The API's routes about templates.

use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::search::TemplateSearch;
use crate::api::workspaces::Page;
use crate::api::{Open, first, second, third};
use crate::model::Template;
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Input, Kind, Shape, field, parse_id as parse};
use crate::wire::reply::{Answer, Reply};

/// Answers a request for `GET /api/v2/templates`.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    find_all(deployment, call, &caller, None)
}

/// Answers a request for `GET /api/v2/organizations/{organization}/templates`.
pub(crate) fn list_of_organization(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization = organization(deployment, first(open))?;
    find_all(deployment, call, &caller, Some(organization))
}

/// Lists templates, ordered by name. Deprecated ones are listed only when the search asks for them.
fn find_all(
    deployment: &Deployment<'_>,
    call: &Call,
    caller: &Caller,
    organization: Option<Uuid>,
) -> Answer {
    let search = TemplateSearch::read(call.query("q").unwrap_or_default(), deployment).map_err(
        |faults| Reply::invalid(StatusCode::BAD_REQUEST, "Invalid template search query.", faults),
    )?;
    let mut found: Vec<&Template> = deployment
        .state
        .templates
        .iter()
        .filter(|template| may_see(deployment, caller, template))
        .filter(|template| organization.is_none_or(|wanted| template.organization == wanted))
        .filter(|template| search.finds(deployment, template, caller))
        .collect();
    found.sort_by_key(|template| template.name.to_lowercase());
    Ok(Reply::ok(&found.into_iter().map(|template| template.json(deployment)).collect()))
}

/// Answers a request for `GET /api/v2/templates/{template}`.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let template = by_id(deployment, call, open)?;
    Ok(Reply::ok(&template.json(deployment)))
}

/// Answers a request for `GET /api/v2/organizations/{organization}/templates/{template}`.
pub(crate) fn get_by_name(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let template = by_name(deployment, call, open)?;
    Ok(Reply::ok(&template.json(deployment)))
}

/// Answers `DELETE /api/v2/templates/{template}` for owners. A template with workspaces is refused.
pub(crate) fn delete(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let id = by_id(deployment, call, open)?.id;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    let workspaces = deployment.state.workspaces.values();
    let pace = &deployment.settings.pace;
    let is_used = |workspace: &crate::model::Workspace| {
        workspace.template == id && !workspace.is_deleted(pace, deployment.now)
    };
    if workspaces.into_iter().any(is_used) {
        return Err(Reply::bad_request(
            "All workspaces must be deleted before a template can be removed.",
        ));
    }
    deployment.state.templates.retain(|template| template.id != id);
    Ok(Reply::ok(&json!({ "message": "Template has been deleted!" })))
}

const UPDATE: Shape = Shape {
    name: "UpdateTemplateMeta",
    fields: &[
        field("name", Kind::Text),
        field("display_name", Kind::Text),
        field("description", Kind::Text),
        field("icon", Kind::Text),
        field("deprecation_message", Kind::Text),
        field("allow_user_cancel_workspace_jobs", Kind::Flag),
        field("require_active_version", Kind::Flag),
        field("use_classic_parameter_flow", Kind::Flag),
    ],
};

/// Answers `PATCH /api/v2/templates/{template}`, which refuses members. Of the settings, the fake
/// knows names, texts, and what decides about builds.
pub(crate) fn patch(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let template = by_id(deployment, call, open)?;
    if caller.user.owner {
        let body = UPDATE.read(call)?;
        if let Some(stored) = deployment.state.template_mut(template.id) {
            stored.update(&body);
        }
        let template = deployment.state.template(template.id).ok_or_else(Reply::not_found)?;
        return Ok(Reply::ok(&template.json(deployment)));
    }
    Err(Reply::error_with_detail(
        StatusCode::INTERNAL_SERVER_ERROR,
        "An internal server error occurred.",
        "execute transaction: update template metadata: unauthorized: rbac: forbidden",
    ))
}

impl Template {
    /// Changes what a body names.
    fn update(&mut self, body: &Input) {
        for (name, stored) in [
            ("name", &mut self.name),
            ("display_name", &mut self.display_name),
            ("description", &mut self.description),
            ("icon", &mut self.icon),
            ("deprecation_message", &mut self.deprecation),
        ] {
            if body.is_given(name) {
                body.text(name).unwrap_or_default().clone_into(stored);
            }
        }
        for (name, stored) in [
            ("allow_user_cancel_workspace_jobs", &mut self.cancel_by_members),
            ("require_active_version", &mut self.require_active_version),
        ] {
            if body.is_given(name) {
                *stored = body.flag(name);
            }
        }
        if body.is_given("use_classic_parameter_flow") {
            self.classic = Some(body.flag("use_classic_parameter_flow"));
        }
    }
}

/// Answers `GET /api/v2/templates/{template}/versions`, oldest first.
pub(crate) fn versions(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let template = by_id(deployment, call, open)?;
    let page = Page::read(call)?;
    let mut versions: Vec<_> = template.versions.iter().collect();
    if let Some(after) = page.after {
        let Some(at) = versions.iter().position(|version| version.id == after) else {
            let message = format!("Record at \"after_id\" (\"{after}\") does not exists.");
            return Err(Reply::bad_request(&message));
        };
        versions.drain(..=at);
    }
    let shown = page.of(versions).map(|version| version.json(deployment, &template));
    Ok(Reply::ok(&shown.collect()))
}

/// Answers `GET /api/v2/templates/{template}/versions/{version}`, where `{version}` is a name.
pub(crate) fn version_by_name(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let template = by_id(deployment, call, open)?;
    named_version(deployment, &template, second(open))
}

/// Answers `GET /api/v2/organizations/{organization}/templates/{template}/versions/{version}`,
/// where all three are names.
pub(crate) fn version_by_names(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let template = by_name(deployment, call, open)?;
    named_version(deployment, &template, third(open))
}

fn named_version(deployment: &Deployment<'_>, template: &Template, name: &str) -> Answer {
    let version = template.versions.iter().find(|version| version.name == name);
    match version {
        Some(version) => Ok(Reply::ok(&version.json(deployment, template))),
        None => Err(no_version(name)),
    }
}

fn no_version(name: &str) -> Reply {
    let message = format!("No template version found by name {name:?}.");
    Reply::error(StatusCode::NOT_FOUND, &message)
}

/// Answers `GET …/versions/{version}/previous` with the version before this one.
pub(crate) fn previous_version(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let template = by_name(deployment, call, open)?;
    let name = third(open);
    let at = template.versions.iter().position(|version| version.name == name);
    let at = at.ok_or_else(|| no_version(name))?;
    let previous = at.checked_sub(1).and_then(|before| template.versions.get(before));
    match previous {
        Some(version) => Ok(Reply::ok(&version.json(deployment, &template))),
        None if deployment.dialect().previous_version_is_missing => {
            let message = format!("No previous template version found for {name:?}.");
            Err(Reply::error(StatusCode::NOT_FOUND, &message))
        }
        None => Ok(Reply::no_content()),
    }
}

/// Returns the template whose id is in the path, when the caller may see it.
fn by_id(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<Template, Reply> {
    let caller = deployment.authenticate(call)?;
    let template = deployment.state.template(parse_id(first(open))?);
    let template = template.filter(|template| may_see(deployment, &caller, template));
    template.cloned().ok_or_else(Reply::not_found)
}

fn may_see(deployment: &Deployment<'_>, caller: &Caller, template: &Template) -> bool {
    caller.may("template:read") && deployment.state.may_use(&caller.user, template)
}

/// Returns the template whose organization and name are in the path, when the caller may see it.
fn by_name(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<Template, Reply> {
    let caller = deployment.authenticate(call)?;
    let organization = organization(deployment, first(open))?;
    let template = deployment.state.template_named(organization, second(open));
    let template = template.filter(|template| may_see(deployment, &caller, template));
    template.cloned().ok_or_else(Reply::not_found)
}

fn organization(deployment: &Deployment<'_>, segment: &str) -> Result<Uuid, Reply> {
    let found = deployment.state.organization_at(segment).ok_or_else(Reply::not_found)?;
    Ok(found.id)
}

/// Parses an id in a path.
pub(crate) fn parse_id(segment: &str) -> Result<Uuid, Reply> {
    parse(segment).map_err(|reason| {
        let message = format!("Invalid UUID {segment:?}.");
        Reply::error_with_detail(StatusCode::BAD_REQUEST, &message, &reason)
    })
}
