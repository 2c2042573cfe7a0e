//! A fake Coder deployment for tests, which speaks the real protocol.
//!
//! Start it, add a user, ask:
//!
//! ```
//! use coder_core::Transport as _;
//! use coder_testkit::FakeCoder;
//!
//! # futures_executor::block_on(async {
//! let coder = FakeCoder::new();
//! let alice = coder.add_user("alice");
//! let request = http::Request::get("https://coder.test/api/v2/users/me")
//!     .header("Coder-Session-Token", alice.session_token.expose())
//!     .body(bytes::Bytes::new())?;
//! let answer = coder.send(request).await?;
//! assert_eq!(answer.status(), 200);
//! assert_eq!(coder.count("GET", "/api/v2/users/me"), 1);
//! # Ok::<_, Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod authentication;
mod browser;
mod builder;
mod call;
mod clock;
mod doors;
mod fake;
mod fault;
mod json;
mod keys;
mod mint;
mod misuse;
mod models;
mod oauth2;
mod organizations;
mod pages;
mod profile;
mod random;
mod recorded;
mod reply;
mod router;
mod scopes;
mod search;
mod state;
#[cfg(all(feature = "wiremock", not(target_family = "wasm")))]
mod stubs;
mod templates;
mod users;
mod version;
mod workspaces;

pub use browser::NotRedirected;
pub use builder::FakeCoderBuilder;
pub use clock::TestClock;
#[cfg(all(feature = "server", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "server")))]
pub use doors::FakeServer;
pub use fake::FakeCoder;
pub use fault::Fault;
pub use oauth2::FakeApp;
pub use random::SeededRandom;
pub use recorded::RecordedRequest;
#[cfg(all(feature = "wiremock", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "wiremock")))]
pub use stubs::{CoderMock, Stub, StubbedEndpoint};
pub use templates::FakeTemplate;
pub use users::FakeUser;
pub use version::Version;
pub use workspaces::{NewWorkspace, NewWorkspaceApp, Pace};
