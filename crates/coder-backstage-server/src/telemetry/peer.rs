//! The other end of a connection.

use std::net::SocketAddr;

/// The address that a connection came from: an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);
