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
use crate::{EntityWorkspacesConfig, Error, NotCreatable, accounts};

/// How often a request whose answer was lost is made again, after looking.
const MAX_TRIES: u32 = 3;

/// What somebody wants a new workspace to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) owner: UserRef,
    /// Values for parameters, which win over the entity's.
    pub(crate) parameters: IndexMap<String, String>,
    /// The name of a preset.
    pub(crate) preset: Option<String>,
}

/// What to create.
pub(crate) struct Plan {
    owner: UserRef,
    owner_id: UserId,
    template: Template,
    preset: Option<Preset>,
    chosen: Chosen,
}

/// What became of a request for a workspace of a certain name.
pub(crate) enum Created {
    /// It was created.
    New(Box<Workspace>),
    /// The same wish has been fulfilled before.
    Earlier(Box<Workspace>),
    /// Another workspace has the name.
    NameTaken(WorkspaceName),
}

/// Finds out what to create.
pub(crate) async fn plan(
    client: &Client,
    compiled: &EntityWorkspacesConfig,
    wish: &Wish,
) -> Result<Plan, Error> {
    let owner = owner(client, &wish.owner).await?;
    if owner.status == UserStatus::Suspended {
        return Err(NotCreatable::OwnerSuspended(owner.username).into());
    }
    let owner_id = owner.id;
    let template = template(client, compiled.template.as_ref()).await?;
    let version = active_version(&template)?;
    let preset = match wish.preset.as_deref() {
        None => None,
        Some(name) => Some(preset_called(name, client.send(&ListPresets::new(version)).await?)?),
    };
    let asked = beside(preset.as_ref(), compiled, wish)?;
    let chosen = parameters(client, &template, &asked, preset.as_ref(), owner_id).await?;
    for name in &chosen.unknown {
        tracing::debug!(template = template.name, parameter = name, "left out: not a parameter");
    }
    Ok(Plan { owner: wish.owner.clone(), owner_id, template, preset, chosen })
}

/// Whose workspace it will be. Their id is needed also where it is the caller: Coder evaluates a
/// template's parameters for a certain owner only.
pub(crate) async fn owner(client: &Client, owner: &UserRef) -> Result<User, Error> {
    match client.send(&GetUser::new(owner.clone())).await {
        Err(error) if error.is_not_found() && *owner != UserRef::Me => {
            Err(NotCreatable::OwnerNotFound(owner.to_string()).into())
        }
        found => Ok(found?),
    }
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

fn active_version(template: &Template) -> Result<TemplateVersionId, NotCreatable> {
    let missing = || NotCreatable::NoActiveVersion { template: template.name.clone() };
    template.active_version_id.ok_or_else(missing)
}

fn preset_called(name: &str, presets: List<Preset>) -> Result<Preset, NotCreatable> {
    let known: Vec<String> = presets.iter().map(|preset| preset.name.clone()).collect();
    let found = presets.into_iter().find(|preset| preset.name == name);
    found.ok_or_else(|| NotCreatable::PresetNotFound { preset: name.to_owned(), known })
}

/// What to ask for beside the preset. At Coder a preset's value silently wins over a given one, so
/// what the preset sets is left out; a preset that sets another repository than the entity's, or
/// another value than the caller named, is refused.
fn beside(
    preset: Option<&Preset>,
    compiled: &EntityWorkspacesConfig,
    wish: &Wish,
) -> Result<IndexMap<String, String>, NotCreatable> {
    let mut asked = compiled.params.clone();
    asked.extend(wish.parameters.clone());
    let Some(preset) = preset else { return Ok(asked) };
    for PresetParameter { name, value, .. } in &preset.parameters {
        let Some(wanted) = asked.shift_remove(name) else { continue };
        let named = wish.parameters.contains_key(name);
        let repository = compiled
            .repository
            .as_ref()
            .filter(|_| !named && compiled.repo_url_param_keys.contains(name));
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
) -> Result<Chosen, Error> {
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
    /// That nothing is missing which only its owner can bring.
    pub(crate) async fn check_accounts(&self, client: &Client) -> Result<(), Error> {
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
    ) -> Result<Created, Error> {
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
                        Some(workspace) => Created::Earlier(Box::new(workspace)),
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
    ) -> Result<Option<Workspace>, Error> {
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
