//! What is known of one workspace, for the pages that look at it.

use std::collections::VecDeque;

use super::events::Told;
use super::position::Position;

/// The greatest size of the log of one workspace that is kept for its pages, in bytes. The last piece
/// of it is kept whatever its size.
const MAX_LOG: usize = 256 * 1024;

/// The news of one workspace for pages: its present state, and the log of what runs.
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

    /// Adds a piece of a log. Beyond the size, the first pieces go; the last one stays.
    pub(super) fn add_log(&mut self, position: Position, piece: Told) {
        self.log_size += piece.size();
        self.log.push_back((position, piece));
        while self.log_size > MAX_LOG
            && self.log.len() > 1
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

#[cfg(test)]
mod tests {
    use coder_client::{BuildId, WorkspaceId};

    use super::*;

    fn at(position: u64) -> Position {
        Position(position)
    }

    fn state(last: u8) -> Told {
        Told::gone(format!("00000000-0000-4000-8000-0000000000{last:02x}").parse().unwrap())
    }

    fn lines(text: &str) -> Told {
        many_lines(64, text)
    }

    fn many_lines(count: usize, text: &str) -> Told {
        let line = serde_json::json!({ "id": 1, "created_at": "2026-08-20T10:00:00Z",
            "log_source": "provisioner", "log_level": "info", "stage": "Plan", "output": text });
        let lines = vec![serde_json::from_value(line).unwrap(); count];
        Told::build_log(WorkspaceId::default(), BuildId::default(), &lines)
    }

    fn positions(feed: &Feed, read: Option<u64>) -> Result<Vec<u64>, Missed> {
        let events = feed.events_after(read.map(at), || state(0))?;
        Ok(events.into_iter().map(|(position, _)| position.0).collect())
    }

    #[test]
    fn a_page_gets_what_it_has_not_read() {
        let mut feed = Feed::new(at(1));
        assert!(feed.set_state(at(2), state(1)));
        assert!(!feed.set_state(at(3), state(1)), "it is known");
        feed.add_log(at(4), lines("one"));
        assert_eq!(positions(&feed, None), Ok(vec![2, 4]));
        assert_eq!(positions(&feed, Some(2)), Ok(vec![4]));
        assert_eq!(positions(&feed, Some(4)), Ok(vec![]));
        assert!(feed.set_problem(at(5), state(2)));
        assert!(feed.set_state(at(6), state(1)), "that the problem is over is news");
        assert_eq!(positions(&feed, Some(4)), Ok(vec![6]));
    }

    #[test]
    fn a_page_that_left_before_the_feed_began_cannot_resume_it() {
        let feed = Feed::new(at(7));
        assert!(!feed.can_resume(at(6)));
        assert!(feed.can_resume(at(7)));
    }

    #[test]
    fn a_piece_of_a_log_that_is_larger_than_a_log_may_be_is_shown_all_the_same() {
        let mut feed = Feed::new(at(1));
        feed.add_log(at(2), many_lines(200, &"x".repeat(4000)));
        assert_eq!(positions(&feed, Some(1)), Ok(vec![2]));
        feed.add_log(at(3), lines("one"));
        assert_eq!(positions(&feed, Some(2)), Ok(vec![3]), "and makes room for the next one");
    }

    #[test]
    fn a_log_is_bounded_and_a_page_that_missed_lines_of_it_cannot_go_on() {
        let mut feed = Feed::new(at(1));
        let long = "x".repeat(4000);
        for position in 2..8 {
            feed.add_log(at(position), lines(&long));
        }
        assert!(feed.log_size <= MAX_LOG);
        assert_eq!(positions(&feed, Some(1)), Err(Missed));
        assert!(!feed.can_resume(at(1)));
        let cut = feed.cut.unwrap().0;
        let from_the_start = positions(&feed, None).unwrap();
        assert_eq!(from_the_start.first(), Some(&cut), "it is told that lines are missing");
        assert_eq!(positions(&feed, Some(cut)), Ok(from_the_start[1..].to_vec()));

        // The next build has a log of its own, and nobody has missed a line of it.
        feed.clear_log();
        feed.add_log(at(9), lines("one"));
        assert_eq!(positions(&feed, Some(1)), Ok(vec![9]));
    }
}
