//! Requests as data.

mod call;
mod macros;
mod own_secrets;
mod request_builder;
mod response;

use bytes::Bytes;
use coder_core::{DeploymentUrl, MaybeSend, MaybeSync};
use http::{Method, Request, Response};

pub use self::call::Call;
pub(crate) use self::macros::{
    argument, impl_operation, operation_flag, operation_struct, operations,
};
pub(crate) use self::own_secrets::OwnSecrets;
pub(crate) use self::request_builder::RequestBuilder;
pub(crate) use self::response::{FromResponse, read_body, read_message, response_error};
pub use self::response::{read_empty, read_json};
use crate::{Capability, ClientError};

/// The default limit for the body of an answer, in bytes: 8 MiB, enough for a page of workspaces or
/// of log lines.
pub const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// The limit for the answers of a login (a token, a user, a release), which strangers can cause, in
/// bytes: 512 KiB.
pub(crate) const SMALL_ANSWER: usize = 512 * 1024;

/// A call of Coder's API, as a value.
///
/// An operation builds its request and reads the answer to it, both without I/O.
/// [`Client::send`](crate::Client::send) does the rest.
pub trait Operation: MaybeSend + MaybeSync {
    /// The content of a successful answer.
    type Output: MaybeSend;

    /// Builds the request, with an absolute URL and without a credential.
    ///
    /// # Errors
    ///
    /// [`ClientError::Request`] when the values of this operation make no valid request.
    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError>;

    /// Reads the answer to [`request`](Self::request).
    ///
    /// # Errors
    ///
    /// The error that the answer stands for, or [`ClientError::NotJson`] or [`ClientError::Unreadable`] for an
    /// answer that is not the expected document. See [`read_json`](crate::read_json).
    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, ClientError>;

    /// Returns `true` when the request needs the caller's credential. Other requests are sent
    /// without it. The default is `true`.
    fn needs_credential(&self) -> bool {
        true
    }

    /// Returns the capability that the deployment must have, when the operation, or an option that is
    /// set, came with a certain release. The default is `None`.
    ///
    /// An older release answers that it does not have the operation, or silently ignores the option.
    /// A caller that sends an operation by other means than [`Client::send`](crate::Client::send)
    /// compares this with the deployment's [`Capabilities`](crate::Capabilities) first.
    fn needs(&self) -> Option<Capability> {
        None
    }

    /// Returns the greatest size of the answer's body, in bytes. The default is [`MAX_ANSWER`].
    ///
    /// A larger answer is an error as soon as this much has arrived.
    fn max_answer(&self) -> usize {
        MAX_ANSWER
    }

    /// Returns `true` when the request may be sent again although the outcome of the first try is
    /// unknown. The default is `true` for `GET`, `HEAD` and `PUT`.
    fn is_repeatable(&self, method: &Method) -> bool {
        *method == Method::GET || *method == Method::HEAD || *method == Method::PUT
    }
}
