//! Requests that cannot be made.

use coder_core::quoted;

use crate::{FilterError, NameError};

/// The reason why a request cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The credential cannot be the value of a header.
    #[error("the credential holds characters that no HTTP header can carry")]
    Credential,
    /// The search grammar of Coder cannot express a value.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Coder would refuse a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name would change the path: it is empty, `.` or `..`, or contains a `/`, which no name at
    /// Coder does.
    #[error("{} cannot be part of a path; a name is neither empty, `.` nor `..`, and holds no `/`", quoted(.0))]
    PathSegment(String),
    /// The request of an operation does not go to the deployment.
    #[error("the request does not go to the deployment, so its credential stays here")]
    ForeignOrigin,
    /// The request cannot be serialized.
    #[error("the request cannot be built: {0}")]
    Invalid(String),
}
