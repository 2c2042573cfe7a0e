//! Requests as data.

mod macros;
mod request_builder;
mod response;

use bytes::Bytes;
use coder_core::{DeploymentUrl, MaybeSend, MaybeSync};
use http::{Method, Request, Response};

pub(crate) use self::macros::{operation, operation_struct, operations, output, read, segment};
pub(crate) use self::request_builder::Draft;
pub(crate) use self::response::{document, refusal, tolerant, whole};
pub use self::response::{json, nothing};
use crate::{Capability, Error};

/// The greatest size of an answer that an operation gets unless it says otherwise, in bytes: 8 MiB,
/// enough for a page of workspaces or of log lines.
pub const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// The same for the answers of a login, which strangers can cause: a token, a user, a release.
pub(crate) const SMALL_ANSWER: usize = 512 * 1024;

/// One call of Coder's API, as a value: it can be turned into a request, and an answer to that
/// request can be read, without any I/O. [`Client::send`](crate::Client::send) does the rest.
pub trait Operation: MaybeSend + MaybeSync {
    /// What a successful answer holds.
    type Output: MaybeSend;

    /// The request, without a credential. Its URL is absolute.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] when the values of this operation make no request.
    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, Error>;

    /// Reads the answer to [`Operation::request`].
    ///
    /// # Errors
    ///
    /// What Coder said when it said no, and what is wrong with an answer that cannot be read.
    fn parse(&self, response: Response<Bytes>) -> Result<Self::Output, Error>;

    /// Whether the request needs the caller's credential. It stays at home where it is not
    /// needed.
    fn needs_credential(&self) -> bool {
        true
    }

    /// What the deployment must have for this, when it came with a certain release. Older releases
    /// answer that they do not have it, or ignore a part of the request without a word: who sends
    /// an operation by other means than [`Client::send`](crate::Client::send) compares it with the
    /// deployment's [`Capabilities`](crate::Capabilities) first.
    fn needs(&self) -> Option<Capability> {
        None
    }

    /// The greatest size of an answer, in bytes; by default [`MAX_ANSWER`]. A larger one is an error
    /// as soon as that much has come.
    fn max_answer(&self) -> usize {
        MAX_ANSWER
    }

    /// Whether the request may be sent again when nobody knows what became of the first one.
    fn is_repeatable(&self, method: &Method) -> bool {
        *method == Method::GET || *method == Method::HEAD || *method == Method::PUT
    }
}
