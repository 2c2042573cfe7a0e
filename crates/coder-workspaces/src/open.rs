//! "I want to work on this": open, start or create a workspace, as one decision.

use std::time::Duration;

use coder_client::models::{Workspace, WorkspaceTransition};
use coder_client::{Client, NameError, UserId, UserRef, WorkspaceFilter, WorkspaceName};
use coder_core::MaybeSend;
use percent_encoding::percent_decode_str;

use crate::create::{self, CreateRequest, Created, Existing};
use crate::follow::{Follower, Goal, Wait, has_reached};
use crate::manage::{Build, build, leads_to, start, wake};
use crate::{
    AvailabilityState, EntityWorkspacesConfig, NotCreatable, NotReady, NotSearchable, Owner,
    Progress, Search, TemplateVersionCache, WorkspacesError,
};

/// Number of names that are tried when the caller gave none: `pay`, `pay-2`, …
const MAX_NAMES: u32 = 9;
/// Greatest length of a workspace's name at Coder.
const MAX_NAME_LENGTH: usize = 32;

/// Call that opens a workspace to work on an entity: an existing workspace is used, and started if
/// it is stopped; a new one is created only when there is none.
///
/// The call can be repeated: a workspace that an earlier call has created is found again, even when
/// Coder's answer was lost.
///
/// ```no_run
/// use coder_client::Client;
/// use coder_workspaces::{EntityWorkspacesConfig, WorkspacesError, OpenWorkspace, Progress};
///
/// async fn open(client: &Client, entity: &EntityWorkspacesConfig) -> Result<(), WorkspacesError> {
///     let opened = OpenWorkspace::new(entity)
///         .parameter("cpu", "8")
///         .run(client, |progress| {
///             if let Progress::Waiting(workspace, availability) = progress {
///                 println!("{}: {}", workspace.name, availability.state.label());
///             }
///         })
///         .await?;
///     println!("{} is ready", opened.workspace.name);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct OpenWorkspace<'a> {
    config: &'a EntityWorkspacesConfig,
    name: Option<WorkspaceName>,
    request: CreateRequest<'a>,
    reuse: bool,
    wait: Wait,
    wait_limit: Duration,
}

/// Workspace that is ready, or on its way to be, and how it was obtained.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenedWorkspace {
    /// Workspace in its present state.
    pub workspace: Workspace,
    /// Way in which it was obtained.
    pub outcome: OpenOutcome,
}

/// Way in which a workspace was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "a page tells each of them")]
pub enum OpenOutcome {
    /// The workspace was running.
    Found,
    /// The workspace was starting already, or somebody else has started it at the same time.
    Joined,
    /// The workspace was stopped, and this call has started it.
    Started,
    /// This call has created the workspace.
    Created,
}

impl<'a> OpenWorkspace<'a> {
    /// Opens a workspace of this entity, for the user of the client's credential.
    pub fn new(config: &'a EntityWorkspacesConfig) -> Self {
        Self {
            config,
            name: None,
            request: CreateRequest::default(),
            reuse: true,
            wait: Wait::UntilDone,
            wait_limit: Duration::from_secs(30 * 60),
        }
    }

    /// Sets the owner of the workspace; by default the user of the client's credential.
    ///
    /// For another user, the caller needs the rights of an owner at Coder.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<UserRef>) -> Self {
        self.request.owner = owner.into();
        self
    }

    /// Sets the name of a new workspace; by default it is derived from the repository.
    #[must_use]
    pub fn name(self, name: WorkspaceName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Sets a parameter of a new workspace. The value wins over the entity's.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.parameters.insert(name.into(), value.into());
        self
    }

    /// Selects the preset of a new workspace by its name.
    #[must_use]
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.request.preset = Some(name.into());
        self
    }

    /// Sets the id of the credential's user, for a caller that knows it. Otherwise Coder is asked before
    /// a workspace is created.
    #[must_use]
    pub fn user_id(mut self, user_id: UserId) -> Self {
        self.request.user_id = Some(user_id);
        self
    }

    /// Sets what is known of the versions of templates, which is asked for once then.
    #[must_use]
    pub fn template_versions(mut self, cache: &'a TemplateVersionCache) -> Self {
        self.request.template_versions = Some(cache);
        self
    }

    /// Makes the call create a workspace of this name although the entity may have others.
    ///
    /// The call stays repeatable: a workspace of this name that an earlier call has made is used.
    #[must_use]
    pub fn new_name(self, name: WorkspaceName) -> Self {
        Self { reuse: false, name: Some(name), ..self }
    }

    /// Sets the point until which the call waits; by default until the workspace is ready.
    #[must_use]
    pub fn wait(self, wait: Wait) -> Self {
        Self { wait, ..self }
    }

    /// Sets the longest time to wait until the workspace is ready; by default 30 minutes.
    ///
    /// It holds for all steps together, from the search on. While Coder does not answer, limits the
    /// rate of requests or has an internal error, it is asked again within this time;
    /// [`Progress::Unanswered`] tells so.
    #[must_use]
    pub fn wait_limit(self, wait_limit: Duration) -> Self {
        Self { wait_limit, ..self }
    }

    /// Opens, starts or creates, and waits until it is ready. Dropping it stops the waiting; what
    /// Coder was asked for goes on.
    ///
    /// # Errors
    ///
    /// [`WorkspacesError::NotCreatable`] when something is missing to create a workspace,
    /// [`WorkspacesError::Incomplete`] when an existing one may have been overlooked,
    /// [`WorkspacesError::NotReady`] when the workspace does not become ready, and
    /// [`WorkspacesError::Client`] when Coder refuses or does not answer.
    pub async fn run(
        &self,
        client: &Client,
        mut on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<OpenedWorkspace, WorkspacesError> {
        on_progress(Progress::Searching);
        let follower = Follower::new(client, self.wait_limit, &mut on_progress);
        let mut follower = follower.wait(self.wait);
        let existing = if self.reuse { self.existing(&mut follower).await? } else { None };
        if let Some(workspace) = existing {
            return reuse(workspace, &mut follower).await;
        }
        match self.create(&mut follower).await? {
            Created::New(workspace) if self.wait == Wait::UntilAsked => {
                Ok(OpenedWorkspace { workspace: *workspace, outcome: OpenOutcome::Created })
            }
            Created::New(workspace) => {
                let workspace =
                    follower.wait_for(Goal::Ready, workspace.id, &workspace.name).await?;
                Ok(OpenedWorkspace { workspace, outcome: OpenOutcome::Created })
            }
            Created::AlreadyExists(workspace) => reuse(*workspace, &mut follower).await,
            Created::NameTaken(name) => Err(NotCreatable::NameTaken(name).into()),
        }
    }

    /// Finds the best of the entity's workspaces: of the wanted template if there is one, running
    /// ones and recently used ones first.
    async fn existing<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        follower: &mut Follower<'_, F>,
    ) -> Result<Option<Workspace>, WorkspacesError> {
        let search = match &self.request.owner {
            UserRef::Me => Search::new(self.config),
            other => {
                let owner = create::owner(follower, other).await?;
                let owned = WorkspaceFilter::new().owner(&owner.username);
                let owned = owned.map_err(coder_client::ClientError::from)?;
                Search::new(self.config).owner(Owner::Everyone).filter(owned)
            }
        };
        let found = match follower.search(&search).await {
            // Nothing can be told to belong to the entity, so there is nothing to use.
            Err(WorkspacesError::NotSearchable(
                NotSearchable::NoRepository | NotSearchable::NoParamKeys,
            )) => {
                return Ok(None);
            }
            found => found?,
        };
        let usable = found.workspaces.into_iter().filter(|workspace| {
            let state = follower.availability(workspace).state;
            !matches!(state, AvailabilityState::Deleting | AvailabilityState::Deleted)
        });
        let (wanted, others): (Vec<_>, Vec<_>) = usable.partition(|workspace| {
            let template = self.config.template.as_ref();
            template.is_none_or(|template| template.template() == workspace.template_name)
        });
        let best = wanted.into_iter().chain(others).next();
        match (best, found.problems.into_iter().next()) {
            (None, Some(problem)) => Err(WorkspacesError::Incomplete(problem)),
            (best, _) => Ok(best),
        }
    }

    async fn create<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        follower: &mut Follower<'_, F>,
    ) -> Result<Created, WorkspacesError> {
        if let Some(name) = self.name.as_ref().filter(|_| !self.reuse)
            && let Existing::Same(workspace) =
                create::existing(follower, self.config, &self.request, name).await?
        {
            return Ok(Created::AlreadyExists(workspace));
        }
        let mut plan = create::plan(follower, self.config, &self.request).await?;
        plan.check_accounts(follower).await?;
        let mut number = 1;
        loop {
            let name = match &self.name {
                Some(name) => name.clone(),
                None => self.derived_name(number).map_err(NotCreatable::from)?,
            };
            (follower.on_progress)(Progress::Creating(name.as_str()));
            match plan.create(follower, &name).await {
                Ok(Created::NameTaken(_))
                | Err(WorkspacesError::NotCreatable(NotCreatable::BeingDeleted(_)))
                    if self.name.is_none() && number < MAX_NAMES =>
                {
                    number += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Derives a name from the repository: `payments-api` for
    /// `https://github.com/acme/Payments_API.git`.
    fn derived_name(&self, number: u32) -> Result<WorkspaceName, NameError> {
        let url = self.config.repository.as_ref().map_or("", |repository| repository.clone_url());
        let url = url.trim_end_matches('/').trim_end_matches(".git");
        let last = url.rsplit(['/', ':']).next().unwrap_or_default();
        let last = percent_decode_str(last).decode_utf8_lossy();
        let words = last.split(|character: char| !character.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let suffix = if number > 1 { format!("-{number}") } else { String::new() };
        let room = MAX_NAME_LENGTH.saturating_sub(suffix.len());
        let name: String = words.join("-").to_ascii_lowercase().chars().take(room).collect();
        let name = name.trim_end_matches('-');
        let name = if matches!(name, "" | "new" | "create") { "workspace" } else { name };
        WorkspaceName::parse(&format!("{name}{suffix}"))
    }
}

/// Makes an existing workspace ready.
async fn reuse<F: FnMut(Progress<'_>) + MaybeSend>(
    workspace: Workspace,
    follower: &mut Follower<'_, F>,
) -> Result<OpenedWorkspace, WorkspacesError> {
    (follower.on_progress)(Progress::Reusing(&workspace));
    let workspace = wake(workspace, follower).await?;
    follower.begin_at(&workspace);
    let now = follower.availability(&workspace);
    let (outcome, known) = match has_reached(Goal::Ready, &workspace, &now) {
        Ok(true) => return Ok(OpenedWorkspace { workspace, outcome: OpenOutcome::Found }),
        Err(problem @ NotReady::Unusable(_)) => {
            return Err(WorkspacesError::NotReady { workspace: workspace.name, problem });
        }
        Ok(false) if is_started(&workspace) => (OpenOutcome::Joined, Some(workspace.clone())),
        // It is stopped or stopping, or its build failed: it is worth a try.
        _ => {
            let order = start(&workspace);
            let asked = build(&order, &workspace, is_started, follower).await?;
            let outcome = match &asked {
                Build::Ours(_) => OpenOutcome::Started,
                Build::Theirs => OpenOutcome::Joined,
            };
            (outcome, asked.seen_of(&workspace))
        }
    };
    let (id, name) = (workspace.id, workspace.name);
    let workspace = follower.wait_for_known(Goal::Ready, known, id, &name).await?;
    Ok(OpenedWorkspace { workspace, outcome })
}

/// Returns whether the latest build has started the workspace, or is about to.
fn is_started(workspace: &Workspace) -> bool {
    leads_to(&WorkspaceTransition::Start, workspace)
}

#[cfg(test)]
mod tests {
    use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};

    use super::*;
    use crate::EntityWorkspacesConfig;

    #[test]
    fn a_new_workspace_is_called_after_its_repository() {
        let config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
        for (url, number, expected) in [
            ("https://github.com/acme/Payments_API", 1, "payments-api"),
            ("https://github.com/acme/payments", 2, "payments-2"),
            ("git@git.test:team/tools.git", 1, "tools"),
            ("https://github.com/acme/new", 1, "workspace"),
            ("https://github.com/acme/...", 1, "workspace"),
            ("https://dev.azure.com/acme/My%20Project/_git/My%20Payments", 1, "my-payments"),
            ("git@ssh.dev.azure.com:v3/acme/My%20Project/My%20Payments", 1, "my-payments"),
            ("https://git.test/team/%7Ejane%2Ftools.git", 1, "jane-tools"),
            ("https://git.test/team/na%C3%AF-api", 1, "na-api"),
        ] {
            let repository = Repository::from_url(url, &ScmIntegrations::default()).unwrap();
            let config = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));
            let name = OpenWorkspace::new(&config).derived_name(number).unwrap();
            assert_eq!(name.as_str(), expected, "{url}");
        }
        let long = format!("https://github.com/acme/{}-b", "a".repeat(29));
        let repository = Repository::from_url(&long, &ScmIntegrations::default()).unwrap();
        let config = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));
        let name = OpenWorkspace::new(&config).derived_name(2).unwrap();
        assert_eq!(name.as_str(), format!("{}-2", "a".repeat(29)));
    }
}
