//! A WebSocket through the proxy.

use coder_core::{WebSocket, WebSocketResponse, timeout};
use futures_util::StreamExt as _;
use http::header::CONTENT_LENGTH;
use http::{Method, Request};

use super::PROXY;
use super::answer::Content;
use super::credential::Opened;
use super::endpoint::Endpoint;
use super::error::ProxyError;
use super::exchange::{ANSWER_WITHIN, Outgoing, refused, refuses_the_token, too_late};
use super::request_headers;
use super::target::{Target, TargetError};
use crate::state::PortalState;

impl PortalState {
    /// Opens a WebSocket at Coder for a page. `path` is the part behind the route of the endpoint.
    pub(crate) async fn open_web_socket_at(
        &self,
        endpoint: &Endpoint,
        path: &str,
        asked: &Request<()>,
    ) -> WebSocketResponse {
        let opened = Box::pin(self.try_to_open(endpoint, path, asked)).await;
        opened.unwrap_or_else(|error| WebSocketResponse::Refused(refused(&error, asked)))
    }

    async fn try_to_open(
        &self,
        endpoint: &Endpoint,
        path: &str,
        asked: &Request<()>,
    ) -> Result<WebSocketResponse, ProxyError> {
        let has_body = asked.headers().get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        if *asked.method() != Method::GET || !endpoint.allows(&Method::GET) || has_body {
            return Err(ProxyError::NoHandshake);
        }
        let Target::Api(path) = Target::parse(path, asked.uri().query())? else {
            return Err(TargetError::Elsewhere.into());
        };
        request_headers::check(asked.headers())?;
        let environments = endpoint.environments();
        let caller = self.auth.web_socket_caller(asked.headers(), &environments).await?;
        let headers = endpoint.headers().passed_on(asked.headers());
        let outgoing = Outgoing { method: &Method::GET, path: &path, headers };
        let mut opened = self.open(outgoing.request(endpoint, Some(&caller))?).await?;
        if is_refused_for_the_token(&opened)
            && let Some(renewed) = self.renewed(&caller).await?
        {
            opened = self.open(outgoing.request(endpoint, Some(&renewed))?).await?;
        }
        match opened {
            WebSocketResponse::Open(coder) => {
                let rights = caller.rights();
                let credential =
                    self.credential(Opened::WebSocket, endpoint, asked.headers(), rights);
                let (to_coder, of_coder) = coder.split();
                let of_coder = of_coder.take_until(Box::pin(credential.ended()));
                Ok(WebSocketResponse::Open(WebSocket::new(of_coder, to_coder)))
            }
            WebSocketResponse::Refused(refusal) => {
                let refusal = self.for_the_page(refusal, Content::Personal)?;
                Ok(WebSocketResponse::Refused(refusal))
            }
        }
    }

    async fn open(&self, request: Request<()>) -> Result<WebSocketResponse, ProxyError> {
        let opening = self.world.transport.open_web_socket(PROXY.give(request));
        let opened = timeout(&*self.world.runtime, ANSWER_WITHIN, opening).await;
        Ok(opened.unwrap_or_else(|| Err(too_late()))?)
    }
}

fn is_refused_for_the_token(opened: &WebSocketResponse) -> bool {
    match opened {
        WebSocketResponse::Open(_) => false,
        WebSocketResponse::Refused(refusal) => refuses_the_token(refusal),
    }
}
