//! The parts of a portal.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstage_catalog::Catalog;
use coder_auth::{Caller, CoderAuth};
use coder_client::models::Workspace;
use coder_config::{ScmIntegrations, WorkspacesConfig};
use coder_core::World;
use coder_workspaces::{DeploymentHostsCache, TemplateVersionCache};

use crate::api::Idempotency;
use crate::closing::{Closing, Draining};
use crate::cors::Cors;
use crate::held_streams::HeldStreams;
use crate::index::Index;
use crate::live::Live;
use crate::proxy::Proxy;
use crate::workspaces::{RepositoriesOfBuilds, Unfinished};

/// The parts of a portal.
pub(crate) struct PortalState {
    pub(crate) world: World,
    pub(crate) auth: CoderAuth,
    /// Headers for pages of other origins; without it, they may send and read nothing.
    pub(crate) cors: Option<Cors>,
    pub(crate) proxy: Proxy,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) integrations: ScmIntegrations,
    /// Configuration of workspaces in the portal's own environment.
    pub(crate) own_workspaces: WorkspacesConfig,
    /// Configuration of workspaces in each environment, with links into its deployment.
    pub(crate) workspaces: BTreeMap<String, WorkspacesConfig>,
    /// Host names of the deployments' apps and shells.
    pub(crate) hosts: DeploymentHostsCache,
    /// Mark that the process is about to end.
    pub(crate) draining: Draining,
    /// Presets, parameters and accounts of the templates' versions.
    pub(crate) template_versions: TemplateVersionCache,
    /// Open streams of events.
    pub(crate) live: Arc<Live>,
    /// The mark that the proxy's open connections, and what is held for checks, have to end.
    pub(crate) closing: Closing,
    /// Streams that are held for checks.
    pub(crate) held_streams: HeldStreams,
    /// All workspaces at a glance.
    pub(crate) index: Arc<Index>,
    /// Repositories of the workspaces that were listed.
    pub(crate) repositories: RepositoriesOfBuilds,
    /// Answers to requests that have changed something, for those who send them again.
    pub(crate) idempotency: Idempotency,
    /// Actions that go on after their answer.
    pub(crate) unfinished: Unfinished,
}

impl PortalState {
    /// Tells open streams and the index of workspaces that a caller has changed a workspace, to this state.
    pub(crate) fn tell_change(&self, caller: &Caller, workspace: &Workspace) {
        self.index.hear(caller, workspace);
        self.live.refresh(workspace.id);
    }
}
