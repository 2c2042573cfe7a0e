//! The numbers of workspaces of many entities at once.

use std::collections::BTreeSet;

use coder_client::UserId;
use coder_client::models::WorkspaceStatus;
use coder_core::with_causes;
use coder_workspaces::NotSearchable;
use coder_workspaces::index::IndexedWorkspace;
use serde::{Deserialize, Serialize};

use super::entities::KnownEntity;
use super::query::EntityRefs;
use super::status::IndexStatus;
use super::view::View;
use crate::api::{ApiError, Call, Json, NoPath};

/// The greatest number of owners that are named for an entity.
const MAX_OWNERS: usize = 20;

/// The query of the numbers of workspaces.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountsQuery {
    /// References of 1 to 1,000 entities, separated by commas, in a query of at most 32 kB; without it
    /// all entities with a repository.
    entities: Option<EntityRefs>,
}

/// The numbers of workspaces of entities.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// Entities, ordered by their references when some were named.
    items: Vec<EntityCount>,
    #[serde(flatten)]
    status: IndexStatus,
}

/// The number of workspaces of an entity.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntityCount {
    /// Reference, such as `component:default/payments`.
    entity_ref: String,
    /// Number of workspaces.
    count: usize,
    /// Number of those that run.
    running: usize,
    /// Number of those that are the caller's.
    mine: usize,
    /// Usernames of the owners, in alphabetical order, at most 20.
    owners: Vec<String>,
    /// Reason why there can be no workspaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

pub(crate) async fn counts(call: Call<NoPath, CountsQuery>) -> Result<Json<Counts>, ApiError> {
    let (view, entities, _turn) = call.view().await?;
    let index = view.index.lock();
    let user = call.caller.user_id();
    let own = view.own(&index, &entities, &call.state.integrations);
    let workspaces = |entity: &KnownEntity| match &own {
        Some(own) => {
            index.can_answer(&entity.config)?;
            Ok(own.get(entity.entity_ref.as_str()).cloned().unwrap_or_default())
        }
        None => index.of(&entity.config),
    };
    let items = match &call.query.entities {
        None => {
            let all = entities.all.iter();
            all.map(|entity| EntityCount::new(entity, workspaces(entity), &view, user)).collect()
        }
        Some(named) => {
            let named = named.iter().map(|entity_ref| match entities.get(entity_ref) {
                Some(entity) => EntityCount::new(entity, workspaces(entity), &view, user),
                None => EntityCount::unknown(entity_ref),
            });
            named.collect()
        }
    };
    Ok(Json(Counts {
        items,
        status: IndexStatus::new(&index, &view, call.state.world.clock.now()),
    }))
}

impl EntityCount {
    fn new(
        entity: &KnownEntity,
        workspaces: Result<Vec<&IndexedWorkspace>, NotSearchable>,
        view: &View,
        user: UserId,
    ) -> Self {
        let (workspaces, problem) = match workspaces {
            Ok(workspaces) => (workspaces, None),
            Err(reason) => (Vec::new(), Some(with_causes(&reason))),
        };
        let mut count = Self { problem, ..Self::nothing(&entity.entity_ref) };
        let mut owners = BTreeSet::new();
        for workspace in workspaces.into_iter().filter(|workspace| view.shows(workspace)) {
            count.count += 1;
            count.running += usize::from(workspace.status == WorkspaceStatus::Running);
            count.mine += usize::from(workspace.owner_id == user);
            owners.insert(&workspace.owner_name);
        }
        count.owners = owners.into_iter().take(MAX_OWNERS).cloned().collect();
        count
    }

    fn unknown(entity_ref: &str) -> Self {
        let problem = "the catalog has no entity of this name with a repository".to_owned();
        Self { problem: Some(problem), ..Self::nothing(entity_ref) }
    }

    fn nothing(entity_ref: &str) -> Self {
        Self {
            entity_ref: entity_ref.to_owned(),
            count: 0,
            running: 0,
            mine: 0,
            owners: Vec::new(),
            problem: None,
        }
    }
}
