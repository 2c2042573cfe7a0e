//! What is known of one workspace, for the pages that look at it.

use std::collections::VecDeque;

use super::events::Told;
use super::position::Position;

/// The greatest size of the log of one workspace that is kept for its pages, in bytes.
const MAX_LOG: usize = 256 * 1024;

/// What pages are told of one workspace: its present state, and the log of what runs.
#[derive(Debug)]
pub(super) struct Feed {
    /// The position at which it was begun. A page that has read less knows nothing of it.
    begun: Position,
    state: Option<(Position, Told)>,
    problem: Option<(Position, Told)>,
    log: VecDeque<(Position, Told)>,
    log_size: usize,
    /// The position of the last piece of the log that was thrown away because there were too many.
    cut: Option<Position>,
}

/// A page has not read lines of a log that are no longer at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missed;

impl Feed {
    pub(super) fn new(begun: Position) -> Self {
        Self { begun, state: None, problem: None, log: VecDeque::new(), log_size: 0, cut: None }
    }

    /// Takes a state. Returns whether it is news.
    pub(super) fn set_state(&mut self, position: Position, state: Told) -> bool {
        let was_problem = self.problem.take().is_some();
        let is_news = was_problem || self.state.as_ref().is_none_or(|(_, known)| *known != state);
        if is_news {
            self.state = Some((position, state));
        }
        is_news
    }

    /// Takes a reason why the state may be out of date. Returns whether it is news.
    pub(super) fn set_problem(&mut self, position: Position, problem: Told) -> bool {
        let is_news = self.problem.as_ref().is_none_or(|(_, known)| *known != problem);
        if is_news {
            self.problem = Some((position, problem));
        }
        is_news
    }

    /// Adds a piece of a log. Beyond the size, the first pieces go.
    pub(super) fn add_log(&mut self, position: Position, piece: Told) {
        self.log_size += piece.size();
        self.log.push_back((position, piece));
        while self.log_size > MAX_LOG
            && let Some((position, first)) = self.log.pop_front()
        {
            self.log_size -= first.size();
            self.cut = Some(position);
        }
    }

    /// Forgets the log of what is over.
    pub(super) fn clear_log(&mut self) {
        self.log = VecDeque::new();
        (self.log_size, self.cut) = (0, None);
    }

    /// Returns whether a page that has read up to `position` needs nothing again.
    pub(super) fn can_resume(&self, position: Position) -> bool {
        position >= self.begun && self.cut.is_none_or(|cut| position >= cut)
    }

    /// Returns the events for a page that has read up to `read`; all that is known for `None`.
    pub(super) fn events_after(
        &self,
        read: Option<Position>,
        cut: impl FnOnce() -> Told,
    ) -> Result<Vec<(Position, Told)>, Missed> {
        let is_new = |(position, _): &&(Position, Told)| read.is_none_or(|read| *position > read);
        let mut events: Vec<_> =
            [&self.state, &self.problem].into_iter().flatten().filter(is_new).cloned().collect();
        match (self.cut, read) {
            (Some(gone), Some(read)) if gone > read => return Err(Missed),
            (Some(gone), None) => events.push((gone, cut())),
            (Some(_) | None, _) => {}
        }
        events.extend(self.log.iter().filter(is_new).cloned());
        Ok(events)
    }
}
