//! The door inside the process: the fake is a transport.

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{Body, Transport, TransportError, TransportErrorKind};
use http::{Request, Response};
use url::Url;

use crate::FakeCoder;
use crate::fault::Outcome;

/// Requests for another origin find no host there, as it would be with a name that does not
/// exist: a client that sends credentials astray fails its test.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for FakeCoder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let ours = Url::parse(&request.uri().to_string()).is_ok_and(|url| self.url().owns(&url));
        if !ours {
            return Err(TransportError::new(TransportErrorKind::Connect)
                .because("the fake Coder lives at another origin"));
        }
        match self.exchange(request) {
            Outcome::Answered(reply) => Ok(reply.into_response()),
            Outcome::Broken(kind) => {
                Err(TransportError::new(kind).because("the fake was told to break it"))
            }
            Outcome::Silent => std::future::pending().await,
        }
    }
}
