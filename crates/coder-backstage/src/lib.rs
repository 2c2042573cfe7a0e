//! Coder workspaces in a Backstage portal, as Rust libraries.
//!
//! This crate is the front door: it re-exports the others, each behind a feature of its name, and
//! its documentation is the manual. A program that needs one part only can depend on that part's crate
//! alone; the types are the same.
//!
//! Here is the whole backend of a portal. People sign in with Coder, and see the workspaces of each
//! catalog entity:
//!
//! ```toml
//! [dependencies]
//! coder-backstage = { version = "0.1", features = ["axum", "rustls", "sqlite"] }
//! axum = "0.8"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```
//!
//! ```no_run
//! use std::path::Path;
//!
//! use coder_backstage::auth_sqlx::{KeyFile, SqliteAuthStore};
//! use coder_backstage::catalog::FileCatalog;
//! use coder_backstage::config::{AppConfig, ConfigSources, Environment};
//! use coder_backstage::core::{ReqwestTransport, World};
//! use coder_backstage::portal::Portal;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // `app-config.yaml` of this directory: the one of your Backstage will do.
//!     let read = |path: &str| std::fs::read_to_string(path);
//!     let variables = std::env::vars_os()
//!         .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
//!     let environment: Environment = variables.collect();
//!     let mut config = AppConfig::from_loaded(&ConfigSources::new(&read, &environment).load()?)?;
//!
//!     let transport = ReqwestTransport::new("acme-portal/1.0")?;
//!     let world = World::native(transport).ok_or("there is no tokio runtime")?;
//!     let catalog = FileCatalog::new(&config.catalog);
//!
//!     // A restart signs nobody out: logins are in a file, sealed with the key beside it.
//!     let database = Path::new("auth.sqlite");
//!     config.session.keys.push(KeyFile::beside(database, &*world.random)?.key);
//!     let store = SqliteAuthStore::open(database).await?;
//!     let portal = Portal::from_config(&config, &world, catalog, store)?;
//!
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:7007").await?;
//!     Ok(axum::serve(listener, coder_backstage::axum::router(portal)).await?)
//! }
//! ```
//!
//! Without axum, [`Portal::handle`](portal::Portal::handle) answers each request.
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
//! | keep logins in SQLite or PostgreSQL | `coder-auth-sqlx` | `auth_sqlx` |
//! | bring my own HTTP, clock, randomness or runtime | `coder-core` | [`core`] |
//! | test against a fake Coder | `coder-testkit` | (a dev-dependency) |
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
//!    signs in through this crate unchanged. Sign-in resolvers of your own find people in the catalog
//!    ([`portal::PortalBuilder::sign_in_resolver`]); a person who is signed in with another provider links a
//!    Coder token instead ([`auth::CoderAuth::link`]).
//! 4. *Workspaces.* [`workspaces::EntityWorkspacesConfig::resolve`] joins the app's defaults, the entity's `spec.coder` and
//!    its repository; [`workspaces::find_workspaces`] asks Coder once, with every spelling of the
//!    repository's URL; [`workspaces::Availability`] says what a workspace can be used for now.
//!
//! # What these libraries never do
//!
//! They open no socket, read no clock and draw no random numbers by themselves: the caller passes a
//! [`World`](core::World). They show no secret in a log, an error or a `Debug` text. They panic on
//! no input. They send a credential to the configured deployment, and nowhere else.
//!
//! # Features
//!
//! | feature | gives | default |
//! |---|---|---|
//! | `auth`, `catalog`, `client`, `config`, `portal`, `workspaces` | the crate of that name | yes |
//! | `axum` | the portal as an axum router or a tower service | |
//! | `native` | the system's clock and randomness, tokio, files, and HTTP without TLS | |
//! | `rustls` | `native`, HTTPS by rustls, and signatures by AWS-LC | |
//! | `native-tls` | `native`, and HTTPS by the system's library | |
//! | `sqlite` | logins in a SQLite file; needs Rust 1.94 | |
//! | `postgres` | logins in PostgreSQL; needs Rust 1.94 | |
//!
//! With the default features everything compiles for `wasm32-unknown-unknown`.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "catalog")]
#[doc(inline)]
pub use backstage_catalog as catalog;
#[cfg(feature = "auth")]
#[doc(inline)]
pub use coder_auth as auth;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[doc(inline)]
pub use coder_auth_sqlx as auth_sqlx;
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
