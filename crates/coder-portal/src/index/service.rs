//! The index that a service account reads for everybody.

use std::sync::Arc;

use coder_client::{Client, Credential};
use coder_config::{AppConfig, IndexConfig};
use coder_core::{Lock, World, hex};
use coder_workspaces::index::{IndexVisibility, WorkspaceIndex};
use sha2::{Digest as _, Sha256};

/// The index of a service account, and who is shown what of it.
pub(crate) struct ServiceIndex {
    pub(super) client: Client,
    pub(super) environment: String,
    pub(super) visibility: IndexVisibility,
    /// Tells the deployment and the credential apart from others, in what is saved.
    pub(super) fingerprint: String,
    index: Lock<Arc<Lock<WorkspaceIndex>>>,
    problem: Lock<Option<&'static str>>,
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

    /// Returns the reason why the index is not kept up to date, for everybody.
    pub(super) fn problem(&self) -> Option<&'static str> {
        *self.problem.lock()
    }

    /// Sets the reason why the index is not kept up to date. Returns whether that is news.
    pub(super) fn set_problem(&self, problem: Option<&'static str>) -> bool {
        std::mem::replace(&mut *self.problem.lock(), problem) != problem
    }
}
