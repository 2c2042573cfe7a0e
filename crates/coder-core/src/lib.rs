//! The types that all coder-backstage crates share, and their seams to the world.
//!
//! ```toml
//! [dependencies]
//! coder-core = "0.1"
//! bytes = "1"
//! http = "1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! A crate of this workspace never reads the clock, draws randomness, opens a socket or spawns a task
//! by itself. Its caller passes a [`World`]: a [`Transport`], a [`Clock`], a [`Random`] and a
//! [`Runtime`]. On a server that is [`World::native`]; in a test each seam takes a few lines, and a
//! closure is a transport:
//!
//! ```
//! use coder_core::{Body, DeploymentUrl, Secret, Transport, TransportError};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let deployment: DeploymentUrl = "https://coder.example.com/".parse()?;
//!     let token = Secret::new("do-not-print");
//!     let transport = async |request: http::Request<bytes::Bytes>| {
//!         Ok::<_, TransportError>(http::Response::new(Body::from(request.uri().path().to_owned())))
//!     };
//!     let request = http::Request::get(deployment.endpoint(["api", "v2", "buildinfo"]).as_str());
//!     let answer = transport.send(request.body(bytes::Bytes::new())?).await?;
//!     assert_eq!(answer.into_body().collect(1024).await?, "/api/v2/buildinfo");
//!     assert_eq!(format!("{token:?}"), "Secret([redacted])");
//!     Ok(())
//! }
//! ```
//!
//! | I want to … | Item |
//! |---|---|
//! | hold a token | [`Secret`] |
//! | hold the URL of a deployment | [`DeploymentUrl`] |
//! | run on a server | `World::native`, with a `ReqwestTransport`: features `native` and `rustls` |
//! | run in a browser | `World::browser`, with a `ReqwestTransport` |
//! | set authorities, a client certificate, a proxy, time limits | `ReqwestTransport::builder` |
//! | send requests by a client of my own | [`Transport`], `WebSocketHandshake` |
//! | control time and randomness in a test | [`Clock`], [`Random`] |
//! | try again after a failure | [`RetryPolicy`], [`RetryState`] |
//! | limit the time of any future | [`timeout`] |
//! | show text of strangers in a log or an error | [`quoted`], [`cleaned`], [`is_unseen`] |
//!
//! # What it is not
//!
//! This crate knows neither Coder's API nor Backstage. No type of an HTTP library or of a
//! random number generator is in its public API (but for the feature `unstable-reqwest`), so none of them can
//! force a new major version.
//!
//! # Features
//!
//! - `native`: the system's clock and randomness and a tokio runtime ([`World::native`]).
//! - `browser`: the same of a browser (`World::browser`), for wasm.
//! - `reqwest`: a transport over reqwest, with WebSockets; `rustls` or `native-tls` choose its TLS.
//! - `http2`: HTTP/2 for requests of that transport, where the peer offers it.
//! - `web-socket`: the handshake of WebSockets for a transport of one's own ([`WebSocketHandshake`]).
//! - `unstable-reqwest`: a transport over a reqwest client of one's own. It is outside of semver: its
//!   signature changes with reqwest's major version in any release.
//!
//! # Native and wasm
//!
//! On native targets the seams and their futures are [`Send`]; on wasm they need not be. The
//! difference is written once, in [`MaybeSend`], [`BoxFuture`] and [`BoxStream`].
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod body_limits;
#[cfg(all(feature = "browser", target_family = "wasm"))]
mod browser;
mod clock;
mod cookie_name;
mod deployment_url;
mod hex;
mod lock;
mod maybe_send;
mod origin;
mod random;
mod request_name;
mod retry;
mod retry_after;
mod runtime;
mod secret;
mod text;
mod time;
mod transport;
mod transport_error;
mod url_parts;
mod web_socket;
mod world;

#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod native;
#[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
mod reqwest_builder;
#[cfg(feature = "reqwest")]
mod reqwest_conversion;
#[cfg(feature = "reqwest")]
mod reqwest_transport;
#[cfg(feature = "reqwest")]
mod reqwest_web_socket;
#[cfg(all(feature = "web-socket", not(target_family = "wasm")))]
mod web_socket_handshake;

pub use body::Body;
pub use body_limits::BodyLimits;
#[cfg(all(feature = "browser", target_family = "wasm"))]
#[cfg_attr(docsrs, doc(cfg(feature = "browser")))]
pub use browser::{BrowserClock, BrowserRandom, BrowserRuntime};
pub use clock::Clock;
pub use cookie_name::{CookieName, CookieNameError};
pub use deployment_url::{DeploymentUrl, DeploymentUrlError};
pub use hex::hex;
pub use lock::Lock;
pub use maybe_send::{BoxFuture, BoxStream, MaybeSend, MaybeSync};
#[cfg(all(feature = "native", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "native")))]
pub use native::{OsRandom, SystemClock, TokioRuntime};
pub use origin::{Origin, OriginError, is_loopback};
pub use random::{Random, RandomError, random_bytes};
pub use request_name::RequestName;
#[cfg(all(feature = "reqwest", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub use reqwest_builder::{Proxy, ReqwestTransportBuilder};
#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub use reqwest_transport::{ReqwestTransport, ReqwestTransportError};
pub use retry::{RetryPolicy, RetryState};
pub use retry_after::{date, retry_after};
pub use runtime::{Runtime, timeout};
pub use secret::Secret;
pub use text::{
    cleaned, cleaned_line_to, cleaned_to, is_unseen, quoted, with_causes, without_causes,
};
pub use time::{earlier, elapsed, is_within, later};
pub use transport::Transport;
pub use transport_error::{TransportError, TransportErrorKind};
pub use url_parts::{host_and_port, join_path};
pub use web_socket::{WebSocket, WebSocketMessage, WebSocketResponse};
#[cfg(all(feature = "web-socket", not(target_family = "wasm")))]
#[cfg_attr(docsrs, doc(cfg(feature = "web-socket")))]
pub use web_socket_handshake::{WebSocketAcceptance, WebSocketHandshake};
pub use world::World;
