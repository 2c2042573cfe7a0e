//! `GET /api/coder/v1/index/events`: what changes in the part of the index that a person is shown.
//!
//! The stream is a page of [`live`](crate::live), which ends with the session, with the credential and
//! with the server. Events have no ids: their numbers would tell how much changes that the person is
//! not shown. A page that comes back reads the list again.
//!
//! For the same reason a page reads the list again only when something has changed that its person is
//! shown: a [digest](digest) of all that is shown tells so where the single changes are not known any
//! more.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::{ErrorResponse, Event, EventStream, single_param};
use coder_auth::{AuthError, Caller};
use coder_client::Client;
use coder_core::{Body, BoxStream, Lock, without_causes};
use coder_workspaces::index::{IndexChange, IndexRevision, IndexedWorkspace, WorkspaceIndex};
use futures_util::future::{Either, select};
use futures_util::{StreamExt as _, stream};
use http::{Method, Request, Response};
use serde::Serialize;

use super::entities::Entities;
use super::status::IndexStatus;
use super::view::{Shown, View};
use super::workspaces::IndexItem;
use crate::api::ApiError;
use crate::live::Told;
use crate::state::PortalState;

/// The interval at which a page hears of changes.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The greatest number of changes that are told one by one.
const MAX_CHANGES: usize = 1_000;

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
    seen: Option<Seen>,
    status: Option<IndexStatus>,
    problem: Option<String>,
    ready: VecDeque<Event>,
}

/// The state that a page was told of.
struct Seen {
    index: Arc<Lock<WorkspaceIndex>>,
    revision: IndexRevision,
    shown: Shown,
    /// The [digest](digest) of the workspaces that were shown.
    digest: u64,
}

/// The news for a page.
enum News {
    /// An event for each workspace that is shown and has changed.
    Changes(Vec<Event>),
    /// More than that, so that the page reads the list again.
    Reset,
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
            let is_first = self.seen.is_none() && self.problem.is_none();
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
                Ok((view, entities)) => self.take(view, &entities),
                Err(error) => self.fail(&error),
            }
        }
    }

    /// Tells what has changed in what the person is shown.
    fn take(&mut self, view: View, entities: &Entities) {
        self.problem = None;
        let index = view.index.lock();
        let status = IndexStatus::new(&index, &view, self.state.world.clock.now());
        if self.status.as_ref() != Some(&status) {
            self.ready.push_back(event("index", &status));
            self.status = Some(status);
        }
        let (news, digest) = self.news(&index, &view, entities);
        match news {
            News::Changes(events) => self.ready.extend(events),
            News::Reset => self.ready.push_back(event("reset", &Nothing {})),
        }
        let revision = index.revision();
        drop(index);
        let View { index, shown, problem: _ } = view;
        self.seen = Some(Seen { index, revision, shown, digest });
    }

    /// Returns the news since the last look, and the digest of what is shown now.
    fn news(&self, index: &WorkspaceIndex, view: &View, entities: &Entities) -> (News, u64) {
        let Some(seen) = &self.seen else {
            // The page reads the list after the first event.
            return (News::Changes(Vec::new()), digest_of_all(index, view));
        };
        if seen.shown != view.shown {
            return (News::Reset, digest_of_all(index, view));
        }
        let is_same = Arc::ptr_eq(&seen.index, &view.index);
        let Some(changes) = index.changes(seen.revision).filter(|_| is_same) else {
            let digest = digest_of_all(index, view);
            let is_as_before = digest == seen.digest;
            return (if is_as_before { News::Changes(Vec::new()) } else { News::Reset }, digest);
        };
        self.told(changes, view, entities, seen.digest)
    }

    /// Makes an event for each change that the person is shown, and the digest after them. Nobody is
    /// told of a workspace that was not shown before and is not shown now.
    fn told(
        &self,
        changes: Vec<IndexChange<'_>>,
        view: &View,
        entities: &Entities,
        mut digest: u64,
    ) -> (News, u64) {
        let mut events = Vec::new();
        for IndexChange { id, before, now, .. } in changes {
            let before = before.filter(|before| view.shows(before));
            let now = now.filter(|now| view.shows(now));
            digest = digest.wrapping_sub(before.map_or(0, self::digest));
            digest = digest.wrapping_add(now.map_or(0, self::digest));
            // What is too much is not made.
            if events.len() > MAX_CHANGES {
                continue;
            }
            if let Some(now) = now {
                let entity_refs = entities.of_workspace(now, &self.state.integrations);
                let item = IndexItem::new(now, &entity_refs, self.caller.user_id());
                events.push(event("workspace", &item));
            } else if before.is_some() {
                events.push(Told::gone(id).to_event());
            }
        }
        let is_too_much = events.len() > MAX_CHANGES;
        (if is_too_much { News::Reset } else { News::Changes(events) }, digest)
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
    Told::new(name, data).to_event()
}

/// Returns the sum of the [digests](digest) of all workspaces that the person is shown.
fn digest_of_all(index: &WorkspaceIndex, view: &View) -> u64 {
    let shown = view.candidates(index).filter(|workspace| view.shows(workspace));
    shown.fold(0, |sum, workspace| sum.wrapping_add(digest(workspace)))
}

/// Returns a number that is another one when something else is shown of a workspace than its last
/// use. The order of workspaces makes no difference to the sum of their digests, and one that changes
/// is taken out and put in.
fn digest(workspace: &IndexedWorkspace) -> u64 {
    let mut hasher = DefaultHasher::new();
    workspace.id.as_uuid().hash(&mut hasher);
    for text in [
        &*workspace.name,
        &*workspace.owner_name,
        &*workspace.template_name,
        &*workspace.organization_name,
        workspace.status.as_str(),
    ] {
        text.hash(&mut hasher);
    }
    workspace.dormant_at.hash(&mut hasher);
    for parameter in &workspace.repositories {
        (&parameter.name, &parameter.value).hash(&mut hasher);
    }
    hasher.finish()
}
