//! A fake Coder deployment for tests, which speaks the real protocol.
//!
//! Start it, add a user and a workspace, ask:
//!
//! ```toml
//! [dependencies]
//! coder-client = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//!
//! [dev-dependencies]
//! coder-testkit = "0.1"
//! ```
//!
//! ```
//! use coder_client::operations::ListWorkspaces;
//! use coder_client::WorkspaceFilter;
//! use coder_testkit::FakeCoder;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let coder = FakeCoder::new();
//!     let alice = coder.add_user("alice");
//!     coder.add_workspace(&alice, "dev").parameter("repo", "https://github.com/acme/pay").create();
//!
//!     let client = coder.client(&alice);
//!     let filter = WorkspaceFilter::new().mine().param("repo", "https://github.com/acme/pay")?;
//!     let found = client.send(&ListWorkspaces::new(filter)).await?;
//!     assert_eq!(found.workspaces[0].name, "dev");
//!     assert_eq!(coder.count("GET", "/api/v2/workspaces"), 1);
//!     Ok(())
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | test code that calls Coder | [`FakeCoder`], `FakeCoder::client` |
//! | answer one route as I say, and count its calls | `CoderMock` |
//! | see what happens when Coder or the network fails | [`FakeCoder::fail_next`], [`Fault`] |
//! | let time pass | [`FakeCoder::advance`], [`TestClock`] |
//! | test a program over a socket | `FakeServer` |
//! | test a login with a browser | [`Browser`], `TestPortal` |
//! | test on another release of Coder | [`FakeCoderBuilder::version`], [`Version::ALL`] |
//! | test a store or a catalog of my own | `auth_store_tests!`, `catalog_tests!` |
//! | know which requests were sent | [`FakeCoder::count`], [`RecordedRequest`] |
//!
//! [`FakeCoder`] is pure logic: a request goes in, a response comes out, and everything it knows
//! is in memory. It keeps Coder's rules, also the unpleasant ones: one live token pair per user
//! and application, a search language with traps, 404 for what
//! one may not see.
//!
//! # Signing people in
//!
//! [`FakeCoder::approve`] plays the person in front of the browser: it opens an authorize URL,
//! signs in, presses "Allow", and gives back where Coder sends the browser.
//!
//! ```
//! use coder_testkit::{FakeCoder, NotRedirected};
//!
//! fn main() -> Result<(), NotRedirected> {
//!     let coder = FakeCoder::new();
//!     let alice = coder.add_user("alice");
//!     let app = coder.add_oauth2_app("Portal", "https://portal.test/callback");
//!     let mut authorize = coder.url().endpoint(["oauth2", "authorize"]);
//!     authorize
//!         .query_pairs_mut()
//!         .append_pair("client_id", &app.client_id)
//!         .append_pair("response_type", "code")
//!         .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
//!     let callback = coder.approve(authorize, &alice)?;
//!     assert!(callback.as_str().starts_with("https://portal.test/callback?code=coder_"));
//!     Ok(())
//! }
//! ```
//!
//! [`Browser`] plays a browser at a portal, with its cookies. With the feature `portal` there is
//! `TestPortal`: the login of `coder-auth` in this process, in front of the fake.
//!
//! # Releases, time and trouble
//!
//! - [`FakeCoder::builder`] makes it another [`Version`]: `Version::ALL` is what a login has to
//!   be tried on.
//! - Time stands still until it is turned: [`FakeCoder::advance`], or a [`TestClock`] shared with
//!   the code under test. Codes expire and workspaces start by that clock. [`Pace`] says how long
//!   builds and agents take; [`Pace::RECORDED`] is a real Coder's.
//! - [`FakeCoder::fail_next`] lets a [`Fault`] happen: a rate limit, a proxy's page, a slow
//!   answer, one that is lost after Coder has done its work, a stream that breaks after its second event.
//!   Agents are lost, come back and shut down: [`FakeCoder::lose_agents`] and its kin.
//! - Changes are told as they come about: `watch`, logs that are followed and agents' metadata, as
//!   event streams and over WebSockets. [`FakeCoderBuilder::rate_limits`] makes it count requests.
//!
//! # What an administrator sets
//!
//! | setting of Coder | here |
//! |---|---|
//! | access URL, release | [`FakeCoderBuilder::url`], [`FakeCoderBuilder::version`] |
//! | OAuth2 provider on or off | [`FakeCoderBuilder::oauth2_provider`], [`FakeCoder::set_oauth2_provider`] |
//! | session duration | [`FakeCoderBuilder::session_lifetime`], [`FakeCoder::set_session_lifetime`] |
//! | rate limits of the API | [`FakeCoderBuilder::rate_limits`] |
//! | whether workspaces may be renamed | [`FakeCoderBuilder::workspace_renames`] |
//! | key of web push notifications | [`FakeCoderBuilder::web_push_key`] |
//! | members, owners, passwords | [`FakeCoder::add_user`], [`FakeCoder::add_owner`], [`FakeCoderBuilder::password`], [`FakeCoder::set_password`] |
//! | suspended and activated users | [`FakeCoder::suspend`], [`FakeCoder::activate`] |
//! | OAuth2 applications and their scopes | [`FakeCoder::add_oauth2_app`], [`FakeCoder::set_app_scope`], [`FakeCoder::delete_app`], [`FakeCoder::delete_app_secret`] |
//! | templates, their versions and parameters | [`FakeCoder::add_template`], [`FakeTemplate::new_version`], [`FakeTemplate::parameter`] |
//! | dynamic or classic parameters | [`FakeTemplate::classic_parameters`] |
//! | whether members may cancel builds | [`FakeTemplate::cancel_by_members`] |
//! | whether workspaces must use the active version | [`FakeTemplate::require_active_version`] |
//! | external accounts, by template and by person | [`FakeTemplate::external_auth`], [`FakeCoder::link_external_auth`] |
//! | messages in an inbox | [`FakeCoder::add_notification`] |
//! | restart of the server | [`FakeCoder::restart`] |
//!
//! # Doors
//!
//! - In the process, native and wasm: the fake **is** a [`Transport`](coder_core::Transport). With the
//!   feature `native`, on by default, `FakeCoder::client` is a client of a user, and `FakeCoder::world`
//!   a world for anything else.
//! - A socket of this machine (feature `server`, on by default): `FakeServer`.
//! - wiremock (feature `wiremock`, on by default): `FakeCoderBuilder::mount_on` puts the fake
//!   behind a mock server; `CoderMock` has a stub per endpoint for tests that need no deployment. The
//!   crate `wiremock` itself is re-exported, for mocks of your own beside them.
//!
//! With the feature `catalog` there is a `FakeCatalog`, the catalog of a Backstage backend, which is
//! a transport as well. With the feature `conformance` there are suites for whoever implements a store of
//! `coder-auth` or a catalog: `auth_store_tests!` and `catalog_tests!`. The feature `workspaces` has
//! `index_store_tests!` for a place of the index of workspaces. With the feature `recordings` a program is
//! held to what another one was recorded to do.
//!
//! # What it is not
//!
//! No provisioner runs, no agent connects, no terminal opens: workspaces are what a test says they
//! are, or what the clock makes of them. Its pages are for browser tests and demonstrations; they
//! are simpler than Coder's dashboard, at the same addresses.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod browser;
#[cfg(feature = "catalog")]
mod catalog;
mod clock;
#[cfg(any(feature = "conformance", feature = "workspaces"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "conformance", feature = "workspaces"))))]
pub mod conformance;
mod doors;
mod fake;
mod future;
mod json;
mod log_buffer;
#[cfg(feature = "workspaces")]
mod memory_index_store;
mod misuse;
mod model;
mod oauth2;
mod pages;
#[cfg(all(feature = "portal", not(target_family = "wasm")))]
mod portal;
mod random;
#[cfg(feature = "recordings")]
#[cfg_attr(docsrs, doc(cfg(feature = "recordings")))]
pub mod recordings;
mod release;
mod router;
mod rules;
mod setup;
mod store;
#[cfg(all(feature = "wiremock", not(target_family = "wasm")))]
mod stubs;
mod wire;

/// The wiremock release whose types [`CoderMock`] and [`FakeCoderBuilder::mount_on`] take.
#[cfg(all(feature = "wiremock", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "wiremock")))]
pub use ::wiremock;
pub use browser::{Answer, Browser, Cookies, PopupMessage, Site};
#[cfg(feature = "catalog")]
#[cfg_attr(docsrs, doc(cfg(feature = "catalog")))]
pub use catalog::FakeCatalog;
pub use clock::TestClock;
#[cfg(all(feature = "server", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "server")))]
pub use doors::FakeServer;
pub use fake::FakeCoder;
pub use log_buffer::LogBuffer;
#[cfg(feature = "workspaces")]
pub use memory_index_store::MemoryIndexStore;
pub use model::{FakeApp, FakeUser, NewAgent, NewResource, NewWorkspaceApp, Pace};
#[cfg(all(feature = "portal", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "portal")))]
pub use portal::TestPortal;
pub use random::SeededRandom;
pub use release::Version;
pub use setup::{FakeCoderBuilder, FakeTemplate, NewWorkspace, NotRedirected};
#[cfg(all(feature = "wiremock", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "wiremock")))]
pub use stubs::{CoderMock, Stub, StubbedEndpoint};
pub use wire::fault::{Fault, Held};
pub use wire::recorded::RecordedRequest;
