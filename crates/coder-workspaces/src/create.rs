//! Creating a workspace: the template, its parameters, what must be there first, and a request
//! that may be lost.

use coder_client::models::{
    Preset, PresetParameter, Template, User, UserStatus, Workspace, WorkspaceTransition,
};
use coder_client::operations::{
    CreateWorkspace, EvaluateDynamicParameters, GetTemplateByName, GetUser, GetWorkspaceByName,
    ListBuildParameters, ListTemplates,
};
use coder_client::{
    Client, ClientError, List, TemplateFilter, TemplateVersionId, UserId, UserRef, WorkspaceName,
};
use coder_config::TemplateRef;
use coder_core::{MaybeSend, cleaned};
use indexmap::IndexMap;

use crate::follow::{Follower, backoff};
use crate::manage::leads_to;
use crate::parameters::{Chosen, choose, choose_dynamic, choose_recent};
use crate::recent_reads::{FormKey, Person, RecentReads};
use crate::{
    EntityWorkspacesConfig, NotCreatable, Progress, TemplateVersionCache, WorkspacesError,
    accounts, version_reads,
};

/// Wishes of a caller for a new workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreateRequest<'a> {
    pub(crate) owner: UserRef,
    /// Parameter values, which win over the entity's.
    pub(crate) parameters: IndexMap<String, String>,
    /// Name of a preset.
    pub(crate) preset: Option<String>,
    /// Id of the credential's user.
    pub(crate) user_id: Option<UserId>,
    pub(crate) template_versions: Option<&'a TemplateVersionCache>,
}

/// A workspace of the name that a caller has chosen.
#[derive(Debug)]
pub(crate) enum Existing {
    /// The workspace that the caller asks for.
    Same(Box<Workspace>),
    /// Only a [`plan`] can tell whether it is that.
    Undecided,
    /// There is none.
    None,
}

impl<'a> CreateRequest<'a> {
    /// Returns what the person has read lately; `None` where that is not remembered.
    fn recent(&self, client: &Client) -> Option<(&'a RecentReads, Person)> {
        let (UserRef::Me, Some(user)) = (&self.owner, self.user_id) else { return None };
        let cache = self.template_versions?;
        Some((&cache.recent, Person::new(client, user)))
    }

    /// Returns the presets of a template's version.
    async fn presets<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        follower: &mut Follower<'_, F>,
        version: TemplateVersionId,
    ) -> Result<List<Preset>, WorkspacesError> {
        version_reads::presets(follower, version, self.template_versions).await
    }

    /// Returns the parameters that the caller names and the preset does not set.
    fn parameters_beside(&self, preset: Option<&Preset>) -> IndexMap<String, String> {
        let mut named = self.parameters.clone();
        let from_preset = preset.into_iter().flat_map(|preset| &preset.parameters);
        for one in from_preset {
            named.shift_remove(&one.name);
        }
        named
    }
}

/// Tells what to do about a version that is still imported.
fn explained(error: WorkspacesError, template: &Template) -> WorkspacesError {
    match error {
        WorkspacesError::Client(error) if error.is_too_early() => {
            NotCreatable::TemplateImporting { template: cleaned(&template.name) }.into()
        }
        error => error,
    }
}

/// Tells whether Coder itself has refused a request, and not its credential.
fn is_refused(error: &WorkspacesError) -> bool {
    match error {
        WorkspacesError::Client(error) => {
            !error.is_unauthorized() && error.api().is_some_and(|api| api.status.is_client_error())
        }
        WorkspacesError::NotSearchable(_)
        | WorkspacesError::NotCreatable(_)
        | WorkspacesError::NotReady { .. }
        | WorkspacesError::Incomplete(_) => false,
    }
}

/// Workspace to create, with all names resolved at Coder.
pub(crate) struct Plan<'a> {
    config: &'a EntityWorkspacesConfig,
    request: &'a CreateRequest<'a>,
    owner: FutureOwner,
    template: Template,
    preset: Option<Preset>,
    chosen: Chosen,
    /// Whether it relies on what was read up to a minute ago.
    is_recent: bool,
}

/// Use of what the person has read within the last minute.
#[derive(Debug)]
struct Memory {
    may_be_used: bool,
    was_used: bool,
}

impl Memory {
    fn new(may_be_used: bool) -> Self {
        Self { may_be_used, was_used: false }
    }

    /// Returns what is remembered, if it may be used.
    fn recall<T>(&mut self, known: impl FnOnce() -> Option<T>) -> Option<T> {
        let known = if self.may_be_used { known() } else { None };
        self.was_used |= known.is_some();
        known
    }
}

/// Owner of the workspace to create.
struct FutureOwner {
    id: UserId,
    /// Username, when it is not the user of the credential.
    other: Option<String>,
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

/// Returns the workspace of this name when it is what the caller asks for, whatever has become of its
/// template since.
///
/// It is what was asked for when the template, the values that the caller names and the values of
/// the preset agree, and those of the entity as far as the workspace has such parameters.
///
/// # Errors
///
/// [`NotCreatable::BeingDeleted`] while it is being deleted.
pub(crate) async fn existing<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    config: &EntityWorkspacesConfig,
    request: &CreateRequest<'_>,
    name: &WorkspaceName,
) -> Result<Existing, WorkspacesError> {
    let Some(workspace) = called(follower, &request.owner, name).await? else {
        return Ok(Existing::None);
    };
    let is_same = is_wanted(follower, config, request, &workspace).await?;
    Ok(if is_same { Existing::Same(Box::new(workspace)) } else { Existing::Undecided })
}

/// Tells whether a workspace is surely what the caller asks for.
async fn is_wanted<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    config: &EntityWorkspacesConfig,
    request: &CreateRequest<'_>,
    workspace: &Workspace,
) -> Result<bool, WorkspacesError> {
    let build = &workspace.latest_build;
    let Some(template) = config.template.as_ref() else { return Ok(false) };
    let is_of_template = template.template() == workspace.template_name
        && template.organization().is_none_or(|one| one == workspace.organization_name);
    if !is_of_template {
        return Ok(false);
    }
    let has = follower.ask(&ListBuildParameters::new(build.id)).await?;
    let value = |name: &str| has.iter().find(|one| one.name == *name).map(|one| &one.value);
    let mut wanted = config.params.clone();
    wanted.retain(|name, _| value(name).is_some());
    wanted.extend(request.parameters.clone());
    if let Some(preset) = request.preset.as_deref() {
        let Some(version) = build.template_version_id else { return Ok(false) };
        let presets = request.presets(follower, version).await?;
        let Ok(preset) = preset_called(preset, presets) else { return Ok(false) };
        let Ok(beside) = beside(Some(&preset), config, request) else { return Ok(false) };
        wanted.retain(|name, _| beside.contains_key(name));
        let from_preset = preset.parameters.into_iter().map(|one| (one.name, one.value));
        wanted.extend(from_preset.filter(|(name, _)| value(name).is_some()));
    }
    let agrees = wanted.iter().all(|(name, wanted)| value(name) == Some(wanted));
    // Without anything that tells the entity's workspaces from others, the plan decides.
    Ok(agrees && !wanted.is_empty())
}

/// Reads the workspace of this name, if there is one.
async fn called<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    owner: &UserRef,
    name: &WorkspaceName,
) -> Result<Option<Workspace>, WorkspacesError> {
    let by_name = GetWorkspaceByName::new(owner.clone(), name.clone());
    let workspace = match follower.ask(&by_name).await {
        Err(WorkspacesError::Client(error)) if error.is_not_found() || error.is_gone() => {
            return Ok(None);
        }
        found => found?,
    };
    if leads_to(&WorkspaceTransition::Delete, &workspace) {
        return Err(NotCreatable::BeingDeleted(name.clone()).into());
    }
    Ok(Some(workspace))
}

/// Resolves owner, template, preset and parameters of a new workspace at Coder.
pub(crate) async fn plan<'a, F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    config: &'a EntityWorkspacesConfig,
    request: &'a CreateRequest<'a>,
) -> Result<Plan<'a>, WorkspacesError> {
    let mut memory = Memory::new(true);
    match plan_with(follower, config, request, &mut memory).await {
        // The template may have changed.
        Err(WorkspacesError::NotCreatable(_)) if memory.was_used => {
            plan_with(follower, config, request, &mut Memory::new(false)).await
        }
        planned => planned,
    }
}

async fn plan_with<'a, F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    config: &'a EntityWorkspacesConfig,
    request: &'a CreateRequest<'a>,
    memory: &mut Memory,
) -> Result<Plan<'a>, WorkspacesError> {
    let owner = future_owner(follower, request).await?;
    let template = recent_template(follower, config, request, memory).await?;
    let version = active_version(&template)?;
    let preset = match request.preset.as_deref() {
        None => None,
        Some(name) => Some(preset_called(name, request.presets(follower, version).await?)?),
    };
    let asked = beside(preset.as_ref(), config, request)?;
    let preset_of = preset.as_ref();
    let chosen = parameters(follower, &template, &asked, request, preset_of, owner.id, memory);
    let chosen = chosen.await.map_err(|error| explained(error, &template))?;
    for name in &chosen.unknown {
        tracing::debug!(template = template.name, parameter = name, "left out: not a parameter");
    }
    Ok(Plan { config, request, owner, template, preset, chosen, is_recent: memory.was_used })
}

/// Returns the wanted template, as the person has read it lately or as Coder tells it now.
async fn recent_template<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    config: &EntityWorkspacesConfig,
    request: &CreateRequest<'_>,
    memory: &mut Memory,
) -> Result<Template, WorkspacesError> {
    let (Some((recent, person)), Some(wanted)) =
        (request.recent(follower.client), &config.template)
    else {
        return template(follower, config.template.as_ref()).await;
    };
    let now = follower.client.world().clock.now();
    if let Some(known) = memory.recall(|| recent.template(&person, wanted, now)) {
        return Ok(known);
    }
    let template = template(follower, Some(wanted)).await?;
    recent.keep_template(&person, wanted, &template, now);
    Ok(template)
}

/// Returns the future owner. The user of the credential is not asked for when the caller knows the id:
/// Coder would not listen to a suspended one.
async fn future_owner<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    request: &CreateRequest<'_>,
) -> Result<FutureOwner, WorkspacesError> {
    if let (UserRef::Me, Some(id)) = (&request.owner, request.user_id) {
        return Ok(FutureOwner { id, other: None });
    }
    let owner = owner(follower, &request.owner).await?;
    if owner.status == UserStatus::Suspended {
        return Err(NotCreatable::OwnerSuspended(owner.username).into());
    }
    let other = (request.owner != UserRef::Me).then_some(owner.username);
    Ok(FutureOwner { id: owner.id, other })
}

/// Reads the future owner. Coder evaluates a template's parameters for one owner only, so the
/// owner's id is needed for the caller too.
pub(crate) async fn owner<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    owner: &UserRef,
) -> Result<User, WorkspacesError> {
    match follower.ask(&GetUser::new(owner.clone())).await {
        Err(WorkspacesError::Client(error)) if error.is_not_found() && *owner != UserRef::Me => {
            Err(NotCreatable::OwnerNotFound(owner.to_string()).into())
        }
        found => found,
    }
}

pub(crate) async fn template<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    wanted: Option<&TemplateRef>,
) -> Result<Template, WorkspacesError> {
    let wanted = wanted.ok_or(NotCreatable::NoTemplate)?;
    let not_found = || NotCreatable::TemplateNotFound { template: wanted.to_string() };
    let template = match wanted.organization() {
        Some(organization) => {
            let by_name = GetTemplateByName::new(organization, wanted.template());
            match follower.ask(&by_name).await {
                Err(WorkspacesError::Client(error)) if error.is_not_found() => {
                    return Err(not_found().into());
                }
                found => found?,
            }
        }
        None => {
            let filter =
                TemplateFilter::new().exact_name(wanted.template()).map_err(ClientError::from)?;
            let mut found = follower.ask(&ListTemplates::new(filter.clone())).await?;
            if found.is_empty() {
                // A list leaves deprecated templates out, unless it is asked for them.
                let deprecated = filter.deprecated("true").map_err(ClientError::from)?;
                found = follower.ask(&ListTemplates::new(deprecated)).await?;
            }
            if found.len() > 1 {
                let organizations =
                    found.into_iter().map(|one| cleaned(&one.organization_name)).collect();
                let template = wanted.template().to_owned();
                return Err(NotCreatable::TemplateAmbiguous { template, organizations }.into());
            }
            found.pop().ok_or_else(not_found)?
        }
    };
    if template.deprecated {
        let (template, message) = (wanted.to_string(), cleaned(&template.deprecation_message));
        return Err(NotCreatable::TemplateDeprecated { template, message }.into());
    }
    Ok(template)
}

pub(crate) fn active_version(template: &Template) -> Result<TemplateVersionId, NotCreatable> {
    let missing = || NotCreatable::NoActiveVersion { template: template.name.clone() };
    template.active_version_id.ok_or_else(missing)
}

pub(crate) fn preset_called(name: &str, presets: List<Preset>) -> Result<Preset, NotCreatable> {
    let known = presets.iter().map(|preset| cleaned(&preset.name)).collect();
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
    request: &CreateRequest<'_>,
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
            let (preset, parameter) = (cleaned(&preset.name), cleaned(name));
            return Err(NotCreatable::PresetContradicts {
                preset,
                parameter,
                value: cleaned(value),
                wanted,
            });
        }
    }
    Ok(asked)
}

async fn parameters<F: FnMut(Progress<'_>) + MaybeSend>(
    follower: &mut Follower<'_, F>,
    template: &Template,
    asked: &IndexMap<String, String>,
    request: &CreateRequest<'_>,
    preset: Option<&Preset>,
    owner: UserId,
    memory: &mut Memory,
) -> Result<Chosen, WorkspacesError> {
    let version = active_version(template)?;
    let named = request.parameters_beside(preset);
    if !template.use_classic_parameter_flow {
        let from_preset = preset.into_iter().flat_map(|preset| &preset.parameters);
        let values = || from_preset.clone().map(|one| (&one.name, &one.value)).chain(asked);
        let recent = request.recent(follower.client);
        let key = FormKey::new(version, values());
        let now = follower.client.world().clock.now();
        let known = || recent.as_ref().and_then(|(recent, person)| recent.form(person, key, now));
        if let Some(known) = memory.recall(known) {
            return Ok(choose_recent(asked, &named, &known, preset)?);
        }
        let empty = EvaluateDynamicParameters::new(version).for_user(owner);
        let form = values().fold(empty, |form, (name, value)| form.input(name, value));
        match follower.ask(&form).await {
            Ok(form) => {
                let chosen = choose_dynamic(asked, &named, &form, preset)?;
                if let Some((recent, person)) = recent {
                    let names = form.parameters.into_iter().map(|one| one.name).collect();
                    recent.keep_form(&person, key, names, now);
                }
                return Ok(chosen);
            }
            // An older Coder has no such form, and its templates do not need one.
            Err(WorkspacesError::Client(error)) if error.is_unsupported() => {}
            Err(error) => return Err(error),
        }
    }
    let known = version_reads::parameters(follower, version, request.template_versions).await?;
    Ok(choose(asked, &named, &known, preset)?)
}

impl Plan<'_> {
    /// Checks that the owner has linked all accounts that the template needs.
    pub(crate) async fn check_accounts<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        follower: &mut Follower<'_, F>,
    ) -> Result<(), WorkspacesError> {
        let version = active_version(&self.template)?;
        let (client, cache) = (follower.client, self.request.template_versions);
        let owner = self.other_owner().map(|name| (self.owner.id, name));
        loop {
            match accounts::missing(client, version, owner, cache).await {
                Ok(missing) if missing.is_empty() => return Ok(()),
                Ok(missing) => return Err(NotCreatable::ExternalAuth { missing }.into()),
                Err(error) => follower.wait_after(error, backoff(1)).await?,
            }
        }
    }

    /// Creates the workspace under this name. When an answer is lost, or an earlier try succeeded
    /// unnoticed, the workspace that is there is taken if it has the same parameters.
    ///
    /// When Coder refuses what was planned with a template of a minute ago, it is planned anew.
    pub(crate) async fn create<F: FnMut(Progress<'_>) + MaybeSend>(
        &mut self,
        follower: &mut Follower<'_, F>,
        name: &WorkspaceName,
    ) -> Result<Created, WorkspacesError> {
        let mut order = self.order(name);
        let (mut failed, mut may_be_ours) = (0, false);
        loop {
            let error = match follower.client.send(&order).await {
                Ok(workspace) => return Ok(Created::New(Box::new(workspace))),
                Err(error) => error,
            };
            if error.is_conflict() {
                return Ok(match self.earlier(follower, name).await? {
                    // A try of ours, whose answer was lost.
                    Some(workspace) if may_be_ours => Created::New(Box::new(workspace)),
                    Some(workspace) => Created::AlreadyExists(Box::new(workspace)),
                    None => Created::NameTaken(name.clone()),
                });
            }
            let missing = accounts::named_in(&error, follower.client, self.other_owner());
            if !missing.is_empty() {
                return Err(NotCreatable::ExternalAuth { missing }.into());
            }
            if error.is_outcome_unknown() {
                may_be_ours = true;
                if let Some(workspace) = self.earlier(follower, name).await? {
                    return Ok(Created::New(Box::new(workspace)));
                }
            }
            failed += 1;
            match follower.wait_after(error, backoff(failed)).await {
                Ok(()) => {}
                Err(error) if self.is_recent && is_refused(&error) => {
                    let memory = &mut Memory::new(false);
                    *self = plan_with(follower, self.config, self.request, memory).await?;
                    self.check_accounts(follower).await?;
                    order = self.order(name);
                }
                Err(error) => return Err(explained(error, &self.template)),
            }
        }
    }

    /// Returns the name of the future owner; `None` when it is the caller.
    fn other_owner(&self) -> Option<&str> {
        self.owner.other.as_deref()
    }

    fn order(&self, name: &WorkspaceName) -> CreateWorkspace {
        let order = CreateWorkspace::from_template(self.template.id, name.clone());
        let order = order.for_user(self.request.owner.clone());
        let values = self.chosen.values.iter();
        let order = values.fold(order, |order, (name, value)| order.parameter(name, value));
        match &self.preset {
            Some(preset) => order.preset(preset.id),
            None => order,
        }
    }

    /// Finds the workspace of this name, if it was made from the same template with the same
    /// values, and is not on its way out.
    pub(crate) async fn earlier<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        follower: &mut Follower<'_, F>,
        name: &WorkspaceName,
    ) -> Result<Option<Workspace>, WorkspacesError> {
        let found = called(follower, &self.request.owner, name).await?;
        let Some(workspace) = found else { return Ok(None) };
        let build = &workspace.latest_build;
        if workspace.template_id != Some(self.template.id)
            || build.transition == WorkspaceTransition::Delete
        {
            return Ok(None);
        }
        let has = follower.ask(&ListBuildParameters::new(build.id)).await?;
        let same = |(name, value): &(String, String)| {
            has.iter().any(|parameter| parameter.name == *name && parameter.value == *value)
        };
        let wanted = self.chosen.values.iter().chain(&self.chosen.from_preset);
        Ok(wanted.into_iter().all(same).then_some(workspace))
    }
}
