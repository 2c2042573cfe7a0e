//! Creating a workspace: the template, its parameters, what must be there first, and a request
//! that may be lost.

use coder_client::models::{BuildParameter, Preset, Template, Workspace};
use coder_client::operations::{
    CreateWorkspace, EvaluateDynamicParameters, GetTemplateByName, GetWorkspaceByName,
    ListBuildParameters, ListPresets, ListTemplateVersionExternalAuth,
    ListTemplateVersionParameters, ListTemplates,
};
use coder_client::{Client, TemplateFilter, UserRef, WorkspaceName};
use coder_config::TemplateRef;
use indexmap::IndexMap;

use crate::parameters::{Chosen, choose, choose_dynamic};
use crate::{EntityWorkspacesConfig, Error, MissingAccount, NotCreatable};

/// How often a request whose answer was lost is made again, after looking.
const MAX_TRIES: u32 = 3;

/// What to create.
pub(crate) struct Plan {
    template: Template,
    preset: Option<Preset>,
    chosen: Chosen,
}

/// What became of a request for a workspace of a certain name.
pub(crate) enum Created {
    /// It is ours: just created, or by an earlier try.
    Yes(Box<Workspace>),
    /// Another workspace has the name.
    NameTaken,
}

/// Finds out what to create, and whether it can be.
pub(crate) async fn plan(
    client: &Client,
    compiled: &EntityWorkspacesConfig,
    asked: &IndexMap<String, String>,
    preset: Option<&str>,
) -> Result<Plan, Error> {
    let template = template(client, compiled.template.as_ref()).await?;
    let version = template.active_version_id;
    let preset = match preset {
        None => None,
        Some(name) => Some(preset_called(name, client.send(&ListPresets::new(version)).await?)?),
    };
    let accounts = client.send(&ListTemplateVersionExternalAuth::new(version)).await?;
    let missing: Vec<MissingAccount> = accounts
        .into_iter()
        .filter(|account| !account.authenticated && account.optional != Some(true))
        .map(|account| {
            let name = [account.display_name, account.id].into_iter().find(|name| !name.is_empty());
            MissingAccount::new(name.unwrap_or_default(), account.authenticate_url)
        })
        .collect();
    if !missing.is_empty() {
        return Err(NotCreatable::ExternalAuth(missing).into());
    }
    let chosen = parameters(client, &template, asked, preset.as_ref()).await?;
    for name in &chosen.unknown {
        tracing::debug!(template = template.name, parameter = name, "left out: not a parameter");
    }
    Ok(Plan { template, preset, chosen })
}

async fn template(client: &Client, wanted: Option<&TemplateRef>) -> Result<Template, Error> {
    let wanted = wanted.ok_or(NotCreatable::NoTemplate)?;
    let not_found = || NotCreatable::TemplateNotFound { template: wanted.to_string() };
    let template = match wanted.organization() {
        Some(organization) => {
            let by_name = GetTemplateByName::new(organization.into(), wanted.template().to_owned());
            match client.send(&by_name).await {
                Err(error) if error.is_not_found() => return Err(not_found().into()),
                found => found?,
            }
        }
        None => {
            let filter = TemplateFilter::new()
                .exact_name(wanted.template())
                .map_err(coder_client::Error::from)?;
            let mut found = client.send(&ListTemplates::matching(filter)).await?;
            if found.len() > 1 {
                let organizations = found.into_iter().map(|one| one.organization_name).collect();
                let template = wanted.template().to_owned();
                return Err(NotCreatable::TemplateAmbiguous { template, organizations }.into());
            }
            found.pop().ok_or_else(not_found)?
        }
    };
    if template.deprecated {
        let (template, message) = (wanted.to_string(), template.deprecation_message);
        return Err(NotCreatable::TemplateDeprecated { template, message }.into());
    }
    Ok(template)
}

fn preset_called(name: &str, presets: Vec<Preset>) -> Result<Preset, NotCreatable> {
    let known: Vec<String> = presets.iter().map(|preset| preset.name.clone()).collect();
    let found = presets.into_iter().find(|preset| preset.name == name);
    found.ok_or_else(|| NotCreatable::PresetNotFound { preset: name.to_owned(), known })
}

async fn parameters(
    client: &Client,
    template: &Template,
    asked: &IndexMap<String, String>,
    preset: Option<&Preset>,
) -> Result<Chosen, Error> {
    let version = template.active_version_id;
    if !template.use_classic_parameter_flow {
        let from_preset = preset.into_iter().flat_map(|preset| &preset.parameters);
        let form = from_preset
            .map(|one| (&one.name, &one.value))
            .chain(asked)
            .fold(EvaluateDynamicParameters::new(version), |form, (name, value)| {
                form.input(name, value)
            });
        match client.send(&form).await {
            Ok(form) => return Ok(choose_dynamic(asked, &form)?),
            // An older Coder has no such form, and its templates do not need one.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let known = client.send(&ListTemplateVersionParameters::new(version)).await?;
    Ok(choose(asked, &known, preset)?)
}

impl Plan {
    /// Creates the workspace under this name. When an answer is lost, or an earlier try succeeded
    /// unnoticed, the workspace that is there is taken if it has the same parameters.
    pub(crate) async fn create(
        &self,
        client: &Client,
        name: &WorkspaceName,
    ) -> Result<Created, Error> {
        let mut order = CreateWorkspace::from_template(self.template.id, name.clone());
        for (name, value) in &self.chosen.values {
            order = order.parameter(name, value);
        }
        if let Some(preset) = &self.preset {
            order = order.preset(preset.id);
        }
        let mut tried = 1;
        loop {
            match client.send(&order).await {
                Ok(workspace) => return Ok(Created::Yes(Box::new(workspace))),
                Err(error) if error.is_conflict() => {
                    return Ok(match self.earlier(client, name).await? {
                        Some(workspace) => Created::Yes(Box::new(workspace)),
                        None => Created::NameTaken,
                    });
                }
                Err(error) if error.is_outcome_unknown() && tried < MAX_TRIES => {
                    if let Some(workspace) = self.earlier(client, name).await? {
                        return Ok(Created::Yes(Box::new(workspace)));
                    }
                    tried += 1;
                }
                Err(error) => return Err(refused(error)),
            }
        }
    }

    /// The workspace of this name, if it was made from the same template with the same values.
    async fn earlier(
        &self,
        client: &Client,
        name: &WorkspaceName,
    ) -> Result<Option<Workspace>, Error> {
        let by_name = GetWorkspaceByName::new(UserRef::Me, name.clone());
        let workspace = match client.send(&by_name).await {
            Err(error) if error.is_not_found() || error.is_gone() => return Ok(None),
            found => found?,
        };
        if workspace.template_id != self.template.id {
            return Ok(None);
        }
        let build = workspace.latest_build.id;
        let has: Vec<BuildParameter> = client.send(&ListBuildParameters::new(build)).await?;
        let same = |(name, value): &(String, String)| {
            has.iter().any(|parameter| parameter.name == *name && parameter.value == *value)
        };
        Ok(self.chosen.values.iter().all(same).then_some(workspace))
    }
}

/// Coder's own words for what was not noticed before asking.
fn refused(error: coder_client::Error) -> Error {
    let Some(api) = error.api().filter(|api| api.status.is_client_error()) else {
        return error.into();
    };
    let missing: Vec<MissingAccount> = api
        .validations
        .iter()
        .filter(|validation| validation.field == "external_auth")
        .map(|validation| MissingAccount::new(&validation.detail, ""))
        .collect();
    if missing.is_empty() { error.into() } else { NotCreatable::ExternalAuth(missing).into() }
}
