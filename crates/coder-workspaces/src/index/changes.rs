//! The last changes of an index, for those who follow it.

use std::collections::{BTreeMap, VecDeque};

use coder_client::WorkspaceId;

use super::IndexedWorkspace;

/// The number of changes that are kept.
const KEPT: usize = 10_000;

/// A moment in the life of one index, in numbers of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexRevision(u64);

/// A workspace that has changed since a revision.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IndexChange<'a> {
    /// The id of the workspace.
    pub id: WorkspaceId,
    /// The workspace as it was at the revision; `None` when it was not in the index.
    pub before: Option<&'a IndexedWorkspace>,
    /// The workspace as it is; `None` when it is not in the index any more.
    pub now: Option<&'a IndexedWorkspace>,
}

/// The last changes, each with the workspace as it was before.
#[derive(Debug, Default)]
pub(super) struct Changes {
    revision: u64,
    last: VecDeque<(WorkspaceId, Option<IndexedWorkspace>)>,
}

impl Changes {
    pub(super) fn revision(&self) -> IndexRevision {
        IndexRevision(self.revision)
    }

    pub(super) fn add(&mut self, id: WorkspaceId, before: Option<IndexedWorkspace>) {
        self.revision += 1;
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back((id, before));
    }

    /// Returns the workspaces that have changed since a revision, as they were then; `None` when not
    /// all of these changes are kept.
    pub(super) fn since(
        &self,
        IndexRevision(since): IndexRevision,
    ) -> Option<BTreeMap<WorkspaceId, Option<&IndexedWorkspace>>> {
        let missed = usize::try_from(self.revision.checked_sub(since)?).ok()?;
        let first = self.last.len().checked_sub(missed)?;
        let mut changed = BTreeMap::new();
        for (id, before) in self.last.range(first..) {
            changed.entry(*id).or_insert(before.as_ref());
        }
        Some(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_missed_more_than_is_kept_is_told_so() {
        let mut changes = Changes::default();
        let start = changes.revision();
        (0..KEPT).for_each(|_| changes.add(WorkspaceId::default(), None));
        assert_eq!(changes.since(start).map(|changed| changed.len()), Some(1));
        changes.add(WorkspaceId::default(), None);
        assert!(changes.since(start).is_none());
        assert_eq!(changes.since(changes.revision()).map(|changed| changed.len()), Some(0));
        assert!(Changes::default().since(changes.revision()).is_none(), "of another index");
    }
}
