//! The backend of a portal from its configuration: every route as a function from HTTP request to
//! HTTP response.
//!
//! ```toml
//! [dependencies]
//! coder-portal = "0.1"
//! backstage-catalog = "0.1"
//! coder-auth = "0.1"
//! coder-config = "0.1"
//! coder-core = "0.1"
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
//! [`Portal::builder`] takes further parts of a program that configuration can name, such as its own
//! sign-in resolvers. Then [`Portal::handle`] answers every request. `coder-axum` mounts it in an
//! axum or tower service; there is no framework and no socket here. [`Checkup`] asks everything around
//! the portal before people do.
//!
//! A program that is no portal has the login alone, without any app-config: [`Login`].
//!
//! # The routes
//!
//! | route | purpose |
//! |---|---|
//! | `/api/auth/coder/…` | the login: Backstage's routes, see [`coder_auth::CoderAuth`] |
//! | `/api/auth/.well-known/…`, `/api/auth/v1/userinfo` | identity tokens, for other backends |
//! | `GET /api/coder/v1/entities` | the catalog's components |
//! | `GET /api/coder/v1/entities/{kind}/{namespace}/{name}/workspaces` | an entity's workspaces |
//! | `GET`, `POST`, `DELETE /api/coder/v1/link` | the Coder session token that a user has linked |
//! | `/api/proxy/coder/…` | Coder's API with the caller's rights, as `proxy.endpoints` says |
//! | `GET /.backstage/health/v1/{liveness,readiness}` | health |
//!
//! Routes outside the login identify their caller by [`coder_auth::CoderAuth::caller`].
//!
//! # What it is not
//!
//! It holds no rule of the login (`coder-auth`), of configuration (`coder-config`) or of
//! association (`coder-workspaces`); it connects them.

mod auth_routes;
mod builder;
mod checkup;
mod cors;
mod entities;
mod error;
mod frame;
mod from_config;
mod login;
mod portal;
mod proxy;
mod request_body;
mod routes;
mod signing_keys;
mod state;

pub use builder::{InvalidOptionError, PortalBuilder, ResolverOptions};
pub use checkup::{Checkup, Finding, Question, Verdict};
pub use error::PortalError;
pub use login::Login;
pub use portal::Portal;
