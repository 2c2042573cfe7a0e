//! How far the index of the service account has got, for operators.

use jiff::Timestamp;

use super::service::ServiceIndex;

/// The state of the index that a service account reads (`coder.index.token`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexState {
    /// `false` while Coder does not answer the service account, or refuses it. Of several processes that
    /// share a store, the one that reads knows it; the others say `true`.
    pub is_answered: bool,
    /// Workspaces in the index.
    pub workspaces: usize,
    /// Workspaces with a build whose parameters are still to be read.
    pub waiting: usize,
    /// Workspaces with a parameter that could not be read.
    pub unread: usize,
    /// Moment at which the list of all workspaces was begun to be read for the last time; `None` before
    /// it was read to its end.
    pub listed_at: Option<Timestamp>,
}

impl IndexState {
    pub(super) fn of(service: &ServiceIndex) -> Self {
        let is_answered = service.problem().is_none();
        let index = service.index();
        let index = index.lock();
        Self {
            is_answered,
            workspaces: index.len(),
            waiting: index.waiting(),
            unread: index.unread().count(),
            listed_at: index.listed_at(),
        }
    }
}
