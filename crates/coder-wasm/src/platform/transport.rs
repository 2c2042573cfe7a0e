//! A transport over `fetch`.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, WebSocketResponse};
use http::{Request, Response};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;

use super::answer::{Open, failed, response};
use super::headers::flat_headers;
use super::host::Host;
use super::web_socket;

/// A transport over the platform's `fetch`, or over the one that the caller has handed in. Bodies are
/// streamed, redirects are not followed, and a request that nobody waits for any more is cancelled.
pub(super) struct FetchTransport(Host);

impl FetchTransport {
    pub(super) fn new(host: &Host) -> Self {
        Self(host.clone())
    }
}

#[async_trait(?Send)]
impl Transport for FetchTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let (head, body) = request.into_parts();
        // A `GET` may have no body, not even an empty one.
        let body = (!body.is_empty()).then(|| body.to_vec());
        let url = head.uri.to_string();
        let exchange = self.0.send(head.method.as_str(), &url, flat_headers(&head.headers), body);
        let answer = exchange.answer();
        let transfer = Open(exchange);
        let head = JsFuture::from(answer).await.map_err(failed)?;
        response(&head.unchecked_into(), transfer)
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        web_socket::open(&self.0, &request).await
    }
}
