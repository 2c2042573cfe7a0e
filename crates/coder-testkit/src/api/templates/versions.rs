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

/// Answers a request for `GET …/rich-parameters`.
pub(crate) fn rich_parameters(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let version = find(deployment, call, open)?.version;
    imported(deployment, &version)?;
    Ok(Reply::ok(&version.parameters_json()))
}

/// Answers `GET …/presets`. Without presets the answer is `null`, Go's nil slice.
pub(crate) fn presets(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let version = find(deployment, call, open)?.version;
    let dialect = deployment.dialect();
    let presets: Vec<Value> = version.presets.iter().map(|preset| preset.json(dialect)).collect();
    Ok(Reply::ok(&if presets.is_empty() { Value::Null } else { presets.into() }))
}

/// Answers `GET …/external-auth` with the accounts that the version wants, and says whether they
/// are linked.
pub(crate) fn external_auth(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let Found { caller, template, .. } = find(deployment, call, open)?;
    let user = call.query("user_id").map(parse_id).transpose()?;
    let user = user.filter(|_| deployment.dialect().external_auth_of_others);
    if user.is_some_and(|user| user != caller.user.id && !caller.user.owner) {
        return Err(Reply::forbidden());
    }
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

/// Answers `GET …/resources` with what the import of the version has found.
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

/// Answers `GET …/logs` with what the import of the version said. The provisioner plans twice: what
/// stays when a workspace is stopped, and what does not.
pub(crate) fn logs(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let Found { template, version, .. } = find(deployment, call, open)?;
    let [planned, _] = &template.log;
    imported_log(deployment, call, version.id, planned)
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
            imported(deployment, &version)?;
            dynamic::talk(deployment, caller, version, call)
        }
        (&Method::POST, Some("evaluate")) => {
            imported(deployment, &version)?;
            dynamic::evaluate(deployment, &caller, &version, call)
        }
        _ => Err(Reply::no_route()),
    }
}

/// The version of a path, with its template.
pub(super) struct Found {
    pub(super) caller: Caller,
    pub(super) template: Template,
    pub(super) version: TemplateVersion,
}

pub(super) fn find(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<Found, Reply> {
    let caller = deployment.authenticate(call)?;
    let id = parse_id(first(open))?;
    let found = deployment.state.version(id).filter(|_| caller.may("template:read"));
    let (template, version) = found.ok_or_else(Reply::not_found)?;
    Ok(Found { caller, template, version })
}

fn imported(deployment: &Deployment<'_>, version: &TemplateVersion) -> Result<(), Reply> {
    let import = version.import(&deployment.settings.pace, deployment.now);
    if import.completed_at.is_none() {
        Err(Reply::error(StatusCode::TOO_EARLY, "Template version job has not finished"))
    } else {
        Ok(())
    }
}
