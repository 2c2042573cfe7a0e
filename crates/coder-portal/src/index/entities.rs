//! The entities of the catalog that workspaces can belong to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use coder_config::{RepositoryKey, ScmIntegrations};
use coder_core::Lock;
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{IndexedWorkspace, RepositoryParameter};
use jiff::Timestamp;

/// An entity with a repository.
pub(super) struct KnownEntity {
    pub(super) entity_ref: String,
    pub(super) config: EntityWorkspacesConfig,
}

impl KnownEntity {
    /// Returns whether a parameter of a workspace is one that the entity looks into, and holds its
    /// repository.
    fn is_named_by(&self, parameter: &RepositoryParameter) -> bool {
        let name = parameter.name.to_lowercase();
        self.config.repo_url_param_keys.iter().any(|key| key.to_lowercase() == name)
            && self.config.repository.as_ref().is_some_and(|it| it.matches(&parameter.value))
    }
}

/// The entities with a repository.
pub(super) struct Entities {
    pub(super) all: Vec<KnownEntity>,
    by_ref: HashMap<String, usize>,
    by_repository: HashMap<RepositoryKey, Vec<usize>>,
}

impl Entities {
    pub(super) fn new(all: Vec<KnownEntity>) -> Self {
        let by_ref = all.iter().enumerate();
        let by_ref = by_ref.map(|(at, entity)| (entity.entity_ref.clone(), at)).collect();
        let mut by_repository: HashMap<RepositoryKey, Vec<usize>> = HashMap::new();
        for (at, entity) in all.iter().enumerate() {
            if let Some(repository) = &entity.config.repository {
                by_repository.entry(repository.key()).or_default().push(at);
            }
        }
        Self { all, by_ref, by_repository }
    }

    /// Returns the references of the entities that a workspace belongs to, in the order of the catalog.
    pub(super) fn of_workspace(
        &self,
        workspace: &IndexedWorkspace,
        integrations: &ScmIntegrations,
    ) -> Vec<&str> {
        let mut found = BTreeSet::new();
        for parameter in &workspace.repositories {
            let key = RepositoryKey::from_url(&parameter.value, integrations);
            let candidates = key.and_then(|key| self.by_repository.get(&key));
            found.extend(candidates.into_iter().flatten().copied().filter(|at| {
                self.all.get(*at).is_some_and(|entity| entity.is_named_by(parameter))
            }));
        }
        let found = found.into_iter().filter_map(|at| self.all.get(at));
        found.map(|entity| entity.entity_ref.as_str()).collect()
    }

    /// Returns an entity by its reference, in the normal form.
    pub(super) fn get(&self, entity_ref: &str) -> Option<&KnownEntity> {
        self.all.get(*self.by_ref.get(entity_ref)?)
    }
}

/// The entities as they were read last, for each environment.
#[derive(Default)]
pub(super) struct KnownEntities(pub(super) Lock<BTreeMap<String, (Timestamp, Arc<Entities>)>>);
