//! The catalog's components, and the Coder workspaces that belong to each.

use backstage_catalog::EntityFilter;
use coder_client::WorkspaceFilter;
use coder_config::{CreationMode, Entity, EntityRef, WorkspacesConfig};
use coder_core::with_causes;
use coder_workspaces::{
    Availability, DeploymentHosts, EntityWorkspaces, EntityWorkspacesConfig, Owner, Search,
    SearchProblem, WorkspacesError, poll_after,
};
use indexmap::IndexMap;
use serde::Serialize;

use crate::api::{ApiError, Call, Json};
use crate::notices::Notices;
use crate::state::PortalState;
use crate::wire;
use crate::workspace_query::WorkspacesQuery;

/// The components of the catalog.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EntityList {
    items: Vec<EntityItem>,
}

/// A component of the catalog.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct EntityItem {
    /// Reference, such as `component:default/payments`.
    entity_ref: String,
    kind: String,
    namespace: String,
    name: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// URL that its repository is cloned from.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_url: Option<String>,
}

/// Lists the catalog's components.
pub(crate) async fn list(call: Call) -> Result<Json<EntityList>, ApiError> {
    let state = &call.state;
    let entities = state.catalog.entities(&EntityFilter::kind("component")).await?;
    let items = entities.iter().map(|entity| {
        let entity_ref = entity.entity_ref();
        let repository = entity.repository(&state.integrations).ok();
        EntityItem {
            entity_ref: entity_ref.as_str().to_owned(),
            kind: entity_ref.kind().to_owned(),
            namespace: entity_ref.namespace().to_owned(),
            name: entity_ref.name().to_owned(),
            title: entity.metadata.title.clone(),
            description: entity.metadata.description.clone(),
            repository_url: repository.map(|repository| repository.clone_url().to_owned()),
        }
    });
    Ok(Json(EntityList { items: items.collect() }))
}

/// Offer of Coder for an entity.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityConfig {
    /// Reference, such as `component:default/payments`.
    entity_ref: String,
    /// `true` when there is anything to show for the entity; `incompatible` tells why not.
    compatible: bool,
    /// Reason why there is nothing to show, and what the entity's owner or the portal's
    /// administrator can do.
    #[serde(skip_serializing_if = "Option::is_none")]
    incompatible: Option<String>,
    /// Template of new workspaces; null when nobody names one.
    template_name: Option<String>,
    /// Mode of the creation link: `manual` or `auto`.
    #[cfg_attr(test, schemars(with = "String", extend("enum" = ["manual", "auto"])))]
    mode: CreationMode,
    /// URL that the entity's repository is cloned from; null when it has none.
    repository_url: Option<String>,
    /// Names of the parameters that hold the repository.
    repo_url_param_keys: Vec<String>,
    /// Values of parameters that new workspaces get.
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    params: IndexMap<String, String>,
    /// URL of Coder's form for a new workspace; null without a template.
    creation_url: Option<String>,
    /// Base URL of Coder's dashboard.
    access_url: String,
    /// Messages for the entity's owner.
    notices: Vec<String>,
}

/// Returns what Coder has to offer for an entity, without asking Coder.
pub(crate) async fn get(call: Call<EntityRef>) -> Result<Json<EntityConfig>, ApiError> {
    let (config, notices) = call.state.entity_config(&call.path, call.caller.environment()).await?;
    let incompatible = config.compatibility().err();
    Ok(Json(EntityConfig {
        entity_ref: call.path.to_string(),
        compatible: incompatible.is_none(),
        incompatible: incompatible.map(|reason| with_causes(&reason)),
        template_name: config.template.map(|template| template.to_string()),
        mode: config.mode,
        repository_url: config.repository.map(|repository| repository.clone_url().to_owned()),
        repo_url_param_keys: config.repo_url_param_keys,
        params: config.params,
        creation_url: config.creation_url.map(String::from),
        access_url: config.access_url.to_string(),
        notices,
    }))
}

/// The workspaces of an entity, and what is needed to create one.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityWorkspaceList {
    /// Reference, such as `component:default/payments`.
    entity_ref: String,
    /// Template of new workspaces; null when nobody names one.
    template_name: Option<String>,
    /// Mode of the creation link: `manual` or `auto`.
    #[cfg_attr(test, schemars(with = "String", extend("enum" = ["manual", "auto"])))]
    mode: CreationMode,
    /// URL that the entity's repository is cloned from; null when it has none.
    repository_url: Option<String>,
    /// URL of Coder's form for a new workspace; null without a template.
    creation_url: Option<String>,
    #[serde(flatten)]
    list: wire::WorkspaceList,
}

/// Lists the workspaces of an entity.
pub(crate) async fn workspaces(
    call: Call<EntityRef, WorkspacesQuery>,
) -> Result<Json<EntityWorkspaceList>, ApiError> {
    let state = &call.state;
    let (config, mut notices) = state.entity_config(&call.path, call.caller.environment()).await?;
    let WorkspacesQuery { owner, q, limit, offset } = &call.query;
    let mut search = Search::new(&config).owner(Owner::from(*owner)).page(limit.0, offset.0);
    if let Some(text) = q {
        let filter = WorkspaceFilter::new().text(text).map_err(ApiError::filter)?;
        search = search.filter(filter);
    }
    let found = match search.run(&call.client).await {
        Ok(found) => found,
        // There is nothing to ask for: no workspaces, and a word why.
        Err(WorkspacesError::NotSearchable(reason)) => {
            // Why there is no repository has been said already.
            if config.repository.is_some() {
                notices.push(with_causes(&reason));
            }
            EntityWorkspaces::default()
        }
        Err(error) => return Err(error.into()),
    };
    let list = call.list(found, &config.access_url, notices).await;
    Ok(Json(EntityWorkspaceList {
        entity_ref: call.path.to_string(),
        template_name: config.template.map(|template| template.to_string()),
        mode: config.mode,
        repository_url: config.repository.map(|repository| repository.clone_url().to_owned()),
        creation_url: config.creation_url.map(String::from),
        list,
    }))
}

impl<P, Q, B> Call<P, Q, B> {
    /// Returns the host names of the deployment's apps and shells: asked for once in 10 minutes.
    pub(crate) async fn hosts(&self) -> DeploymentHosts {
        let url = &self.state.workspaces_config(self.caller.environment()).access_url;
        self.state.hosts.get(&self.client, url).await
    }

    /// Makes the list that pages get of what a search has found.
    async fn list(
        &self,
        found: EntityWorkspaces,
        access_url: &coder_core::DeploymentUrl,
        notices: Vec<String>,
    ) -> wire::WorkspaceList {
        // By the clock that the workspaces' moments are of.
        let now = self.client.now();
        let mut notices = Notices::new(notices);
        for problem in &found.problems {
            match problem {
                SearchProblem::Failed(error) => {
                    notices.add_error("one of several requests failed", error);
                }
                SearchProblem::Refused(_)
                | SearchProblem::Unreadable(_)
                | SearchProblem::Missing { .. }
                | SearchProblem::Saved { .. }
                | SearchProblem::TooMany { .. } => notices.add(problem.to_string()),
            }
        }
        let hosts = if found.workspaces.is_empty() {
            DeploymentHosts::new(access_url.clone())
        } else {
            self.hosts().await
        };
        let availabilities: Vec<Availability> =
            found.workspaces.iter().map(|workspace| Availability::new(workspace, now)).collect();
        let poll = poll_after(Some(&availabilities));
        let user = self.caller.user_id();
        let workspaces = found.workspaces.iter().zip(availabilities);
        wire::WorkspaceList {
            partial: found.is_partial(),
            count: found.count,
            workspaces: workspaces
                .map(|(workspace, now)| wire::Workspace::new(workspace, now, &hosts, user))
                .collect(),
            notices: notices.into_vec(),
            poll_after_seconds: poll.as_secs(),
        }
    }
}

impl PortalState {
    /// Reads an entity, and returns the configuration of its workspaces and messages for its owner.
    pub(crate) async fn entity_config(
        &self,
        entity_ref: &EntityRef,
        environment: &str,
    ) -> Result<(EntityWorkspacesConfig, Vec<String>), ApiError> {
        let entity = self.catalog.entity(entity_ref).await?;
        let entity = entity.ok_or_else(|| ApiError::NoEntity(entity_ref.clone()))?;
        Ok(self.config_of(&entity, environment))
    }

    /// Returns the configuration of workspaces in an environment.
    pub(crate) fn workspaces_config(&self, environment: &str) -> &WorkspacesConfig {
        self.workspaces.get(environment).unwrap_or(&self.own_workspaces)
    }

    /// Returns the configuration of the entity's workspaces, and messages for its owner.
    pub(crate) fn config_of(
        &self,
        entity: &Entity,
        environment: &str,
    ) -> (EntityWorkspacesConfig, Vec<String>) {
        let mut notices = Vec::new();
        let repository = match entity.repository(&self.integrations) {
            Ok(repository) => Some(repository),
            Err(reason) => {
                notices.push(with_causes(&reason));
                None
            }
        };
        let config = EntityWorkspacesConfig::resolve(
            self.workspaces_config(environment),
            entity.coder_spec().as_ref(),
            repository.as_ref(),
        );
        notices.extend(config.notices.iter().cloned());
        (config, notices)
    }
}
