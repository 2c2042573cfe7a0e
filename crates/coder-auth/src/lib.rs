//! Coder as the OAuth2 provider of a Backstage portal: a login that lasts and leaks nothing.
//!
//! [`CoderAuth`] has the routes of Backstage's auth backend as functions from request to response.
//! Give it the world, a store, keys and options, and serve it wherever you serve HTTP:
//!
//! ```toml
//! [dependencies]
//! coder-auth = "0.1"
//! coder-core = { version = "0.1", features = ["native", "rustls"] }
//! ```
//!
//! ```
//! use coder_auth::{AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions};
//! use coder_auth::{MemoryAuthStore, SealingKeys};
//! use coder_core::{Secret, World};
//!
//! fn auth(world: &World, client_secret: Secret) -> Result<CoderAuth, Box<dyn std::error::Error>> {
//!     let origins = AllowedOrigins::new("https://portal.example.com".parse()?, []);
//!     let coder = EnvironmentOptions::new("https://coder.example.com".parse()?, "client-id", client_secret);
//!     let options = AuthOptions::new("https://portal.example.com/api/auth".parse()?, origins)
//!         .environment("production", coder);
//!     let keys = SealingKeys::ephemeral(&*world.random)?;
//!     Ok(CoderAuth::new(world, MemoryAuthStore::new(), keys, options))
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | sign people in with Coder | [`CoderAuth`], with [`AuthOptions`] and [`EnvironmentOptions`] |
//! | know who asks a route of mine, and call Coder for that user | [`CoderAuth::caller`], [`Caller`] |
//! | render a page for a signed-in user, and send strangers to the login | [`CoderAuth::caller_of_page`] |
//! | sign users in to Backstage by a rule of my own | [`SignInResolver`], [`resolver_fn`] |
//! | verify Backstage tokens in a service of my own | [`identity::IdentityVerifier`] |
//! | let a user link a Coder session token | [`CoderAuth::link`] |
//! | keep logins across restarts | `coder-auth-sqlx`, or a [`store::AuthStore`] of my own |
//! | set how long sessions last | [`SessionOptions`] |
//! | run two portals on one host | [`AuthOptions::cookie_name`] |
//! | register the OAuth2 application by a program | [`register_app`] |
//!
//! The login serves every Coder from 2.25 on. Routes, messages and tokens are those of Backstage's auth
//! backend, so Backstage's own browser client signs in through it unchanged.
//!
//! # What it does that the original module does not
//!
//! - **PKCE, always.** Current Coder refuses a login without it.
//! - **One grant per person, on the server.** Coder keeps one live token pair per user and app.
//!   Browsers hold a handle, so two browsers, two tabs or two replicas do not sign each other out,
//!   and a pair is rotated once.
//! - **Nothing is lost.** Code exchange and rotation go on when the browser leaves; a new pair is
//!   stored before anything else is done with it.
//! - **A suspended user is out within 30 seconds.** A deployment that is down signs nobody out.
//! - **Sign-in resolvers and identity tokens** as Backstage has them. A resolver of your own is a
//!   trait or a closure; keys are rotated with overlap, or are the operator's own.
//! - **Linked tokens.** A person who is signed in to Backstage with another provider hands over a
//!   Coder session token once. The token is sealed for that person and never leaves the server
//!   again.
//! - **A verifier** for services of your own: [`identity::IdentityVerifier`] takes one algorithm,
//!   exact types, and keys as they are published.
//!
//! # How a login lasts
//!
//! Coder keeps one live token pair per user and application: a login in a second browser kills the
//! pair of the first, and so does every rotation. So this crate stores the pair once per user, as a
//! *grant*. A browser holds a *session*, an opaque handle that leads to the grant. Two browsers, two
//! tabs and two replicas share one grant, and rotate it once.
//!
//! # The journey
//!
//! 1. [`CoderAuth::start`] sends the browser to Coder, with PKCE, and gives it a sealed login
//!    attempt, unless Coder is known to refuse the application ([`ApplicationProbe`]).
//! 2. [`CoderAuth::callback`] exchanges the code, asks Coder for the user, signs the user in to
//!    Backstage if [`SignIn`] is configured, and stores the grant and a session.
//! 3. [`CoderAuth::refresh`] answers from the grant. It asks Coder again if the user was confirmed
//!    more than 30 seconds ago, and rotates a token that expires soon. While Coder does not answer,
//!    a grant that was confirmed within 10 minutes is good.
//! 4. [`CoderAuth::caller`] identifies the caller of any other route of a portal, with a client for
//!    Coder's API that acts for this user.
//!    [`CoderAuth::caller_of_page`] does so for a page that the browser navigates to, and sends strangers
//!    to the login.
//! 5. [`CoderAuth::link`] stores a Coder session token for a user who is signed in to Backstage and
//!    not to Coder.
//! 6. [`CoderAuth::logout`] ends the session, and with the last one the grant, at Coder as well.
//!
//! A server also spawns [`CoderAuth::sweeper`], which ends what is over. Each event of a person is a line
//! of the log at the target [`AUDIT_TARGET`], and is told to the [`AuthOptions::observer`].
//!
//! Further routes of a portal use the same HTTP layer, [`http`](mod@http).
//!
//! # What it is not
//!
//! This crate reads no configuration file and opens no socket: `coder-portal` turns an `app-config.yaml`
//! into these options and dispatches paths, `coder-axum` mounts them.

mod administration;
mod caller;
mod check_ticket;
mod environment;
mod error;
mod grant;
pub mod http;
pub mod identity;
mod login;
mod observer;
mod options;
mod parts;
mod random_token;
mod routes;
mod seal;
mod service;
mod session;
mod sign_in;
pub mod store;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod upstream;

pub use crate::http::error::RequestError;
pub use crate::http::origins::AllowedOrigins;
pub use administration::{Administration, EndedSessions, ErasedPerson, PersonName, SessionInfo};
pub use caller::Caller;
pub use caller::credential_kind::CredentialKind;
pub use caller::page::PageError;
pub use caller::rights::CallerRights;
#[doc(no_inline)]
pub use coder_core::{CookieName, CookieNameError};
pub use error::{AuthError, AuthErrorKind, BugError};
pub use grant::key::{GrantKey, OAuth2App};
pub use grant::profile::Profile;
pub use login::attempt::AttemptId;
pub use observer::{AUDIT_TARGET, AuthEvent, AuthEventKind, AuthObserver};
pub use options::{AccessTokenPolicy, AuthOptions, EnvironmentOptions};
pub use routes::error::LinkError;
pub use seal::{SealingKeys, SealingKeysError};
pub use service::CoderAuth;
pub use session::error::SessionError;
pub use session::{LogoutScope, SessionId, SessionOptions};
pub use sign_in::builtin::*;
pub use sign_in::{
    BackstageIdentity, OwnershipResolver, SignIn, SignInError, SignInResolver, resolver_fn,
};
pub use store::memory::MemoryAuthStore;
pub use upstream::UpstreamError;
pub use upstream::probe::{ApplicationProbe, ApplicationVerdict};
pub use upstream::registration::{
    RegisteredApp, RegistrationError, register_app, register_dynamically,
};
