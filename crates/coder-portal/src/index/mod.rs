//! All workspaces at a glance: an index for each person, or one of a service account for everybody.
//!
//! Without `coder.index.token`, [`personal`] keeps an index for each credential that has asked, which
//! is read while its person waits. With it, [`service`] keeps one index for all, which
//! [`Portal::index_reader`](crate::Portal::index_reader) reads in the background, and [`view`] cuts
//! each answer to what its person is shown: nothing else counts anywhere in it.

mod catalog;
pub(crate) mod counts;
mod csv;
mod entities;
pub(crate) mod events;
pub(crate) mod export;
mod facets;
mod personal;
mod query;
mod reading;
pub(crate) mod report;
mod saved;
mod selection;
mod service;
mod shared_answers;
mod state;
mod status;
pub(crate) mod sweep;
mod turns;
mod view;
mod viewers;
pub(crate) mod workspaces;

use coder_auth::Caller;
use coder_client::Client;
use coder_client::models::Workspace;
use coder_workspaces::index::RequestBudget;

pub(crate) use service::ServiceIndex;
pub use state::IndexState;

use entities::KnownEntities;
use personal::PersonalIndexes;
use turns::Turns;
use viewers::Viewers;

/// The indexes of a portal.
pub(crate) struct Index {
    /// The index that a service account reads, for the portal's own environment.
    service: Option<ServiceIndex>,
    /// The indexes that are read with the rights of persons.
    people: PersonalIndexes,
    entities: KnownEntities,
    viewers: Viewers,
    turns: Turns,
    requests_per_minute: usize,
}

impl Index {
    pub(crate) fn new(service: Option<ServiceIndex>, requests_per_minute: u32) -> Self {
        Self {
            service,
            people: PersonalIndexes::default(),
            entities: KnownEntities::default(),
            viewers: Viewers::default(),
            turns: Turns::default(),
            requests_per_minute: usize::try_from(requests_per_minute).unwrap_or(usize::MAX),
        }
    }

    /// Returns whether a service account reads an index.
    pub(crate) fn has_service_account(&self) -> bool {
        self.service.is_some()
    }

    /// Returns the state of the service account's index, if there is one.
    pub(crate) fn state(&self) -> Option<IndexState> {
        self.service.as_ref().map(IndexState::of)
    }

    /// Returns a client with the token of the service account.
    pub(crate) fn service_account(&self) -> Option<&Client> {
        self.service.as_ref().map(|service| &service.client)
    }

    /// Notes that Coder has just told a caller of a workspace. An index that knows something else of it asks
    /// Coder itself before its next list: what was told may be old by now, and the caller may see more.
    pub(crate) fn hear(&self, caller: &Caller, workspace: &Workspace) {
        self.people.hear(&caller.rights(), workspace);
        if let Some(service) = &self.service
            && service.environment == caller.environment()
        {
            service.hear(workspace);
        }
    }

    fn budget(&self) -> RequestBudget {
        RequestBudget::new(self.requests_per_minute)
    }
}
