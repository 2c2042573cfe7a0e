//! WebSockets of pages, which the portal opens at Coder.

use axum::body::Body;
use coder_core::{WebSocket, WebSocketAcceptance, WebSocketResponse};
use coder_portal::Portal;
use http::{Request, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::body::ResponseBody;

/// Lets the portal open the WebSocket that a request asks for, and answers the page. `None` if the
/// request opens none, or came over a connection that cannot become one.
pub(crate) async fn answer<B>(portal: &Portal, request: &mut Request<B>) -> Option<Response<Body>> {
    let acceptance = WebSocketAcceptance::new(request)?;
    let upgrade: OnUpgrade = request.extensions_mut().remove()?;
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.headers_mut() = request.headers().clone();
    let coder = match portal.open_web_socket(head).await {
        WebSocketResponse::Open(coder) => coder,
        WebSocketResponse::Refused(refusal) => {
            return Some(refusal.map(|body| Body::new(ResponseBody(body))));
        }
    };
    let relayed = portal.clone();
    // It ends with one of its sides, with the credential that has opened it, and when the portal closes
    // its streams. A server that stops waits for the last word, as for all work of the portal.
    portal.auth().world().runtime.spawn(Box::pin(async move {
        if let Ok(connection) = upgrade.await {
            let page = WebSocket::from_accepted(TokioIo::new(connection)).await;
            relayed.relay(page, coder).await;
        }
    }));
    Some(acceptance.response().map(|()| Body::empty()))
}
