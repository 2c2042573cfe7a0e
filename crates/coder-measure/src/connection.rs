//! A connection that is kept alive, as a reverse proxy keeps its own.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::outcome::Outcome;

/// Where browsers believe the portal to be.
pub(crate) const PORTAL: &str = "http://localhost:7007";

/// One HTTP/1.1 connection to a server of this machine.
pub(crate) struct Connection {
    sender: SendRequest<Empty<Bytes>>,
}

impl Connection {
    /// Connects to `address` (host and port).
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub(crate) async fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Asks for a path, as a script of the portal's pages does, with this `Cookie` header.
    ///
    /// # Errors
    ///
    /// When the connection breaks.
    pub(crate) async fn get(&mut self, path: &str, cookies: &str) -> Outcome<Response<Bytes>> {
        let mut request = Request::get(path)
            .header("host", "localhost:7007")
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", PORTAL);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Empty::new())?).await?;
        let (head, body) = answer.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}
