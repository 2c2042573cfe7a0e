//! The catalog's components, and the Coder workspaces that belong to each.

use std::time::Duration;

use backstage_catalog::{CatalogError, EntityFilter};
use bytes::Bytes;
use coder_auth::http::{ErrorResponse, json, single_param};
use coder_auth::{AuthError, Caller, SessionError};
use coder_config::{CreationMode, Entity, EntityRef};
use coder_core::{Body, cleaned, with_causes};
use coder_workspaces::{
    Availability, AvailabilityState, DeploymentHosts, EntityWorkspaces, EntityWorkspacesConfig,
    Owner, WorkspaceLinks, WorkspacesError, find_workspaces, poll_after,
};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use crate::state::PortalState;

/// The answer of `GET /api/coder/v1/entities`.
#[derive(Serialize)]
struct EntitiesResponse<'a> {
    items: Vec<EntityItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityItem<'a> {
    entity_ref: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository_url: Option<String>,
}

/// The answer of `GET /api/coder/v1/entities/{kind}/{namespace}/{name}/workspaces`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkspacesResponse {
    entity_ref: String,
    template_name: Option<String>,
    mode: CreationMode,
    repository_url: Option<String>,
    creation_url: Option<String>,
    /// Messages for the entity's owner, and reasons why workspaces may be missing.
    notices: Vec<String>,
    workspaces: Vec<WorkspaceItem>,
    /// Whether workspaces may be missing.
    partial: bool,
    poll_after_seconds: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceItem {
    id: String,
    name: String,
    owner: String,
    template: String,
    availability: AvailabilityState,
    label: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    links: WorkspaceLinks,
}

/// How long to wait before the catalog is asked again.
const CATALOG_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Reasons why a route about entities has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntitiesError {
    #[error("there is no entity '{}' in the catalog", cleaned(&.0.to_string()))]
    NoEntity(EntityRef),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Coder(#[from] coder_client::ClientError),
    #[error(transparent)]
    Other(WorkspacesError),
}

impl From<EntitiesError> for ErrorResponse {
    fn from(error: EntitiesError) -> Self {
        let status = match &error {
            EntitiesError::Auth(error) => return error.into(),
            EntitiesError::NoEntity(_) => StatusCode::NOT_FOUND,
            EntitiesError::Catalog(error) => {
                let wait = error.is_transient().then_some(CATALOG_RETRY_AFTER);
                return Self::from_error(StatusCode::SERVICE_UNAVAILABLE, error).retry_after(wait);
            }
            EntitiesError::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
            EntitiesError::Coder(error) if error.is_unauthorized() => {
                return Self::from_error(StatusCode::UNAUTHORIZED, error)
                    .message(SessionError::NeedsLogin.to_string());
            }
            // Coder may be asked again; the session has nothing to do with it.
            EntitiesError::Coder(error) => {
                let status = if error.is_forbidden() {
                    StatusCode::FORBIDDEN
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                return Self::from_error(status, error).retry_after(error.retry_after());
            }
        };
        Self::from_error(status, &error)
    }
}

impl From<WorkspacesError> for EntitiesError {
    fn from(error: WorkspacesError) -> Self {
        match error {
            WorkspacesError::Client(error) => Self::Coder(error),
            error @ (WorkspacesError::NotSearchable(_)
            | WorkspacesError::NotCreatable(_)
            | WorkspacesError::NotReady { .. }
            | WorkspacesError::Incomplete(_)) => Self::Other(error),
        }
    }
}

impl PortalState {
    pub(crate) async fn entities(
        &self,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, EntitiesError> {
        self.caller(request).await?;
        let entities = self.catalog.entities(&EntityFilter::kind("component")).await?;
        let items = entities.iter().map(|entity| {
            let entity_ref = entity.entity_ref();
            EntityItem {
                entity_ref: entity_ref.as_str(),
                kind: entity_ref.kind(),
                namespace: entity_ref.namespace(),
                name: entity_ref.name(),
                title: entity.metadata.title.as_deref(),
                description: entity.metadata.description.as_deref(),
                repository_url: entity
                    .repository(&self.integrations)
                    .ok()
                    .map(|repository| repository.clone_url().to_owned()),
            }
        });
        Ok(json(StatusCode::OK, &EntitiesResponse { items: items.collect() }))
    }

    pub(crate) async fn workspaces_of(
        &self,
        entity_ref: &EntityRef,
        request: &Request<Bytes>,
    ) -> Result<Response<Body>, EntitiesError> {
        let caller = self.caller(request).await?;
        let entity = self.catalog.entity(entity_ref).await?;
        let entity = entity.ok_or_else(|| EntitiesError::NoEntity(entity_ref.clone()))?;
        let (config, mut notices) = self.compile(&entity, caller.environment());
        let found = match self.search(&caller, &config).await? {
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
        // By the clock that the workspaces' moments are of.
        let now = caller.client().now();
        notices.extend(found.problems.iter().map(ToString::to_string));
        let hosts = if found.workspaces.is_empty() {
            DeploymentHosts::new(config.access_url.clone())
        } else {
            self.hosts.get(caller.client(), &config.access_url).await
        };
        Ok(json(StatusCode::OK, &self.answer(entity_ref, config, notices, (&found, now), &hosts)))
    }

    async fn caller(&self, request: &Request<Bytes>) -> Result<Caller, AuthError> {
        let environment = single_param(request, "env")?;
        self.auth.caller(request.headers(), environment.as_deref()).await
    }

    /// Returns the configuration of the entity's workspaces, and messages for its owner.
    fn compile(&self, entity: &Entity, environment: &str) -> (EntityWorkspacesConfig, Vec<String>) {
        let mut notices = Vec::new();
        let repository = match entity.repository(&self.integrations) {
            Ok(repository) => Some(repository),
            Err(reason) => {
                notices.push(with_causes(&reason));
                None
            }
        };
        let workspaces = self.workspaces.get(environment).unwrap_or(&self.own_workspaces);
        let config = EntityWorkspacesConfig::resolve(
            workspaces,
            entity.coder_spec().as_ref(),
            repository.as_ref(),
        );
        notices.extend(config.notices.iter().cloned());
        (config, notices)
    }

    /// Asks Coder for the entity's workspaces; once more when it refuses the caller's token at this
    /// route and not at `/users/me`.
    async fn search(
        &self,
        caller: &Caller,
        config: &EntityWorkspacesConfig,
    ) -> Result<Result<EntityWorkspaces, WorkspacesError>, AuthError> {
        match find_workspaces(caller.client(), config, Owner::Me).await {
            Err(WorkspacesError::Client(error)) if error.is_unauthorized() => {
                let renewed = self.auth.renew(caller).await?;
                Ok(find_workspaces(renewed.client(), config, Owner::Me).await)
            }
            found => Ok(found),
        }
    }

    fn answer(
        &self,
        entity_ref: &EntityRef,
        config: EntityWorkspacesConfig,
        notices: Vec<String>,
        (found, now): (&EntityWorkspaces, Timestamp),
        hosts: &DeploymentHosts,
    ) -> WorkspacesResponse {
        let availabilities: Vec<Availability> =
            found.workspaces.iter().map(|workspace| Availability::new(workspace, now)).collect();
        let poll = poll_after(Some(&availabilities));
        let items = found.workspaces.iter().zip(availabilities).map(|(workspace, available)| {
            WorkspaceItem {
                id: workspace.id.to_string(),
                name: workspace.name.clone(),
                owner: workspace.owner_name.clone(),
                template: workspace.template_name.clone(),
                availability: available.state,
                label: available.state.label(),
                reason: available.reason,
                links: WorkspaceLinks::new(workspace, hosts),
            }
        });
        WorkspacesResponse {
            entity_ref: entity_ref.to_string(),
            workspaces: items.collect(),
            template_name: config.template.map(|template| template.to_string()),
            mode: config.mode,
            repository_url: config.repository.map(|repository| repository.clone_url().to_owned()),
            creation_url: config.creation_url.map(String::from),
            notices,
            partial: found.is_partial(),
            poll_after_seconds: poll.as_secs(),
        }
    }
}
