//! How a person gets a workspace of an entity: the form for a new one, creating, and opening.

use coder_client::WorkspaceName;
use coder_config::EntityRef;
use coder_workspaces::{
    CreationForm, EnsureWorkspace, EntityWorkspacesConfig, OpenOutcome, OpenWorkspace, Wait,
};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::api::{
    ApiError, Asked, Call, Json, JsonBody, Made, NoQuery, OptionalJsonBody, PATIENCE, check_values,
};
use crate::wire;

/// The choices of a person for a new workspace.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Choices {
    /// Name of the preset.
    pub(crate) preset: Option<String>,
    /// Values of parameters, which win over those of the preset and of the entity.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub(crate) parameters: IndexMap<String, String>,
}

/// A new workspace.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWorkspace {
    /// Name: 1 to 32 letters, digits and single hyphens between them. It makes the request repeatable:
    /// a workspace of this name with the same values is what an earlier request has made.
    name: String,
    /// Name of the preset.
    preset: Option<String>,
    /// Values of parameters, which win over those of the preset and of the entity.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    parameters: IndexMap<String, String>,
}

/// A wish to work on an entity.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// Name of a new workspace, when none is there; by default it is derived from the repository.
    name: Option<String>,
    /// Name of the preset of a new workspace.
    preset: Option<String>,
    /// Values of parameters of a new workspace.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    parameters: IndexMap<String, String>,
}

/// A workspace to work in, and how it was obtained.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OpenedWorkspace {
    /// Way in which it was obtained: it was running (`found`) or starting already (`joined`), or this
    /// request has started or created it.
    #[cfg_attr(test, schemars(with = "wire::workspace::schema::Outcome"))]
    outcome: OpenOutcome,
    workspace: wire::Workspace,
}

pub(crate) async fn form(call: Call<EntityRef>) -> Result<Json<wire::CreationForm>, ApiError> {
    call.form(&Choices::default()).await
}

pub(crate) async fn fill_form(
    call: Call<EntityRef, NoQuery, JsonBody<Choices>>,
) -> Result<Json<wire::CreationForm>, ApiError> {
    check_values(&call.body.0.parameters)?;
    call.form(&call.body.0).await
}

pub(crate) async fn create(
    call: Call<EntityRef, NoQuery, JsonBody<NewWorkspace>>,
) -> Result<Made<wire::Workspace>, ApiError> {
    let NewWorkspace { name, preset, parameters } = &call.body.0;
    check_values(parameters)?;
    let name = WorkspaceName::parse(name).map_err(ApiError::Name)?;
    let config = call.compatible_config().await?;
    let mut ensure = EnsureWorkspace::new(&config, name)
        .user_id(call.caller.user_id())
        .template_versions(&call.state.template_versions)
        .wait_limit(PATIENCE);
    for (name, value) in parameters {
        ensure = ensure.parameter(name, value);
    }
    if let Some(preset) = preset {
        ensure = ensure.preset(preset);
    }
    let ensured = ensure.run(&call.client).await?;
    call.tell_change(&ensured.workspace);
    let workspace = call.show(&ensured.workspace).await;
    Ok(if ensured.created { Made::Created(workspace) } else { Made::Found(workspace) })
}

pub(crate) async fn open(
    call: Call<EntityRef, NoQuery, OptionalJsonBody<OpenBody>>,
) -> Result<Asked<OpenedWorkspace>, ApiError> {
    let OpenBody { name, preset, parameters } = &call.body.0;
    check_values(parameters)?;
    let config = call.compatible_config().await?;
    let mut open = OpenWorkspace::new(&config)
        .user_id(call.caller.user_id())
        .template_versions(&call.state.template_versions)
        .wait(Wait::UntilAsked)
        .wait_limit(PATIENCE);
    if let Some(name) = name {
        open = open.name(WorkspaceName::parse(name).map_err(ApiError::Name)?);
    }
    for (name, value) in parameters {
        open = open.parameter(name, value);
    }
    if let Some(preset) = preset {
        open = open.preset(preset);
    }
    let coder_workspaces::OpenedWorkspace { outcome, workspace, .. } =
        open.run(&call.client, |_| {}).await?;
    call.tell_change(&workspace);
    let opened = OpenedWorkspace { outcome, workspace: call.show(&workspace).await };
    Ok(match outcome {
        OpenOutcome::Found => Asked::Done(opened),
        OpenOutcome::Joined | OpenOutcome::Started | OpenOutcome::Created => {
            Asked::Accepted(opened)
        }
    })
}

impl<Q, B> Call<EntityRef, Q, B> {
    /// Reads how workspaces of the entity are configured.
    ///
    /// For an entity that Coder has nothing for, no workspace is created: it would belong to no entity,
    /// and no page would show it.
    async fn compatible_config(&self) -> Result<EntityWorkspacesConfig, ApiError> {
        let (config, _) = self.state.entity_config(&self.path, self.caller.environment()).await?;
        config.compatibility()?;
        Ok(config)
    }

    async fn form(&self, choices: &Choices) -> Result<Json<wire::CreationForm>, ApiError> {
        let config = self.compatible_config().await?;
        let Choices { preset, parameters } = choices;
        let (user, cache) = (self.caller.user_id(), &self.state.template_versions);
        let preset = preset.as_deref();
        let form = CreationForm::read(&self.client, &config, user, preset, parameters, cache);
        Ok(Json(form.await?.into()))
    }
}
