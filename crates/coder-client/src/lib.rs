//! A typed client for the Coder REST API v2: requests and responses are data, sending is one line.
//!
//! ```toml
//! [dependencies]
//! coder-client = "0.1"
//! coder-core = { version = "0.1", features = ["native", "rustls"] }
//! ```
//!
//! ```
//! use coder_client::operations::{GetUser, ListWorkspaces};
//! use coder_client::{Client, Credential, WorkspaceFilter};
//! use coder_core::{Secret, World};
//!
//! /// `world` is the real one on a server: `World::native(ReqwestTransport::new("me/1.0")?)`.
//! async fn list(world: &World, token: &str) -> Result<(), Box<dyn std::error::Error>> {
//!     let client = Client::new(world, "https://coder.example.com".parse()?)
//!         .with_credential(Credential::SessionToken(Secret::new(token)));
//!     let me = client.send(&GetUser::me()).await?;
//!     let filter = WorkspaceFilter::new().mine().param("repo", "https://github.com/acme/pay")?;
//!     for workspace in client.send(&ListWorkspaces::new(filter)).await?.workspaces {
//!         println!("{}/{} is {}", me.username, workspace.name, workspace.latest_build.status);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! - [`operations`] are plain values: an [`Operation`] builds an `http::Request` and reads the
//!   `http::Response`, without I/O. [`Client::send`] adds the [`Credential`], sends the request, and
//!   repeats it when that is safe. A caller with special needs can send it by other means. A call that
//!   is missing here is an [`Operation`] of your own, with [`read_json`] for its answer.
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
//! # What it is not
//!
//! This crate signs nobody in (`coder-auth` does), and knows no catalog (`coder-workspaces` does).

mod client;
mod error;
pub mod models;
mod operation;
pub mod operations;
mod reading;
mod reference;
mod search;
mod streams;
pub mod subscriptions;
mod version;

pub use client::{Client, Credential, CredentialProvider};
pub use error::{
    Absence, ApiError, ClientError, Conflict, CredentialError, NotJson, RequestError,
    UnreadableResponse, Unsupported, ValidationError,
};
pub use operation::{MAX_ANSWER, Operation, read_empty, read_json};
pub use reading::{List, Unreadable};
pub use reference::*;
pub use search::{FilterError, TemplateFilter, UserFilter, WorkspaceFilter};
pub use streams::{Channel, Paged, Polled, Subscription};
pub use version::{Capabilities, Capability, CoderVersion, VersionError};
