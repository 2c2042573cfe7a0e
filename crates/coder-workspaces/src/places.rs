//! Where a deployment's pages, apps and shells are, as it tells itself.

use std::collections::HashMap;
use std::sync::MutexGuard;

use coder_client::Client;
use coder_client::operations::{GetSshConfig, ListRegions};
use coder_core::{DeploymentUrl, Lock, is_within};
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::Error;

/// How long an answer counts. It changes when somebody configures Coder anew.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long nothing is asked when there was no answer.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Where a deployment's pages, apps and shells are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Places {
    /// Where people reach the deployment.
    pub access_url: DeploymentUrl,
    /// Where they reach apps that live below a path; the access URL unless a region says so.
    pub path_app_url: DeploymentUrl,
    /// Where they reach apps that have a host name of their own, like `*.apps.example.com`; `None`
    /// when the deployment has no such place.
    pub wildcard_hostname: Option<String>,
    /// What the names of SSH hosts end with, without a dot in front.
    pub ssh_suffix: String,
}

impl Places {
    /// Those of a deployment that has nothing but its access URL.
    pub fn new(access_url: DeploymentUrl) -> Self {
        let path_app_url = access_url.clone();
        Self { access_url, path_app_url, wildcard_hostname: None, ssh_suffix: "coder".to_owned() }
    }

    pub(crate) fn subdomain(&self, label: &str) -> Option<Url> {
        let host = self.wildcard_hostname.as_deref().filter(|host| host.contains('*'))?;
        let scheme = if self.access_url.origin().is_https() { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}/", host.replacen('*', label, 1))).ok()
    }
}

/// Asks a deployment for its places: `GET /api/v2/regions`, of which the first one is the
/// deployment itself, and `GET /api/v2/deployment/ssh`. `access_url` is where people reach it.
///
/// # Errors
///
/// When Coder does not answer the first one, or says no.
pub async fn find_places(client: &Client, access_url: DeploymentUrl) -> Result<Places, Error> {
    let (regions, ssh) = join(client.send(&ListRegions), client.send(&GetSshConfig)).await;
    let mut places = Places::new(access_url);
    if let Some(primary) = regions?.regions.into_iter().next() {
        if let Ok(url) = primary.path_app_url.parse() {
            places.path_app_url = url;
        }
        places.wildcard_hostname = Some(primary.wildcard_hostname).filter(|host| !host.is_empty());
    }
    if let Ok(ssh) = ssh
        && !ssh.hostname_suffix.is_empty()
    {
        ssh.hostname_suffix.trim_start_matches('.').clone_into(&mut places.ssh_suffix);
    }
    Ok(places)
}

/// The places of deployments, each asked for once in ten minutes.
#[derive(Debug, Default)]
pub struct KnownPlaces {
    known: Lock<Known>,
}

/// By where the client reaches a deployment and where people do: its places, since when they are
/// known, and how long they count.
type Known = HashMap<(DeploymentUrl, DeploymentUrl), (Places, Timestamp, SignedDuration)>;

impl KnownPlaces {
    /// Those of the client's deployment, which people reach at `access_url`. When it does not
    /// answer, links lead to what was there before, at first to everything but subdomain apps.
    pub async fn of(&self, client: &Client, access_url: &DeploymentUrl) -> Places {
        let key = (client.deployment().clone(), access_url.clone());
        let now = client.world().clock.now();
        let known = self.lock().get(&key).cloned();
        if let Some((places, since, lasts)) = &known
            && is_within(*lasts, now, *since)
        {
            return places.clone();
        }
        let (places, lasts) = match find_places(client, access_url.clone()).await {
            Ok(places) => (places, FRESH),
            Err(error) => {
                tracing::debug!(deployment = %key.0, %error, "its places are not known");
                let earlier = known.map(|(places, ..)| places);
                (earlier.unwrap_or_else(|| Places::new(access_url.clone())), PAUSE)
            }
        };
        self.lock().insert(key, (places.clone(), now, lasts));
        places
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock()
    }
}
