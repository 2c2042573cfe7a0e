//! The backend of a portal from its configuration: every route as a function from HTTP request to
//! HTTP response.
//!
//! ```toml
//! [dependencies]
//! coder-portal = "0.1"
//! backstage-catalog = "0.1"
//! coder-auth = "0.1"
//! coder-config = "0.1"
//! coder-core = { version = "0.1", features = ["native", "rustls"] }
//! ```
//!
//! ```
//! use backstage_catalog::Catalog;
//! use coder_auth::MemoryAuthStore;
//! use coder_config::AppConfig;
//! use coder_core::World;
//! use coder_portal::{Portal, PortalError};
//!
//! fn portal(
//!     world: &World,
//!     config: &AppConfig,
//!     catalog: impl Catalog + 'static,
//! ) -> Result<Portal, PortalError> {
//!     Portal::from_config(config, world, catalog, MemoryAuthStore::new())
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | serve a portal from its app-config | [`Portal::from_config`], [`Portal::handle`] |
//! | add sign-in rules of my own | [`Portal::builder`] |
//! | know who asks a route of mine | [`Portal::auth`] |
//! | serve the login without a portal | [`Login`] |
//! | check Coder, the application and the catalog before people come | [`Checkup`] |
//!
//! [`Portal::builder`] takes further parts of a program that configuration can name, such as its own
//! sign-in resolvers. Then [`Portal::handle`] answers every request. `coder-axum` mounts it in an
//! axum or tower service; there is no framework and no socket here. [`Checkup`] asks everything around
//! the portal before people do.
//!
//! [`Portal::part`] is one part of the routes, for a program that mounts it where it likes.
//!
//! A program that is not a portal has the login alone, without any app-config: [`Login`].
//!
//! # The routes
//!
//! | route | purpose |
//! |---|---|
//! | `/api/auth/coder/…` | the login: Backstage's routes, see [`coder_auth::CoderAuth`] |
//! | `/api/auth/.well-known/…`, `/api/auth/v1/userinfo` | identity tokens, for other backends |
//! | `/api/coder/v1/entities/…` | the catalog's components: what Coder offers for each, its workspaces, the form for a new one, creating and opening |
//! | `/api/coder/v1/workspaces/…` | workspaces: state, agents, ports, logs, accounts; start, stop, restart, update, delete, extend, rename, favourite, dormant |
//! | `/api/coder/v1/index/…` | all workspaces at a glance: numbers for entities, a list with facets, files, changes, a report |
//! | `/api/coder/v1/templates/…` | the templates that the caller may use |
//! | `/api/coder/v1/me`, `…/connection`, `…/link` | who the caller is, and what connects the caller with Coder |
//! | `/api/coder/v1/openapi.json` | the description of these in OpenAPI 3.1 |
//! | `GET /api/coder/v1/live` | live states and logs of workspaces, as one stream of events for a page |
//! | `/api/proxy/coder/…` | Coder's API with the caller's rights, as `proxy.endpoints` says |
//! | `GET /.backstage/health/v1/{liveness,readiness}` | health |
//!
//! A route of the API that needs a caller identifies the caller by [`coder_auth::CoderAuth::caller`].
//!
//! # What it is not
//!
//! This crate holds no rule of the login (`coder-auth`), of configuration (`coder-config`) or of
//! association (`coder-workspaces`); it connects them.

mod api;
mod arrival;
mod auth_routes;
mod builder;
mod checkup;
mod closing;
mod compressible;
mod cors;
mod creation;
mod credential;
mod entities;
mod error;
mod frame;
mod from_config;
mod health;
mod held_streams;
mod index;
mod live;
mod login;
mod matched_route;
mod notices;
mod part;
mod person;
mod portal;
mod portal_part;
mod proxy;
mod request_body;
mod request_id;
mod routes;
mod signal;
mod signing_keys;
mod state;
mod templates;
mod trusted_proxies;
mod wire;
mod workspace_query;
mod workspaces;

pub use builder::{InvalidOptionError, PortalBuilder, ResolverOptions};
pub use checkup::{Checkup, Finding, Question, Verdict};
pub use compressible::Compressible;
pub use error::PortalError;
pub use index::IndexState;
pub use login::Login;
pub use matched_route::MatchedRoute;
pub use part::Part;
pub use portal::Portal;
pub use portal_part::PortalPart;
pub use request_id::RequestId;
pub use trusted_proxies::TrustedProxies;
