//! The entities that an index is read for, and how they are searched for.

use std::collections::{BTreeMap, BTreeSet};

use coder_client::{ClientError, WorkspaceFilter, WorkspaceId};

use super::WorkspaceIndex;
use crate::EntityWorkspacesConfig;
use crate::search::ParameterPacking;

/// The longest query that is tried. The HTTP library takes no URL of 64 KiB or more.
const LONGEST: usize = 56 * 1024;
/// The shortest limit; servers and proxies take request lines of 8 KiB.
const SHORTEST: usize = 6 * 1024;

/// The entities that an index is read for.
#[derive(Debug)]
pub(super) struct Scope {
    entities: Vec<EntityWorkspacesConfig>,
    /// The values that name the entities' repositories, with the parameters that hold them. `None`
    /// when Coder's search has no words for one of them.
    pairs: Option<BTreeSet<(String, String)>>,
    max_length: usize,
}

impl Scope {
    pub(super) fn new(entities: Vec<EntityWorkspacesConfig>) -> Self {
        let pairs = entities.iter().flat_map(|config| {
            let spellings = config.repository.as_ref().map(|it| it.spellings()).unwrap_or_default();
            let keys = &config.repo_url_param_keys;
            spellings.into_iter().flat_map(move |spelling| {
                keys.iter().map(move |key| (key.clone(), spelling.clone()))
            })
        });
        // Names and values that differ in letter case only are one to Coder.
        let pairs: BTreeMap<_, _> =
            pairs.map(|pair| ((pair.0.to_lowercase(), pair.1.to_lowercase()), pair)).collect();
        let is_searchable =
            |(key, value): &(String, String)| WorkspaceFilter::new().param(key, value).is_ok();
        let pairs: BTreeSet<_> = pairs.into_values().collect();
        let pairs = pairs.iter().all(is_searchable).then_some(pairs);
        Self { entities, pairs, max_length: LONGEST }
    }

    /// Returns the searches that find the entities' workspaces, which add these pairs to `base`;
    /// `None` when Coder's search cannot find them.
    pub(super) fn queries(&self, base: &WorkspaceFilter) -> Option<Vec<WorkspaceFilter>> {
        let mut packing = ParameterPacking::new(base.clone(), self.max_length);
        for (key, value) in self.pairs.as_ref()? {
            packing.add(key, value).ok()?;
        }
        Some(packing.finish())
    }

    /// Notes that a search was refused. Returns whether shorter ones may be taken: proxies in front of
    /// Coder take less than Coder does.
    pub(super) fn shorten(&mut self, error: &ClientError) -> bool {
        let is_about_length =
            error.status().is_some_and(|status| matches!(status.as_u16(), 400 | 413 | 414 | 431));
        let may_be_shorter = is_about_length && self.max_length > SHORTEST;
        if may_be_shorter {
            self.max_length = (self.max_length / 2).max(SHORTEST);
        }
        may_be_shorter
    }

    /// Returns the known workspaces that belong to the entities.
    pub(super) fn members(&self, index: &WorkspaceIndex) -> BTreeSet<WorkspaceId> {
        let members = self.entities.iter().filter_map(|config| index.of(config).ok()).flatten();
        members.map(|entry| entry.id).collect()
    }
}
