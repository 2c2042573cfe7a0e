//! "I want to work on this": open, start or create a workspace, as one decision.

use std::time::Duration;

use coder_client::models::{Workspace, WorkspaceTransition};
use coder_client::operations::CreateWorkspaceBuild;
use coder_client::{Client, NameError, UserRef, WorkspaceFilter, WorkspaceName};
use coder_core::MaybeSend;

use crate::create::{self, Created, Wish};
use crate::follow::{Follower, Goal, arrived};
use crate::manage::{build, leads_to, wake};
use crate::{
    AvailabilityState, EntityWorkspacesConfig, Error, NotCreatable, NotSearchable, Owner, Progress,
    Search, Stuck, availability,
};

/// How many names are tried when the caller gave none: `pay`, `pay-2`, …
const MAX_NAMES: u32 = 9;
/// How long Coder lets a name be.
const MAX_NAME_LENGTH: usize = 32;

/// A wish for a workspace to work on an entity: an existing one is used, started if it is stopped,
/// and only when there is none a new one is created.
///
/// The wish can be repeated: what an earlier try has made is found again, also when its answer was
/// lost.
///
/// ```no_run
/// use coder_client::Client;
/// use coder_workspaces::{EntityWorkspacesConfig, Error, OpenWorkspace, Progress};
///
/// async fn open(client: &Client, entity: &EntityWorkspacesConfig) -> Result<(), Error> {
///     let opened = OpenWorkspace::of(entity)
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
    compiled: &'a EntityWorkspacesConfig,
    name: Option<WorkspaceName>,
    wish: Wish,
    reuse: bool,
    patience: Duration,
}

/// A workspace to work in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// As it is now.
    pub workspace: Workspace,
    /// How it came to be there.
    pub how: How,
}

/// How a workspace came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// It was running.
    Found,
    /// It was starting already.
    Joined,
    /// It was stopped, and was started.
    Started,
    /// There was none.
    Created,
}

impl<'a> OpenWorkspace<'a> {
    /// To work on this entity.
    pub fn of(compiled: &'a EntityWorkspacesConfig) -> Self {
        Self {
            compiled,
            name: None,
            wish: Wish::default(),
            reuse: true,
            patience: Duration::from_secs(30 * 60),
        }
    }

    /// For somebody else, which needs the right to do so. Without it, for whoever the client's
    /// credential belongs to.
    #[must_use]
    pub fn for_user(mut self, owner: impl Into<UserRef>) -> Self {
        self.wish.owner = owner.into();
        self
    }

    /// What a new one is called; by default after the repository.
    #[must_use]
    pub fn name(self, name: WorkspaceName) -> Self {
        Self { name: Some(name), ..self }
    }

    /// A value for a parameter of a new one. It wins over the entity's.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.wish.parameters.insert(name.into(), value.into());
        self
    }

    /// The preset a new one is made with, by its name.
    #[must_use]
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.wish.preset = Some(name.into());
        self
    }

    /// Creates one of this name although there may be others. The name keeps the wish repeatable:
    /// when it has been fulfilled before, that workspace is used.
    #[must_use]
    pub fn always_new(self, name: WorkspaceName) -> Self {
        Self { reuse: false, name: Some(name), ..self }
    }

    /// How long to wait for it to be ready; by default half an hour.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Opens, starts or creates, and waits until it is ready. Dropping it stops the waiting; what
    /// Coder was asked for goes on.
    ///
    /// # Errors
    ///
    /// What is missing before one can be created, what went wrong with the one there is, and what
    /// Coder said when it said no.
    pub async fn run(
        &self,
        client: &Client,
        mut on_progress: impl FnMut(Progress<'_>) + MaybeSend,
    ) -> Result<Opened, Error> {
        on_progress(Progress::Searching);
        let existing = if self.reuse { self.existing(client).await? } else { None };
        let mut follower = Follower::new(client, self.patience, &mut on_progress);
        if let Some(workspace) = existing {
            return reuse(client, workspace, &mut follower).await;
        }
        match self.create(client, &mut follower).await? {
            Created::New(workspace) => {
                let workspace = follower.until(Goal::Ready, workspace.id, &workspace.name).await?;
                Ok(Opened { workspace, how: How::Created })
            }
            Created::Earlier(workspace) => reuse(client, *workspace, &mut follower).await,
            Created::NameTaken(name) => Err(NotCreatable::NameTaken(name).into()),
        }
    }

    /// The best of the entity's workspaces: of the wanted template if there is one, running ones
    /// and recently used ones first.
    async fn existing(&self, client: &Client) -> Result<Option<Workspace>, Error> {
        let search = match &self.wish.owner {
            UserRef::Me => Search::of(self.compiled),
            other => {
                let owner = create::owner(client, other).await?;
                let owned = WorkspaceFilter::new().owner(&owner.username);
                let owned = owned.map_err(coder_client::ClientError::from)?;
                Search::of(self.compiled).owned_by(Owner::Everyone).matching(owned)
            }
        };
        let found = match search.run(client).await {
            // Nothing can be told to belong to the entity, so there is nothing to use.
            Err(Error::NotSearchable(NotSearchable::NoRepository | NotSearchable::NoParamKeys)) => {
                return Ok(None);
            }
            found => found?,
        };
        let now = client.world().clock.now();
        let usable = found.workspaces.into_iter().filter(|workspace| {
            let state = availability(workspace, now).state;
            !matches!(state, AvailabilityState::Deleting | AvailabilityState::Deleted)
        });
        let (wanted, others): (Vec<_>, Vec<_>) = usable.partition(|workspace| {
            let template = self.compiled.template.as_ref();
            template.is_none_or(|template| template.template() == workspace.template_name)
        });
        let best = wanted.into_iter().chain(others).next();
        match (best, found.problems.into_iter().next()) {
            (None, Some(problem)) => Err(Error::Incomplete(problem)),
            (best, _) => Ok(best),
        }
    }

    async fn create<F: FnMut(Progress<'_>) + MaybeSend>(
        &self,
        client: &Client,
        follower: &mut Follower<'_, F>,
    ) -> Result<Created, Error> {
        let plan = create::plan(client, self.compiled, &self.wish).await?;
        plan.check_accounts(client).await?;
        let mut number = 1;
        loop {
            let name = match &self.name {
                Some(name) => name.clone(),
                None => self.derived_name(number).map_err(NotCreatable::from)?,
            };
            (follower.on_progress)(Progress::Creating(name.as_str()));
            match plan.create(client, &name).await? {
                Created::NameTaken(_) if self.name.is_none() && number < MAX_NAMES => number += 1,
                created => return Ok(created),
            }
        }
    }

    /// `payments-api` for `https://github.com/acme/Payments_API.git`.
    fn derived_name(&self, number: u32) -> Result<WorkspaceName, NameError> {
        let url = self.compiled.repository.as_ref().map_or("", |repository| repository.clone_url());
        let url = url.trim_end_matches('/').trim_end_matches(".git");
        let last = url.rsplit(['/', ':']).next().unwrap_or_default();
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
    client: &Client,
    workspace: Workspace,
    follower: &mut Follower<'_, F>,
) -> Result<Opened, Error> {
    (follower.on_progress)(Progress::Reusing(&workspace));
    let workspace = wake(workspace, follower).await?;
    follower.begin_at(&workspace);
    let now = client.world().clock.now();
    let how = match arrived(Goal::Ready, &workspace, &availability(&workspace, now)) {
        Ok(true) => return Ok(Opened { workspace, how: How::Found }),
        Err(problem @ Stuck::Unusable(_)) => {
            return Err(Error::Stuck { workspace: workspace.name, problem });
        }
        Ok(false) if is_started(&workspace) => How::Joined,
        // It is stopped or stopping, or its build failed: it is worth a try.
        _ => {
            let order = CreateWorkspaceBuild::start(workspace.id);
            build(&order, &workspace, is_started, follower).await?;
            How::Started
        }
    };
    let workspace = follower.until(Goal::Ready, workspace.id, &workspace.name).await?;
    Ok(Opened { workspace, how })
}

/// Whether its latest build has started it, or will if nothing happens.
fn is_started(workspace: &Workspace) -> bool {
    leads_to(&WorkspaceTransition::Start, workspace)
}

#[cfg(test)]
mod tests {
    use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};

    use super::*;
    use crate::compile;

    #[test]
    fn a_new_workspace_is_called_after_its_repository() {
        let config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
        for (url, number, expected) in [
            ("https://github.com/acme/Payments_API", 1, "payments-api"),
            ("https://github.com/acme/payments", 2, "payments-2"),
            ("git@git.test:team/tools.git", 1, "tools"),
            ("https://github.com/acme/new", 1, "workspace"),
            ("https://github.com/acme/...", 1, "workspace"),
        ] {
            let repository = Repository::from_url(url, &ScmIntegrations::default()).unwrap();
            let compiled = compile(&config, None, Some(&repository));
            let name = OpenWorkspace::of(&compiled).derived_name(number).unwrap();
            assert_eq!(name.as_str(), expected, "{url}");
        }
        let long = format!("https://github.com/acme/{}-b", "a".repeat(29));
        let repository = Repository::from_url(&long, &ScmIntegrations::default()).unwrap();
        let compiled = compile(&config, None, Some(&repository));
        let name = OpenWorkspace::of(&compiled).derived_name(2).unwrap();
        assert_eq!(name.as_str(), format!("{}-2", "a".repeat(29)));
    }
}
