//! What can go wrong between a caller and Coder, and whose fault it is.

mod api_error;
mod client_error;
mod credential_error;
mod not_json;
mod request_error;
mod unreadable_answer;
mod unsupported;

pub(crate) use api_error::Cause;
pub use api_error::{ApiError, Conflict, ValidationError};
pub(crate) use client_error::Asked;
pub use client_error::ClientError;
pub use credential_error::CredentialError;
pub use not_json::NotJson;
pub use request_error::RequestError;
pub use unreadable_answer::UnreadableAnswer;
pub use unsupported::{Absence, Unsupported};
