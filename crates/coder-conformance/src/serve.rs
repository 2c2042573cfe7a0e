//! Serves the world of a fake, for programs in other languages and for people.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use coder_core::{OsRandom, SystemClock};
use coder_testkit::{FakeCoder, FakeServer, Pace, Version};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::world;

/// Serves the world on this port of 127.0.0.1, and its control door on the port 1000 above, until
/// the process ends. Writes the seed file first.
///
/// The control door takes one line a connection: `add NAME`, `suspend NAME` or `activate NAME`. It
/// answers with a line of JSON.
///
/// # Errors
///
/// When a port cannot be had or the seed file cannot be written.
pub async fn serve(version: Version, provider: bool, port: u16, seed: &Path) -> io::Result<()> {
    let builder = FakeCoder::builder()
        .version(version)
        .oauth2_provider(provider)
        .password(world::PASSWORD)
        .clock(Arc::new(SystemClock))
        .random(Arc::new(OsRandom))
        .pace(Pace::INSTANT);
    let server = FakeServer::start_on(builder, SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let coder = server.coder().clone();
    let world = world::build(&coder).map_err(io::Error::other)?;
    std::fs::write(seed, serde_json::to_vec_pretty(&world).map_err(io::Error::other)?)?;
    let port = port.checked_add(1000).ok_or_else(|| io::Error::other("no port 1000 above"))?;
    let control = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    loop {
        let (stream, _) = control.accept().await?;
        // A caller that goes away early has lost its answer, nothing else.
        let _ = obey(stream, &coder).await;
    }
}

async fn obey(stream: TcpStream, coder: &FakeCoder) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let answer = match line.trim().split_once(' ') {
        Some(("add", name)) => json!(world::seed_user(&coder.add_user(name))),
        Some(("suspend", name)) => {
            coder.suspend(&coder.add_user(name));
            json!({})
        }
        Some(("activate", name)) => {
            coder.activate(&coder.add_user(name));
            json!({})
        }
        _ => json!({ "error": "`add NAME`, `suspend NAME` or `activate NAME`" }),
    };
    stream.write_all(format!("{answer}\n").as_bytes()).await
}
