//! The index that a service account reads for everybody.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use coder_client::models::{Workspace, WorkspaceStatus};
use coder_client::{BuildId, Client, Credential, WorkspaceId};
use coder_config::{AppConfig, IndexConfig};
use coder_core::{Lock, World, hex};
use coder_workspaces::index::{IndexVisibility, WorkspaceIndex};
use sha2::{Digest as _, Sha256};

use crate::signal::Signal;

/// The number of workspaces of which is remembered what was told of them last.
const MAX_HINTS: usize = 1_000;

/// The index of a service account, and who is shown what of it.
pub(crate) struct ServiceIndex {
    pub(super) client: Client,
    pub(super) environment: String,
    pub(super) visibility: IndexVisibility,
    /// Tells the deployment and the credential apart from others, in what is saved.
    pub(super) fingerprint: String,
    index: Lock<Arc<Lock<WorkspaceIndex>>>,
    problem: Lock<Option<&'static str>>,
    /// Whether this process reads the index, and no other one.
    is_read_here: AtomicBool,
    hints: Lock<Hints>,
    /// Raised when there are hints.
    news: Signal,
}

/// News of workspaces that others have heard.
#[derive(Default)]
struct Hints {
    news: BTreeSet<WorkspaceId>,
    /// News that was told last: the build, its status and the name.
    told: HashMap<WorkspaceId, (BuildId, WorkspaceStatus, String)>,
}

impl ServiceIndex {
    /// Creates the empty index of the service account that the configuration names, if it names one.
    pub(crate) fn from_config(config: &AppConfig, world: &World) -> Option<Self> {
        // All of it: a key that is not read here does not compile.
        let IndexConfig {
            token,
            visibility,
            bypass_rate_limit,
            // Read where the portal is built.
            requests_per_minute: _,
            provenance: _,
        } = &config.index;
        let token = token.as_ref()?;
        let own = config.auth.environments.get(&config.auth.environment)?.as_ref().ok()?;
        let url = own.internal_url.as_ref().unwrap_or(&own.deployment_url);
        let client = Client::new(world, url.clone())
            .with_credential(Credential::SessionToken(token.clone()));
        let client = if *bypass_rate_limit { client.with_rate_limit_bypass() } else { client };
        let identity = format!("{}\n{}", own.deployment_url, token.expose());
        Some(Self {
            client,
            environment: config.auth.environment.to_string(),
            visibility: *visibility,
            fingerprint: hex(Sha256::digest(identity)),
            index: Lock::new(Arc::new(Lock::new(WorkspaceIndex::new(
                &config.workspaces.repo_url_param_keys,
                config.integrations.clone(),
            )))),
            problem: Lock::new(None),
            is_read_here: AtomicBool::new(false),
            hints: Lock::default(),
            news: Signal::default(),
        })
    }

    /// Returns the index that answers are made from.
    pub(super) fn index(&self) -> Arc<Lock<WorkspaceIndex>> {
        Arc::clone(&self.index.lock())
    }

    /// Makes answers from this index from now on.
    pub(super) fn publish(&self, index: &Arc<Lock<WorkspaceIndex>>) {
        *self.index.lock() = Arc::clone(index);
    }

    /// Notes whether this process reads the index.
    pub(super) fn set_read_here(&self, is_read_here: bool) {
        self.is_read_here.store(is_read_here, Ordering::Relaxed);
    }

    /// Notes that Coder has told somebody something new of a workspace. The service account then asks for it
    /// itself, since that person may see more. A process that does not read the index asks nothing.
    pub(super) fn hear(&self, workspace: &Workspace) {
        if !self.is_read_here.load(Ordering::Relaxed) || !self.index().lock().differs(workspace) {
            return;
        }
        let build = &workspace.latest_build;
        let told = (build.id, build.status.clone(), workspace.name.clone());
        let mut hints = self.hints.lock();
        // A workspace that the service account may not see would be asked for again and again.
        if hints.told.len() >= MAX_HINTS {
            hints.told.clear();
        }
        if hints.told.insert(workspace.id, told.clone()) != Some(told) {
            hints.news.insert(workspace.id);
            // A Coder that does not answer is asked when its pause is over.
            if self.problem().is_none() {
                self.news.raise();
            }
        }
    }

    /// Returns the workspaces that have probably changed, once.
    pub(super) fn take_hints(&self) -> BTreeSet<WorkspaceId> {
        std::mem::take(&mut self.hints.lock().news)
    }

    /// Waits until there is something to read.
    pub(super) async fn news(&self) {
        self.news.raised().await;
    }

    /// Returns the reason why the index is not kept up to date, for everybody.
    pub(super) fn problem(&self) -> Option<&'static str> {
        *self.problem.lock()
    }

    /// Sets the reason why the index is not kept up to date. Returns whether that is news.
    pub(super) fn set_problem(&self, problem: Option<&'static str>) -> bool {
        std::mem::replace(&mut *self.problem.lock(), problem) != problem
    }
}
