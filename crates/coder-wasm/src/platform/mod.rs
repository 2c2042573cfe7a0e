//! Seams to the platform: a browser, Node.js, workerd. Time, timers and randomness are those of
//! [`World::browser`]; `platform.js` has the network.

mod answer;
mod headers;
mod host;
mod transport;
mod web_socket;

use coder_core::{World, cleaned};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

#[cfg(any(feature = "client", feature = "edge"))]
pub(crate) use answer::incoming;
#[cfg(feature = "edge")]
pub(crate) use headers::flat_headers;
#[cfg(feature = "client")]
pub(crate) use headers::header_text;
pub(crate) use headers::read_headers;
pub use host::{Exchange, Failure, Head, Host, Message, Socket, Transfer};
use transport::FetchTransport;

/// Returns the message of what JavaScript threw, which may be anything.
pub(crate) fn thrown_message(thrown: &JsValue) -> String {
    let message = || Reflect::get(thrown, &"message".into()).ok()?.as_string();
    let message = thrown.as_string().or_else(message);
    message.map_or_else(|| "it threw no `Error`".to_owned(), |message| cleaned(&message))
}

/// Returns the world that is this platform.
pub(crate) fn world(host: &Host) -> World {
    World::browser(FetchTransport::new(host))
}
