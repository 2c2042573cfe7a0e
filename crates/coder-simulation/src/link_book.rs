//! Which tokens may be linked, as far as a simulation can know.

use std::collections::{BTreeMap, BTreeSet};

use crate::person::Person;

/// Where a linked token is kept: for whose sign-in, in which environment, and at which deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkPlace {
    pub(crate) holder: Person,
    pub(crate) environment: usize,
    pub(crate) coder: usize,
}

/// The possible links of each place.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeMap<LinkPlace, LinkState>);

/// The possible links of one place.
#[derive(Debug)]
struct LinkState {
    /// Users of that Coder; `None` stands for no link.
    possible: BTreeSet<Option<usize>>,
    /// Requests under way that read or change it.
    under_way: usize,
    /// The change under way has met another request.
    overlapped: bool,
}

impl Default for LinkState {
    fn default() -> Self {
        Self { possible: [None].into(), under_way: 0, overlapped: false }
    }
}

impl Links {
    /// Notes that a request begins that reads the link.
    pub(crate) fn begin(&mut self, place: LinkPlace) {
        let state = self.0.entry(place).or_default();
        state.overlapped |= state.under_way > 0;
        state.under_way += 1;
    }

    /// Notes that a request begins that makes the link `to`.
    pub(crate) fn begin_change(&mut self, place: LinkPlace, to: Option<usize>) {
        self.begin(place);
        self.0.entry(place).or_default().possible.insert(to);
    }

    /// Notes that a request has ended. `now` is what it has linked, where that is known.
    pub(crate) fn end(&mut self, place: LinkPlace, now: Option<Option<usize>>) {
        let state = self.0.entry(place).or_default();
        state.under_way -= 1;
        // Others may have read before it, and may write after it.
        if let Some(now) = now.filter(|_| !state.overlapped) {
            state.possible = [now].into();
        }
        state.overlapped &= state.under_way > 0;
    }

    /// Tells whether this user's token may be linked.
    pub(crate) fn may_be(&self, place: LinkPlace, user: usize) -> bool {
        self.0.get(&place).is_some_and(|state| state.possible.contains(&Some(user)))
    }

    /// Gives the user whose token is certainly linked.
    pub(crate) fn certain(&self, place: LinkPlace) -> Option<usize> {
        let state = self.0.get(&place).filter(|state| state.possible.len() == 1)?;
        state.possible.first().copied().flatten()
    }
}
