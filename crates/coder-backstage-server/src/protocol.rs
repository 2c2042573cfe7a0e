//! Which version of HTTP a client speaks.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio_rustls::server::TlsStream;

use crate::socket::Socket;

/// The beginning of a connection over which HTTP/2 is spoken (RFC 9113 §3.4). No request of HTTP/1.1
/// begins like this.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The names of the versions in a handshake of TLS (RFC 7301), the better one first.
pub(crate) const NAMES: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// Reads the beginning of a connection without TLS. A client that speaks HTTP/2 there knows that
    /// the server does (RFC 9113 §3.3); reverse proxies call it h2c. What was read comes again.
    pub(crate) async fn of_client(socket: &mut Socket) -> io::Result<Self> {
        let mut read = Vec::new();
        let protocol = loop {
            if !PREFACE.starts_with(&read) {
                break Self::Http1;
            }
            if read.len() == PREFACE.len() {
                break Self::Http2;
            }
            let rest = (PREFACE.len() - read.len()) as u64;
            if (&mut *socket).take(rest).read_buf(&mut read).await? == 0 {
                break Self::Http1;
            }
        };
        socket.put_back(read);
        Ok(protocol)
    }

    /// Returns the version that the handshake of TLS has agreed on.
    pub(crate) fn of_handshake(stream: &TlsStream<Socket>) -> Self {
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Self::Http2,
            Some(_) | None => Self::Http1,
        }
    }
}
