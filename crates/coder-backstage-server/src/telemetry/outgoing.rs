//! A request of this server to others, as metrics and traces tell of it.

use coder_core::{RequestName, TransportErrorKind};
use http::Method;

/// A request of this server to another one.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) host: String,
    pub(crate) name: Option<RequestName>,
}

/// Returns the name of a failure for metrics and traces (`error.type`).
pub(super) fn error_type(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::UnknownHost => "unknown_host",
        TransportErrorKind::Refused => "refused",
        TransportErrorKind::Reset => "reset",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::Certificate => "certificate",
        TransportErrorKind::Protocol => "protocol",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Interrupted => "interrupted",
        TransportErrorKind::TooLarge => "too_large",
        TransportErrorKind::Request => "request",
        TransportErrorKind::Unsupported => "unsupported",
        TransportErrorKind::Other => "other",
    }
}
