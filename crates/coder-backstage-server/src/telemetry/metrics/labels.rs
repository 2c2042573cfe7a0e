//! The labels of metrics, each with few values.

use std::fmt::Write as _;

use coder_core::TransportErrorKind;
use coder_portal::MatchedRoute;
use http::{Method, StatusCode};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

use crate::telemetry::outgoing::{Outgoing, error_type};

/// The labels of requests that are being answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ActiveRequests {
    pub(super) http_request_method: &'static str,
}

/// The labels of answered requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Requests {
    http_request_method: &'static str,
    http_route: Route,
    http_response_status_code: u16,
}

impl Requests {
    pub(super) fn new(method: &Method, route: Option<MatchedRoute>, status: StatusCode) -> Self {
        Self {
            http_request_method: method_name(method),
            http_route: Route(route),
            http_response_status_code: status.as_u16(),
        }
    }
}

/// The template of a route; `other` for a path that has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Route(Option<MatchedRoute>);

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self.0 {
            Some(route) => write!(encoder, "{route}"),
            None => encoder.write_str("other"),
        }
    }
}

/// The labels of requests to other servers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Asked {
    http_request_method: &'static str,
    server_address: String,
    request: &'static str,
    http_response_status_code: String,
    error_type: String,
}

impl Asked {
    pub(super) fn new(
        outgoing: &Outgoing,
        outcome: Result<StatusCode, TransportErrorKind>,
    ) -> Self {
        let (status, error) = match outcome {
            Ok(status) if status.is_client_error() || status.is_server_error() => {
                (status.as_str().to_owned(), status.as_str().to_owned())
            }
            Ok(status) => (status.as_str().to_owned(), String::new()),
            Err(kind) => (String::new(), error_type(kind).to_owned()),
        };
        Self {
            http_request_method: method_name(&outgoing.method),
            server_address: outgoing.host.clone(),
            request: outgoing.name.map_or("other", |name| name.as_str()),
            http_response_status_code: status,
            error_type: error,
        }
    }
}

/// The labels of what people do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LoginEvent {
    pub(super) environment: String,
    pub(super) outcome: &'static str,
}

/// The label of what the process does by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Event {
    pub(super) outcome: &'static str,
}

/// Returns the name of a method; `_OTHER` for one that HTTP does not know.
pub(crate) fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}
