//! Requests of this server to others: measured, and a part of the trace.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, RequestName, Transport, TransportError, WebSocketResponse};
use http::{Request, Response, StatusCode};
use tracing::Instrument as _;

use super::metrics::Metrics;
use super::outgoing::Outgoing;
use super::traces;

/// A transport whose requests are measured.
pub(crate) struct MeasuredTransport<T> {
    transport: T,
    metrics: Arc<Metrics>,
}

impl<T: Transport> MeasuredTransport<T> {
    pub(crate) fn new(transport: T, metrics: Arc<Metrics>) -> Self {
        Self { transport, metrics }
    }

    /// Sends a request, and measures the time until the head of its answer. A request without a name
    /// goes to a host that has no part in the trace.
    async fn measured<B, A>(
        &self,
        mut request: Request<B>,
        send: impl AsyncFnOnce(Request<B>) -> Result<A, TransportError>,
        status: impl FnOnce(&A) -> StatusCode,
    ) -> Result<A, TransportError> {
        let outgoing = Outgoing {
            method: request.method().clone(),
            host: request.uri().host().unwrap_or_default().to_owned(),
            name: RequestName::find(&request),
        };
        let span = traces::of_outgoing(&outgoing);
        if outgoing.name.is_some() {
            traces::carry(&span, request.headers_mut());
        }
        let began = Instant::now();
        let answer = send(request).instrument(span.clone()).await;
        let outcome = match &answer {
            Ok(answer) => Ok(status(answer)),
            Err(error) => Err(error.kind()),
        };
        traces::ended(&span, outcome);
        self.metrics.asked(&outgoing, outcome, began.elapsed());
        answer
    }
}

#[async_trait]
impl<T: Transport> Transport for MeasuredTransport<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let send = async |request| self.transport.send(request).await;
        self.measured(request, send, Response::status).await
    }

    async fn send_streamed(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Body>, TransportError> {
        let send = async |request| self.transport.send_streamed(request).await;
        self.measured(request, send, Response::status).await
    }

    fn streams_bodies(&self) -> bool {
        self.transport.streams_bodies()
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        let send = async |request| self.transport.open_web_socket(request).await;
        let status = |answer: &WebSocketResponse| match answer {
            WebSocketResponse::Open(_) => StatusCode::SWITCHING_PROTOCOLS,
            WebSocketResponse::Refused(refusal) => refusal.status(),
        };
        self.measured(request, send, status).await
    }
}
