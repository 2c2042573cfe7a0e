//! Which entities of the catalog workspaces belong to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use backstage_catalog::EntityFilter;
use coder_client::models::{BuildParameter, Workspace};
use coder_client::operations::ListBuildParameters;
use coder_client::{BuildId, ClientError, List, WorkspaceId};
use coder_config::{RepositoryKey, ScmIntegrations};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::RepositoryParameter;
use futures_util::{StreamExt as _, stream};

use super::repositories::{Named, Parameter};
use crate::api::{ApiError, Call};
use crate::notices::Notices;

/// How many builds' parameters are read at a time.
const CONCURRENCY: usize = 8;
/// How many builds' parameters are read for one answer.
const MAX_READ: usize = 100;
/// The greatest length of a value that may be the URL of a repository.
const MAX_URL: usize = 2000;

/// An entity with a repository.
struct Known {
    entity_ref: String,
    config: EntityWorkspacesConfig,
}

type Entities = BTreeMap<RepositoryKey, Vec<Known>>;
type EntityRefs = HashMap<WorkspaceId, Vec<String>>;

impl<P, Q, B> Call<P, Q, B> {
    /// Finds the entities that each workspace belongs to, and notes why some may be missing.
    pub(super) async fn entities_of(
        &self,
        workspaces: &[Workspace],
        notices: &mut Notices,
    ) -> Result<EntityRefs, ApiError> {
        let entities = self.known_by_repository().await?;
        let (mut refs, mut unread) = (EntityRefs::new(), Vec::new());
        for workspace in workspaces.iter().filter(|one| !one.latest_build.id.is_nil()) {
            let build = workspace.latest_build.id;
            match self.state.repositories.get(build) {
                Some(named) => drop(refs.insert(workspace.id, belonging(&named, &entities))),
                None => unread.push((workspace.id, build)),
            }
        }
        if unread.len() > MAX_READ {
            notices.add(format!(
                "the entities of {} workspaces are not known yet; read the list again, or a smaller page",
                unread.len() - MAX_READ
            ));
        }
        let mut reads = stream::iter(unread.into_iter().take(MAX_READ))
            .map(async |(workspace, build)| {
                (workspace, build, self.client.send(&ListBuildParameters::new(build)).await)
            })
            .buffered(CONCURRENCY);
        while let Some((workspace, build, read)) = reads.next().await {
            if let Some(named) = self.named_in(build, read, notices)? {
                refs.insert(workspace, belonging(&named, &entities));
            }
        }
        Ok(refs)
    }

    /// Returns the repositories that the parameters of a build name, and keeps them when all could be
    /// read; `None` when nothing was read.
    fn named_in(
        &self,
        build: BuildId,
        read: Result<List<BuildParameter>, ClientError>,
        notices: &mut Notices,
    ) -> Result<Option<Named>, ApiError> {
        match read {
            Ok(parameters) => {
                let named = repositories(&parameters, &self.state.integrations);
                if parameters.unreadable().is_empty() {
                    self.state.repositories.keep(build, named.clone());
                }
                for item in parameters.unreadable() {
                    notices.add(format!(
                        "entities of a workspace may be missing: left out of coder's list: {item}"
                    ));
                }
                Ok(Some(named))
            }
            Err(error) if error.is_unauthorized() => Err(error.into()),
            // Deleted since it was listed.
            Err(error) if error.is_not_found() || error.is_gone() => Ok(None),
            Err(error) => {
                notices.add_error("the entities of some workspaces are not known", &error);
                Ok(None)
            }
        }
    }

    /// Reads the entities of the catalog that have a repository, by their repositories.
    async fn known_by_repository(&self) -> Result<Entities, ApiError> {
        let state = &self.state;
        let entities = state.catalog.entities(&EntityFilter::all()).await?;
        let mut by_repository = Entities::new();
        for entity in &entities {
            let (config, _) = state.config_of(entity, self.caller.environment());
            let Some(repository) = &config.repository else { continue };
            let key = repository.key().clone();
            let known = Known { entity_ref: entity.entity_ref().to_string(), config };
            by_repository.entry(key).or_default().push(known);
        }
        Ok(by_repository)
    }
}

/// Returns the parameters that name a repository.
fn repositories(parameters: &[BuildParameter], integrations: &ScmIntegrations) -> Named {
    let short = parameters.iter().filter(|one| one.value.len() <= MAX_URL);
    let named = short.filter_map(|one| {
        let parameter = RepositoryParameter::new(one);
        let key = RepositoryKey::from_url(&parameter.value, integrations)?;
        Some(Parameter { parameter, key })
    });
    named.collect()
}

/// Returns the references of the entities that one of the parameters names.
fn belonging(named: &[Parameter], entities: &Entities) -> Vec<String> {
    let candidates = named.iter().flat_map(|Parameter { parameter, key }| {
        let of_repository = entities.get(key).into_iter().flatten();
        of_repository.map(move |entity| (parameter, entity))
    });
    let found: BTreeSet<String> = candidates
        .filter(|(parameter, entity)| entity.config.is_named_by(&parameter.name, &parameter.value))
        .map(|(_, entity)| entity.entity_ref.clone())
        .collect();
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_repository_holds_no_password() {
        let url = "https://alice:ghp_secret@github.com/acme/python-project";
        let named = repositories(&[BuildParameter::new("repo", url)], &ScmIntegrations::default());
        let [Parameter { parameter, key }] = named.as_slice() else { panic!("{}", named.len()) };
        assert_eq!(parameter.value, "https://github.com/acme/python-project");
        assert_eq!((key.host(), key.path()), ("github.com", "acme/python-project"));
    }
}
