//! Hosts of a deployment's pages, apps and shells, as the deployment reports them.

use std::collections::HashMap;
use std::sync::MutexGuard;

use coder_client::Client;
use coder_client::operations::{GetSshConfig, ListRegions};
use coder_core::{DeploymentUrl, Lock, is_within, with_causes};
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::WorkspacesError;

/// Time for which an answer is kept. It changes when somebody reconfigures Coder.
const CACHE_TTL: SignedDuration = SignedDuration::from_mins(10);
/// Time until Coder is asked again after it did not answer.
const FAILURE_TTL: SignedDuration = SignedDuration::from_mins(1);

/// Hosts of a deployment's pages, apps and shells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeploymentHosts {
    /// URL at which people reach the deployment.
    pub access_url: DeploymentUrl,
    /// URL of apps that live below a path; the access URL unless a region names another.
    pub path_app_url: DeploymentUrl,
    /// Host name pattern of apps with a host name of their own, like `*.apps.example.com`; `None` when
    /// the deployment has none.
    pub wildcard_hostname: Option<String>,
    /// Suffix of SSH host names, without a dot in front.
    pub ssh_suffix: String,
}

impl DeploymentHosts {
    /// Creates the hosts of a deployment that has only its access URL.
    pub fn new(access_url: DeploymentUrl) -> Self {
        let path_app_url = access_url.clone();
        Self { access_url, path_app_url, wildcard_hostname: None, ssh_suffix: "coder".to_owned() }
    }

    /// Asks a deployment for its hosts: `GET /api/v2/regions`, of which the first one is the
    /// deployment itself, and `GET /api/v2/deployment/ssh`. `access_url` is where people reach it.
    ///
    /// # Errors
    ///
    /// When Coder refuses the first request or does not answer it.
    pub async fn fetch(
        client: &Client,
        access_url: DeploymentUrl,
    ) -> Result<Self, WorkspacesError> {
        let (regions, ssh) = join(client.send(&ListRegions), client.send(&GetSshConfig)).await;
        let mut hosts = Self::new(access_url);
        if let Some(primary) = regions?.regions.into_iter().next() {
            if let Ok(url) = primary.path_app_url.parse() {
                hosts.path_app_url = url;
            }
            hosts.wildcard_hostname =
                Some(primary.wildcard_hostname).filter(|host| !host.is_empty());
        }
        if let Ok(ssh) = ssh
            && !ssh.hostname_suffix.is_empty()
        {
            ssh.hostname_suffix.trim_start_matches('.').clone_into(&mut hosts.ssh_suffix);
        }
        Ok(hosts)
    }

    pub(crate) fn subdomain(&self, label: &str) -> Option<Url> {
        let host = self.wildcard_hostname.as_deref().filter(|host| host.contains('*'))?;
        let scheme = if self.access_url.origin().is_https() { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}/", host.replacen('*', label, 1))).ok()
    }
}

/// The hosts of deployments, each asked for once in ten minutes.
#[derive(Debug, Default)]
pub struct DeploymentHostsCache {
    known: Lock<Known>,
}

/// By where the client reaches a deployment and where people do: its hosts, since when they are
/// known, and how long they count.
type Known = HashMap<(DeploymentUrl, DeploymentUrl), (DeploymentHosts, Timestamp, SignedDuration)>;

impl DeploymentHostsCache {
    /// Returns the hosts of the client's deployment, which people reach at `access_url`.
    ///
    /// When Coder does not answer, the last known hosts are returned; before the first answer there
    /// are no subdomain apps.
    pub async fn get(&self, client: &Client, access_url: &DeploymentUrl) -> DeploymentHosts {
        let key = (client.deployment().clone(), access_url.clone());
        let now = client.world().clock.now();
        let known = self.lock().get(&key).cloned();
        if let Some((hosts, since, lasts)) = &known
            && is_within(*lasts, now, *since)
        {
            return hosts.clone();
        }
        let (hosts, lasts) = match DeploymentHosts::fetch(client, access_url.clone()).await {
            Ok(hosts) => (hosts, CACHE_TTL),
            Err(error) => {
                tracing::debug!(deployment = %key.0, error = with_causes(&error), "its hosts are not known");
                let earlier = known.map(|(hosts, ..)| hosts);
                (earlier.unwrap_or_else(|| DeploymentHosts::new(access_url.clone())), FAILURE_TTL)
            }
        };
        self.lock().insert(key, (hosts.clone(), now, lasts));
        hosts
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }
}
