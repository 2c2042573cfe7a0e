//! Making templates: files, versions, and which version is active.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::versions::{Found, find};
use crate::api::{Open, first};
use crate::model::{Draft, Import, Template, TemplateVersion};
use crate::rules::authentication::Caller;
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::input::{Kind, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

const VARIABLE: Shape = Shape {
    name: "VariableValue",
    fields: &[field("name", Kind::Text), field("value", Kind::Text)],
};

const CREATE_VERSION: Shape = Shape {
    name: "CreateTemplateVersionRequest",
    fields: &[
        field("name", Kind::Text),
        field("message", Kind::Text),
        field("template_id", Kind::Id),
        ruled("storage_method", Kind::Text, &[Rule::Required, Rule::OneOf(&["file"])]),
        field("file_id", Kind::Id),
        field("example_id", Kind::Text),
        ruled("provisioner", Kind::Text, &[Rule::Required, Rule::OneOf(&["terraform", "echo"])]),
        field("tags", Kind::Map),
        field("user_variable_values", Kind::Objects(&VARIABLE)),
    ],
};

const CREATE_TEMPLATE: Shape = Shape {
    name: "CreateTemplateRequest",
    fields: &[
        ruled("name", Kind::Text, &[Rule::Required]),
        ruled("template_version_id", Kind::Id, &[Rule::Required]),
        field("display_name", Kind::Text),
        field("description", Kind::Text),
        field("icon", Kind::Text),
        field("allow_user_cancel_workspace_jobs", Kind::Flag),
        field("require_active_version", Kind::Flag),
        field("template_use_classic_parameter_flow", Kind::Flag),
    ],
};

const PROMOTE: Shape = Shape {
    name: "UpdateActiveTemplateVersion",
    fields: &[ruled("id", Kind::Id, &[Rule::Required])],
};

const RENAME: Shape = Shape {
    name: "PatchTemplateVersionRequest",
    fields: &[field("name", Kind::Text), field("message", Kind::Text)],
};

const ARCHIVE: Shape =
    Shape { name: "ArchiveTemplateVersionsRequest", fields: &[field("all", Kind::Flag)] };

/// Answers `POST /api/v2/files` for owners. The same bytes get the same id.
pub(crate) fn upload(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let kind = call.header("content-type").unwrap_or_default();
    if !matches!(kind, "application/x-tar" | "application/zip" | "application/x-zip-compressed") {
        return Err(Reply::bad_request(&format!("Unsupported content type header \"{kind}\".")));
    }
    only_owners(&caller)?;
    let files = &deployment.state.files;
    if let Some((id, _)) = files.iter().find(|(_, known)| **known == call.body) {
        return Ok(Reply::ok(&json!({ "hash": id })));
    }
    let id = deployment.mint().uuid();
    deployment.state.files.insert(id, call.body.clone());
    Ok(Reply::created(&json!({ "hash": id })))
}

/// Answers `GET /api/v2/files/{file}` for owners, with the bytes as they were uploaded.
pub(crate) fn download(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let id = super::parse_id(first(open))?;
    let file: Option<Bytes> = deployment.state.files.get(&id).cloned();
    let file = file.filter(|_| caller.user.owner).ok_or_else(Reply::not_found)?;
    let reply = Reply::empty(StatusCode::OK).with("content-type", "application/x-tar");
    Ok(reply.with_body(|_| file.into()))
}

/// Answers `POST /api/v2/organizations/{organization}/templateversions` for owners. The version is
/// usable when its import is over, which takes as long as a build.
pub(crate) fn create_version(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = CREATE_VERSION.read(call)?;
    let organization =
        deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?.id;
    only_owners(&caller)?;
    let file = body.id("file_id").unwrap_or_default();
    if body.text("example_id").is_none() && !deployment.state.files.contains_key(&file) {
        return Err(Reply::error(StatusCode::NOT_FOUND, "File not found."));
    }
    let template = match body.id("template_id") {
        Some(id) if deployment.state.template(id).is_none() => {
            return Err(Reply::error(StatusCode::NOT_FOUND, "Template does not exist."));
        }
        template => template,
    };
    let id = deployment.mint().uuid();
    let name = body.text("name").map_or_else(|| invented_name(id), str::to_owned);
    check_version_name(template.and_then(|id| deployment.state.template(id)), &name)?;
    let version = TemplateVersion {
        message: body.text("message").unwrap_or_default().to_owned(),
        created_by: Some(caller.user.id),
        file: Some(file),
        import: Some(Import { canceled_at: None, error: deployment.state.imports_fail.clone() }),
        takes_anything: true,
        ..TemplateVersion::new(id, &name, deployment.now)
    };
    match template.and_then(|id| deployment.state.template_mut(id)) {
        Some(template) => template.push_version(version),
        None => deployment.state.drafts.push(Draft { organization, version }),
    }
    let (template, version) = deployment.state.version(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::created(&version.json(deployment, &template)))
}

/// Checks that the template, if there is one yet, has no version of that name.
fn check_version_name(template: Option<&Template>, name: &str) -> Result<(), Reply> {
    let mut versions = template.into_iter().flat_map(|template| &template.versions);
    if !versions.any(|version| version.name == name) {
        return Ok(());
    }
    let message =
        format!("A template version with name \"{name}\" already exists for this template.");
    let fields = [("name", "This value is already in use and should be unique.")];
    Err(Reply::invalid(StatusCode::CONFLICT, &message, fields))
}

/// Answers `POST /api/v2/organizations/{organization}/templates` for owners.
pub(crate) fn create(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = CREATE_TEMPLATE.read(call)?;
    let organization =
        deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?.id;
    only_owners(&caller)?;
    let text = |name: &str| body.text(name).unwrap_or_default().to_owned();
    let name = text("name");
    if deployment.state.template_named(organization, &name).is_some() {
        let message = format!("Template with name \"{name}\" already exists.");
        let fields = [("name", "This value is already in use and should be unique.")];
        return Err(Reply::invalid(StatusCode::CONFLICT, &message, fields));
    }
    let version = body.id("template_version_id").unwrap_or_default();
    let draft = deployment.state.drafts.iter().position(|draft| draft.version.id == version);
    let Some(draft) = draft else {
        let message = format!("Template version \"{version}\" does not exist.");
        let fields = [("template_version_id", "Template version does not exist")];
        return Err(Reply::invalid(StatusCode::BAD_REQUEST, &message, fields));
    };
    let Draft { version, .. } = deployment.state.drafts.remove(draft);
    let id = deployment.mint().uuid();
    let template = Template {
        display_name: text("display_name"),
        description: text("description"),
        icon: text("icon"),
        created_by: Some(caller.user.id),
        cancel_by_members: !body.is_given("allow_user_cancel_workspace_jobs")
            || body.flag("allow_user_cancel_workspace_jobs"),
        require_active_version: body.flag("require_active_version"),
        classic: body
            .is_given("template_use_classic_parameter_flow")
            .then(|| body.flag("template_use_classic_parameter_flow")),
        ..Template::bare(id, organization, &name, deployment.now, version)
    };
    deployment.state.templates.push(template.clone());
    Ok(Reply::created(&template.json(deployment)))
}

/// Answers `PATCH /api/v2/templates/{template}/versions` for owners, and makes an imported version
/// the active one.
pub(crate) fn promote(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = PROMOTE.read(call)?;
    let template = super::parse_id(first(open))?;
    if deployment.state.template(template).is_none() || !caller.user.owner {
        return Err(Reply::not_found());
    }
    let id = body.id("id").unwrap_or_default();
    let found = deployment.state.version(id);
    let Some((owner, version)) = found else {
        return Err(Reply::error(StatusCode::NOT_FOUND, "Template version not found."));
    };
    let refusal = if owner.id != template {
        Some("The provided template version doesn't belong to the specified template.")
    } else if version.import(&deployment.settings.pace, deployment.now).status != "succeeded" {
        Some("Only versions that have been built successfully can be promoted.")
    } else if version.archived {
        Some("The provided template version is archived.")
    } else {
        None
    };
    if let Some(refusal) = refusal {
        return Err(Reply::bad_request(refusal));
    }
    if let Some(template) = deployment.state.template_mut(template) {
        template.active = id;
    }
    Ok(Reply::ok(&json!({ "message": "Updated the active template version!" })))
}

/// Answers `PATCH /api/v2/templateversions/{version}`, which changes name and message and refuses
/// members.
pub(crate) fn patch_version(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let found = find(deployment, call, open)?;
    if !found.caller.user.owner {
        return Err(Reply::error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "execute transaction: error on patching template version: unauthorized: rbac: forbidden",
        ));
    }
    let body = RENAME.read(call)?;
    let id = found.version.id;
    change(deployment, id, |version| {
        if let Some(name) = body.text("name").filter(|name| !name.is_empty()) {
            name.clone_into(&mut version.name);
        }
        if let Some(message) = body.text("message") {
            message.clone_into(&mut version.message);
        }
    });
    let (template, version) = deployment.state.version(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&version.json(deployment, &template)))
}

/// Answers `PATCH /api/v2/templateversions/{version}/cancel` for owners.
pub(crate) fn cancel(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let Found { caller, version, .. } = find(deployment, call, open)?;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    let import = version.import(&deployment.settings.pace, deployment.now);
    if import.completed_at.is_some() {
        let message = "Job has already completed!";
        return Err(Reply::error(StatusCode::PRECONDITION_FAILED, message));
    }
    let now = deployment.now;
    change(deployment, version.id, |version| {
        version.import = Some(Import { canceled_at: Some(now), error: None });
    });
    Ok(Reply::ok(&json!({ "message": "Job has been marked as canceled." })))
}

/// Answers a request for `POST /api/v2/templateversions/{version}/archive`.
pub(crate) fn archive(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let Found { caller, template, version } = find(deployment, call, open)?;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    let message = "Unable to archive template version";
    if template.active == version.id {
        return Err(Reply::bad_request(message));
    }
    change(deployment, version.id, |version| version.archived = true);
    Ok(Reply::ok(&json!({ "message": "template version archived" })))
}

/// Answers a request for `POST /api/v2/templateversions/{version}/unarchive`.
pub(crate) fn unarchive(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let Found { caller, version, .. } = find(deployment, call, open)?;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    change(deployment, version.id, |version| version.archived = false);
    Ok(Reply::ok(&json!({ "message": "template version unarchived" })))
}

/// Answers `POST /api/v2/templates/{template}/versions/archive`, which archives the versions whose
/// import failed, or all that are neither active nor used.
pub(crate) fn archive_versions(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let all = ARCHIVE.read(call)?.flag("all");
    let id = super::parse_id(first(open))?;
    let template = deployment.state.template(id).filter(|_| caller.user.owner);
    let template = template.ok_or_else(Reply::not_found)?;
    let (pace, now) = (&deployment.settings.pace, deployment.now);
    let builds = deployment.state.workspaces.values().filter_map(|workspace| workspace.latest());
    let used: Vec<Uuid> = builds.map(|build| build.version).collect();
    let is_spare = |version: &&TemplateVersion| {
        let failed = version.import(pace, now).status == "failed";
        let is_used = version.id == template.active || used.contains(&version.id);
        !version.archived && !is_used && (all || failed)
    };
    let archived: Vec<Uuid> =
        template.versions.iter().filter(is_spare).map(|version| version.id).collect();
    for version in &archived {
        change(deployment, *version, |version| version.archived = true);
    }
    Ok(Reply::ok(&json!({ "template_id": id, "archived_ids": archived })))
}

fn change(deployment: &mut Deployment<'_>, id: Uuid, change: impl FnOnce(&mut TemplateVersion)) {
    let State { templates, drafts, .. } = deployment.state;
    let of_templates = templates.iter_mut().flat_map(|template| &mut template.versions);
    let mut versions = of_templates.chain(drafts.iter_mut().map(|draft| &mut draft.version));
    if let Some(version) = versions.find(|version| version.id == id) {
        change(version);
    }
}

fn only_owners(caller: &Caller) -> Result<(), Reply> {
    if caller.user.owner { Ok(()) } else { Err(Reply::forbidden()) }
}

/// Invents a name for something that nobody has named, in Coder's way.
fn invented_name(id: Uuid) -> String {
    let mut digits = id.simple().to_string();
    digits.truncate(8);
    format!("brave_turing_{digits}")
}
