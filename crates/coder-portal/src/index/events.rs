//! `GET /api/coder/v1/index/events`: what changes in the part of the index that a person is shown.
//!
//! The stream is a page of [`live`](crate::live), which ends with the session, with the credential and
//! with the server. Events have no ids: their numbers would tell how much changes that the person is
//! not shown. A page that comes back reads the list again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::{ErrorResponse, Event, EventStream, single_param};
use coder_auth::{AuthError, Caller};
use coder_client::{Client, WorkspaceId};
use coder_core::{Body, BoxStream, Lock, without_causes};
use coder_workspaces::index::{IndexChange, IndexRevision, WorkspaceIndex};
use futures_util::future::{Either, select};
use futures_util::{StreamExt as _, stream};
use http::{Method, Request, Response};
use serde::Serialize;

use super::entities::Entities;
use super::status::IndexStatus;
use super::view::View;
use super::workspaces::IndexItem;
use crate::api::ApiError;
use crate::state::PortalState;

/// The interval at which a page hears of changes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The greatest number of changes that are told one by one.
const MAX_CHANGES: usize = 1_000;

#[derive(Serialize)]
struct Gone {
    workspace: WorkspaceId,
}

#[derive(Serialize)]
struct Problem {
    message: String,
}

#[derive(Serialize)]
struct Nothing {}

/// Opens the stream of a page.
pub(crate) async fn open(
    state: &Arc<PortalState>,
    request: &Request<Bytes>,
) -> Result<Response<Body>, ErrorResponse> {
    let environment = single_param(request, "env").map_err(AuthError::from)?;
    let headers = request.headers();
    let caller = state.auth.caller(headers, environment.as_deref()).await?;
    if *request.method() == Method::HEAD {
        return Ok(EventStream::new(&state.world, stream::empty()).into_response());
    }
    let client = state.auth.renewing_client(&caller);
    // Who may not look is told before anything is opened.
    state.view(&caller, &client).await.map_err(ErrorResponse::from)?;
    let end = state.open_page(&caller, headers, Vec::new())?;
    let state = Arc::clone(state);
    let follower = Follower {
        state,
        caller,
        client,
        end,
        seen: None,
        status: None,
        problem: None,
        has_looked: false,
        ready: VecDeque::new(),
    };
    let world = follower.state.world.clone();
    Ok(EventStream::new(&world, follower.into_events()).into_response())
}

/// A page that follows an index.
struct Follower {
    state: Arc<PortalState>,
    caller: Caller,
    client: Client,
    /// The events of the page itself, of which there is none but the last one.
    end: BoxStream<'static, Event>,
    /// The index that was told of, and up to where.
    seen: Option<(Arc<Lock<WorkspaceIndex>>, IndexRevision)>,
    status: Option<IndexStatus>,
    problem: Option<String>,
    has_looked: bool,
    ready: VecDeque<Event>,
}

impl Follower {
    fn into_events(self) -> impl stream::Stream<Item = Event> {
        stream::unfold(self, async |mut follower| Some((follower.next().await?, follower)))
    }

    /// Returns the next event; `None` after the end of the page.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let (state, caller, client) = (&self.state, &self.caller, &self.client);
            let is_first = !std::mem::replace(&mut self.has_looked, true);
            let look = Box::pin(async {
                if !is_first {
                    state.world.runtime.sleep(LOOK_EVERY).await;
                }
                let view = state.view(caller, client).await?;
                Ok::<_, ApiError>((view, state.known_entities(caller.environment()).await?))
            });
            let looked = match select(self.end.next(), look).await {
                Either::Left((end, _)) => return end,
                Either::Right((looked, _)) => looked,
            };
            match looked {
                Ok((view, entities)) => self.take(&view, &entities),
                Err(error) => self.fail(&error),
            }
        }
    }

    /// Tells what has changed in what the person is shown.
    fn take(&mut self, view: &View, entities: &Entities) {
        self.problem = None;
        let index = view.index.lock();
        let status = IndexStatus::new(&index, view);
        if self.status.as_ref() != Some(&status) {
            self.ready.push_back(event("index", &status));
            self.status = Some(status);
        }
        let told = match &self.seen {
            Some((seen, revision)) if Arc::ptr_eq(seen, &view.index) => {
                self.changes(&index, *revision, view, entities)
            }
            Some(_) => None,
            None => Some(Vec::new()),
        };
        self.ready.extend(told.unwrap_or_else(|| vec![event("reset", &Nothing {})]));
        let revision = index.revision();
        drop(index);
        self.seen = Some((Arc::clone(&view.index), revision));
    }

    /// Makes an event for each change that the person is shown; `None` when there are too many. What
    /// was not shown before and is not shown now is told to nobody.
    fn changes(
        &self,
        index: &WorkspaceIndex,
        since: IndexRevision,
        view: &View,
        entities: &Entities,
    ) -> Option<Vec<Event>> {
        let mut events = Vec::new();
        for IndexChange { id, before, now, .. } in index.changes(since)? {
            if let Some(now) = now.filter(|now| view.shows(now)) {
                let entity_refs = entities.of_workspace(now, &self.state.integrations);
                let item = IndexItem::new(now, &entity_refs, self.caller.user_id());
                events.push(event("workspace", &item));
            } else if before.is_some_and(|before| view.shows(before)) {
                events.push(event("gone", &Gone { workspace: id }));
            }
            if events.len() > MAX_CHANGES {
                return None;
            }
        }
        Some(events)
    }

    /// Tells once that the index cannot be looked at.
    fn fail(&mut self, error: &ApiError) {
        let message = without_causes(error);
        if self.problem.as_ref() != Some(&message) {
            self.ready.push_back(event("problem", &Problem { message: message.clone() }));
            self.problem = Some(message);
        }
    }
}

fn event(name: &'static str, data: &impl Serialize) -> Event {
    // Texts, numbers and moments can always be written.
    Event::new(serde_json::to_string(data).unwrap_or_default()).event(name)
}
