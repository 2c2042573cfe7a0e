//! Errors of requests to Coder, each with the party at fault.

mod api_error;
mod client_error;
mod credential_error;
mod not_json;
mod request_error;
mod unreadable_response;
mod unsupported;

pub(crate) use api_error::Cause;
pub use api_error::{ApiError, Conflict, ValidationError};
pub use client_error::ClientError;
pub(crate) use client_error::RequestInfo;
pub use credential_error::CredentialError;
pub use not_json::NotJson;
pub use request_error::RequestError;
pub use unreadable_response::UnreadableResponse;
pub use unsupported::{Absence, Unsupported};
