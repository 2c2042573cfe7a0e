//! The stream of one page.

use std::collections::VecDeque;
use std::sync::Arc;

use coder_auth::http::Event;
use coder_core::BoxFuture;
use futures_util::future::{Either, select};
use futures_util::{Stream, stream};

use super::Live;
use super::data::End;
use super::events::Told;
use super::hub::{Joined, Line, PageId, Taken};
use super::position::{Position, Scope};
use crate::credential::{Credential, IDENTIFY_AGAIN_AFTER};

/// A page that looks. When this is dropped, it looks no more.
pub(super) struct Page {
    live: Arc<Live>,
    id: PageId,
    line: Arc<Line>,
    scope: Scope,
    credential: Credential,
    ready: VecDeque<Told>,
    /// How far the page has read when `ready` is empty.
    read: Position,
    is_over: bool,
    identify: BoxFuture<'static, ()>,
}

impl Page {
    pub(super) fn new(live: Arc<Live>, joined: Joined, credential: Credential) -> Self {
        let Joined { page: id, line, scope, begun: _ } = joined;
        let identify = live.world().runtime.sleep(IDENTIFY_AGAIN_AFTER);
        Self {
            live,
            id,
            line,
            scope,
            credential,
            ready: VecDeque::new(),
            read: Position::default(),
            is_over: false,
            identify,
        }
    }

    /// Returns the events of the page, until they end.
    pub(super) fn into_events(self) -> impl Stream<Item = Event> {
        stream::unfold(self, async |mut page| Some((page.next().await?, page)))
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                let event = told.to_event();
                // A page that breaks off within several events gets all of them again.
                let is_last = self.ready.is_empty() && !self.is_over;
                return Some(if is_last {
                    event.id(self.scope.event_id(self.read))
                } else {
                    event
                });
            }
            if self.is_over {
                return None;
            }
            match self.live.take(self.id, &self.line) {
                Taken::Ended(end) => {
                    self.is_over = true;
                    self.ready.push_back(Told::end(end));
                }
                Taken::Events(events, read) if !events.is_empty() => {
                    self.read = read;
                    self.ready.extend(events);
                }
                Taken::Events(..) => self.wait().await,
            }
        }
    }

    /// Waits for news; meanwhile identifies the person anew when it is time.
    async fn wait(&mut self) {
        let doubt = {
            let news = Box::pin(self.line.news.raised());
            let doubt = Box::pin(self.line.doubt.raised());
            let due = select(doubt, &mut self.identify);
            matches!(select(news, due).await, Either::Right(_))
        };
        if doubt {
            if !self.credential.is_good().await {
                self.live.end(self.id, End::SignedOut);
            }
            self.identify = self.live.world().runtime.sleep(IDENTIFY_AGAIN_AFTER);
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.live.leave(self.id);
    }
}
