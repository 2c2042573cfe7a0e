//! WebSockets of the runtime: those of browsers, which carry no headers, and those of workerd, which
//! `fetch` opens.

use std::cell::Cell;
use std::rc::Rc;

use coder_core::{
    TransportError, TransportErrorKind, WebSocket, WebSocketMessage, WebSocketResponse,
};
use futures_channel::{mpsc, oneshot};
use futures_util::{StreamExt as _, sink};
use http::header::{ACCEPT, UPGRADE};
use http::{HeaderValue, Request};
use js_sys::{ArrayBuffer, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, RequestInit};

use crate::fetch::{Cancel, convert, to_headers};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, options: &RequestInit) -> Result<Promise, JsValue>;

    /// The answer of workerd's `fetch` to a handshake.
    #[wasm_bindgen(extends = web_sys::Response)]
    type Upgraded;

    #[wasm_bindgen(method, getter, js_name = webSocket)]
    fn web_socket(this: &Upgraded) -> Option<AcceptedSocket>;

    /// A socket of workerd, whose messages come once it is accepted.
    #[wasm_bindgen(extends = web_sys::WebSocket)]
    type AcceptedSocket;

    #[wasm_bindgen(method)]
    fn accept(this: &AcceptedSocket);
}

/// Opens a WebSocket to the http or https URI of `request`.
pub(crate) async fn open(request: Request<()>) -> Result<WebSocketResponse, TransportError> {
    if has("WebSocketPair") {
        return by_fetch(request).await;
    }
    // `Accept` says nothing about a socket. What else there is, a credential above all, must not be
    // lost on the way.
    if request.headers().keys().any(|name| *name != ACCEPT) {
        return Err(unsupported("a web socket carries no headers here, and so no credential"));
    }
    if !has("WebSocket") {
        return Err(unsupported("this runtime has no web sockets"));
    }
    by_constructor(&request).await
}

fn has(name: &str) -> bool {
    Reflect::has(&js_sys::global(), &name.into()).unwrap_or(false)
}

fn unsupported(reason: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Unsupported).with_reason(reason)
}

/// Opens a WebSocket in workerd, with the headers of the request.
async fn by_fetch(request: Request<()>) -> Result<WebSocketResponse, TransportError> {
    let (mut head, ()) = request.into_parts();
    head.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    let cancel = Cancel::new()?;
    let options = RequestInit::new();
    let headers = to_headers(&head.headers)?;
    options.set_headers(&headers);
    options.set_signal(Some(&cancel.signal()));
    let connect = |_| TransportError::new(TransportErrorKind::Connect);
    let promise = fetch(&head.uri.to_string(), &options).map_err(connect)?;
    let answer: Upgraded = JsFuture::from(promise).await.map_err(connect)?.unchecked_into();
    let Some(socket) = answer.web_socket() else {
        return Ok(WebSocketResponse::Refused(convert(&answer, cancel)?));
    };
    let (mut open, _) = Socket::listen(socket.clone());
    open.cancel = Some(cancel);
    socket.accept();
    Ok(WebSocketResponse::Open(open.into_web_socket()))
}

/// Opens a WebSocket as a page does.
async fn by_constructor(request: &Request<()>) -> Result<WebSocketResponse, TransportError> {
    // `http…` to `ws…`.
    let url = request.uri().to_string().replacen("http", "ws", 1);
    let socket = web_sys::WebSocket::new(&url)
        .map_err(|_| TransportError::new(TransportErrorKind::Request))?;
    socket.set_binary_type(BinaryType::Arraybuffer);
    let (socket, opened) = Socket::listen(socket);
    // A browser tells no reason.
    opened.await.map_err(|_| TransportError::new(TransportErrorKind::Connect))?;
    Ok(WebSocketResponse::Open(socket.into_web_socket()))
}

type Listener = Closure<dyn FnMut(Event)>;

/// A socket of JavaScript with what listens to it. It is closed when this is dropped.
struct Socket {
    socket: web_sys::WebSocket,
    messages: mpsc::UnboundedReceiver<Result<WebSocketMessage, TransportError>>,
    listeners: Vec<(&'static str, Listener)>,
    /// The request that has opened the socket.
    cancel: Option<Cancel>,
}

impl Socket {
    /// Listens to a socket. The receiver tells that it is open; it is dropped if that fails.
    fn listen(socket: web_sys::WebSocket) -> (Self, oneshot::Receiver<()>) {
        let (sender, messages) = mpsc::unbounded();
        let (opened, is_open) = oneshot::channel();
        let opened = Rc::new(Cell::new(Some(opened)));
        let (ended, broken) = (Rc::clone(&opened), Rc::clone(&opened));
        let open = Closure::new(move |_: Event| {
            if let Some(opened) = opened.take() {
                let _ = opened.send(());
            }
        });
        let (received, closed, failed) = (sender.clone(), sender.clone(), sender);
        let message = Closure::new(move |event: Event| {
            let _ = received.unbounded_send(read(&event.unchecked_into()));
        });
        let close = Closure::new(move |event: Event| {
            ended.take();
            let event: CloseEvent = event.unchecked_into();
            // Without a closing handshake the connection broke (RFC 6455 §7.1.5).
            let last = if event.code() == 1006 {
                Err(TransportError::new(TransportErrorKind::Interrupted))
            } else {
                Ok(WebSocketMessage::Close { code: event.code(), reason: event.reason() })
            };
            let _ = closed.unbounded_send(last);
            closed.close_channel();
        });
        let error = Closure::new(move |_: Event| {
            broken.take();
            let broke = TransportError::new(TransportErrorKind::Interrupted);
            let _ = failed.unbounded_send(Err(broke));
            failed.close_channel();
        });
        let listeners =
            vec![("open", open), ("message", message), ("close", close), ("error", error)];
        for (name, listener) in &listeners {
            let listener = listener.as_ref().unchecked_ref();
            // It fails for no event of a socket.
            let _ = socket.add_event_listener_with_callback(name, listener);
        }
        (Self { socket, messages, listeners, cancel: None }, is_open)
    }

    fn into_web_socket(mut self) -> WebSocket {
        let outgoing = sink::unfold(self.socket.clone(), async |socket, message| {
            send(&socket, message)?;
            Ok(socket)
        });
        let incoming =
            futures_util::stream::poll_fn(move |context| self.messages.poll_next_unpin(context));
        WebSocket::new(incoming, outgoing)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for (name, listener) in &self.listeners {
            let listener = listener.as_ref().unchecked_ref();
            let _ = self.socket.remove_event_listener_with_callback(name, listener);
        }
        let _ = self.socket.close();
        self.cancel.take();
    }
}

fn read(event: &MessageEvent) -> Result<WebSocketMessage, TransportError> {
    let data = event.data();
    if let Some(text) = data.as_string() {
        return Ok(WebSocketMessage::Text(text));
    }
    data.dyn_into::<ArrayBuffer>()
        .map(|bytes| WebSocketMessage::Binary(Uint8Array::new(&bytes).to_vec().into()))
        .map_err(|_| {
            TransportError::new(TransportErrorKind::Protocol)
                .with_reason("a message is neither text nor bytes")
        })
}

fn send(socket: &web_sys::WebSocket, message: WebSocketMessage) -> Result<(), TransportError> {
    let sent = match message {
        WebSocketMessage::Text(text) => socket.send_with_str(&text),
        WebSocketMessage::Binary(bytes) => socket.send_with_u8_array(&bytes),
        WebSocketMessage::Close { code, reason } => {
            socket.close_with_code_and_reason(code, &reason)
        }
        WebSocketMessage::Ping => return Err(unsupported("this runtime sends no pings")),
    };
    sent.map_err(|_| TransportError::new(TransportErrorKind::Interrupted))
}
