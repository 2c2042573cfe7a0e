//! One call for automation: afterwards there is a workspace of this name.

use std::time::Duration;

use coder_client::models::Workspace;
use coder_client::{Client, UserId, UserRef, WorkspaceName};

use crate::create::{self, CreateRequest, Created, Existing};
use crate::follow::Follower;
use crate::{
    EntityWorkspacesConfig, NotCreatable, Progress, TemplateVersionCache, WorkspacesError,
};

/// How long a Coder that does not answer is waited for by default.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// One call for automation, such as a step of a scaffolder: afterwards somebody has a workspace of
/// this name, made from the entity's template with the entity's parameters.
///
/// The call can be repeated, by another process too and without knowing what became of the first
/// one: a workspace of this name that was made from the same template with the same values is what
/// an earlier call has made. A lost answer makes no second one.
///
/// ```no_run
/// use coder_client::{Client, WorkspaceName};
/// use coder_workspaces::{EnsureWorkspace, EnsuredWorkspace, EntityWorkspacesConfig, WorkspacesError};
///
/// async fn step(
///     client: &Client,
///     entity: &EntityWorkspacesConfig,
///     name: WorkspaceName,
/// ) -> Result<EnsuredWorkspace, WorkspacesError> {
///     EnsureWorkspace::new(entity, name).owner("dana").parameter("cpu", "8").run(client).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct EnsureWorkspace<'a> {
    config: &'a EntityWorkspacesConfig,
    name: WorkspaceName,
    request: CreateRequest<'a>,
    wait_limit: Duration,
}

/// Workspace that exists now, and whether this call has created it.
#[derive(Debug)]
#[non_exhaustive]
pub struct EnsuredWorkspace {
    /// Workspace in its present state; a new one waits for its build.
    pub workspace: Workspace,
    /// Whether this call has created it.
    pub created: bool,
}

impl<'a> EnsureWorkspace<'a> {
    /// Creates a request for a workspace of this entity called `name`. The name makes the request
    /// repeatable: [`run`](Self::run) finds what an earlier one has created.
    pub fn new(config: &'a EntityWorkspacesConfig, name: WorkspaceName) -> Self {
        Self { config, name, request: CreateRequest::default(), wait_limit: WAIT_LIMIT }
    }

    /// Sets the owner of the workspace; by default the user of the client's credential.
    ///
    /// For another user, the caller needs the rights of an owner at Coder.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<UserRef>) -> Self {
        self.request.owner = owner.into();
        self
    }

    /// Sets a parameter. The value wins over the entity's.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.parameters.insert(name.into(), value.into());
        self
    }

    /// Selects the preset by its name.
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

    /// Sets the longest time for which a Coder that does not answer is asked again; by default a
    /// minute.
    #[must_use]
    pub fn wait_limit(self, wait_limit: Duration) -> Self {
        Self { wait_limit, ..self }
    }

    /// Creates the workspace unless it exists, and returns without waiting for its build. While
    /// Coder does not answer, it is asked again within the [wait limit](Self::wait_limit).
    ///
    /// [`ManageWorkspace::start`](crate::ManageWorkspace::start) joins the build that is under way
    /// and waits for it.
    ///
    /// # Errors
    ///
    /// [`NotCreatable`] when something is missing to create the workspace,
    /// [`NotCreatable::NameTaken`] when the workspace of this name is another one,
    /// [`NotCreatable::BeingDeleted`] while it is being deleted, and [`WorkspacesError::Client`] when
    /// Coder refuses or does not answer.
    pub async fn run(&self, client: &Client) -> Result<EnsuredWorkspace, WorkspacesError> {
        let mut untold = |_: Progress<'_>| {};
        let follower = &mut Follower::new(client, self.wait_limit, &mut untold);
        let existing = create::existing(follower, self.config, &self.request, &self.name).await?;
        if let Existing::Same(workspace) = existing {
            return Ok(EnsuredWorkspace { workspace: *workspace, created: false });
        }
        let mut plan = create::plan(follower, self.config, &self.request).await?;
        if let Existing::Undecided = existing
            && let Some(workspace) = plan.earlier(follower, &self.name).await?
        {
            return Ok(EnsuredWorkspace { workspace, created: false });
        }
        plan.check_accounts(follower).await?;
        match plan.create(follower, &self.name).await? {
            Created::New(workspace) => {
                Ok(EnsuredWorkspace { workspace: *workspace, created: true })
            }
            Created::AlreadyExists(workspace) => {
                Ok(EnsuredWorkspace { workspace: *workspace, created: false })
            }
            Created::NameTaken(name) => Err(NotCreatable::NameTaken(name).into()),
        }
    }
}
