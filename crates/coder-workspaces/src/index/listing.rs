//! A list of workspaces that is read page by page, while it changes.

use std::collections::{BTreeSet, HashSet};

use coder_client::models::{Workspace, WorkspacePage};
use coder_client::operations::ListWorkspaces;
use coder_client::{List, WorkspaceFilter, WorkspaceId};
use jiff::Timestamp;

use crate::SearchProblem;

/// The number of workspaces on a page; Coder sends some 10 kB for each.
pub(super) const PAGE: u32 = 200;

/// A list that is being read.
#[derive(Debug)]
pub(super) struct Listing {
    filter: WorkspaceFilter,
    /// Whether it lists all workspaces.
    pub(super) is_whole: bool,
    pub(super) begun_at: Timestamp,
    /// Known workspaces that it should list. One that it does not list may be deleted, or may have
    /// moved from one page to another between two requests.
    expected: BTreeSet<WorkspaceId>,
    offset: u32,
    seen: HashSet<WorkspaceId>,
    unreadable: usize,
    total: Option<usize>,
    is_repeated: bool,
    problems: Vec<SearchProblem>,
}

impl Listing {
    pub(super) fn new(
        filter: WorkspaceFilter,
        is_whole: bool,
        expected: BTreeSet<WorkspaceId>,
        begun_at: Timestamp,
    ) -> Self {
        Self {
            filter,
            is_whole,
            begun_at,
            expected,
            offset: 0,
            seen: HashSet::new(),
            unreadable: 0,
            total: None,
            is_repeated: false,
            problems: Vec::new(),
        }
    }

    /// Returns the request for the next page.
    pub(super) fn next_page(&self) -> ListWorkspaces {
        ListWorkspaces::new(self.filter.clone()).limit(PAGE).offset(self.offset)
    }

    /// Returns how many workspaces were listed, and how many there are.
    pub(super) fn progress(&self) -> (usize, Option<usize>) {
        (self.seen.len(), self.total)
    }

    /// Takes a page, and returns its workspaces and whether it was the last one.
    ///
    /// A list with fewer workspaces than Coder counts is read a second time: a workspace that moved to
    /// a page before was overlooked.
    pub(super) fn take(&mut self, page: WorkspacePage) -> (List<Workspace>, bool) {
        let received = page.workspaces.received();
        let taken = u32::try_from(received).unwrap_or(u32::MAX);
        self.offset = self.offset.saturating_add(taken);
        self.total = page.count.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        self.unreadable += received - page.workspaces.len();
        self.seen.extend(page.workspaces.iter().map(|workspace| workspace.id));
        let unreadable = page.workspaces.unreadable().iter().cloned();
        self.problems.extend(unreadable.map(SearchProblem::Unreadable));
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let is_last = match self.total {
            Some(total) => received == 0 || offset >= total,
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
            self.unreadable = 0;
            self.problems.clear();
            return false;
        }
        if is_missing {
            self.problems.push(SearchProblem::Missing { listed, counted: self.total });
        }
        true
    }

    /// Returns the expected workspaces that were not listed, and the problems.
    pub(super) fn finish(self) -> (Vec<WorkspaceId>, Vec<SearchProblem>) {
        let unlisted = self.expected.into_iter().filter(|id| !self.seen.contains(id)).collect();
        (unlisted, self.problems)
    }
}
