//! The cost of open streams of events while nothing happens.

use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{FakeCoder, FakeServer, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::browser;
use crate::connection::{Connection, PORTAL};
use crate::outcome::Outcome;
use crate::run::{configuration, start};

/// Arguments of a measurement of streams.
#[derive(clap::Args)]
pub(crate) struct StreamsArguments {
    /// How many streams are open.
    #[arg(long, default_value_t = 2000)]
    streams: usize,
    /// How many pages each person has open, each with a stream of one and the same workspace.
    #[arg(long, default_value_t = 20)]
    pages: usize,
    /// For how many seconds the CPU time is counted.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Opens the streams, each over a connection of its own, and prints what they cost.
///
/// # Errors
///
/// When the server does not start, or does not answer as expected.
pub(crate) async fn run(arguments: &StreamsArguments) -> Outcome<()> {
    let StreamsArguments { streams, pages, seconds } = *arguments;
    // In this process, so that its memory and CPU time do not count.
    let fake = FakeServer::start(
        FakeCoder::builder().version(Version::V2_36).clock(Arc::new(SystemClock)),
    )
    .await?;
    let coder = fake.coder();
    let app = coder.add_oauth2_app("backstage", &format!("{PORTAL}/api/auth/coder/handler/frame"));
    let directory = tempfile::tempdir()?;
    let config = configuration(coder, &app, "{ type: memory }");
    let connections = (streams + 64).to_string();
    let process =
        start(directory.path(), &config, &["--skip-check", "--max-connections", &connections])?;
    let people = streams.div_ceil(pages.max(1));
    let mut paths = Vec::new();
    for n in 0..people {
        let mut connection = Connection::open(&process.address).await?;
        let user = coder.add_user(&format!("person-{n}"));
        let cookies = browser::sign_in(&mut connection, coder, &user).await?;
        let workspace = coder.add_workspace(&user, "dev").create();
        paths.push((format!("/api/coder/v1/live?workspaces={workspace}"), cookies));
    }
    let signed_in = process.peak_memory()?;
    let mut open = Vec::new();
    for n in 0..streams {
        let (path, cookies) = paths.get(n % people).ok_or("there is somebody")?;
        open.push(listen(&process.address, path, cookies).await?);
    }
    let before = process.cpu()?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let used = process.cpu()?.since(&before);
    let peak = process.peak_memory()?;
    println!("| {streams} streams of {people} persons | measured |\n|---|---:|");
    println!("| memory before the first stream, peak, MiB | {signed_in:.1} |");
    println!("| memory with all streams, peak, MiB | {peak:.1} |");
    let each = (peak - signed_in) * 1024.0 / u32::try_from(streams).map_or(1.0, f64::from);
    println!("| memory of a stream, KiB | {each:.1} |");
    let share = used.as_secs_f64() / Duration::from_secs(seconds).as_secs_f64() * 100.0;
    println!("| CPU while nothing happens, of one processor | {share:.2} % |");
    drop(open);
    Ok(())
}

/// Opens a stream, and waits for the first state.
async fn listen(address: &str, path: &str, cookies: &str) -> Outcome<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:7007\r\nX-Requested-With: XMLHttpRequest\r\n\
         Origin: {PORTAL}\r\nCookie: {cookies}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("event: workspace") {
        if stream.read_buf(&mut heard).await? == 0 {
            return Err(format!("no stream: {}", String::from_utf8_lossy(&heard)).into());
        }
    }
    Ok(stream)
}
