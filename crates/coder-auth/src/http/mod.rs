//! HTTP as Backstage speaks it, for these routes and for further routes of a portal.

pub(crate) mod cookies;
pub(crate) mod origins;
pub(crate) mod popup;
pub(crate) mod request;
pub(crate) mod response;

pub use origins::request_origin;
pub use response::{ErrorResponse, empty, json};
