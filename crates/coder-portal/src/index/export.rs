//! All workspaces that a person is shown, as a file.

use coder_core::Body;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, Response};
use serde::Serialize;

use super::csv;
use super::query::SelectionQuery;
use super::selection::Selection;
use super::status::IndexStatus;
use super::workspaces::IndexItem;
use crate::api::{Answer, ApiError, Call, Json, NoPath};

/// The header that tells what is missing in a file, which has no other place for it.
const PARTIAL: HeaderName = HeaderName::from_static("x-index-partial");
/// The header that tells the moment at which the workspaces were read.
const READ_AT: HeaderName = HeaderName::from_static("x-index-read-at");

/// A file in CSV.
pub(crate) struct CsvFile {
    text: String,
    status: IndexStatus,
}

impl Answer for CsvFile {
    #[cfg(test)]
    const STATUSES: &'static [u16] = &[200];

    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.text));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let name = HeaderValue::from_static("attachment; filename=\"workspaces.csv\"");
        headers.insert(CONTENT_DISPOSITION, name);
        let partial = if self.status.is_partial() { "true" } else { "false" };
        headers.insert(PARTIAL, HeaderValue::from_static(partial));
        if let Some(read_at) = self.status.read_at()
            && let Ok(read_at) = HeaderValue::try_from(read_at.to_string())
        {
            headers.insert(READ_AT, read_at);
        }
        response
    }

    #[cfg(test)]
    fn content(_: &mut schemars::SchemaGenerator) -> Option<(&'static str, schemars::Schema)> {
        Some(("text/csv", schemars::json_schema!({ "type": "string" })))
    }
}

/// All workspaces of a selection.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexExport {
    workspaces: Vec<IndexItem>,
    #[serde(flatten)]
    status: IndexStatus,
}

pub(crate) async fn json(
    call: Call<NoPath, SelectionQuery>,
) -> Result<Json<IndexExport>, ApiError> {
    let (workspaces, status) = export(&call).await?;
    Ok(Json(IndexExport { workspaces, status }))
}

pub(crate) async fn csv(call: Call<NoPath, SelectionQuery>) -> Result<CsvFile, ApiError> {
    let (workspaces, status) = export(&call).await?;
    let mut text = String::new();
    csv::add_line(
        &mut text,
        [
            "id",
            "owner",
            "name",
            "organization",
            "template",
            "status",
            "lastUsedAt",
            "dormantAt",
            "listedAt",
            "entities",
        ],
    );
    for workspace in workspaces {
        let moment = |moment: Option<jiff::Timestamp>| moment.map(|it| it.to_string());
        csv::add_line(
            &mut text,
            [
                workspace.id.as_str(),
                &workspace.owner,
                &workspace.name,
                &workspace.organization,
                &workspace.template,
                &workspace.status,
                &moment(workspace.last_used_at).unwrap_or_default(),
                &moment(workspace.dormant_at).unwrap_or_default(),
                &workspace.listed_at.to_string(),
                &workspace.entity_refs.join(" "),
            ],
        );
    }
    Ok(CsvFile { text, status })
}

async fn export(
    call: &Call<NoPath, SelectionQuery>,
) -> Result<(Vec<IndexItem>, IndexStatus), ApiError> {
    let (view, entities, _turn) = call.view().await?;
    let SelectionQuery { filters, sort, order } = &call.query;
    let index = view.index.lock();
    let mut selection = Selection::new(&index, &view, &entities, &call.state.integrations, filters);
    selection.sort(*sort, *order);
    let user = call.caller.user_id();
    let items = selection
        .0
        .iter()
        .map(|(workspace, entity_refs)| IndexItem::new(workspace, entity_refs, user));
    Ok((items.collect(), IndexStatus::new(&index, &view, call.state.world.clock.now())))
}
