//! A list of workspaces that is read page by page, while it changes.

use std::collections::{BTreeSet, HashSet, VecDeque};

use coder_client::models::{Workspace, WorkspacePage};
use coder_client::operations::ListWorkspaces;
use coder_client::{List, WorkspaceFilter, WorkspaceId};
use jiff::Timestamp;

use crate::SearchProblem;

/// The number of workspaces on a page; Coder sends some 10 kB for each.
pub(super) const PAGE: u32 = 200;

/// The workspaces that a list brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that the credential may see.
    All,
    /// Workspaces of the entities that the index is read for.
    Entities,
    /// Other workspaces that were used since the last list.
    Changes,
}

/// A list that is being read: one or more lists of Coder's, one after the other.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) extent: Extent,
    pub(super) begun_at: Timestamp,
    /// Known workspaces that it should list. One that it does not list may be deleted, or may have
    /// moved from one page to another between two requests.
    expected: BTreeSet<WorkspaceId>,
    part: Part,
    further: VecDeque<WorkspaceFilter>,
    seen: HashSet<WorkspaceId>,
    problems: Vec<SearchProblem>,
    pages: usize,
}

/// One list of Coder's.
#[derive(Debug, Default)]
struct Part {
    filter: WorkspaceFilter,
    offset: u32,
    seen: HashSet<WorkspaceId>,
    /// The workspaces seen since the list was last begun.
    seen_in_turn: HashSet<WorkspaceId>,
    unreadable: usize,
    total: Option<usize>,
    is_repeated: bool,
    problems: Vec<SearchProblem>,
}

impl Listing {
    /// Begins a list of what these filters bring. Without any filter it is over after one page.
    pub(super) fn new(
        filters: Vec<WorkspaceFilter>,
        extent: Extent,
        expected: BTreeSet<WorkspaceId>,
        begun_at: Timestamp,
    ) -> Self {
        let mut further = VecDeque::from(filters);
        let filter = further.pop_front().unwrap_or_default();
        Self {
            extent,
            begun_at,
            expected,
            part: Part { filter, ..Part::default() },
            further,
            seen: HashSet::new(),
            problems: Vec::new(),
            pages: 0,
        }
    }

    /// Returns the request for the next page.
    pub(super) fn next_page(&self) -> ListWorkspaces {
        ListWorkspaces::new(self.part.filter.clone()).limit(PAGE).offset(self.part.offset)
    }

    /// Returns how many workspaces were listed, and how many there are.
    pub(super) fn progress(&self) -> (usize, Option<usize>) {
        let total = self.part.total.filter(|_| self.seen.is_empty() && self.further.is_empty());
        (self.seen.len() + self.part.seen.len(), total)
    }

    /// Takes a page, and returns its workspaces and whether it was the last one.
    pub(super) fn take(&mut self, page: WorkspacePage) -> (List<Workspace>, bool) {
        self.pages += 1;
        let (workspaces, is_last) = self.part.take(page);
        if !is_last {
            return (workspaces, false);
        }
        let next = self.further.pop_front();
        let is_over = next.is_none();
        let next = Part { filter: next.unwrap_or_default(), ..Part::default() };
        let part = std::mem::replace(&mut self.part, next);
        self.seen.extend(part.seen);
        self.problems.extend(part.problems);
        (workspaces, is_over)
    }

    /// Returns how many pages were read.
    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// Returns the expected workspaces that were not listed, and the problems.
    pub(super) fn finish(self) -> (Vec<WorkspaceId>, Vec<SearchProblem>) {
        let unlisted = self.expected.into_iter().filter(|id| !self.seen.contains(id)).collect();
        (unlisted, self.problems)
    }

    /// Returns the known workspaces that it should list.
    pub(super) fn into_expected(self) -> BTreeSet<WorkspaceId> {
        self.expected
    }
}

impl Part {
    /// Takes a page, and returns its workspaces and whether it was the last one.
    ///
    /// A list with fewer workspaces than Coder counts is read a second time: a workspace that moved to
    /// a page before was overlooked.
    fn take(&mut self, page: WorkspacePage) -> (List<Workspace>, bool) {
        let received = page.workspaces.received();
        let taken = u32::try_from(received).unwrap_or(u32::MAX);
        self.offset = self.offset.saturating_add(taken);
        self.total = page.count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        self.unreadable += received - page.workspaces.len();
        self.seen.extend(page.workspaces.iter().map(|workspace| workspace.id));
        let before = self.seen_in_turn.len();
        self.seen_in_turn.extend(page.workspaces.iter().map(|workspace| workspace.id));
        // Else a Coder that counts wrongly and repeats a page would be read without end.
        let is_repetition = self.seen_in_turn.len() == before && received == page.workspaces.len();
        let unreadable = page.workspaces.unreadable().iter().cloned();
        self.problems.extend(unreadable.map(SearchProblem::Unreadable));
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let is_last = match self.total {
            Some(total) => received == 0 || offset >= total || is_repetition,
            None => received < usize::try_from(PAGE).unwrap_or(usize::MAX),
        };
        (page.workspaces, is_last && self.is_over(received))
    }

    /// Decides at the end of the list whether it is over, or is read again from its beginning.
    fn is_over(&mut self, received: usize) -> bool {
        let listed = self.seen.len() + self.unreadable;
        let is_missing = match self.total {
            Some(total) => listed < total,
            // Coder always counts, so an empty page without a count is no page of Coder's.
            None => received == 0 && listed == 0,
        };
        if is_missing && !self.is_repeated {
            self.is_repeated = true;
            self.offset = 0;
            self.seen_in_turn.clear();
            self.unreadable = 0;
            self.problems.clear();
            return false;
        }
        if is_missing {
            self.problems.push(SearchProblem::Missing { listed, counted: self.total });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(first: u128, count: u64) -> WorkspacePage {
        let workspaces = (first..first + 200).map(|number| {
            json!({
                "id": uuid::Uuid::from_u128(number), "name": "w",
                "owner_id": uuid::Uuid::nil(), "owner_name": "o",
                "latest_build": { "id": uuid::Uuid::nil(), "build_number": 1, "status": "running",
                    "transition": "start" },
            })
        });
        let workspaces: Vec<_> = workspaces.collect();
        serde_json::from_value(json!({ "workspaces": workspaces, "count": count })).unwrap()
    }

    #[test]
    fn a_list_that_repeats_itself_without_end_is_over_and_told_as_incomplete() {
        let all = vec![WorkspaceFilter::new()];
        let mut listing = Listing::new(all, Extent::All, BTreeSet::new(), Timestamp::UNIX_EPOCH);
        assert!(!listing.take(page(0, 1_000_000)).1);
        let read = (0..5).position(|_| listing.take(page(0, 1_000_000)).1);
        assert!(read.is_some(), "five pages without anything new");
        let (_, problems) = listing.finish();
        assert!(
            matches!(problems[..], [SearchProblem::Missing { listed: 200, .. }]),
            "{problems:?}"
        );
    }
}
