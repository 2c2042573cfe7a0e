//! Live states and logs of workspaces: one stream of events for each page.
//!
//! [`Hub`] knows which pages look at which workspaces, and what each has been told. For each
//! workspace that somebody looks at, one [`Watcher`](watcher::Watcher) hears of it at Coder with that
//! person's rights, however many pages of the person look. It ends when the last of them leaves.

mod data;
mod error;
mod events;
mod feed;
mod hub;
mod limits;
mod logs;
mod page;
mod position;
mod route;
mod watcher;

#[cfg(test)]
pub(crate) use route::LiveQuery;
pub(crate) use route::PATH;

use std::fmt;
use std::sync::Arc;

use coder_auth::SessionId;
use coder_client::WorkspaceId;
use coder_core::{Lock, World};
use futures_util::FutureExt as _;
use futures_util::future::{AbortRegistration, Abortable};
use jiff::Timestamp;

#[cfg(test)]
use crate::api::Answer;
use crate::index::Index;
use data::End;
pub(crate) use error::LiveError;
pub(crate) use events::Told;
use hub::{Asked, FeedId, Hub, Joined, Line, News, PageId, Taken};

/// The streams of a portal.
pub(crate) struct Live {
    world: World,
    index: Arc<Index>,
    hub: Lock<Hub>,
}

impl Live {
    /// Creates the streams of a portal that has none yet. The index hears what they tell.
    pub(crate) fn new(world: &World, index: Arc<Index>) -> Self {
        // Ids of events of another process, or from before a restart, count for nothing.
        let nanoseconds = world.clock.now().as_nanosecond();
        let id = u64::try_from(nanoseconds.unsigned_abs() & u128::from(u64::MAX));
        Self { world: world.clone(), index, hub: Lock::new(Hub::new(id.unwrap_or_default())) }
    }

    /// Lets a workspace be read again, because somebody has changed it.
    ///
    /// Coder's own stream is silent about some changes.
    pub(crate) fn refresh(&self, workspace: WorkspaceId) {
        self.hub.lock().refresh(workspace);
    }

    /// Ends the streams of a session that has just ended.
    pub(crate) fn end_session(&self, session: &SessionId) {
        self.hub.lock().end_session(session);
    }

    /// Returns the number of open streams.
    pub(crate) fn open_streams(&self) -> usize {
        self.hub.lock().open_streams()
    }

    /// Ends all streams, and opens no more.
    pub(crate) fn close(&self) {
        self.hub.lock().close();
    }

    fn world(&self) -> &World {
        &self.world
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    fn join(&self, asked: Asked) -> Result<Joined, LiveError> {
        self.hub.lock().join(asked, self.now())
    }

    fn leave(&self, page: PageId) {
        self.hub.lock().leave(page);
    }

    fn end(&self, page: PageId, end: End) {
        self.hub.lock().end(page, end);
    }

    fn end_slow(&self) {
        self.hub.lock().end_slow(self.now());
    }

    fn refuse(&self, feed: FeedId) {
        self.hub.lock().refuse(feed);
    }

    fn take(&self, page: PageId, line: &Line) -> Taken {
        self.hub.lock().take(page, line)
    }

    fn tell(&self, feed: FeedId, news: News) {
        self.hub.lock().tell(feed, news, self.now());
    }

    /// Runs `work` until it ends or is aborted.
    fn spawn(
        &self,
        until: AbortRegistration,
        work: impl Future<Output = ()> + coder_core::MaybeSend + 'static,
    ) {
        let work = Abortable::new(work, until).map(drop);
        self.world.runtime.spawn(Box::pin(work));
    }
}

/// The answer of the route: events, for as long as they come.
#[cfg(test)]
pub(crate) struct LiveEvents;

#[cfg(test)]
impl Answer for LiveEvents {
    const STATUSES: &'static [u16] = &[200];
    const RESUMES: bool = true;

    fn into_response(self) -> http::Response<coder_core::Body> {
        coder_auth::http::empty(http::StatusCode::OK)
    }

    fn content(
        schemas: &mut schemars::SchemaGenerator,
    ) -> Option<(&'static str, schemars::Schema)> {
        let event = schemas.subschema_for::<data::LiveEvent>();
        let schema = schemars::json_schema!({
            "type": "string",
            "description": "Events (WHATWG HTML, section 9.2). `event` names the kind of each, and `data` is JSON of the schema that `x-event` has for that kind. Only the last of several events that come together has an `id`.",
            "x-event": event,
        });
        Some(("text/event-stream", schema))
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Live")
    }
}
