//! One call for automation: afterwards there is a workspace of this name.

use coder_client::models::Workspace;
use coder_client::{Client, UserRef, WorkspaceName};

use crate::create::{self, Created, Wish};
use crate::{EntityWorkspacesConfig, Error, NotCreatable};

/// One call for automation, such as a step of a scaffolder: afterwards somebody has a workspace of
/// this name, made from the entity's template with the entity's parameters.
///
/// The call can be repeated, by another process too and without knowing what became of the first
/// one: a workspace of this name that was made from the same template with the same values is what
/// an earlier call has made. A lost answer makes no second one.
///
/// ```no_run
/// use coder_client::{Client, WorkspaceName};
/// use coder_workspaces::{EnsureWorkspace, Ensured, EntityWorkspacesConfig, Error};
///
/// async fn step(
///     client: &Client,
///     entity: &EntityWorkspacesConfig,
///     name: WorkspaceName,
/// ) -> Result<Ensured, Error> {
///     EnsureWorkspace::of(entity, name).for_user("dana").parameter("cpu", "8").run(client).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct EnsureWorkspace<'a> {
    compiled: &'a EntityWorkspacesConfig,
    name: WorkspaceName,
    wish: Wish,
}

/// A workspace that is there now.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ensured {
    /// As it is now: a new one waits for its build.
    pub workspace: Workspace,
    /// Whether this call has created it.
    pub created: bool,
}

impl<'a> EnsureWorkspace<'a> {
    /// A workspace to work on this entity. The name makes the call repeatable.
    pub fn of(compiled: &'a EntityWorkspacesConfig, name: WorkspaceName) -> Self {
        Self { compiled, name, wish: Wish::default() }
    }

    /// For somebody else, which needs the right to do so. Without it, for whoever the client's
    /// credential belongs to.
    #[must_use]
    pub fn for_user(mut self, owner: impl Into<UserRef>) -> Self {
        self.wish.owner = owner.into();
        self
    }

    /// A value for a parameter. It wins over the entity's.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.wish.parameters.insert(name.into(), value.into());
        self
    }

    /// The preset it is made with, by its name.
    #[must_use]
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.wish.preset = Some(name.into());
        self
    }

    /// Creates it if it is not there. Its build is not waited for; who wants to,
    /// [starts](crate::ManageWorkspace::start) it, which joins the build that is under way.
    ///
    /// # Errors
    ///
    /// What is missing before it can be created, [`NotCreatable::NameTaken`] when the workspace of
    /// this name is another one, and what Coder said when it said no.
    pub async fn run(&self, client: &Client) -> Result<Ensured, Error> {
        let plan = create::plan(client, self.compiled, &self.wish).await?;
        if let Some(workspace) = plan.earlier(client, &self.name).await? {
            return Ok(Ensured { workspace, created: false });
        }
        plan.check_accounts(client).await?;
        match plan.create(client, &self.name).await? {
            Created::New(workspace) => Ok(Ensured { workspace: *workspace, created: true }),
            Created::Earlier(workspace) => Ok(Ensured { workspace: *workspace, created: false }),
            Created::NameTaken(name) => Err(NotCreatable::NameTaken(name).into()),
        }
    }
}
