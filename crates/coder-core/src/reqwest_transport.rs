//! A [`Transport`] over reqwest. No type of reqwest is in its public API.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use url::Url;

use crate::reqwest_conversion::{convert, convert_response};
use crate::{
    Body, Transport, TransportError, TransportErrorKind, WebSocketResponse, is_loopback,
    with_causes,
};

/// A transport over reqwest: with pooled connections, without redirects, cookies or `Referer`.
///
/// On native targets a request fails when connecting takes more than 10 seconds, or when no byte
/// arrives for 60 seconds. Bodies are streamed; the caller of [`Body::collect`] sets their limit. A
/// message of a WebSocket may have 16 MiB. `ReqwestTransport::builder` sets other times, authorities
/// of one's own, a client certificate and a proxy.
///
/// A proxy is taken from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), but never for a
/// loopback address: such a URL may be plain http because its secrets stay on this machine. The
/// authorities are those of the system; on Linux the variable `SSL_CERT_FILE` names a PEM file in
/// their place.
///
/// In a browser some things differ: there are no timeouts; a body is read to its end before it is
/// returned; redirects are followed, to another origin without `Authorization` but with every other
/// header that the origin allows; and a WebSocket carries no headers, so this transport refuses to
/// open one with a credential ([`TransportErrorKind::Unsupported`]).
#[derive(Clone)]
pub struct ReqwestTransport {
    requests: Clients,
    /// The clients that open WebSockets, which begin in HTTP/1.1.
    web_sockets: Clients,
}

/// The clients for one kind of request.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) usual: reqwest::Client,
    /// The client for requests to this machine, which uses no proxy.
    pub(crate) direct: reqwest::Client,
}

impl Clients {
    /// Returns the client for requests to this URL.
    fn client_for(&self, url: &Url) -> &reqwest::Client {
        if is_loopback(url) { &self.direct } else { &self.usual }
    }
}

/// The error when reqwest cannot be set up: its part that cannot be used, and as its source the
/// reason.
#[derive(Debug, thiserror::Error)]
#[error("{part}")]
pub struct ReqwestTransportError {
    part: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl ReqwestTransportError {
    pub(crate) fn new(
        part: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { part, source: source.into() }
    }
}

impl ReqwestTransport {
    pub(crate) fn from_clients(requests: Clients, web_sockets: Clients) -> Self {
        Self { requests, web_sockets }
    }

    /// Creates a transport that sends this `User-Agent`.
    ///
    /// # Errors
    ///
    /// When reqwest cannot be set up.
    #[cfg(target_family = "wasm")]
    pub fn new(user_agent: &str) -> Result<Self, ReqwestTransportError> {
        let client = reqwest::Client::builder().user_agent(user_agent).build();
        let client = client.map_err(|error| {
            ReqwestTransportError::new("the HTTP client cannot be set up", with_causes(&error))
        })?;
        let clients = Clients { usual: client.clone(), direct: client };
        Ok(Self::from_clients(clients.clone(), clients))
    }

    /// Creates a transport that sends by this client of reqwest, whatever it is set up to do.
    ///
    /// **Outside of semver**: a new major version of reqwest changes this signature in any release of
    /// this crate. The client follows no redirects (`redirect::Policy::none()`), since a redirect
    /// could carry a credential elsewhere; it speaks HTTP/1.1 (`http1_only()`) if WebSockets are to
    /// be opened; and its proxy leaves loopback addresses alone. Nothing of that is checked here.
    #[cfg(feature = "unstable-reqwest")]
    #[cfg_attr(docsrs, doc(cfg(feature = "unstable-reqwest")))]
    pub fn from_client(client: reqwest::Client) -> Self {
        let clients = Clients { usual: client.clone(), direct: client };
        Self::from_clients(clients.clone(), clients)
    }
}

impl ReqwestTransport {
    async fn exchange<B: Into<reqwest::Body>>(
        &self,
        request: Request<B>,
    ) -> Result<Response<Body>, TransportError> {
        let (method, target) = (request.method().clone(), target(&request));
        let request = reqwest::Request::try_from(request)
            .map_err(|error| convert(error, TransportErrorKind::Request))?;
        let client = self.requests.client_for(request.url());
        let answer = client.execute(request).await.map_err(|error| {
            let error = convert(error, TransportErrorKind::Other);
            tracing::debug!(%method, target, error = with_causes(&error), "no answer");
            error
        })?;
        tracing::debug!(%method, target, status = answer.status().as_u16(), "answered");
        convert_response(answer).await
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
        self.exchange(request).await
    }

    #[cfg(not(target_family = "wasm"))]
    async fn send_streamed(
        &self,
        request: Request<Body>,
    ) -> Result<Response<Body>, TransportError> {
        self.exchange(request.map(|body| {
            body.into_whole().map_or_else(reqwest::Body::wrap_stream, reqwest::Body::from)
        }))
        .await
    }

    fn streams_bodies(&self) -> bool {
        cfg!(not(target_family = "wasm"))
    }

    async fn open_web_socket(
        &self,
        request: Request<()>,
    ) -> Result<WebSocketResponse, TransportError> {
        let target = target(&request);
        let url = Url::parse(&request.uri().to_string())
            .map_err(|error| TransportError::new(TransportErrorKind::Request).with_source(error))?;
        let client = self.web_sockets.client_for(&url);
        let answer = crate::reqwest_web_socket::open(client, request).await;
        match &answer {
            Ok(WebSocketResponse::Open(_)) => tracing::debug!(target, "web socket open"),
            Ok(WebSocketResponse::Refused(answer)) => {
                tracing::debug!(target, status = answer.status().as_u16(), "no web socket");
            }
            Err(error) => tracing::debug!(target, error = with_causes(error), "no web socket"),
        }
        answer
    }
}

/// Returns the URL without its query, which may hold the words that people search for.
fn target<T>(request: &Request<T>) -> String {
    let uri = request.uri();
    let (scheme, host) = (uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default());
    format!("{scheme}://{host}{}", uri.path())
}

#[cfg(all(test, not(target_family = "wasm")))]
#[expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with this status; gives its port.
    async fn answering(status: u16) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                assert_ne!(socket.read(&mut [0; 4096]).await.unwrap(), 0);
                let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        port
    }

    #[tokio::test]
    async fn what_is_for_this_machine_never_goes_through_a_proxy() {
        let (here, proxy) = (answering(200).await, answering(299).await);
        let through = crate::Proxy::new(format!("http://127.0.0.1:{proxy}"));
        let transport = ReqwestTransport::builder("test/1").proxy(through).build().unwrap();
        let status = async |url: String| {
            let request = Request::get(url).body(Bytes::new()).unwrap();
            transport.send(request).await.unwrap().status().as_u16()
        };
        for host in ["127.0.0.1", "localhost"] {
            assert_eq!(status(format!("http://{host}:{here}/")).await, 200, "{host}");
        }
        assert_eq!(status("http://coder.invalid/".to_owned()).await, 299, "the proxy is in use");
    }
}
