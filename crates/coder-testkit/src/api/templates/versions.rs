//! The API's routes about versions of templates.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{dynamic, parse_id};
use crate::api::workspaces::{imported_log, imported_resources};
use crate::api::{Open, first};
use crate::model::{Template, TemplateVersion};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Answers a request for `GET /api/v2/templateversions/{version}`.
pub(crate) fn version(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let found = find(deployment, call, open)?;
    Ok(Reply::ok(&found.version.json(deployment, &found.template)))
}

/// `PATCH /api/v2/templateversions/{version}`: refused to members; the fake changes nothing for
/// owners.
pub(crate) fn patch_version(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let found = find(deployment, call, open)?;
    if found.caller.user.owner {
        return Ok(Reply::ok(&found.version.json(deployment, &found.template)));
    }
    Err(Reply::error(
        StatusCode::INTERNAL_SERVER_ERROR,
        "execute transaction: error on patching template version: unauthorized: rbac: forbidden",
    ))
}

/// Answers a request for `GET …/rich-parameters`.
pub(crate) fn rich_parameters(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let version = find(deployment, call, open)?.version;
    imported(&version)?;
    Ok(Reply::ok(&version.parameters_json()))
}

/// `GET …/presets`; Go's nil slice when there are none.
pub(crate) fn presets(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let version = find(deployment, call, open)?.version;
    let dialect = deployment.dialect();
    let presets: Vec<Value> = version.presets.iter().map(|preset| preset.json(dialect)).collect();
    Ok(Reply::ok(&if presets.is_empty() { Value::Null } else { presets.into() }))
}

/// `GET …/external-auth`: the accounts that the version wants, and whether they are linked.
pub(crate) fn external_auth(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let Found { caller, template, .. } = find(deployment, call, open)?;
    let user = call.query("user_id").map(parse_id).transpose()?;
    let user = user.filter(|_| caller.user.owner && deployment.dialect().external_auth_of_others);
    let linked = deployment.state.external_auth_of(user.unwrap_or(caller.user.id));
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

/// `GET …/resources`: what the import of the version has found.
pub(crate) fn resources(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let Found { template, version, .. } = find(deployment, call, open)?;
    Ok(Reply::ok(&imported_resources(deployment, &template, &version).into()))
}

/// Answers with an empty list, for what no version of the fake has: `variables`, and the parameters
/// and schemas of releases long ago.
pub(crate) fn nothing(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    find(deployment, call, open)?;
    Ok(Reply::ok(&json!([])))
}

/// `GET …/logs`: what the import of the version said. The provisioner plans twice: what stays when
/// a workspace is stopped, and what does not.
pub(crate) fn logs(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let Found { template, version, .. } = find(deployment, call, open)?;
    let [planned, _] = &template.log;
    imported_log(call, version.created_at, planned)
}

/// Answers every request below `…/dynamic-parameters`.
pub(crate) fn dynamic_parameters(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let Found { caller, version, .. } = find(deployment, call, open)?;
    match (&call.method, call.segments.get(5).map(String::as_str)) {
        (&Method::GET, None) => {
            imported(&version)?;
            dynamic::talk(deployment, caller, version, call)
        }
        (&Method::POST, Some("evaluate")) => {
            imported(&version)?;
            dynamic::evaluate(deployment, &caller, &version, call)
        }
        _ => Err(Reply::no_route()),
    }
}

/// The version of a path, with its template.
struct Found {
    caller: Caller,
    template: Template,
    version: TemplateVersion,
}

fn find(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<Found, Reply> {
    let caller = deployment.authenticate(call)?;
    let id = parse_id(first(open))?;
    let template = deployment.state.template_of_version(id).filter(|_| caller.may("template:read"));
    let template = template.ok_or_else(Reply::not_found)?.clone();
    let version = template.version(id).ok_or_else(Reply::not_found)?.clone();
    Ok(Found { caller, template, version })
}

fn imported(version: &TemplateVersion) -> Result<(), Reply> {
    if version.importing {
        Err(Reply::error(StatusCode::TOO_EARLY, "Template version job has not finished"))
    } else {
        Ok(())
    }
}
