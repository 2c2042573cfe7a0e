//! Requests that got no answer.

use std::error::Error;
use std::fmt;

use crate::cleaned;
use crate::text::{MAX_LENGTH, with_causes_to};

/// The kind of a transport error, which tells how far the request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a check has a remedy for each of them")]
pub enum TransportErrorKind {
    /// There was no connection, for a reason other than those below. The request was **not**
    /// processed.
    Connect,
    /// The host name was not found. The request was **not** processed.
    UnknownHost,
    /// The host refused the connection: nothing listens at the port. The request was **not**
    /// processed.
    Refused,
    /// The peer reset the connection. The request may have been processed.
    Reset,
    /// The peer does not speak TLS, or no version of it that both know. The request was **not**
    /// processed.
    Tls,
    /// The peer's certificate is not trusted. The request was **not** processed, and the same
    /// request fails again.
    Certificate,
    /// The peer answered with something that is not HTTP. The request may have been processed.
    Protocol,
    /// No answer arrived in time. The request may have been processed.
    Timeout,
    /// The connection broke after the request was sent. The request may have been processed.
    Interrupted,
    /// The answer is larger than allowed. The request was processed.
    TooLarge,
    /// The request cannot be sent as it is. It was **not** processed.
    Request,
    /// The transport does not support the request. It was **not** processed.
    Unsupported,
    /// Another error. The request may have been processed.
    Other,
}

/// The error of a request that got no answer, or not all of it.
///
/// The message never contains a URL's query, a header or a body.
pub struct TransportError {
    kind: TransportErrorKind,
    reason: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    with_safe_method: bool,
}

impl TransportError {
    /// Creates an error of this kind.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, reason: None, source: None, with_safe_method: false }
    }

    /// Adds a reason for people, which must contain no secret.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(cleaned(&reason.into()));
        self
    }

    /// Adds the error that caused this one, which must contain no secret.
    ///
    /// Its text and those of its own causes are kept on one line, as
    /// [`with_causes`](crate::with_causes) writes them but cut after 200 characters each, because a
    /// peer may have written them.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source: Box<dyn Error + Send + Sync> = source.into();
        self.source = Some(with_causes_to(MAX_LENGTH, &*source).into());
        self
    }

    /// Marks the request's method as safe (RFC 9110 §9.2.1): the peer may have read the request,
    /// but has changed nothing.
    #[must_use]
    pub fn with_safe_method(mut self) -> Self {
        self.with_safe_method = true;
        self
    }

    /// Returns the kind, which tells how far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns `true` when the peer may have acted on the request, although no answer arrived.
    ///
    /// When this is `false`, even a request that is not idempotent can be repeated.
    pub fn may_have_been_processed(&self) -> bool {
        !self.with_safe_method
            && !matches!(
                self.kind,
                TransportErrorKind::Connect
                    | TransportErrorKind::UnknownHost
                    | TransportErrorKind::Refused
                    | TransportErrorKind::Tls
                    | TransportErrorKind::Certificate
                    | TransportErrorKind::Request
                    | TransportErrorKind::Unsupported
            )
    }

    /// Returns `true` when the same request may succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Connect
                | TransportErrorKind::UnknownHost
                | TransportErrorKind::Refused
                | TransportErrorKind::Reset
                | TransportErrorKind::Timeout
                | TransportErrorKind::Interrupted
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            TransportErrorKind::Connect => "could not connect",
            TransportErrorKind::UnknownHost => "the host name was not found",
            TransportErrorKind::Refused => "the connection was refused",
            TransportErrorKind::Reset => "the connection was reset",
            TransportErrorKind::Tls => "the peer does not speak TLS as it should",
            TransportErrorKind::Certificate => "the peer's certificate is not trusted",
            TransportErrorKind::Protocol => "the answer is no HTTP",
            TransportErrorKind::Timeout => "no answer in time",
            TransportErrorKind::Interrupted => "the connection broke",
            TransportErrorKind::TooLarge => "the answer is too large",
            TransportErrorKind::Request => "the request cannot be sent",
            TransportErrorKind::Unsupported => "the transport has no means for this",
            TransportErrorKind::Other => "the request failed",
        })?;
        match &self.reason {
            Some(reason) => write!(formatter, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("reason", &self.reason)
            .field("source", &self.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
