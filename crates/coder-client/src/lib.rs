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
//!     for workspace in client.send(&ListWorkspaces::matching(filter)).await?.workspaces {
//!         println!("{}/{} is {}", me.username, workspace.name, workspace.latest_build.status);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! - [`operations`] are plain values: an [`Operation`] gives an `http::Request` and reads the
//!   `http::Response`, without I/O. [`Client::send`] adds the [`Credential`], sends, and repeats
//!   what is safe to repeat. An unusual caller can send by other means, and a call that is missing
//!   is an [`Operation`] of your own, with [`read_json`] for its answer.
//! - [`subscriptions`] are what goes on: changes of workspaces, logs that are being written.
//!   [`Client::subscribe`] makes a stream of one, over server-sent events, a WebSocket or by asking
//!   again, whichever transport and deployment have, and opens it again when it breaks.
//!   [`Client::items`] and [`Client::pages`] read a long list as a stream that holds one page.
//! - A [`CredentialProvider`] gives the credential for each request, and a fresher one when Coder
//!   refuses it.
//! - [`WorkspaceFilter`] searches in Coder's grammar; no value can change what is asked.
//! - [`models`] are read tolerantly: only what makes a thing that thing is required, and a [`List`]
//!   tells which of its items could not be read, beside those that could.
//! - [`Capabilities`] tell what the deployment's [version](CoderVersion) can do. What an older
//!   release would ignore without a word, such as the limits of a token, is sent only to a release
//!   that is known to have it.
//! - A [`ClientError`] says whose fault it is, with all that Coder said, and has a predicate for each
//!   thing a caller does about it: sign in again, wait, read again, show the message. The
//!   predicates mean the same on every release, in whichever words and status it answers. What a
//!   deployment does not have is [`Unsupported`], which names the operation, the release that has
//!   it, and what this one is.
//!
//! # What it is not
//!
//! It signs nobody in (that is `coder-auth`), and knows no catalog (that is `coder-workspaces`).

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
    UnreadableAnswer, Unsupported, ValidationError,
};
pub use operation::{MAX_ANSWER, Operation, read_empty, read_json};
pub use reading::{List, Unreadable};
pub use reference::*;
pub use search::{FilterError, TemplateFilter, UserFilter, WorkspaceFilter};
pub use streams::{Channel, Paged, Polled, Subscription};
pub use version::{Capabilities, Capability, CoderVersion, VersionError};
