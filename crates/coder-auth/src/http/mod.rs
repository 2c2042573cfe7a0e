//! HTTP as Backstage speaks it, for these routes and for further routes of a portal.
//!
//! A route reads its query with [`single_param`] and its body with [`read_json`], and answers with
//! [`json`], with an [`EventStream`], or with an [`ErrorResponse`], which also writes the log.

pub(crate) mod cookies;
pub(crate) mod error;
mod event_stream;
pub(crate) mod headers;
mod json;
pub(crate) mod origins;
pub(crate) mod params;
pub(crate) mod popup;
pub(crate) mod response;

pub use event_stream::{Event, EventStream};
pub use headers::has_media_type;
pub use json::{MAX_BODY, read_json};
pub use params::single_param;
pub use response::{ErrorResponse, empty, json};
