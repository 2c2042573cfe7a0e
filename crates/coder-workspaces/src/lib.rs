//! Which Coder workspaces belong to a catalog entity, whether they are usable, and how to get one.

mod availability;
mod compile;
mod creation_link;
mod error;
mod search;

pub use availability::{
    Availability, AvailabilityState, NextAction, agent_statuses, availability, icon_letter,
    look_again_after,
};
pub use compile::{EntityWorkspacesConfig, compile};
pub use creation_link::CreationLink;
pub use error::{Error, NotSearchable};
pub use search::{EntityWorkspaces, Owner, Search, SearchProblem, find_workspaces};
