//! A whole portal from configuration files, asked through its one function.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

mod actions;
mod arrival;
mod bounds;
mod callers;
mod canaries;
mod configuration;
mod costs;
mod entity_workspaces;
mod health;
mod idempotency;
mod index;
mod index_attacks;
mod index_service;
mod line;
mod live;
mod my_workspaces;
mod new_workspaces;
mod person;
mod proxy;
mod refusals;
mod sign_in;
mod support;
mod texts;
mod wire;
mod workspace_details;
