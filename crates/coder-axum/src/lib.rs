//! coder-backstage for axum and tower: a [`Portal`]'s routes as a router or a service, and the caller
//! of a route as an extractor.
//!
//! ```toml
//! [dependencies]
//! coder-axum = "0.1"
//! coder-portal = "0.1"
//! axum = "0.8"
//! ```
//!
//! ```
//! use axum::{Router, routing::get};
//! use coder_axum::SignedIn;
//! use coder_portal::Portal;
//!
//! /// The portal's routes, and a route of our own for callers who are signed in with Coder.
//! fn app(portal: Portal) -> Router {
//!     Router::new()
//!         .route("/api/me", get(me))
//!         .with_state(portal.clone())
//!         .merge(coder_axum::router(portal))
//! }
//!
//! async fn me(SignedIn(caller): SignedIn) -> String {
//!     format!("you use the environment {}", caller.environment())
//! }
//! ```
//!
//! The router answers every path that no other route of yours matches, unknown ones with
//! Backstage's 404. In a tower stack without axum use [`PortalService`].
//!
//! # What it is not
//!
//! It only converts. The routes, their callers and their answers are decided in [`coder_portal`] and
//! [`coder_auth`].

mod body;
mod service;
mod signed_in;

pub use service::PortalService;
pub use signed_in::{SignedIn, SignedInRejection};

use axum::Router;
use coder_portal::Portal;

/// Returns a router with all routes of `portal` as its fallback, to be merged into yours.
///
/// Your router must have no fallback of its own: [`Router::merge`] panics when both have one.
pub fn router<S: Clone + Send + Sync + 'static>(portal: Portal) -> Router<S> {
    Router::new().fallback_service(PortalService::new(portal))
}
