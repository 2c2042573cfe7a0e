//! The two routes of the catalog's REST API that answer everything, and how they fail.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_config::{Entity, EntityRef};
use coder_core::{
    RequestName, RetryPolicy, RetryState, Secret, TransportError, TransportErrorKind, World,
    cleaned, quoted, retry_after, timeout, with_causes,
};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::Deserialize;

use super::query;
use super::url::CatalogUrl;
use crate::{CatalogError, EntityFilter, EntityPage, PageCursor};

/// A page of 500 entities, or 250 of them by name, stays far below this; a larger answer is refused.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The name of every request to the catalog.
const CATALOG: RequestName = RequestName::new("Catalog");

/// The time limit of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The catalog as a peer: questions become requests, and answers entities.
pub(super) struct Api {
    pub(super) world: World,
    pub(super) url: CatalogUrl,
    pub(super) token: Secret,
    pub(super) retry: RetryPolicy,
}

/// An answer of either route.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    items: Vec<Option<Entity>>,
    #[serde(default)]
    page_info: PageInfo,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    next_cursor: Option<String>,
}

/// Backstage's body of an error.
#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetails,
}

#[derive(Deserialize)]
struct ErrorDetails {
    message: String,
}

/// A try that gave no answer.
struct Failure {
    error: CatalogError,
    retry_after: Option<Duration>,
}

impl Api {
    /// Sends `POST /entities/by-refs` and returns the entities of these names, in their order.
    ///
    /// Unlike `GET /entities/by-name`, it says with status 200 that something is not there: a 404
    /// may come from anything that stands at a wrong URL.
    pub(super) async fn by_refs(
        &self,
        refs: &[&EntityRef],
    ) -> Result<Vec<Option<Arc<Entity>>>, CatalogError> {
        // Backstage compares these letter by letter with its own lower-case form, which is ours.
        let names: Vec<&str> = refs.iter().map(|entity_ref| entity_ref.as_str()).collect();
        let body = serde_json::json!({ "entityRefs": names }).to_string();
        let request = Request::post(self.url.route(["entities", "by-refs"], &[]))
            .header(CONTENT_TYPE, "application/json");
        let items = self.ask(request, body.into()).await?.items;
        let is_as_asked = items.len() == refs.len()
            && items.iter().zip(refs).all(|(item, asked)| {
                item.as_ref().is_none_or(|entity| entity.entity_ref() == *asked)
            });
        if !is_as_asked {
            return Err(unusable("it holds other entities than those that were asked for"));
        }
        Ok(items.into_iter().map(|item| item.map(Arc::new)).collect())
    }

    /// Sends `GET /entities/by-query` and returns a page of what passes the filter, and maybe of
    /// what does not.
    pub(super) async fn by_query(
        &self,
        filter: &EntityFilter,
        limit: NonZeroUsize,
        after: Option<&PageCursor>,
    ) -> Result<EntityPage, CatalogError> {
        let limit = limit.to_string();
        let mut parameters = vec![("limit", limit.as_str())];
        // A cursor holds the filter it was given for.
        let filter = query::parameter(filter);
        match (after, &filter) {
            (Some(after), _) => parameters.push(("cursor", after.as_str())),
            (None, Some(filter)) => parameters.push(("filter", filter)),
            (None, None) => {}
        }
        let request = Request::get(self.url.route(["entities", "by-query"], &parameters));
        let answer = self.ask(request, Bytes::new()).await?;
        let entities = answer.items.into_iter().flatten().map(Arc::new).collect();
        Ok(EntityPage::new(entities, answer.page_info.next_cursor.map(PageCursor::new)))
    }

    /// Sends a question, which is always safe to repeat, and reads the answer.
    async fn ask(
        &self,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Answer, CatalogError> {
        let request = request
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.credential()?)
            .body(body)
            .map_err(|error| {
                CatalogError::unavailable("the request cannot be built").with_source(error)
            })?;
        let mut retries = RetryState::default();
        loop {
            let failure = match self.attempt(request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !failure.error.is_transient()
                || !retries.pause(&self.world, &self.retry, failure.retry_after).await
            {
                return Err(failure.error);
            }
        }
    }

    fn credential(&self) -> Result<HeaderValue, CatalogError> {
        self.token.to_bearer().map_err(|_| {
            CatalogError::refused(
                "the service token holds characters that no HTTP header can carry",
            )
        })
    }

    async fn attempt(&self, request: Request<Bytes>) -> Result<Answer, Failure> {
        let exchange = async {
            let request = CATALOG.give(request);
            let (head, body) = self.world.transport.send(request).await?.into_parts();
            Ok(Response::from_parts(head, body.collect(MAX_BODY).await?))
        };
        match timeout(&*self.world.runtime, REQUEST_TIMEOUT, exchange).await {
            Some(Ok(response)) => self.read(&response),
            Some(Err(error)) => Err(self.unreachable(error)),
            None => {
                let seconds = REQUEST_TIMEOUT.as_secs();
                let reason = format!("`{}` did not answer within {seconds} seconds", self.url);
                Err(CatalogError::unavailable(reason).into())
            }
        }
    }

    fn unreachable(&self, error: TransportError) -> Failure {
        let url = &self.url;
        match error.kind() {
            TransportErrorKind::TooLarge => unusable("it is too large").with_source(error),
            _ => CatalogError::unavailable(format!("`{url}` did not answer")).with_source(error),
        }
        .into()
    }

    /// Makes the error of a successful answer that cannot be read: it is a page, or somebody else's
    /// JSON.
    fn unreadable(&self, response: &Response<Bytes>, error: &serde_json::Error) -> CatalogError {
        let reason = if error.is_data() {
            "its JSON is not of the form that a catalog's answers have".to_owned()
        } else {
            format!(
                "it is {} instead of JSON; check whether `{}` is the catalog's API, and whether a \
                 login page stands in front of it",
                content_type(response),
                self.url
            )
        };
        unusable(reason).with_source(with_causes(error))
    }

    fn read(&self, response: &Response<Bytes>) -> Result<Answer, Failure> {
        let (url, status) = (&self.url, response.status());
        let code = status.as_u16();
        let error = match status {
            _ if status.is_success() => {
                let answer = serde_json::from_slice(response.body());
                return answer.map_err(|error| self.unreadable(response, &error).into());
            }
            _ if status.is_redirection() => unusable(format!(
                "`{url}` redirects elsewhere (status {code}); check the URL, and whether a login \
                 page stands in front of it"
            )),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CatalogError::refused(format!(
                "{}; check the service token, and that Backstage lets its owner read the catalog",
                said(response)
            )),
            StatusCode::NOT_FOUND => unusable(format!(
                "there is no catalog API at `{url}` (status 404); its URL usually ends in \
                 `/api/catalog`"
            )),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                CatalogError::unavailable(said(response))
            }
            _ if status.is_server_error() => CatalogError::unavailable(said(response)),
            _ => unusable(said(response)),
        };
        Err(Failure { error, retry_after: retry_after(response.headers()) })
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        Self { error, retry_after: None }
    }
}

pub(super) fn unusable(reason: impl Into<String>) -> CatalogError {
    CatalogError::unusable(reason)
}

/// Formats the status, with the reason that Backstage gives for it, on one line.
fn said(response: &Response<Bytes>) -> String {
    let status = response.status().as_u16();
    match serde_json::from_slice::<ErrorBody>(response.body()) {
        Ok(ErrorBody { error }) => {
            format!("status {status}, {}", cleaned(&error.message))
        }
        Err(_) => format!("status {status} with {}", content_type(response)),
    }
}

fn content_type(response: &Response<Bytes>) -> String {
    match response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        Some(value) => quoted(value),
        None => "content of no type".to_owned(),
    }
}
