//! No traces: this build has none (`--features otlp`).

use coder_core::TransportErrorKind;
use coder_portal::MatchedRoute;
use http::{HeaderMap, Method, StatusCode};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_subscriber::layer::Identity;

use super::outgoing::Outgoing;
use crate::failure::Failure;

/// The traces of a process: none.
pub(crate) struct Traces;

impl Traces {
    #[expect(clippy::unnecessary_wraps, reason = "with traces it fails")]
    pub(crate) fn start(_runtime: &Handle) -> Result<Self, Failure> {
        Ok(Self)
    }

    pub(crate) fn layer(&self) -> Option<Identity> {
        None
    }

    pub(crate) fn end(self) {}
}

pub(crate) fn of_request(_method: &Method, _headers: &HeaderMap) -> Span {
    Span::none()
}

pub(crate) fn answered(_: &Span, _: &Method, _: Option<MatchedRoute>, _: StatusCode) {}

pub(crate) fn of_outgoing(_outgoing: &Outgoing) -> Span {
    Span::none()
}

pub(crate) fn carry(_span: &Span, _headers: &mut HeaderMap) {}

pub(crate) fn ended(_span: &Span, _outcome: Result<StatusCode, TransportErrorKind>) {}
