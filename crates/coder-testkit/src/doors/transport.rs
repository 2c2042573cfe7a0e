//! The door inside the process: the fake is a transport.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, TransportErrorKind, WebSocketResponse};
use http::{HeaderValue, Request, Response, header};
use url::Url;

use crate::FakeCoder;
use crate::wire::fault::Outcome;
use crate::wire::reply::Reply;

/// Requests for another origin find no host there, as it would be with a name that does not
/// exist: a client that sends credentials astray fails its test.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for FakeCoder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        Ok(self.knock(request).await?.into_response())
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        let mut request = request.map(|()| Bytes::new());
        let headers = request.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let url = self.url().endpoint([]);
        if let Ok(host) = HeaderValue::from_str(url.authority()) {
            headers.insert(header::HOST, host);
        }
        let mut reply = self.knock(request).await?;
        Ok(match reply.take_web_socket() {
            Some(socket) => WebSocketResponse::Open(socket),
            None => WebSocketResponse::Refused(reply.into_response()),
        })
    }
}

impl FakeCoder {
    async fn knock(&self, request: Request<Bytes>) -> Result<Reply, TransportError> {
        let ours = Url::parse(&request.uri().to_string()).is_ok_and(|url| self.url().owns(&url));
        if !ours {
            return Err(TransportError::new(TransportErrorKind::Connect)
                .with_reason("the fake Coder lives at another origin"));
        }
        match self.exchange_in_turn(request).await {
            Outcome::Answered(reply) => Ok(reply),
            Outcome::Broken(kind) => {
                Err(TransportError::new(kind).with_reason("the fake was told to break it"))
            }
            Outcome::Delayed(delay, reply) => {
                self.pass(delay).await;
                Ok(reply)
            }
            Outcome::Silent => std::future::pending().await,
        }
    }
}
