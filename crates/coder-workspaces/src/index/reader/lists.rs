//! Which list is read next, and what its end or its failure means.

use std::collections::BTreeSet;

use coder_client::{ClientError, WorkspaceFilter, WorkspaceId};
use coder_core::{Lock, earlier, is_within, later};
use jiff::{SignedDuration, Timestamp};

use super::{IndexReader, IndexStep, MAX_UNFINISHED};
use crate::WorkspacesError;
use crate::index::WorkspaceIndex;
use crate::index::listing::{Extent, Listing, PAGE};

/// How much earlier than the last list the changes are asked for: Coder writes the last use of a
/// workspace with some delay.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

impl IndexReader {
    /// Begins a list when its time has come and no other one is being read. Returns when Coder must be
    /// left alone before that.
    pub(super) async fn begin_what_is_due(
        &mut self,
        index: &Lock<WorkspaceIndex>,
        now: Timestamp,
    ) -> Result<Option<IndexStep>, WorkspacesError> {
        if self.listing.is_some() || !self.to_confirm.is_empty() {
            return Ok(None);
        }
        let is_due = |last: Option<Timestamp>, interval| {
            last.is_none_or(|last| !is_within(interval, now, last))
        };
        if is_due(self.listed, self.list_interval) {
            let Some(searches) = self.searches(&self.filter()) else {
                self.begin(vec![self.filter()], Extent::All, index.lock().ids(), now);
                return Ok(None);
            };
            if searches.is_empty() {
                // No entity has a repository, so no workspace belongs to one.
                self.is_searching = true;
                let mut index = index.lock();
                let nothing = Listing::new(searches, Extent::Entities, index.ids(), now);
                self.finish_list(&mut index, nothing);
                return Ok(None);
            }
            // One search cannot take more requests than the list of all.
            if searches.len() == 1 {
                self.begin(searches, Extent::Entities, index.lock().ids(), now);
                return Ok(None);
            }
            return self.compare(searches, index, now).await;
        } else if is_due(self.looked, self.changes_interval)
            && let Some(looked) = self.looked
        {
            // The moment is compared with those of Coder's clock.
            let behind = now.duration_since(looked) + OVERLAP;
            let filter = self.filter().last_used_after(earlier(self.client.now(), behind));
            let searches = if self.is_searching { self.searches(&filter) } else { None };
            let filters = searches.unwrap_or_else(|| vec![filter]);
            if filters.is_empty() {
                self.looked = Some(now);
            } else {
                self.begin(filters, Extent::Changes, BTreeSet::new(), now);
            }
        }
        Ok(None)
    }

    /// Returns the searches for the workspaces of the entities that the reader has, beyond `base`.
    fn searches(&self, base: &WorkspaceFilter) -> Option<Vec<WorkspaceFilter>> {
        self.scope.as_ref()?.queries(base)
    }

    fn begin(
        &mut self,
        filters: Vec<WorkspaceFilter>,
        extent: Extent,
        expected: BTreeSet<WorkspaceId>,
        now: Timestamp,
    ) {
        match extent {
            Extent::All | Extent::Entities => {
                self.is_searching = extent == Extent::Entities;
                self.attempts.clear();
            }
            Extent::Changes => {}
        }
        self.listing = Some(Listing::new(filters, extent, expected, now));
    }

    /// Asks for the number of workspaces, and begins the list that takes fewer requests.
    async fn compare(
        &mut self,
        searches: Vec<WorkspaceFilter>,
        index: &Lock<WorkspaceIndex>,
        now: Timestamp,
    ) -> Result<Option<IndexStep>, WorkspacesError> {
        if let Err(until) = self.budget.take(1, now) {
            return Ok(Some(IndexStep::Paused(until)));
        }
        let counted = match self.client.send(&self.count()).await {
            Ok(page) => page.count.and_then(|count| usize::try_from(count).ok()),
            Err(error) => return self.pause(error).map(Some),
        };
        self.recover();
        let (known, expected) = {
            let index = index.lock();
            (index.len(), index.ids())
        };
        let requests = counted.map(|counted| {
            counted.div_ceil(usize::try_from(PAGE).unwrap_or(usize::MAX))
                + counted.saturating_sub(known)
        });
        if requests.is_some_and(|requests| requests < searches.len()) {
            self.begin(vec![self.filter()], Extent::All, expected, now);
        } else {
            self.begin(searches, Extent::Entities, expected, now);
        }
        Ok(Some(IndexStep::Working))
    }

    pub(super) fn next_look(&self, now: Timestamp) -> Timestamp {
        let next =
            |last: Option<Timestamp>, interval| last.map_or(now, |last| later(last, interval));
        next(self.listed, self.list_interval).min(next(self.looked, self.changes_interval))
    }

    /// Takes the end of a list into account.
    pub(super) fn finish_list(&mut self, index: &mut WorkspaceIndex, listing: Listing) {
        let (extent, begun_at) = (listing.extent, listing.begun_at);
        let pages = listing.pages();
        let (unlisted, problems) = listing.finish();
        self.looked = Some(begun_at);
        match extent {
            Extent::All if unlisted.len() > pages && problems.is_empty() => {
                self.list_again(index, unlisted);
            }
            Extent::All => {
                self.missed.clear();
                self.to_confirm.extend(unlisted);
            }
            Extent::Entities => self.confirm_members(index, unlisted),
            Extent::Changes => {
                // What was used since need not bring the end of a build.
                index.unfinished(MAX_UNFINISHED).into_iter().for_each(|id| self.look_at(id));
                problems.into_iter().for_each(|problem| index.add_problem(problem));
                return;
            }
        }
        self.listed = Some(begun_at);
        index.finish_list(begun_at, problems);
        self.unsaved += 1;
    }

    /// Takes out what two whole lists in a row did not bring, and has another one read for the rest: the
    /// credential may not see it any more, and to ask for each would take longer than a list.
    fn list_again(&mut self, index: &mut WorkspaceIndex, unlisted: Vec<WorkspaceId>) {
        let before = std::mem::take(&mut self.missed);
        let (gone, missed): (Vec<_>, Vec<_>) =
            unlisted.into_iter().partition(|id| before.contains(id));
        gone.into_iter().for_each(|id| index.remove(id));
        if !missed.is_empty() {
            self.missed.extend(missed);
            let expected = index.ids();
            self.begin(vec![self.filter()], Extent::All, expected, self.now());
        }
    }

    /// Lets those be confirmed that may belong to the entities, and takes the others out of the
    /// index: a search brings no news of them.
    fn confirm_members(&mut self, index: &mut WorkspaceIndex, unlisted: Vec<WorkspaceId>) {
        let members = self.scope.as_ref().map(|scope| scope.members(index)).unwrap_or_default();
        for id in unlisted {
            if members.contains(&id) || index.is_waiting(id) {
                self.to_confirm.push_back(id);
            } else {
                index.remove(id);
            }
        }
    }

    /// Decides what a failure of a list means. A search that is too long is begun anew with shorter
    /// ones.
    pub(super) fn refuse_list(
        &mut self,
        error: ClientError,
        now: Timestamp,
    ) -> Result<IndexStep, WorkspacesError> {
        let may_be_shorter = match &mut self.scope {
            Some(scope) if self.is_searching => scope.shorten(&error),
            Some(_) | None => false,
        };
        if !may_be_shorter {
            return self.pause(error);
        }
        match self.listing.take() {
            Some(listing) if listing.extent == Extent::Entities => {
                let searches = self.searches(&self.filter()).unwrap_or_default();
                self.begin(searches, Extent::Entities, listing.into_expected(), now);
            }
            // The list of changes is due still.
            Some(_) | None => {}
        }
        Ok(IndexStep::Working)
    }
}
