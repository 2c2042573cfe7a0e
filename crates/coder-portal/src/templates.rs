//! The templates that a person may use.

use coder_client::operations::{GetTemplate, ListTemplates};
use coder_client::{TemplateFilter, TemplateId};
use coder_workspaces::CreationForm;
use serde::Serialize;

use crate::api::{ApiError, Call, Json, NoQuery, OptionalJsonBody, check_values};
use crate::creation::Choices;
use crate::wire;

/// The templates that the caller may use.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TemplateList {
    templates: Vec<Template>,
    /// `true` when templates may be missing; `notices` tell why.
    partial: bool,
    /// Messages for people.
    notices: Vec<String>,
}

/// A template.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template {
    /// Id, a UUID.
    id: String,
    /// Name, which is unique in its organization.
    name: String,
    /// Name for people; may be empty.
    display_name: String,
    description: String,
    /// Icon: a path of the deployment, a URL, or empty.
    icon: String,
    organization: String,
}

pub(crate) async fn list(call: Call) -> Result<Json<TemplateList>, ApiError> {
    let found = call.client.send(&ListTemplates::new(TemplateFilter::new())).await?;
    let notices: Vec<String> =
        found.unreadable().iter().map(|item| format!("left out of coder's list: {item}")).collect();
    let templates = found.into_iter().map(|template| Template {
        id: template.id.to_string(),
        name: template.name,
        display_name: template.display_name,
        description: template.description,
        icon: template.icon,
        organization: template.organization_name,
    });
    Ok(Json(TemplateList { templates: templates.collect(), partial: !notices.is_empty(), notices }))
}

pub(crate) async fn fill_form(
    call: Call<TemplateId, NoQuery, OptionalJsonBody<Choices>>,
) -> Result<Json<wire::CreationForm>, ApiError> {
    let Choices { preset, parameters } = &call.body.0;
    check_values(parameters)?;
    let template = call.client.send(&GetTemplate::new(call.path)).await?;
    let (client, user) = (&call.client, call.caller.user_id());
    let (preset, cache) = (preset.as_deref(), &call.state.template_versions);
    let form = CreationForm::from_template(client, template, user, preset, parameters, cache);
    Ok(Json(form.await?.into()))
}
