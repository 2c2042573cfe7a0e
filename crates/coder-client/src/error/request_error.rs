//! Requests that cannot be made.

use coder_core::quoted;

use crate::{FilterError, NameError};

/// Why a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The credential is no possible header value.
    #[error("the credential holds characters that no HTTP header can carry")]
    Credential,
    /// A search value that Coder's search grammar cannot express.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A name that Coder would not take.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name would change the path: it is empty, `.` or `..`, or holds a `/`, which nothing at
    /// Coder has in its name.
    #[error("{} cannot be part of a path; a name is neither empty, `.` nor `..`, and holds no `/`", quoted(.0))]
    PathSegment(String),
    /// An operation's request points away from the deployment.
    #[error("the request does not go to the deployment, so its credential stays here")]
    ForeignOrigin,
    /// The request cannot be written down.
    #[error("the request cannot be built: {0}")]
    Invalid(String),
}
