//! A deterministic simulation of the login.
//!
//! A seed decides everything: who signs in, refreshes, signs out and closes a browser, which
//! replica crashes or stops, what the network and the store do to a request, and which task goes on
//! at every step. Processes of the portal, browsers and the fake Coder run in one thread on virtual
//! time, so a seed that breaks a [`Rule`] breaks it again, and its story can be read.
//!
//! ```console
//! $ cargo xtask simulate --seeds 100000
//! ```
//!
//! # What it is not
//!
//! It is not published. On a database one call of the store is one step; what overlapping
//! transactions do is the matter of the conformance suite of `coder-testkit`.

mod browser;
mod choices;
mod ledger;
mod link_book;
mod links;
mod names;
mod network;
mod person;
mod plan;
mod portal;
mod rule;
mod rules;
mod schedule;
mod scheduler;
mod shrink;
mod simulation;
mod store;

pub use ledger::Breach;
pub use portal::SetupError;
pub use rule::Rule;
pub use schedule::Outcome;
pub use simulation::{Simulation, StoreKind};
