//! Which entities have no workspaces, and which workspaces belong to no entity.

use coder_core::cleaned;
use coder_workspaces::index::{
    Difference, IndexVisibility, IndexedWorkspace, NearMiss, NoEntity, OwnershipReport,
    WorkspaceName, WorkspaceWithoutEntity,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::status::IndexStatus;
use super::view::Shown;
use crate::api::{ApiError, Call, Json, NoPath};
use crate::workspace_query::{Limit, Offset};

/// The query of the report.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReportQuery {
    /// Days after which an unused workspace is stale: 1 to 3650, by default 30.
    #[serde(default)]
    stale_after_days: Days,
    /// Greatest number of items of each list on the page.
    #[serde(default)]
    limit: Limit,
    /// Number of items of each list before the page.
    #[serde(default)]
    offset: Offset,
}

/// A number of days.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "u32"))]
#[serde(try_from = "String")]
struct Days(#[cfg_attr(test, schemars(range(min = 1, max = 3650)))] u32);

impl Default for Days {
    fn default() -> Self {
        Self(30)
    }
}

impl TryFrom<String> for Days {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let days = text.parse().ok().filter(|days| (1..=3650).contains(days));
        days.map(Self).ok_or("must be a number from 1 to 3650")
    }
}

/// The relation of entities and workspaces, from both sides. A workspace that the caller is not shown
/// counts nowhere.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    entities_without_workspaces: Items<String>,
    workspaces_without_entity: Items<Orphan>,
    stale_workspaces: Items<Named>,
    #[serde(flatten)]
    status: IndexStatus,
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Items<T> {
    items: Vec<T>,
    /// Number of items on all pages.
    count: usize,
}

/// A workspace of the report.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Named {
    /// Id, a UUID.
    id: String,
    /// Name of the owner at Coder.
    owner: String,
    /// Name, which is unique among the workspaces of its owner.
    name: String,
    /// Moment of the last use; null for never.
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    last_used_at: Option<Timestamp>,
}

/// A workspace that belongs to no entity.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Orphan {
    #[serde(flatten)]
    workspace: Named,
    /// Reason: `unread`, `no-parameter`, `no-repository`, `other-parameter` or `not-in-catalog`.
    reason: &'static str,
    /// Reason why the parameters could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// Name of the parameter that the reason is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// Value of the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Entity that has the repository and looks for it in other parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_ref: Option<String>,
    /// Entity whose repository is almost the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    near_miss: Option<Near>,
}

/// An entity whose repository is almost that of a workspace.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct Near {
    /// Reference of the entity.
    entity_ref: String,
    /// URL of the entity's repository.
    repository_url: String,
    /// Part in which the two differ: `host`, `owner` or `name`.
    difference: &'static str,
}

pub(crate) async fn report(call: Call<NoPath, ReportQuery>) -> Result<Json<Report>, ApiError> {
    let (view, entities, _turn) = call.view().await?;
    let ReportQuery { stale_after_days, limit, offset } = call.query;
    let unused_for = SignedDuration::from_hours(24 * i64::from(stale_after_days.0));
    let index = view.index.lock();
    let named = entities.all.iter().map(|entity| (entity.entity_ref.as_str(), &entity.config));
    // The moments of the last use are those of Coder's clock.
    let now = call.client.now();
    let shows = |workspace: &IndexedWorkspace| view.shows(workspace);
    let of_page = offset.0..offset.0.saturating_add(limit.0);
    let report = OwnershipReport::visible(&index, named, now, unused_for, shows, of_page);
    // A text that is no repository may be anything, such as a secret in the wrong field. Coder shows
    // it to those who may read the workspace, and to nobody else.
    let tells_values = match view.shown {
        Shown::All | Shown::Cut(IndexVisibility::Own | IndexVisibility::Coder, _) => true,
        Shown::Cut(IndexVisibility::Everyone, _) => false,
    };
    let page = (limit.0, offset.0);
    Ok(Json(Report {
        entities_without_workspaces: Items::new(report.entities_without_workspaces, page, |one| {
            one
        }),
        workspaces_without_entity: Items::new(report.workspaces_without_entity, page, |one| {
            Orphan::new(one, tells_values)
        }),
        stale_workspaces: Items::new(report.stale_workspaces, page, Named::from),
        status: IndexStatus::new(&index, &view, call.state.world.clock.now()),
    }))
}

impl<T> Items<T> {
    fn new<U>(all: Vec<U>, (limit, offset): (usize, usize), make: impl Fn(U) -> T) -> Self {
        let count = all.len();
        Self { items: all.into_iter().skip(offset).take(limit).map(make).collect(), count }
    }
}

impl From<WorkspaceName> for Named {
    fn from(workspace: WorkspaceName) -> Self {
        Self {
            id: workspace.id.to_string(),
            owner: workspace.owner_name,
            name: workspace.name,
            last_used_at: workspace.last_used_at,
        }
    }
}

impl Orphan {
    fn new(orphan: WorkspaceWithoutEntity, tells_values: bool) -> Self {
        let plain = |reason| Self {
            workspace: orphan.workspace.into(),
            reason,
            problem: None,
            parameter: None,
            value: None,
            entity_ref: None,
            near_miss: None,
        };
        match orphan.reason {
            NoEntity::Unread { problem } => {
                Self { problem: tells_values.then(|| cleaned(&problem)), ..plain("unread") }
            }
            NoEntity::NoParameter => plain("no-parameter"),
            NoEntity::NoRepository { parameter, value } => Self {
                parameter: Some(parameter),
                value: tells_values.then_some(value),
                ..plain("no-repository")
            },
            NoEntity::OtherParameter { parameter, entity } => Self {
                parameter: Some(parameter),
                entity_ref: Some(entity),
                ..plain("other-parameter")
            },
            NoEntity::NotInCatalog { value, near_miss } => Self {
                value: tells_values.then_some(value),
                near_miss: near_miss.map(Near::from),
                ..plain("not-in-catalog")
            },
        }
    }
}

impl From<NearMiss> for Near {
    fn from(near: NearMiss) -> Self {
        Self {
            entity_ref: near.entity,
            repository_url: near.repository,
            difference: match near.difference {
                Difference::Host => "host",
                Difference::Owner => "owner",
                Difference::Name => "name",
            },
        }
    }
}
