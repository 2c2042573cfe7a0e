//! What versions of templates ask for, remembered: a version never changes.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use coder_client::models::{Preset, TemplateVersionParameter};
use coder_client::{Client, List, TemplateVersionId};
use coder_core::{DeploymentUrl, Lock};

use crate::recent_reads::RecentReads;

/// How many versions are remembered; the oldest one is forgotten first.
const MAX_VERSIONS: usize = 500;

/// The demands of template versions: their presets, their static parameters, and whether they need
/// accounts at other services. A version never changes, so Coder is asked once.
///
/// What a person has read of a template within the last minute is remembered for that person as well, so
/// that a workspace which is created after its form was shown costs Coder one request. A creation that
/// Coder refuses is planned anew, since the template may have changed.
///
/// Each call that uses it has read the template for the same person before, and so learns
/// nothing that Coder would not tell that caller. Lists with items that could not be read are not
/// remembered.
#[derive(Default)]
pub struct TemplateVersionCache {
    known: Lock<Known>,
    pub(crate) recent: RecentReads,
}

#[derive(Default)]
struct Known {
    versions: HashMap<Key, Version>,
    /// The oldest first.
    order: VecDeque<Key>,
}

type Key = (DeploymentUrl, TemplateVersionId);

#[derive(Clone, Default)]
struct Version {
    presets: Option<List<Preset>>,
    parameters: Option<List<TemplateVersionParameter>>,
    needs_no_accounts: bool,
}

impl TemplateVersionCache {
    /// Returns the presets of a version, if they are known.
    pub(crate) fn presets(
        &self,
        client: &Client,
        version: TemplateVersionId,
    ) -> Option<List<Preset>> {
        self.get(client, version).presets
    }

    /// Keeps the presets of a version, if all could be read.
    pub(crate) fn keep_presets(
        &self,
        client: &Client,
        version: TemplateVersionId,
        presets: &List<Preset>,
    ) {
        if presets.unreadable().is_empty() {
            self.change(client, version, |version| version.presets = Some(presets.clone()));
        }
    }

    /// Returns the static parameters of a version, if they are known.
    pub(crate) fn parameters(
        &self,
        client: &Client,
        version: TemplateVersionId,
    ) -> Option<List<TemplateVersionParameter>> {
        self.get(client, version).parameters
    }

    /// Keeps the static parameters of a version, if all could be read.
    pub(crate) fn keep_parameters(
        &self,
        client: &Client,
        version: TemplateVersionId,
        parameters: &List<TemplateVersionParameter>,
    ) {
        if parameters.unreadable().is_empty() {
            self.change(client, version, |version| version.parameters = Some(parameters.clone()));
        }
    }

    /// Tells whether a version is known to need no account, whoever owns the workspace.
    pub(crate) fn needs_no_accounts(&self, client: &Client, version: TemplateVersionId) -> bool {
        self.get(client, version).needs_no_accounts
    }

    /// Notes that a version needs no account.
    pub(crate) fn note_no_accounts(&self, client: &Client, version: TemplateVersionId) {
        self.change(client, version, |version| version.needs_no_accounts = true);
    }

    fn get(&self, client: &Client, version: TemplateVersionId) -> Version {
        let key = (client.deployment().clone(), version);
        self.known.lock().versions.get(&key).cloned().unwrap_or_default()
    }

    fn change(
        &self,
        client: &Client,
        version: TemplateVersionId,
        change: impl FnOnce(&mut Version),
    ) {
        let key = (client.deployment().clone(), version);
        let mut known = self.known.lock();
        let Known { versions, order } = &mut *known;
        if !versions.contains_key(&key) {
            order.push_back(key.clone());
        }
        change(versions.entry(key).or_default());
        if order.len() > MAX_VERSIONS
            && let Some(oldest) = order.pop_front()
        {
            versions.remove(&oldest);
        }
    }
}

impl fmt::Debug for TemplateVersionCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.lock().versions.len();
        formatter.debug_struct("TemplateVersionCache").field("known", &known).finish()
    }
}
