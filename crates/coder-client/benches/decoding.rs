//! What reading lists of workspaces costs: `cargo bench -p coder-client`.
//!
//! It prints how long a page takes to decode beside `serde_json::Value`, how much memory that needs
//! for each byte of the page, and how much memory a list of 50,000 workspaces needs when it is read
//! as a stream. It fails when a page needs more than twice its bytes, or the stream more than one of
//! its pages does when it is asked for alone.

use std::hint::black_box;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use coder_client::models::WorkspacePage;
use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};
use coder_core::{Body, BoxFuture, Random, RandomError, Runtime, TransportError, World};
use futures_util::TryStreamExt as _;
use http::{Request, Response};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const RUNS: usize = 21;
const PAGE: usize = 500;
const ALL: usize = 50_000;

fn main() -> io::Result<()> {
    let page = page()?;
    let bytes = page.len();
    let typed = measure(|| serde_json::from_slice::<WorkspacePage>(&page).is_ok());
    let value = measure(|| serde_json::from_slice::<Value>(&page).is_ok());
    let mut out = io::stdout().lock();
    writeln!(out, "a page of {PAGE} workspaces: {} kB of JSON", bytes / 1000)?;
    for (name, cost) in [("typed", &typed), ("serde_json::Value", &value)] {
        let memory = cost.memory as f64 / bytes as f64;
        writeln!(out, "  {name:18} {:8.2?}  {memory:.2} bytes of memory per byte", cost.time)?;
    }
    let ratio = typed.time.as_secs_f64() / value.time.as_secs_f64();
    writeln!(out, "  typed takes {ratio:.2} of the time of serde_json::Value")?;

    let (one, all) = (stream(&page, PAGE)?, stream(&page, ALL)?);
    writeln!(out, "one page, asked for: {} kB of memory at most", one / 1000)?;
    writeln!(out, "{ALL} workspaces as a stream: {} kB of memory at most", all / 1000)?;

    let frugal = typed.memory <= 2 * bytes && all <= one + one / 50;
    if frugal { Ok(()) } else { Err(io::Error::other("that is too much memory")) }
}

struct Cost {
    /// The best of several runs.
    time: Duration,
    /// The most that was allocated at a time, in bytes.
    memory: usize,
}

fn measure(run: impl Fn() -> bool) -> Cost {
    let mut time = Duration::MAX;
    let mut memory = 0;
    for _ in 0..RUNS {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let start = Instant::now();
        assert!(black_box(run()), "the page can be read");
        time = time.min(start.elapsed());
        memory = MEMORY.peak_usage().saturating_sub(before);
    }
    Cost { time, memory }
}

/// The workspaces of a recorded page, again and again.
fn page() -> io::Result<Bytes> {
    let recorded = include_str!("../tests/fixtures/workspaces_list.json");
    let recorded: Value = serde_json::from_str(recorded)?;
    let workspaces = recorded.get("workspaces").and_then(Value::as_array);
    let workspaces: Vec<&Value> = workspaces.into_iter().flatten().cycle().take(PAGE).collect();
    Ok(json!({ "workspaces": workspaces, "count": ALL }).to_string().into())
}

/// The most that was allocated at a time while so many workspaces were read as a stream.
fn stream(page: &Bytes, count: usize) -> io::Result<usize> {
    let page = page.clone();
    let transport = move |request: Request<Bytes>| {
        let query = request.uri().query().unwrap_or_default();
        let over = query.ends_with(&format!("offset={count}"));
        // In pieces, as from a socket: the body has to be put together first.
        let none = || Bytes::from_static(b"{\"workspaces\": [], \"count\": 50000}");
        let whole = if over { none() } else { page.clone() };
        let pieces: Vec<Result<Bytes, TransportError>> =
            whole.chunks(16 * 1024).map(|piece| Ok(whole.slice_ref(piece))).collect();
        async { Ok(Response::new(Body::from_stream(futures_util::stream::iter(pieces)))) }
    };
    let world = World {
        transport: Arc::new(transport),
        clock: Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
        random: Arc::new(Still),
        runtime: Arc::new(Still),
    };
    let url = "https://coder.test".parse().map_err(io::Error::other)?;
    let client = Client::new(&world, url);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let all = ListWorkspaces::new(WorkspaceFilter::new());
    let size = u32::try_from(PAGE).map_err(io::Error::other)?;
    let mut workspaces = client.items(all, size);
    let mut seen = 0;
    futures_executor::block_on(async {
        while workspaces.try_next().await?.is_some() {
            seen += 1;
        }
        Ok::<_, coder_client::ClientError>(())
    })
    .map_err(io::Error::other)?;
    assert_eq!(seen, count);
    Ok(MEMORY.peak_usage().saturating_sub(before))
}

/// Nothing is slept and no dice are rolled here.
struct Still;

impl Random for Still {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        destination.fill(0);
        Ok(())
    }
}

impl Runtime for Still {
    fn spawn(&self, _task: BoxFuture<'static, ()>) {}

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
