//! `GET /api/coder/v1/live`: who may open a stream, and of what.

use std::sync::Arc;

use bytes::Bytes;
use coder_auth::http::{Event, EventStream, single_param};
use coder_auth::{AuthError, Caller};
use coder_client::WorkspaceId;
use coder_core::{Body, BoxStream};
use futures_util::stream;
use http::{HeaderMap, HeaderName, Method, Request, Response};

use super::error::LiveError;
use super::hub::{Asked, Begun};
use super::limits::MAX_WORKSPACES;
use super::page::Page;
use super::watcher::Watcher;
use crate::credential::Opened;
use crate::state::PortalState;

/// The path of the route below `/api/coder/v1`.
pub(crate) const PATH: &str = "/live";

/// The workspaces of a page.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct LiveQuery {
    /// Ids of 1 to 64 workspaces, separated by commas.
    workspaces: String,
}

/// The header with the id of the last event that a page has got (WHATWG HTML §9.2.4).
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

impl PortalState {
    /// Opens the stream of a page.
    pub(crate) async fn live(&self, request: &Request<Bytes>) -> Result<Response<Body>, LiveError> {
        let environment = single_param(request, "env").map_err(AuthError::from)?;
        let workspaces = workspaces(request)?;
        let headers = request.headers();
        let caller = self.auth.caller(headers, environment.as_deref()).await?;
        if *request.method() == Method::HEAD {
            return Ok(EventStream::new(&self.world, stream::empty()).into_response());
        }
        let events = self.open_page(&caller, headers, workspaces)?;
        Ok(EventStream::new(&self.world, events).into_response())
    }

    /// Opens a page that looks at these workspaces, and returns its events until they end. Without any
    /// workspace the end is the only event.
    pub(crate) fn open_page(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        workspaces: Vec<WorkspaceId>,
    ) -> Result<BoxStream<'static, Event>, LiveError> {
        let last_event_id = headers.get(LAST_EVENT_ID);
        let asked = Asked {
            user: caller.user_id(),
            rights: caller.rights(),
            session: self.auth.session_id(headers),
            workspaces,
            last_event_id: last_event_id.and_then(|id| Some(id.to_str().ok()?.to_owned())),
        };
        let mut joined = self.live.join(asked)?;
        for begun in std::mem::take(&mut joined.begun) {
            self.watch(caller, begun);
        }
        let opened = Opened::Live(caller.environment().to_owned());
        let credential = self.credential(opened, headers, caller.rights());
        let page = Page::new(Arc::clone(&self.live), joined, credential);
        Ok(Box::pin(page.into_events()))
    }

    /// Ends the browser's session, and its streams with it.
    pub(crate) async fn logout(&self, request: &Request<Bytes>) -> Response<Body> {
        let answer = self.auth.logout(request).await;
        let session = self.auth.session_id(request.headers());
        if answer.status().is_success()
            && let Some(session) = session
        {
            self.live.end_session(&session);
        }
        answer
    }

    /// Spawns a task that watches the workspace until nobody looks at it any more.
    fn watch(&self, caller: &Caller, begun: Begun) {
        let Begun { feed, workspace, changed, until } = begun;
        let client = self.auth.renewing_client(caller);
        let live = Arc::clone(&self.live);
        let watcher = Watcher::new(live, feed, workspace, caller.clone(), client, changed);
        self.live.spawn(until, watcher.run());
    }
}

fn workspaces(request: &Request<Bytes>) -> Result<Vec<WorkspaceId>, LiveError> {
    let named = single_param(request, "workspaces").map_err(AuthError::from)?;
    let named = named.ok_or(LiveError::NoWorkspaces)?;
    if named.split(',').count() > MAX_WORKSPACES {
        return Err(LiveError::NoWorkspaces);
    }
    let id = |id: &str| id.trim().parse().map_err(|_| LiveError::NotAnId(id.to_owned()));
    named.split(',').map(id).collect()
}
