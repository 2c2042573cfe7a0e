//! Which pages look at which workspaces, and what each of them has been told.
//!
//! Nothing here waits. Events are kept once for all pages of a workspace, up to the size of a
//! [`Feed`], and a page takes them when it is ready for them; of a page only is kept how far it has
//! read. So a slow page costs no memory of its own. Such a page is ended when it has left something untaken
//! for too long, which is looked at whenever something is told or a watcher looks again, or when it has
//! missed lines of a log.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use coder_auth::{CallerRights, SessionId};
use coder_client::{UserId, WorkspaceId};
use coder_core::is_within;
use futures_util::future::{AbortHandle, AbortRegistration};
use jiff::{SignedDuration, Timestamp};

use super::data::End;
use super::error::LiveError;
use super::events::Told;
use super::feed::{Feed, Missed};
use super::limits::{MAX_FEEDS, MAX_PAGES, MAX_PAGES_OF_A_PERSON, MAX_WORKSPACES_OF_A_PERSON};
use super::position::{Position, Scope};
use crate::signal::Signal;

/// The time that a page may leave an event untaken.
const TAKEN_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// The number of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PageId(u64);

/// The number of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FeedId(u64);

/// A request for a stream.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) user: UserId,
    pub(super) rights: CallerRights,
    /// The session whose cookie the request has brought.
    pub(super) session: Option<SessionId>,
    pub(super) workspaces: Vec<WorkspaceId>,
    pub(super) last_event_id: Option<String>,
}

/// A page that has joined.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) page: PageId,
    pub(super) line: Arc<Line>,
    pub(super) scope: Scope,
    /// The feeds that nobody fills yet.
    pub(super) begun: Vec<Begun>,
}

/// A feed that has to be filled until `until` is aborted.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) feed: FeedId,
    pub(super) workspace: WorkspaceId,
    /// Raised when somebody has changed the workspace.
    pub(super) changed: Arc<Signal>,
    pub(super) until: AbortRegistration,
}

/// The line to a page.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Raised when there is something to take, and when the stream has ended.
    pub(super) news: Signal,
    /// Raised when the person should be identified anew.
    pub(super) doubt: Signal,
    end: OnceLock<End>,
}

/// The answer to a page that asks for its events.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Events, perhaps none. Having got all of them, the page has read up to the position.
    Events(Vec<Told>, Position),
    /// The stream has ended.
    Ended(End),
}

#[derive(Debug)]
struct Page {
    user: UserId,
    session: Option<SessionId>,
    rights: CallerRights,
    /// The feeds, and how far the page has read each.
    feeds: Vec<(FeedId, Option<Position>)>,
    line: Arc<Line>,
    /// The moment since which something is untaken.
    untaken: Option<Timestamp>,
}

#[derive(Debug)]
struct Watched {
    key: (CallerRights, WorkspaceId),
    user: UserId,
    feed: Feed,
    pages: BTreeSet<PageId>,
    changed: Arc<Signal>,
    stop: AbortHandle,
}

/// All pages, and the workspaces that they look at.
#[derive(Debug)]
pub(super) struct Hub {
    id: u64,
    position: Position,
    last_number: u64,
    pages: HashMap<PageId, Page>,
    feeds: HashMap<FeedId, Watched>,
    by_key: HashMap<(CallerRights, WorkspaceId), FeedId>,
    is_closed: bool,
}

impl Hub {
    /// Creates a hub. `id` tells it from those of other processes.
    pub(super) fn new(id: u64) -> Self {
        Self {
            id,
            position: Position(0),
            last_number: 0,
            pages: HashMap::new(),
            feeds: HashMap::new(),
            by_key: HashMap::new(),
            is_closed: false,
        }
    }

    /// Returns the number of pages.
    pub(super) fn open_streams(&self) -> usize {
        self.pages.len()
    }

    /// Lets a page join.
    pub(super) fn join(&mut self, asked: Asked, now: Timestamp) -> Result<Joined, LiveError> {
        let Asked { user, rights, session, mut workspaces, last_event_id } = asked;
        workspaces.sort_unstable();
        workspaces.dedup();
        self.check_limits(user, &rights, &workspaces)?;
        let scope = Scope::new(self.id, user, &workspaces);
        // A position that was never reached says nothing.
        let read = last_event_id.and_then(|id| scope.position_of(&id));
        let read = read.filter(|read| *read <= self.position);
        let page = PageId(self.next_number());
        let line = Arc::new(Line::default());
        let (mut begun, mut feeds) = (Vec::new(), Vec::new());
        for workspace in workspaces {
            let key = (rights.clone(), workspace);
            let feed = match self.by_key.get(&key) {
                Some(feed) => *feed,
                None => self.begin(key, user, &mut begun),
            };
            if let Some(watched) = self.feeds.get_mut(&feed) {
                watched.pages.insert(page);
                feeds.push((feed, read.filter(|read| watched.feed.can_resume(*read))));
            }
        }
        line.news.raise();
        let untaken = Some(now);
        let joined = Page { user, session, rights, feeds, line: Arc::clone(&line), untaken };
        self.pages.insert(page, joined);
        Ok(Joined { page, line, scope, begun })
    }

    fn check_limits(
        &self,
        user: UserId,
        rights: &CallerRights,
        workspaces: &[WorkspaceId],
    ) -> Result<(), LiveError> {
        if self.is_closed {
            return Err(LiveError::Closed);
        }
        if self.pages.values().filter(|page| page.user == user).count() >= MAX_PAGES_OF_A_PERSON {
            return Err(LiveError::TooManyPages);
        }
        let new = workspaces.iter().filter(|id| !self.by_key.contains_key(&(rights.clone(), **id)));
        let new = new.count();
        let own = self.feeds.values().filter(|watched| watched.user == user).count();
        if own + new > MAX_WORKSPACES_OF_A_PERSON {
            return Err(LiveError::TooManyWorkspaces);
        }
        if self.pages.len() >= MAX_PAGES || self.feeds.len() + new > MAX_FEEDS {
            return Err(LiveError::Full);
        }
        Ok(())
    }

    fn begin(
        &mut self,
        key: (CallerRights, WorkspaceId),
        user: UserId,
        begun: &mut Vec<Begun>,
    ) -> FeedId {
        let feed = FeedId(self.next_number());
        let (stop, until) = AbortHandle::new_pair();
        let changed = Arc::new(Signal::default());
        let workspace = key.1;
        self.by_key.insert(key.clone(), feed);
        self.position.0 += 1;
        let watched = Watched {
            key,
            user,
            feed: Feed::new(self.position),
            pages: BTreeSet::new(),
            changed: Arc::clone(&changed),
            stop,
        };
        self.feeds.insert(feed, watched);
        begun.push(Begun { feed, workspace, changed, until });
        feed
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Takes out a page. What nobody looks at any more is no longer watched.
    pub(super) fn leave(&mut self, page: PageId) {
        let Some(Page { feeds, .. }) = self.pages.remove(&page) else { return };
        for (feed, _) in feeds {
            let Some(watched) = self.feeds.get_mut(&feed) else { continue };
            watched.pages.remove(&page);
            if watched.pages.is_empty()
                && let Some(Watched { key, stop, .. }) = self.feeds.remove(&feed)
            {
                self.by_key.remove(&key);
                stop.abort();
            }
        }
    }

    /// Ends the stream of a page.
    pub(super) fn end(&mut self, page: PageId, end: End) {
        let line = self.pages.get(&page).map(|page| Arc::clone(&page.line));
        self.leave(page);
        if let Some(line) = line {
            // The first reason counts.
            let _ = line.end.set(end);
            line.news.raise();
        }
    }

    /// Ends all streams that `ends` names.
    fn end_where(&mut self, end: End, ends: impl Fn(&Page) -> bool) {
        let pages = self.pages.iter().filter(|(_, page)| ends(page));
        let pages: Vec<PageId> = pages.map(|(id, _)| *id).collect();
        for page in pages {
            self.end(page, end);
        }
    }

    /// Ends the streams that look at a feed, whose credential Coder refuses.
    pub(super) fn refuse(&mut self, feed: FeedId) {
        let Some(watched) = self.feeds.get(&feed) else { return };
        let rights = watched.key.0.clone();
        self.end_where(End::SignedOut, |page| page.rights == rights);
    }

    /// Ends the streams of a session that has ended. Other streams with the same rights may have lost
    /// them as well.
    pub(super) fn end_session(&mut self, session: &SessionId) {
        let is_of = |page: &&Page| page.session.as_ref() == Some(session);
        let rights: Vec<_> =
            self.pages.values().filter(is_of).map(|page| page.rights.clone()).collect();
        self.end_where(End::SignedOut, |page| is_of(&page));
        for page in self.pages.values().filter(|page| rights.contains(&page.rights)) {
            page.line.doubt.raise();
        }
    }

    /// Ends all streams, and lets no page join.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.end_where(End::Shutdown, |_| true);
    }

    /// Ends the streams whose pages have left something untaken for too long.
    pub(super) fn end_slow(&mut self, now: Timestamp) {
        self.end_where(End::Slow, |page| {
            page.untaken.is_some_and(|since| !is_within(TAKEN_WITHIN, now, since))
        });
    }

    /// Lets a workspace be read again, whoever looks at it.
    pub(super) fn refresh(&self, workspace: WorkspaceId) {
        for watched in self.feeds.values().filter(|watched| watched.key.1 == workspace) {
            watched.changed.raise();
        }
    }

    /// Takes what was heard of a workspace.
    pub(super) fn tell(&mut self, feed: FeedId, news: News, now: Timestamp) {
        let Some(watched) = self.feeds.get_mut(&feed) else { return };
        let position = Position(self.position.0 + 1);
        let is_news = match news {
            News::State(state) => watched.feed.set_state(position, state),
            News::Problem(problem) => watched.feed.set_problem(position, problem),
            News::Log(piece) => {
                watched.feed.add_log(position, piece);
                true
            }
            News::LogIsOver => {
                watched.feed.clear_log();
                false
            }
        };
        if !is_news {
            return;
        }
        self.position = position;
        for page in &watched.pages {
            if let Some(page) = self.pages.get_mut(page) {
                page.untaken.get_or_insert(now);
                page.line.news.raise();
            }
        }
        self.end_slow(now);
    }

    /// Takes the events for a page that it has not read.
    pub(super) fn take(&mut self, page: PageId, line: &Line) -> Taken {
        if let Some(end) = line.end.get() {
            return Taken::Ended(*end);
        }
        let Some(reader) = self.pages.get_mut(&page) else { return Taken::Ended(End::Shutdown) };
        reader.untaken = None;
        let mut events = Vec::new();
        let mut missed = false;
        for (feed, read) in &mut reader.feeds {
            let Some(watched) = self.feeds.get(feed) else { continue };
            let workspace = watched.key.1;
            match watched.feed.events_after(*read, || Told::log_cut(workspace)) {
                Ok(new) => events.extend(new),
                Err(Missed) => missed = true,
            }
            *read = Some(self.position);
        }
        if missed {
            self.end(page, End::Slow);
            return Taken::Ended(End::Slow);
        }
        events.sort_by_key(|(position, _)| *position);
        Taken::Events(events.into_iter().map(|(_, told)| told).collect(), self.position)
    }
}

/// Something heard of a workspace.
#[derive(Debug)]
pub(super) enum News {
    /// The present state of the workspace.
    State(Told),
    /// A reason why the state may be out of date.
    Problem(Told),
    /// Lines of a log.
    Log(Told),
    /// The log of what was running is of no more use.
    LogIsOver,
}
