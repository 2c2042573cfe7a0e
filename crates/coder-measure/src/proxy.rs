//! The cost of requests through the proxy to Coder, beside a bare reverse proxy.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use coder_core::SystemClock;
use coder_testkit::{FakeApp, FakeCoder, FakeServer, Fault, Version};
use http::StatusCode;
use tempfile::TempDir;

use crate::browser;
use crate::connection::{Connection, PORTAL};
use crate::load::{Person, Sample, Work, measure};
use crate::outcome::Outcome;
use crate::process::Process;
use crate::report::{median, percentile};
use crate::run::{configuration, start};

/// The name of the proxy that only passes requests on.
const BARE: &str = "bare hyper proxy";
/// The path at Coder that is asked for. Its answer is small.
const PATH: &str = "/api/v2/users/me";
/// The length of a large body, in bytes.
const LARGE: usize = 64 * 1024 * 1024;
const MIB: f64 = 1024.0 * 1024.0;

/// Arguments of a measurement of the proxy.
#[derive(clap::Args)]
pub(crate) struct ProxyArguments {
    /// How many connections are open at the same time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How often each proxy is measured, in turn. The table has the medians.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many requests a round has for each proxy.
    #[arg(long, default_value_t = 16_000)]
    requests: usize,
    /// Measures this proxy alone, as the table names it: for a look at it with a profiler.
    #[arg(long, value_name = "PROXY")]
    only: Option<String>,
}

/// A proxy that is measured, with everybody who uses it.
struct Proxy {
    name: &'static str,
    process: Process,
    people: Vec<Person>,
    work: Work,
    _directory: Option<TempDir>,
}

/// The results of one proxy.
#[derive(Default)]
struct Results {
    samples: Vec<Sample>,
    /// Requests per second of each round.
    rates: Vec<f64>,
}

/// Sends requests through each proxy in turn, and prints what they cost.
///
/// # Errors
///
/// When a proxy does not start, or does not answer as expected.
pub(crate) async fn run(arguments: &ProxyArguments) -> Outcome<()> {
    // In this process, so that its CPU time does not count.
    let fake = FakeServer::start(
        FakeCoder::builder().version(Version::V2_36).clock(Arc::new(SystemClock)),
    )
    .await?;
    let coder = fake.coder();
    let app = coder.add_oauth2_app("backstage", &format!("{PORTAL}/api/auth/coder/handler/frame"));
    let connections = arguments.connections;
    let mut proxies = vec![
        portal("memory", "{ type: memory }", coder, &app, connections).await?,
        portal("SQLite", "{ type: sqlite }", coder, &app, connections).await?,
        bare(coder, connections).await?,
    ];
    if let Some(only) = &arguments.only {
        proxies.retain(|proxy| proxy.name == only);
    }
    let mut results: BTreeMap<&str, Results> = BTreeMap::new();
    for round in 1..=arguments.rounds {
        println!("round {round} of {}", arguments.rounds);
        for proxy in &mut proxies {
            let begun = Instant::now();
            let units = arguments.requests;
            let sample = measure(&proxy.process, &mut proxy.people, &proxy.work, units).await?;
            let result = results.entry(proxy.name).or_default();
            result.rates.push(f64::from(u32::try_from(units)?) / begun.elapsed().as_secs_f64());
            result.samples.push(sample);
            // The fake remembers each request.
            coder.forget_requests();
        }
    }
    println!("\n{}", table(&results));
    for proxy in proxies.iter_mut().filter(|proxy| proxy.name != BARE) {
        let grown = large_answer(coder, proxy).await?;
        println!("| {}: memory for an answer of 64 MiB, MiB | {grown:.1} |", proxy.name);
    }
    Ok(())
}

/// Starts our server, and signs people in.
async fn portal(
    name: &'static str,
    store: &str,
    coder: &FakeCoder,
    app: &FakeApp,
    connections: usize,
) -> Outcome<Proxy> {
    let directory = tempfile::tempdir()?;
    let endpoint =
        format!("proxy: {{ endpoints: {{ /coder: {{ target: '{}' }} }} }}\n", coder.url());
    let config = configuration(coder, app, store) + &endpoint;
    let process = start(directory.path(), &config, &["--skip-check"])?;
    let mut people = Vec::new();
    for n in 0..connections {
        let mut connection = Connection::open(&process.address).await?;
        let user = coder.add_user(&format!("{}-{n}", name.to_lowercase()));
        let cookies = browser::sign_in(&mut connection, coder, &user).await?;
        people.push(Person { connection, coder: coder.clone(), cookies, user });
    }
    let work = Work::Proxied(format!("/api/proxy/coder{PATH}"));
    Ok(Proxy { name, process, people, work, _directory: Some(directory) })
}

/// Starts a bare proxy to the same Coder, where everybody brings a token of Coder.
async fn bare(coder: &FakeCoder, connections: usize) -> Outcome<Proxy> {
    let url = coder.url().to_string();
    let target = url.trim_start_matches("http://").trim_end_matches('/');
    let mut command = Command::new(std::env::current_exe()?);
    let process = Process::start(command.arg("bare-proxy").arg(target))?;
    let mut people = Vec::new();
    for n in 0..connections {
        let connection = Connection::open(&process.address).await?;
        let user = coder.add_user(&format!("bare-{n}"));
        let cookies = format!("coder_session_token={}", user.session_token.expose());
        people.push(Person { connection, coder: coder.clone(), cookies, user });
    }
    let work = Work::Proxied(PATH.to_owned());
    Ok(Proxy { name: BARE, process, people, work, _directory: None })
}

fn table(results: &BTreeMap<&str, Results>) -> String {
    let mut text = "| proxy | requests per second | requests per CPU-second | CPU time, µs | p50, ms | p99, ms |\n\
                    |---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    let mut ratios = String::new();
    let line = |results: &Results| {
        let cpu = median(results.samples.iter().map(|sample| sample.cpu));
        let latencies = results.samples.iter().flat_map(|sample| &sample.latencies);
        let mut latencies: Vec<_> = latencies.copied().collect();
        latencies.sort_unstable();
        let rate = median(results.rates.iter().copied());
        (rate, cpu, percentile(&latencies, 50), percentile(&latencies, 99))
    };
    let bare = results.get(BARE).map(line);
    for (name, results) in results {
        let (rate, cpu, p50, p99) = line(results);
        let per_cpu = 1e6 / cpu;
        text +=
            &format!("| {name} | {rate:.0} | {per_cpu:.0} | {cpu:.1} | {p50:.2} | {p99:.2} |\n");
        if let Some((bare_rate, bare_cpu, _, bare_p99)) = bare
            && *name != BARE
        {
            let (rate, cpu, p99) = (rate / bare_rate, bare_cpu / cpu, p99 / bare_p99);
            ratios += &format!("| {name} | {rate:.2} | {cpu:.2} | {p99:.2} |\n");
        }
    }
    text + "\n| beside the bare proxy | requests per second | requests per CPU-second | p99 |\n|---|---:|---:|---:|\n"
        + &ratios
}

/// Reads a large answer through the proxy. Returns by how many MiB the most memory of the server has
/// grown.
async fn large_answer(coder: &FakeCoder, proxy: &mut Proxy) -> Outcome<f64> {
    let Some(person) = proxy.people.first_mut() else { return Ok(f64::NAN) };
    let before = proxy.process.peak_memory()?;
    let large = Bytes::from(vec![0; LARGE]);
    let large =
        Fault::answer(StatusCode::OK, "application/octet-stream", large).on("/api/v2/files");
    coder.fail_next(large);
    let answer = person.connection.get("/api/proxy/coder/api/v2/files/1", &person.cookies).await?;
    if answer.body().len() != LARGE {
        return Err(format!("the answer has {:.1} MiB", mebibytes(answer.body().len())).into());
    }
    Ok(proxy.process.peak_memory()? - before)
}

fn mebibytes(bytes: usize) -> f64 {
    u32::try_from(bytes).map_or(f64::NAN, f64::from) / MIB
}
