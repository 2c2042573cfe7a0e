//! coder-backstage for axum and tower: the login with Coder or a whole [`Portal`] as a router or a
//! service, and the caller of a route as an extractor.
//!
//! ```toml
//! [dependencies]
//! coder-axum = "0.1"
//! coder-auth = "0.1"
//! coder-core = { version = "0.1", features = ["native", "rustls"] }
//! axum = "0.8"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```
//!
//! "Sign in with Coder" in an app of your own needs a [`CoderAuth`] and no
//! configuration file:
//!
//! ```
//! use axum::{Router, routing::get};
//! use coder_auth::CoderAuth;
//! use coder_axum::{SignedIn, SignedInPage};
//!
//! /// The login below the path of its base URL, a page, and a route for scripts.
//! fn app(auth: CoderAuth) -> Router {
//!     Router::new()
//!         .route("/", get(home))
//!         .route("/api/me", get(me))
//!         .nest("/api/auth", coder_axum::login(auth.clone()))
//!         .with_state(auth)
//! }
//!
//! /// A stranger is sent to the login and comes back here.
//! async fn home(SignedInPage(caller): SignedInPage) -> String {
//!     format!("hello, {}", caller.profile().display_name)
//! }
//!
//! async fn me(SignedIn(caller): SignedIn) -> String {
//!     format!("{} uses the environment {}", caller.profile().username, caller.environment())
//! }
//! ```
//!
//! The program around it makes the [`CoderAuth`], spawns its sweeper once, which ends what is over,
//! and serves:
//!
//! ```no_run
//! # fn app(auth: CoderAuth) -> axum::Router { coder_axum::login(auth) }
//! use coder_auth::{AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions};
//! use coder_auth::{MemoryAuthStore, SealingKeys};
//! use coder_core::{ReqwestTransport, World};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let transport = ReqwestTransport::new("my-app/1.0")?;
//!     let world = World::native(transport).ok_or("there is no tokio runtime")?;
//!     let secret = std::env::var("CODER_CLIENT_SECRET")?.into();
//!     let coder = EnvironmentOptions::new("https://coder.example.com".parse()?, "client-id", secret);
//!     let origins = AllowedOrigins::new("http://localhost:7007".parse()?, []);
//!     let options = AuthOptions::new("http://localhost:7007/api/auth".parse()?, origins)
//!         .environment("production", coder);
//!     let keys = SealingKeys::ephemeral(&*world.random)?;
//!     let auth = CoderAuth::new(&world, MemoryAuthStore::new(), keys, options);
//!     tokio::spawn(auth.sweeper());
//!
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:7007").await?;
//!     Ok(axum::serve(listener, app(auth)).await?)
//! }
//! ```
//!
//! A restart signs everybody out of this one; `coder-auth-sqlx` has a store and a key that outlive it.
//!
//! | I want to … | Item |
//! |---|---|
//! | serve the login, below a path | [`login`] |
//! | serve all routes of a Backstage portal | [`router`] |
//! | serve one part of them, at a path of mine | [`part`] |
//! | know who asks a route of mine | [`SignedIn`], `Option<SignedIn>` |
//! | know who opens a page of mine, and send strangers to the login | [`SignedInPage`] |
//! | do so in a tower stack without axum | [`LoginService`], [`PortalService`], [`PartService`] |
//!
//! # What it is not
//!
//! It only converts. The routes, their callers and their answers are decided in [`coder_portal`] and
//! [`coder_auth`].

mod body;
mod service;
mod signed_in;
mod web_socket;

pub use service::{LoginService, PartService, PortalService};
pub use signed_in::{SignedIn, SignedInPage, SignedInRejection};

use axum::Router;
use coder_auth::CoderAuth;
use coder_portal::{Login, Part, Portal};

/// Returns a router with the routes of the login. Their paths are those below the base URL of the
/// login, so it is nested at the path of that URL:
/// `nest("/api/auth", login(auth))`.
pub fn login<S: Clone + Send + Sync + 'static>(auth: CoderAuth) -> Router<S> {
    Router::new().route_service("/{*path}", LoginService::new(Login::new(auth)))
}

/// Returns a router with all routes of `portal` as its fallback, to be merged into yours.
///
/// It answers every path that no other route of yours matches, unknown ones with Backstage's 404.
/// Your router must have no fallback of its own: [`Router::merge`] panics when both have one.
pub fn router<S: Clone + Send + Sync + 'static>(portal: Portal) -> Router<S> {
    Router::new().fallback_service(PortalService::new(portal))
}

/// Returns a router with the routes of one part of `portal`, to be nested at a path of yours and
/// wrapped in layers of yours:
///
/// ```
/// use axum::Router;
/// use coder_portal::{Part, Portal};
///
/// fn app(portal: &Portal) -> Router {
///     Router::new()
///         .nest("/coder/live", coder_axum::part(portal, Part::Live))
///         .nest("/coder", coder_axum::part(portal, Part::Workspaces))
/// }
/// ```
pub fn part<S: Clone + Send + Sync + 'static>(portal: &Portal, part: Part) -> Router<S> {
    let service = PartService::new(portal.part(part));
    Router::new().route_service("/", service.clone()).route_service("/{*path}", service)
}
