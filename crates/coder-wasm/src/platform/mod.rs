//! Seams to the platform: a browser, Node.js, workerd. Time, timers and randomness are those of
//! [`World::browser`]; `platform.js` has the network.

mod answer;
mod headers;
mod host;
mod transport;
mod web_socket;

use coder_core::World;

#[cfg(feature = "edge")]
pub(crate) use answer::incoming;
#[cfg(feature = "edge")]
pub(crate) use headers::flat_headers;
pub(crate) use headers::read_headers;
pub use host::{Exchange, Failure, Head, Host, Message, Socket, Transfer};
use transport::FetchTransport;

/// Returns the world that is this platform.
pub(crate) fn world(host: &Host) -> World {
    World::browser(FetchTransport::new(host))
}
