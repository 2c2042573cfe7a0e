//! Traces over OTLP, to the collector that OpenTelemetry's own variables name.
//!
//! The spans have a target of their own, which the log leaves out and the exporter alone takes. So
//! neither shows what belongs to the other.

mod exporter;

use coder_core::TransportErrorKind;
use coder_portal::MatchedRoute;
use http::{HeaderMap, Method, StatusCode};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Status, TraceContextExt as _};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::metrics::method_name;
use super::outgoing::{Outgoing, error_type};

pub(crate) use exporter::Traces;

/// The target of spans that are exported. The macros need it as a literal or a constant.
const TARGET: &str = "coder_backstage::trace";

/// Makes the span of a request. It goes on with the trace that the request belongs to, if it says
/// so (`traceparent`, W3C Trace Context).
pub(crate) fn of_request(method: &Method, headers: &HeaderMap) -> Span {
    let method = method_name(method);
    let span = tracing::error_span!(
        target: TARGET,
        parent: None,
        "request",
        otel.kind = "server",
        otel.name = method,
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
    );
    let parent = TraceContextPropagator::new()
        .extract_with_context(&Context::new(), &HeaderExtractor(headers));
    // An error means that nobody listens to the span.
    let _ = span.set_parent(parent);
    span
}

/// Ends the span of a request with its answer.
pub(crate) fn answered(
    span: &Span,
    method: &Method,
    route: Option<MatchedRoute>,
    status: StatusCode,
) {
    if let Some(route) = route {
        let name = format!("{} {route}", method_name(method));
        // A span that runs takes its new name here, and not as a field.
        span.context().span().update_name(name);
        span.record("http.route", display(route));
    }
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

/// Makes the span of a request to another server, below that of the request that needs it.
pub(crate) fn of_outgoing(outgoing: &Outgoing) -> Span {
    let method = method_name(&outgoing.method);
    let name = outgoing.name.map_or("other", |name| name.as_str());
    tracing::error_span!(
        target: TARGET,
        "outgoing",
        otel.kind = "client",
        otel.name = %format_args!("{method} {name}"),
        http.request.method = method,
        server.address = outgoing.host,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// Lets a request carry the trace to the other server.
pub(crate) fn carry(span: &Span, headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&span.context(), &mut HeaderInjector(headers));
}

/// Ends the span of a request to another server.
pub(crate) fn ended(span: &Span, outcome: Result<StatusCode, TransportErrorKind>) {
    match outcome {
        Ok(status) => {
            span.record("http.response.status_code", status.as_u16());
            if status.is_client_error() || status.is_server_error() {
                span.set_status(Status::error(""));
            }
        }
        Err(kind) => {
            span.record("error.type", error_type(kind));
            span.set_status(Status::error(error_type(kind)));
        }
    }
}
