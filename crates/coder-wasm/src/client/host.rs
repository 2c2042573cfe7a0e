//! What the platform does for this module: objects that `client.js` makes of the platform's own.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The platform.
    #[derive(Clone, Debug)]
    pub type Host;

    /// Returns the milliseconds since 1970.
    #[wasm_bindgen(method)]
    pub(super) fn now(this: &Host) -> f64;

    /// Returns random bytes.
    #[wasm_bindgen(method, catch)]
    pub(super) fn random(this: &Host, length: usize) -> Result<Vec<u8>, JsValue>;

    /// Starts a timer.
    #[wasm_bindgen(method)]
    pub(super) fn sleep(this: &Host, milliseconds: f64) -> Timer;

    /// Begins to send a request. Names and values of headers alternate.
    #[wasm_bindgen(method)]
    pub(super) fn send(
        this: &Host,
        method: &str,
        url: &str,
        headers: Vec<String>,
        body: Option<Vec<u8>>,
    ) -> Exchange;

    /// Begins to open a WebSocket; nothing when the platform has none that carries these headers.
    #[wasm_bindgen(method, js_name = openSocket)]
    pub(super) fn open_socket(this: &Host, url: &str, headers: Vec<String>) -> Option<Socket>;

    /// Returns the promise of a token; of one that is fresher than `refused`.
    #[wasm_bindgen(method)]
    pub(super) fn token(this: &Host, refused: Option<String>) -> Promise;

    /// A timer.
    #[derive(Debug)]
    pub type Timer;

    /// Returns the promise of its end.
    #[wasm_bindgen(method)]
    pub(super) fn over(this: &Timer) -> Promise;

    /// Ends it now.
    #[wasm_bindgen(method)]
    pub(super) fn cancel(this: &Timer);

    /// A request and its answer.
    #[derive(Debug)]
    pub type Exchange;

    /// Returns the promise of the [`Answer`].
    #[wasm_bindgen(method)]
    pub(super) fn answer(this: &Exchange) -> Promise;

    /// Returns the promise of the next bytes of the answer's body; of nothing at its end.
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Exchange) -> Promise;

    /// Ends the transfer.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Exchange);

    /// The head of an answer.
    #[derive(Debug)]
    pub type Answer;

    #[wasm_bindgen(method, getter)]
    pub(super) fn status(this: &Answer) -> u16;

    /// Names and values of headers, which alternate.
    #[wasm_bindgen(method, getter)]
    pub(super) fn headers(this: &Answer) -> Vec<String>;

    /// A WebSocket.
    #[derive(Debug)]
    pub type Socket;

    /// Returns the promise that it is open.
    #[wasm_bindgen(method)]
    pub(super) fn opened(this: &Socket) -> Promise;

    /// Returns the promise of the next [`Message`].
    #[wasm_bindgen(method)]
    pub(super) fn next(this: &Socket) -> Promise;

    /// Closes it.
    #[wasm_bindgen(method)]
    pub(super) fn close(this: &Socket);

    /// A message of a WebSocket: a text, or its close.
    #[derive(Debug)]
    pub type Message;

    #[wasm_bindgen(method, getter)]
    pub(super) fn text(this: &Message) -> Option<String>;

    /// Returns the code of the close (RFC 6455 §7.4); `None` for another message.
    #[wasm_bindgen(method, getter)]
    pub(super) fn code(this: &Message) -> Option<u16>;

    /// The reason why there is no answer.
    #[derive(Debug)]
    pub type Failure;

    /// Returns how far the request got: the word for a kind of `TransportErrorKind`.
    #[wasm_bindgen(method, getter)]
    pub(super) fn kind(this: &Failure) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub(super) fn reason(this: &Failure) -> Option<String>;
}
