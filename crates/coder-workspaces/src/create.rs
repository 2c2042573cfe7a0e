//! Creating a workspace: the template, its parameters, what must be there first, and a request
//! that may be lost.

use coder_client::models::{
    Preset, PresetParameter, Template, User, UserStatus, Workspace, WorkspaceTransition,
};
use coder_client::operations::{
    CreateWorkspace, EvaluateDynamicParameters, GetTemplateByName, GetUser, GetWorkspaceByName,
    ListBuildParameters, ListPresets, ListTemplateVersionParameters, ListTemplates,
};
use coder_client::{
    Client, List, TemplateFilter, TemplateVersionId, UserId, UserRef, WorkspaceName,
};
use coder_config::TemplateRef;
use indexmap::IndexMap;

use crate::parameters::{Chosen, choose, choose_dynamic};
use crate::{EntityWorkspacesConfig, NotCreatable, WorkspacesError, accounts};

/// How often a request whose answer was lost is made again, after looking.
const MAX_TRIES: u32 = 3;

/// Wishes of a caller for a new workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreateRequest {
    pub(crate) owner: UserRef,
    /// Parameter values, which win over the entity's.
    pub(crate) parameters: IndexMap<String, String>,
    /// Name of a preset.
    pub(crate) preset: Option<String>,
}

/// Workspace to create, with all names resolved at Coder.
pub(crate) struct Plan {
    owner: UserRef,
    owner_id: UserId,
    template: Template,
    preset: Option<Preset>,
    chosen: Chosen,
}

/// Outcome of creating a workspace under a name.
pub(crate) enum Created {
    /// This call has created the workspace.
    New(Box<Workspace>),
    /// An earlier call has created the same workspace.
    AlreadyExists(Box<Workspace>),
    /// Another workspace has the name.
    NameTaken(WorkspaceName),
}

/// Resolves owner, template, preset and parameters of a new workspace at Coder.
pub(crate) async fn plan(
    client: &Client,
    config: &EntityWorkspacesConfig,
    request: &CreateRequest,
) -> Result<Plan, WorkspacesError> {
    let owner = owner(client, &request.owner).await?;
    if owner.status == UserStatus::Suspended {
        return Err(NotCreatable::OwnerSuspended(owner.username).into());
    }
    let owner_id = owner.id;
    let template = template(client, config.template.as_ref()).await?;
    let version = active_version(&template)?;
    let preset = match request.preset.as_deref() {
        None => None,
        Some(name) => Some(preset_called(name, client.send(&ListPresets::new(version)).await?)?),
    };
    let asked = beside(preset.as_ref(), config, request)?;
    let chosen = parameters(client, &template, &asked, preset.as_ref(), owner_id).await?;
    for name in &chosen.unknown {
        tracing::debug!(template = template.name, parameter = name, "left out: not a parameter");
    }
    Ok(Plan { owner: request.owner.clone(), owner_id, template, preset, chosen })
}

/// Reads the future owner. Coder evaluates a template's parameters for one owner only, so the
/// owner's id is needed for the caller too.
pub(crate) async fn owner(client: &Client, owner: &UserRef) -> Result<User, WorkspacesError> {
    match client.send(&GetUser::new(owner.clone())).await {
        Err(error) if error.is_not_found() && *owner != UserRef::Me => {
            Err(NotCreatable::OwnerNotFound(owner.to_string()).into())
        }
        found => Ok(found?),
    }
}

async fn template(
    client: &Client,
    wanted: Option<&TemplateRef>,
) -> Result<Template, WorkspacesError> {
    let wanted = wanted.ok_or(NotCreatable::NoTemplate)?;
    let not_found = || NotCreatable::TemplateNotFound { template: wanted.to_string() };
    let template = match wanted.organization() {
        Some(organization) => {
            let by_name = GetTemplateByName::new(organization, wanted.template());
            match client.send(&by_name).await {
                Err(error) if error.is_not_found() => return Err(not_found().into()),
                found => found?,
            }
        }
        None => {
            let filter = TemplateFilter::new()
                .exact_name(wanted.template())
                .map_err(coder_client::ClientError::from)?;
            let mut found = client.send(&ListTemplates::new(filter)).await?;
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

fn active_version(template: &Template) -> Result<TemplateVersionId, NotCreatable> {
    let missing = || NotCreatable::NoActiveVersion { template: template.name.clone() };
    template.active_version_id.ok_or_else(missing)
}

fn preset_called(name: &str, presets: List<Preset>) -> Result<Preset, NotCreatable> {
    let known: Vec<String> = presets.iter().map(|preset| preset.name.clone()).collect();
    let found = presets.into_iter().find(|preset| preset.name == name);
    found.ok_or_else(|| NotCreatable::PresetNotFound { preset: name.to_owned(), known })
}

/// Returns the parameters to send beside the preset.
///
/// At Coder a preset's value silently wins over a given one, so parameters of the preset are left
/// out, and a preset that contradicts the entity's repository or a value of the caller is refused.
fn beside(
    preset: Option<&Preset>,
    config: &EntityWorkspacesConfig,
    request: &CreateRequest,
) -> Result<IndexMap<String, String>, NotCreatable> {
    let mut asked = config.params.clone();
    asked.extend(request.parameters.clone());
    let Some(preset) = preset else { return Ok(asked) };
    for PresetParameter { name, value, .. } in &preset.parameters {
        let Some(wanted) = asked.shift_remove(name) else { continue };
        let named = request.parameters.contains_key(name);
        let repository = config
            .repository
            .as_ref()
            .filter(|_| !named && config.repo_url_param_keys.contains(name));
        let same = wanted == *value || repository.is_some_and(|known| known.matches(value));
        if !same && (named || repository.is_some()) {
            let (preset, parameter) = (preset.name.clone(), name.clone());
            return Err(NotCreatable::PresetContradicts {
                preset,
                parameter,
                value: value.clone(),
                wanted,
            });
        }
    }
    Ok(asked)
}

async fn parameters(
    client: &Client,
    template: &Template,
    asked: &IndexMap<String, String>,
    preset: Option<&Preset>,
    owner: UserId,
) -> Result<Chosen, WorkspacesError> {
    let version = active_version(template)?;
    if !template.use_classic_parameter_flow {
        let from_preset = preset.into_iter().flat_map(|preset| &preset.parameters);
        let empty = EvaluateDynamicParameters::new(version).for_user(owner);
        let form = from_preset
            .map(|one| (&one.name, &one.value))
            .chain(asked)
            .fold(empty, |form, (name, value)| form.input(name, value));
        match client.send(&form).await {
            Ok(form) => return Ok(choose_dynamic(asked, &form, preset)?),
            // An older Coder has no such form, and its templates do not need one.
            Err(error) if error.is_unsupported() => {}
            Err(error) => return Err(error.into()),
        }
    }
    let known = client.send(&ListTemplateVersionParameters::new(version)).await?;
    Ok(choose(asked, &known, preset)?)
}

impl Plan {
    /// Checks that the owner has linked all accounts that the template needs.
    pub(crate) async fn check_accounts(&self, client: &Client) -> Result<(), WorkspacesError> {
        let version = active_version(&self.template)?;
        let owner = (self.owner != UserRef::Me).then_some(self.owner_id);
        let missing = accounts::missing(client, version, owner).await?;
        if missing.is_empty() { Ok(()) } else { Err(NotCreatable::ExternalAuth(missing).into()) }
    }

    /// Creates the workspace under this name. When an answer is lost, or an earlier try succeeded
    /// unnoticed, the workspace that is there is taken if it has the same parameters.
    pub(crate) async fn create(
        &self,
        client: &Client,
        name: &WorkspaceName,
    ) -> Result<Created, WorkspacesError> {
        let order = CreateWorkspace::from_template(self.template.id, name.clone());
        let mut order = order.for_user(self.owner.clone());
        for (name, value) in &self.chosen.values {
            order = order.parameter(name, value);
        }
        if let Some(preset) = &self.preset {
            order = order.preset(preset.id);
        }
        let mut tried = 1;
        loop {
            match client.send(&order).await {
                Ok(workspace) => return Ok(Created::New(Box::new(workspace))),
                Err(error) if error.is_conflict() => {
                    return Ok(match self.earlier(client, name).await? {
                        // A try of ours, whose answer was lost.
                        Some(workspace) if tried > 1 => Created::New(Box::new(workspace)),
                        Some(workspace) => Created::AlreadyExists(Box::new(workspace)),
                        None => Created::NameTaken(name.clone()),
                    });
                }
                Err(error) if error.is_outcome_unknown() && tried < MAX_TRIES => {
                    if let Some(workspace) = self.earlier(client, name).await? {
                        return Ok(Created::New(Box::new(workspace)));
                    }
                    tried += 1;
                }
                Err(error) => {
                    let missing = accounts::named_in(&error, client);
                    if missing.is_empty() {
                        return Err(error.into());
                    }
                    return Err(NotCreatable::ExternalAuth(missing).into());
                }
            }
        }
    }

    /// The workspace of this name, if it was made from the same template with the same values, and
    /// is not on its way out.
    pub(crate) async fn earlier(
        &self,
        client: &Client,
        name: &WorkspaceName,
    ) -> Result<Option<Workspace>, WorkspacesError> {
        let by_name = GetWorkspaceByName::new(self.owner.clone(), name.clone());
        let workspace = match client.send(&by_name).await {
            Err(error) if error.is_not_found() || error.is_gone() => return Ok(None),
            found => found?,
        };
        let build = &workspace.latest_build;
        if workspace.template_id != Some(self.template.id)
            || build.transition == WorkspaceTransition::Delete
        {
            return Ok(None);
        }
        let has = client.send(&ListBuildParameters::new(build.id)).await?;
        let same = |(name, value): &(String, String)| {
            has.iter().any(|parameter| parameter.name == *name && parameter.value == *value)
        };
        let wanted = self.chosen.values.iter().chain(&self.chosen.from_preset);
        Ok(wanted.into_iter().all(same).then_some(workspace))
    }
}
