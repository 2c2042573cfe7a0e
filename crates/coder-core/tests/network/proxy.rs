//! A proxy that knows `CONNECT` and leads every name to one server.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A running proxy, with the heads of the requests that it was sent.
pub(crate) struct Proxy {
    pub(crate) url: String,
    pub(crate) asked: mpsc::UnboundedReceiver<String>,
}

/// Starts a proxy in front of this server.
pub(crate) async fn serve(server: SocketAddr) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (told, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let told = told.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let _ = told.send(String::from_utf8_lossy(&head).into_owned());
                client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
                let mut server = TcpStream::connect(server).await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    Proxy { url, asked }
}
