//! The entities of the catalog that workspaces can belong to.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use coder_client::WorkspaceId;
use coder_config::{RepositoryKey, ScmIntegrations};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{IndexedWorkspace, WorkspaceIndex};

use super::shared_answers::SharedAnswers;
use crate::api::ApiError;

/// An entity with a repository.
pub(super) struct KnownEntity {
    pub(super) entity_ref: String,
    pub(super) config: EntityWorkspacesConfig,
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
                by_repository.entry(repository.key().clone()).or_default().push(at);
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
                let entity = self.all.get(*at);
                entity.is_some_and(|it| it.config.is_named_by(&parameter.name, &parameter.value))
            }));
        }
        let found = found.into_iter().filter_map(|at| self.all.get(at));
        found.map(|entity| entity.entity_ref.as_str()).collect()
    }

    /// Returns the references of the entities that each of these workspaces belongs to, in the order of the
    /// catalog.
    pub(super) fn of_workspaces(
        &self,
        workspaces: &[&IndexedWorkspace],
        index: &WorkspaceIndex,
        integrations: &ScmIntegrations,
    ) -> HashMap<WorkspaceId, Vec<&str>> {
        let mut found: HashMap<WorkspaceId, Vec<&str>> = HashMap::new();
        if workspaces.len() <= self.all.len() {
            for workspace in workspaces {
                found.insert(workspace.id, self.of_workspace(workspace, integrations));
            }
        } else {
            // The index finds the workspaces of an entity faster than a URL is read.
            for entity in &self.all {
                for workspace in index.of(&entity.config).unwrap_or_default() {
                    found.entry(workspace.id).or_default().push(&entity.entity_ref);
                }
            }
        }
        found
    }

    /// Returns an entity by its reference, in the normal form.
    pub(super) fn get(&self, entity_ref: &str) -> Option<&KnownEntity> {
        self.all.get(*self.by_ref.get(entity_ref)?)
    }
}

/// The greatest number of environments whose entities are kept.
const MAX_ENVIRONMENTS: usize = 100;

/// The entities as they were read last, for each environment.
pub(super) struct KnownEntities(
    pub(super) SharedAnswers<String, Result<Arc<Entities>, Arc<ApiError>>>,
);

impl Default for KnownEntities {
    fn default() -> Self {
        Self(SharedAnswers::new(MAX_ENVIRONMENTS))
    }
}
