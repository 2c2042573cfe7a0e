//! Which components of the catalog workspaces belong to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use backstage_catalog::EntityFilter;
use coder_client::WorkspaceId;
use coder_client::models::{BuildParameter, Workspace};
use coder_client::operations::ListBuildParameters;
use coder_config::{Repository, RepositoryKey};
use coder_core::with_causes;
use futures_util::{StreamExt as _, stream};

use super::repositories::{Named, Parameter};
use crate::api::{ApiError, Call};

/// How many builds' parameters are read at a time.
const CONCURRENCY: usize = 8;
/// How many builds' parameters are read for one answer.
const MAX_READ: usize = 100;
/// The greatest length of a value that may be the URL of a repository.
const MAX_URL: usize = 2000;

/// A component with a repository.
struct Component {
    entity_ref: String,
    repository: Repository,
    /// Names of the parameters that hold its repository, in lower case.
    keys: Vec<String>,
}

type EntityRefs = HashMap<WorkspaceId, Vec<String>>;

impl<P, Q, B> Call<P, Q, B> {
    /// Finds the components that each workspace belongs to, and reasons why some may be missing.
    pub(super) async fn entities_of(
        &self,
        workspaces: &[Workspace],
    ) -> Result<(EntityRefs, Vec<String>), ApiError> {
        let components = self.components().await?;
        let mut notices = Vec::new();
        let (mut refs, mut unread) = (EntityRefs::new(), Vec::new());
        let known = &self.state.repositories;
        for workspace in workspaces.iter().filter(|one| !one.latest_build.id.is_nil()) {
            match known.get(workspace.latest_build.id) {
                Some(named) => {
                    refs.insert(workspace.id, belonging(&named, &components));
                }
                None => unread.push((workspace.id, workspace.latest_build.id)),
            }
        }
        if unread.len() > MAX_READ {
            let (read, all) = (MAX_READ, unread.len());
            notices.push(format!(
                "the entities of {} workspaces are not known yet; read the list again, or a smaller page",
                all - read
            ));
        }
        let mut reads = stream::iter(unread.into_iter().take(MAX_READ))
            .map(async |(workspace, build)| {
                (workspace, build, self.client.send(&ListBuildParameters::new(build)).await)
            })
            .buffered(CONCURRENCY);
        while let Some((workspace, build, read)) = reads.next().await {
            match read {
                Ok(parameters) => {
                    let integrations = &self.state.integrations;
                    let named = parameters.into_iter().filter(|one| one.value.len() <= MAX_URL);
                    let named = named.filter_map(|BuildParameter { name, value, .. }| {
                        let key = RepositoryKey::from_url(&value, integrations)?;
                        Some(Parameter { name: name.to_lowercase(), value, key })
                    });
                    let named: Named = named.collect();
                    refs.insert(workspace, belonging(&named, &components));
                    known.keep(build, named);
                }
                Err(error) if error.is_unauthorized() => return Err(error.into()),
                // Deleted since it was listed.
                Err(error) if error.is_not_found() || error.is_gone() => {}
                Err(error) => notices.push(format!(
                    "the entities of a workspace are not known: {}",
                    with_causes(&error)
                )),
            }
        }
        Ok((refs, notices))
    }

    /// Reads the components of the catalog that have a repository, by their repositories.
    async fn components(&self) -> Result<BTreeMap<RepositoryKey, Vec<Component>>, ApiError> {
        let state = &self.state;
        let entities = state.catalog.entities(&EntityFilter::kind("component")).await?;
        let mut components: BTreeMap<RepositoryKey, Vec<Component>> = BTreeMap::new();
        for entity in &entities {
            let (config, _) = state.config_of(entity, self.caller.environment());
            let Some(repository) = config.repository else { continue };
            let keys = config.repo_url_param_keys.iter().map(|key| key.to_lowercase());
            let component = Component {
                entity_ref: entity.entity_ref().to_string(),
                keys: keys.collect(),
                repository,
            };
            components.entry(component.repository.key()).or_default().push(component);
        }
        Ok(components)
    }
}

/// Returns the references of the components that one of the parameters names.
fn belonging(
    named: &[Parameter],
    components: &BTreeMap<RepositoryKey, Vec<Component>>,
) -> Vec<String> {
    let candidates = named.iter().flat_map(|parameter| {
        let of_repository = components.get(&parameter.key).into_iter().flatten();
        of_repository.map(move |component| (parameter, component))
    });
    let found: BTreeSet<String> = candidates
        .filter(|(parameter, component)| {
            component.keys.contains(&parameter.name)
                && component.repository.matches(&parameter.value)
        })
        .map(|(_, component)| component.entity_ref.clone())
        .collect();
    found.into_iter().collect()
}
