//! What the platform does for a module: objects that `platform.js` makes of the platform's own.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The platform.
    #[derive(Clone, Debug)]
    pub type Host;

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
    #[wasm_bindgen(method, catch, js_name = openSocket)]
    pub(super) fn open_socket(
        this: &Host,
        url: &str,
        headers: Vec<String>,
    ) -> Result<Option<Socket>, JsValue>;

    /// The chunks of a body.
    #[derive(Clone, Debug)]
    pub type Transfer;

    /// Returns the promise of the next bytes; of nothing at the end.
    #[wasm_bindgen(method)]
    pub(super) fn read(this: &Transfer) -> Promise;

    /// Ends the transfer.
    #[wasm_bindgen(method)]
    pub(super) fn abort(this: &Transfer);

    /// A request and the transfer of its answer's body.
    #[derive(Clone, Debug)]
    #[wasm_bindgen(extends = Transfer)]
    pub type Exchange;

    /// Returns the promise of the answer's [`Head`].
    #[wasm_bindgen(method)]
    pub(super) fn answer(this: &Exchange) -> Promise;

    /// The head of an answer.
    #[derive(Debug)]
    pub type Head;

    #[wasm_bindgen(method, getter)]
    pub(super) fn status(this: &Head) -> u16;

    /// Names and values of headers, which alternate.
    #[wasm_bindgen(method, getter)]
    pub(super) fn headers(this: &Head) -> Vec<String>;

    /// A WebSocket, or the transfer of the answer that refuses it. Its end closes it.
    #[derive(Clone, Debug)]
    #[wasm_bindgen(extends = Transfer)]
    pub type Socket;

    /// Returns the promise that it is open: of nothing, or of the [`Head`] of the answer that
    /// refuses it.
    #[wasm_bindgen(method)]
    pub(super) fn opened(this: &Socket) -> Promise;

    /// Returns the promise of the next [`Message`].
    #[wasm_bindgen(method)]
    pub(super) fn next(this: &Socket) -> Promise;

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
