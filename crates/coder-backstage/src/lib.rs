//! Coder workspaces in a Backstage portal, as Rust libraries.
//!
//! This crate is the front door: it re-exports the others, each behind a feature of its name, and
//! its documentation is the manual. Those who need one part only can depend on that part's crate
//! alone; the types are the same.
//!
//! Here is the whole of it. A person signs in with Coder, and sees the workspaces of a component:
//!
//! ```
//! use std::sync::Arc;
//!
//! use coder_backstage::auth::MemoryAuthStore;
//! use coder_backstage::catalog::MemoryCatalog;
//! use coder_backstage::config::{AppConfig, ConfigSources, Environment, parse_entities};
//! use coder_backstage::core::World;
//! use coder_backstage::portal::Portal;
//!
//! const APP_CONFIG: &str = "
//! app: { baseUrl: https://portal.example.com }
//! backend: { baseUrl: https://portal.example.com }
//! auth:
//!   environment: production
//!   providers:
//!     coder:
//!       production:
//!         clientId: ${CODER_OAUTH_CLIENT_ID}
//!         clientSecret: ${CODER_OAUTH_CLIENT_SECRET}
//!         deploymentUrl: https://coder.example.com
//!         signIn: { resolvers: [{ resolver: usernameMatchingUserEntityName }] }
//! coder:
//!   workspaces: { defaultTemplateName: devcontainers, repoUrlParamKeys: [repo] }
//! ";
//!
//! const ENTITIES: &str = "
//! apiVersion: backstage.io/v1alpha1
//! kind: Component
//! metadata:
//!   name: payments
//!   annotations: { backstage.io/source-location: url:https://github.com/acme/payments }
//! spec: { type: service, lifecycle: production, owner: team-a }
//! ---
//! apiVersion: backstage.io/v1alpha1
//! kind: User
//! metadata: { name: alice }
//! ";
//!
//! /// `world` is `World::native(ReqwestTransport::new("acme-portal/1.0")?)` on a server.
//! fn portal(world: &World, environment: &Environment) -> Result<Portal, Box<dyn std::error::Error>> {
//!     let files = |path: &str| match path {
//!         "app-config.yaml" => Ok(APP_CONFIG.to_owned()),
//!         _ => Err(std::io::ErrorKind::NotFound.into()),
//!     };
//!     let config = AppConfig::from_loaded(&ConfigSources::new(&files, environment).load()?)?;
//!     let entities = parse_entities("catalog-info.yaml", ENTITIES);
//!     let catalog = MemoryCatalog::new(entities.into_iter().collect::<Result<Vec<_>, _>>()?);
//!     let store = Arc::new(MemoryAuthStore::new());
//!     Ok(Portal::from_config(&config, world, Arc::new(catalog), store)?)
//! }
//! ```
//!
//! `portal.handle(request)` answers every request then; with the feature `axum`,
//! `coder_backstage::axum::router(portal)` is a router with all of it.
//!
//! # Which crate for which job
//!
//! | I want to … | crate | here |
//! |---|---|---|
//! | list, create, start and watch workspaces | `coder-client` | `client` |
//! | find the workspaces of a repository or an entity, and link to a new one | `coder-workspaces` | `workspaces` |
//! | let people sign in with Coder, in an app of my own | `coder-auth` | `auth` |
//! | read `app-config.yaml`, `catalog-info.yaml` and `spec.coder` | `coder-config` | `config` |
//! | ask a Backstage catalog, or be one | `backstage-catalog` | `catalog` |
//! | have all routes of a portal's backend | `coder-portal` | `portal` |
//! | have them in axum or tower | `coder-axum` | `axum` |
//! | bring my own HTTP, clock, randomness or runtime | `coder-core` | [`core`] |
//! | test against a Coder that is none | `coder-testkit` | (a dev-dependency) |
//! | run a server, and write no Rust at all | `coder-backstage-server` | (a binary) |
//!
//! # The journey of a request
//!
//! 1. *Configuration.* [`config::ConfigSources`] reads the files Backstage would read, in its
//!    order, and keeps for every value the place it was written at; [`config::AppConfig`] checks
//!    them as a whole.
//! 2. *Parts.* [`portal::Portal`] makes the parts of it: an [`auth::CoderAuth`] with its
//!    environments and sign-in resolvers, and what the workspaces of an entity are made of.
//! 3. *Login.* Coder's tokens stay on the server, once per person; each browser holds an opaque
//!    handle. The popup, the cookie and the identity token are Backstage's, so its own front end
//!    signs in through this crate unchanged. Rules of one's own find people in the catalog
//!    ([`portal::PortalBuilder::sign_in_resolver`]); who is signed in with another provider links a
//!    Coder token instead ([`auth::CoderAuth::link`]).
//! 4. *Workspaces.* [`workspaces::compile`] joins the app's defaults, the entity's `spec.coder` and
//!    its repository; [`workspaces::find_workspaces`] asks Coder once, with every spelling of the
//!    repository's URL; [`workspaces::availability`] says what a workspace can be used for now.
//!
//! # What a library of this house never does
//!
//! It opens no socket, reads no clock and rolls no dice by itself: it is handed a
//! [`World`](core::World). It shows no secret in a log, an error or a `Debug` text. It panics on
//! no input. It sends a credential to the configured deployment, and nowhere else.
//!
//! # Features
//!
//! `config`, `client`, `catalog`, `auth`, `workspaces` and `portal` are on by default. `axum` adds
//! the adapter; `native` the real clock, randomness, files, tokio, and HTTP over reqwest with
//! rustls. Without `native` everything compiles for `wasm32-unknown-unknown`.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "catalog")]
#[doc(inline)]
pub use backstage_catalog as catalog;
#[cfg(feature = "auth")]
#[doc(inline)]
pub use coder_auth as auth;
#[cfg(feature = "axum")]
#[doc(inline)]
pub use coder_axum as axum;
#[cfg(feature = "client")]
#[doc(inline)]
pub use coder_client as client;
#[cfg(feature = "config")]
#[doc(inline)]
pub use coder_config as config;
#[doc(inline)]
pub use coder_core as core;
#[cfg(feature = "portal")]
#[doc(inline)]
pub use coder_portal as portal;
#[cfg(feature = "workspaces")]
#[doc(inline)]
pub use coder_workspaces as workspaces;
