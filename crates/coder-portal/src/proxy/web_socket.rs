//! A WebSocket through the proxy.

use coder_auth::http::empty;
use coder_core::{MaybeSend, WebSocket, WebSocketResponse, timeout};
use futures_util::future::{Either, select};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::header::TRANSFER_ENCODING;
use http::{Method, Request, StatusCode};

use super::PROXY;
use super::answer::Content;
use super::endpoint::Endpoint;
use super::error::ProxyError;
use super::exchange::{ANSWER_WITHIN, Outgoing, refused, refuses_the_token, too_late};
use super::relay::{GOING_AWAY, NORMAL, close};
use super::request_headers;
use super::seats::Seat;
use super::target::{Target, TargetError};
use crate::credential::Opened;
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
        if !endpoint.allows(asked.method()) {
            return Ok(WebSocketResponse::Refused(empty(StatusCode::NOT_FOUND)));
        }
        let length = request_headers::check(asked.headers())?;
        let has_body =
            length.unwrap_or_default() > 0 || asked.headers().contains_key(TRANSFER_ENCODING);
        if *asked.method() != Method::GET || has_body {
            return Err(ProxyError::NoHandshake);
        }
        let Target::Api(path) = Target::parse(path, asked.uri().query())? else {
            return Err(TargetError::Elsewhere.into());
        };
        let environments = endpoint.environments();
        let caller = self.auth.web_socket_caller(asked.headers(), &environments).await?;
        let seat = self.proxy.seats.take(Some(caller.user_id()))?;
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
                let opened = Opened::WebSocket(endpoint.environment_names());
                let credential = self.credential(opened, asked.headers(), caller.rights());
                let closed = self.closing.closed().map(|()| GOING_AWAY);
                let ended = select(closed, Box::pin(credential.ended().map(|()| NORMAL)));
                let ended = ended.map(|first| first.factor_first().0);
                Ok(WebSocketResponse::Open(seated(coder, seat, ended)))
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

/// Returns the WebSocket, which holds its seat and closes when `ended` gives the code of the close.
fn seated(
    coder: WebSocket,
    seat: Seat,
    ended: impl Future<Output = u16> + MaybeSend + Unpin + 'static,
) -> WebSocket {
    let (to_coder, of_coder) = coder.split();
    let of_coder = stream::unfold(Some((of_coder, ended, seat)), async |open| {
        let (mut of_coder, ended, seat) = open?;
        Some(match select(ended, of_coder.next()).await {
            Either::Left((code, _)) => (Ok(close(code)), None),
            Either::Right((message, ended)) => (message?, Some((of_coder, ended, seat))),
        })
    });
    WebSocket::new(of_coder, to_coder)
}

fn is_refused_for_the_token(opened: &WebSocketResponse) -> bool {
    match opened {
        WebSocketResponse::Open(_) => false,
        WebSocketResponse::Refused(refusal) => refuses_the_token(refusal),
    }
}
