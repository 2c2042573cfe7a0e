//! Requests that got no answer.

use std::error::Error;
use std::fmt;

use crate::{cleaned, with_causes};

/// How far a failed request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name not found, refused, TLS failed. The request was **not** processed.
    Connect,
    /// No answer in time. The request may have been processed.
    Timeout,
    /// The connection broke after the request was sent. It may have been processed.
    Interrupted,
    /// The answer is larger than allowed. The request was processed.
    TooLarge,
    /// The request could not be put on the wire as it is. It was **not** processed.
    Request,
    /// The transport has no means for it. The request was **not** processed.
    Unsupported,
    /// Anything else. The request may have been processed.
    Other,
}

/// A request that got no (whole) answer.
///
/// The message never holds a URL's query, a header or a body.
pub struct TransportError {
    kind: TransportErrorKind,
    reason: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    of_safe_request: bool,
}

impl TransportError {
    /// An error of this kind.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, reason: None, source: None, of_safe_request: false }
    }

    /// Adds a reason for people. It must hold no secret.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(cleaned(&reason.into()));
        self
    }

    /// Adds the error below, as its text and those of its own causes on one line: a peer may have
    /// written them ([`with_causes`]). They must hold no secret.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let source: Box<dyn Error + Send + Sync> = source.into();
        self.source = Some(with_causes(&*source).into());
        self
    }

    /// Tells that the request's method is safe (RFC 9110 §9.2.1): the peer may have read it, but has
    /// changed nothing by it.
    #[must_use]
    pub fn of_safe_request(mut self) -> Self {
        self.of_safe_request = true;
        self
    }

    /// How far the request got.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the peer may have acted on the request, although no answer came. Only a request
    /// for which this is `false` can be repeated without asking whether it is idempotent.
    pub fn may_have_been_processed(&self) -> bool {
        !self.of_safe_request
            && !matches!(
                self.kind,
                TransportErrorKind::Connect
                    | TransportErrorKind::Request
                    | TransportErrorKind::Unsupported
            )
    }

    /// Whether the same request may well succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Connect
                | TransportErrorKind::Timeout
                | TransportErrorKind::Interrupted
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind {
            TransportErrorKind::Connect => "could not connect",
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
