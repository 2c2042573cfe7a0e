//! A typed client for the Coder REST API v2: requests and responses are data, sending is one line.
//!
//! ```toml
//! [dependencies]
//! coder-client = "0.1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! ```no_run
//! use coder_client::operations::ListWorkspaces;
//! use coder_client::{Client, WorkspaceFilter};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let client = Client::from_env()?;
//!     let mine = ListWorkspaces::new(WorkspaceFilter::new().mine());
//!     for workspace in client.send(&mine).await?.workspaces {
//!         println!("{} is {}", workspace.name, workspace.latest_build.status);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The program takes `CODER_URL` and `CODER_SESSION_TOKEN`, or the session of `coder login`. An error
//! tells in [`with_causes`] what went wrong and what to do.
//!
//! | I want to … | Item |
//! |---|---|
//! | connect with a URL and a token | [`Client::connect`] |
//! | connect as the `coder` CLI is signed in | [`Client::from_env`] |
//! | use a transport, a credential or a `User-Agent` of my own | [`Client::builder`] |
//! | trust a company's certificates, go through its proxy | `ReqwestTransport::builder`, `ClientBuilder::transport` |
//! | reach Coder over plain http inside of a cluster | `ClientBuilder::dangerously_allow_http` |
//! | run in a browser | `Client::connect`, with the feature `browser` and without default features |
//! | run on another runtime | [`Client::new`] with a [`World`] |
//! | call a route | [`Client::send`] with one of the [`operations`] |
//! | call a route that has no operation | [`Call`] |
//! | search workspaces | [`WorkspaceFilter`] |
//! | read a long list | [`Client::items`] |
//! | follow a workspace, a build log, an agent log | [`Client::subscribe`] with one of the [`subscriptions`] |
//! | push a template, as `coder templates push` does | [`PushTemplate`] |
//! | renew tokens | [`CredentialProvider`] |
//! | set time limits and retries | [`Client::with_timeout`], [`Client::with_deadline`], [`Client::with_retry`] with a [`RetryPolicy`] |
//! | know what a deployment can do | [`Client::capabilities`] |
//! | react to a failure | [`ClientError`], which has a predicate for each reaction |
//! | print an error with its causes | [`with_causes`] |
//!
//! - [`operations`] are plain values: an [`Operation`] builds an `http::Request` and reads the
//!   `http::Response`, without I/O. [`Client::send`] adds the [`Credential`], sends the request, and
//!   repeats it when that is safe. A caller with special needs can send it by other means. A call that
//!   is missing here is a [`Call`], or an [`Operation`] of your own, with [`read_json`] for its answer.
//! - [`subscriptions`] follow changes of workspaces, and logs while they are written.
//!   [`Client::subscribe`] makes a stream of a subscription, over server-sent events, a WebSocket or
//!   repeated requests, whichever the transport and the deployment support, and opens it again when
//!   it breaks. [`Client::items`] and [`Client::pages`] read a long list as a stream that holds one
//!   page.
//! - A [`CredentialProvider`] returns the credential for each request, and a fresher one when Coder
//!   refuses it.
//! - A [`WorkspaceFilter`] searches in Coder's grammar; no value can change the meaning of the query.
//! - [`models`] are read tolerantly: only the fields that identify a model are required, and a
//!   [`List`] reports the items that could not be read, beside those that could.
//! - [`Capabilities`] follow from the deployment's [version](CoderVersion). A part of a request that
//!   an older release would silently ignore, such as the limits of a token, is sent only to a release
//!   that is known to have it.
//! - A [`ClientError`] tells whose fault it is, with all that Coder said, and has a predicate for each
//!   reaction of a caller: sign in again, wait, read again, show the message. The predicates mean the
//!   same on every release, whatever its words and status. When a deployment does not have an
//!   operation, the error is [`Unsupported`]; it names the operation, the release that has it, and
//!   the deployment's release.
//!
//! # Features
//!
//! - `rustls` (default): [`Client::connect`] over HTTPS, with certificates as the system trusts them.
//! - `native-tls`: the same with the TLS of the operating system.
//! - `native`: the same without TLS, for http on loopback or a transport of your own.
//! - `http2`: HTTP/2 for requests, where `ReqwestTransportBuilder::http2` allows it.
//! - `browser`: [`Client::connect`] in a page or a worker, over `fetch`. Without default features.
//!
//! Without default features the crate opens no socket and builds for wasm; a [`World`] brings the
//! transport, the clock, the randomness and the runtime.
//!
//! # What it is not
//!
//! This crate signs nobody in (`coder-auth` does), and knows no catalog (`coder-workspaces` does).
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod error;
pub mod models;
mod operation;
pub mod operations;
mod push_template;
mod reading;
mod reference;
mod search;
mod streams;
pub mod subscriptions;
mod version;

#[doc(no_inline)]
pub use async_trait::async_trait;
pub use client::{Client, Credential, CredentialProvider};
#[cfg(any(
    all(feature = "native", not(target_family = "wasm")),
    all(feature = "browser", target_family = "wasm")
))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "native", feature = "browser"))))]
pub use client::{ClientBuilder, ConnectError};
#[doc(no_inline)]
pub use coder_core::{
    BoxFuture, BoxStream, DeploymentUrl, DeploymentUrlError, MaybeSend, MaybeSync, RetryPolicy,
    Secret, Transport, TransportError, TransportErrorKind, World, with_causes,
};
#[cfg(all(feature = "native", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "native")))]
#[doc(no_inline)]
pub use coder_core::{Proxy, ReqwestTransportBuilder};
#[cfg(any(feature = "browser", feature = "native"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "native", feature = "browser"))))]
#[doc(no_inline)]
pub use coder_core::{ReqwestTransport, ReqwestTransportError};
pub use error::{
    Absence, ApiError, ClientError, Conflict, CredentialError, NotJson, RequestError,
    UnreadableResponse, Unsupported, ValidationError,
};
pub use operation::{Call, MAX_ANSWER, Operation, read_empty, read_json};
pub use push_template::{PushProgress, PushTemplate, PushTemplateError, PushedTemplate};
pub use reading::{List, Unreadable};
pub use reference::*;
pub use search::{FilterError, TemplateFilter, UserFilter, WorkspaceFilter};
pub use streams::{Channel, Paged, Polled, Subscription};
pub use version::{Capabilities, Capability, CoderVersion, VersionError};
#[doc(no_inline)]
pub use {bytes, http, jiff, serde_json, url, uuid};
