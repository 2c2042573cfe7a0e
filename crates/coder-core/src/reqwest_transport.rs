//! A [`Transport`] over reqwest. No type of reqwest is in its public API.

use std::fmt;
#[cfg(not(target_family = "wasm"))]
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::reqwest_conversion::{convert, convert_response};
use crate::{Body, Transport, TransportError, TransportErrorKind, WebSocketAnswer};

/// Sends requests with reqwest: pooled connections, no redirects, no cookies, no `Referer`.
///
/// On native targets it gives up when connecting takes 10 seconds, or when nothing comes for 60
/// seconds. Response bodies are streamed; whoever reads one names the limit. A message of a
/// WebSocket may have 16 MiB.
///
/// A browser does some things its own way: there are no timeouts; a body is read whole; redirects are
/// followed, to another origin without `Authorization` but with every other header which that origin
/// allows; and a WebSocket carries no headers: asked to open one with a credential, this transport
/// refuses ([`TransportErrorKind::Unsupported`]).
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

/// reqwest could not be set up, for example because the system's certificates cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up")]
pub struct ReqwestTransportError(#[source] reqwest::Error);

impl ReqwestTransport {
    /// A transport that names itself `user_agent`.
    ///
    /// # Errors
    ///
    /// When reqwest cannot be set up.
    pub fn new(user_agent: &str) -> Result<Self, ReqwestTransportError> {
        let builder = reqwest::Client::builder().user_agent(user_agent);
        #[cfg(not(target_family = "wasm"))]
        let builder = builder
            // WebSockets begin in HTTP/1.1.
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60));
        Ok(Self { client: builder.build().map_err(ReqwestTransportError)? })
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReqwestTransport")
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let (method, target) = (request.method().clone(), target(&request));
        let request = reqwest::Request::try_from(request)
            .map_err(|error| convert(error, TransportErrorKind::Request))?;
        let answer = self.client.execute(request).await.map_err(|error| {
            let error = convert(error, TransportErrorKind::Other);
            tracing::debug!(%method, target, %error, "no answer");
            error
        })?;
        tracing::debug!(%method, target, status = answer.status().as_u16(), "answered");
        convert_response(answer).await
    }

    fn streams_bodies(&self) -> bool {
        cfg!(not(target_family = "wasm"))
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketAnswer, TransportError> {
        let target = target(&request);
        let answer = crate::reqwest_web_socket::open(&self.client, request).await;
        match &answer {
            Ok(WebSocketAnswer::Open(_)) => tracing::debug!(target, "web socket open"),
            Ok(WebSocketAnswer::Refused(answer)) => {
                tracing::debug!(target, status = answer.status().as_u16(), "no web socket");
            }
            Err(error) => tracing::debug!(target, %error, "no web socket"),
        }
        answer
    }
}

/// The URL without its query: that may hold what people search for.
fn target<T>(request: &Request<T>) -> String {
    let uri = request.uri();
    let (scheme, host) = (uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default());
    format!("{scheme}://{host}{}", uri.path())
}
