//! A restart behind nginx under load: no request is lost, and all of them are counted.
//!
//! Left out of a plain `cargo test` (`test = false`), since not every machine has nginx and a PostgreSQL;
//! `cargo xtask test` installs both and runs it.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere, and the rate is told"
)]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "other tests use more of it")]
mod serving;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cluster::Cluster;
use coder_core::{Secret, SystemClock};
use coder_testkit::{Browser, FakeCoder};
use futures_util::future::join_all;
use http::HeaderMap;
use serving::browsing::visitor;
use serving::{House, Process};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// The number of requests that are under way at a time, at most.
const WORKERS: usize = 20;
/// The time between two requests of a worker, for 1,000 requests a second in all.
const PACE: Duration = Duration::from_millis(20);
/// The number of requests that are answered before each change.
const BETWEEN: usize = 400;

/// nginx in front of the portal's processes, as docs/operating.md shows it.
struct Nginx {
    _directory: TempDir,
    child: Child,
    url: String,
}

impl Nginx {
    fn start(servers: &[u16]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let path = directory.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("  {kind}_temp_path {path}/{kind};\n"))
            .collect();
        let servers: String = servers
            .iter()
            .map(|port| format!("    server 127.0.0.1:{port} max_fails=0;\n"))
            .collect();
        // As root, nginx would give its files to another user.
        let user = if is_root() { "user root;" } else { "" };
        let configuration = format!(
            "{user}
daemon off;
pid {path}/nginx.pid;
error_log {path}/error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
  access_log off;
{temporary}
  upstream portal {{
{servers}
    keepalive 32;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://portal;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
    }}
  }}
}}
"
        );
        let file = directory.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let mut nginx = Command::new(program());
        nginx.arg("-p").arg(directory.path()).arg("-c").arg(&file);
        nginx.arg("-e").arg(directory.path().join("error.log"));
        let child = nginx.stdin(Stdio::null()).spawn().unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        Self { _directory: directory, child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let process = self.child.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &process]).status();
        let _ = self.child.wait();
    }
}

/// Finds nginx, which Debian keeps off the path of users.
fn program() -> &'static str {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx"];
    places.into_iter().find(|place| Path::new(place).is_file()).unwrap_or("nginx")
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap();
    user.stdout.starts_with(b"0\n")
}

/// Returns a port that nobody else takes in the short time it is free.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// People at the portal, without a pause.
struct Load {
    workers: Vec<JoinHandle<BTreeMap<String, usize>>>,
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    began: Instant,
}

impl Load {
    /// Asks for a session, which the store knows, and signs nobody out, which no proxy tries twice.
    fn start(url: &str, browser: &Browser) -> Self {
        let refresh = browser.script_request("GET", "/").body(()).unwrap().into_parts().0.headers;
        let stranger = visitor().script_request("POST", "/").body(()).unwrap();
        let requests = [
            (reqwest::Method::GET, "/api/auth/coder/refresh?optional&env=development", refresh),
            (
                reqwest::Method::POST,
                "/api/auth/coder/logout?env=development",
                stranger.into_parts().0.headers,
            ),
        ];
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let workers = (0..WORKERS).map(|_| {
            let (client, url, requests) = (client.clone(), url.to_owned(), requests.clone());
            let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut pace = tokio::time::interval(PACE);
                pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut counts = BTreeMap::new();
                for (method, path, headers) in requests.iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    pace.tick().await;
                    let outcome = ask(&client, method, &format!("{url}{path}"), headers).await;
                    *counts.entry(outcome).or_default() += 1;
                    AtomicUsize::fetch_add(&answered, 1, Ordering::Relaxed);
                }
                counts
            })
        });
        let workers = workers.collect();
        Self { workers, is_over, answered, began: Instant::now() }
    }

    /// Waits until some more requests are answered.
    async fn go_on(&self) {
        let goal = self.answered.load(Ordering::Relaxed) + BETWEEN;
        while self.answered.load(Ordering::Relaxed) < goal {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it, and counts the outcomes.
    async fn end(self, name: &str) -> BTreeMap<String, usize> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut counts = BTreeMap::new();
        for count in join_all(self.workers).await {
            for (outcome, number) in count.unwrap() {
                *counts.entry(outcome).or_default() += number;
            }
        }
        let (total, time) = (counts.values().sum::<usize>(), self.began.elapsed());
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let rate = total as f64 / time.as_secs_f64();
        println!("{name}: {total} requests, {rate:.0} a second: {counts:?}");
        counts
    }
}

async fn ask(
    client: &reqwest::Client,
    method: &reqwest::Method,
    url: &str,
    headers: &HeaderMap,
) -> String {
    let request = client.request(method.clone(), url).headers(headers.clone());
    match request.send().await {
        Ok(answer) => answer.status().as_u16().to_string(),
        Err(error) => format!("{error:?}"),
    }
}

fn lost(counts: &BTreeMap<String, usize>) -> usize {
    counts.iter().filter(|(outcome, _)| *outcome != "200").map(|(_, number)| number).sum()
}

async fn house() -> House {
    House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_one_process_with_socket_activation_loses_no_request() {
    let house = house().await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let nginx = Nginx::start(&[socket.local_addr().unwrap().port()]);
    let start = || Process::start_activated(directory.path(), &socket, 1);
    let mut server = start();
    let browser = house.signed_in(&server, &alice).await;
    let load = Load::start(&nginx.url, &browser);
    for _ in 0..3 {
        load.go_on().await;
        server.terminate();
        let log = tokio::task::block_in_place(|| server.ended());
        assert!(!log.contains("cut off"), "{log}");
        server = tokio::task::block_in_place(start);
    }
    load.go_on().await;
    let counts = load.end("one process, restarted three times").await;
    assert_eq!(lost(&counts), 0, "{counts:?}");
}

/// Two processes on one PostgreSQL, behind one nginx.
struct Replicas {
    directory: TempDir,
    house: House,
    ports: [u16; 2],
    nginx: Nginx,
}

impl Replicas {
    async fn new(database: &Secret) -> Self {
        let house = house().await;
        let directory = tempfile::tempdir().unwrap();
        let (key, url) = ("6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga", database.expose());
        let store = format!("{{ type: postgres, url: '{url}' }}");
        house.configure(
            directory.path(),
            &format!("{{ session: {{ keys: [{key}], store: {store} }} }}"),
        );
        let ports = [free_port(), free_port()];
        Self { directory, house, ports, nginx: Nginx::start(&ports) }
    }

    fn start(&self, port: u16) -> Process {
        tokio::task::block_in_place(|| {
            Process::start_and_check(self.directory.path(), |command| {
                command.args(["--skip-check", "--drain=1"]);
                command.env("APP_CONFIG_backend_listen", format!("127.0.0.1:{port}"));
            })
        })
    }

    async fn load(&self, process: &Process) -> Load {
        let alice = self.house.coder().add_user("alice");
        let browser = self.house.signed_in(process, &alice).await;
        Load::start(&self.nginx.url, &browser)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_are_restarted_in_turn_lose_no_request() {
    let cluster = Cluster::shared();
    let replicas = Replicas::new(&cluster.schema().await).await;
    let mut processes = replicas.ports.map(|port| replicas.start(port)).map(Some);
    let load = replicas.load(processes[0].as_ref().unwrap()).await;
    for (process, port) in processes.iter_mut().zip(replicas.ports) {
        load.go_on().await;
        let old = process.take().unwrap();
        old.terminate();
        let log = tokio::task::block_in_place(|| old.ended());
        assert!(!log.contains("cut off"), "{log}");
        *process = Some(replicas.start(port));
    }
    load.go_on().await;
    let counts = load.end("two replicas, restarted in turn").await;
    assert_eq!(lost(&counts), 0, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_takes_no_more_than_its_requests_under_way_with_it() {
    let cluster = Cluster::shared();
    let replicas = Replicas::new(&cluster.schema().await).await;
    let [victim, survivor] = replicas.ports.map(|port| replicas.start(port));
    let load = replicas.load(&survivor).await;
    load.go_on().await;
    victim.kill();
    load.go_on().await;
    let again = replicas.start(replicas.ports[0]);
    load.go_on().await;
    let counts = load.end("one of two replicas, killed").await;
    assert!(lost(&counts) <= WORKERS, "{counts:?}");
    drop((again, survivor));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_ready_yet_is_waited_for() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let server = database.tcp_address();
    tokio::spawn(async move {
        // Somebody who is not ready hangs up.
        drop(door.accept().await.unwrap());
        loop {
            let (mut client, _) = door.accept().await.unwrap();
            let mut server = tokio::net::TcpStream::connect(&server).await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let url = database.tcp_url("127.0.0.1", "sslmode=disable").expose().to_owned();
    let url = url.replace(&database.tcp_address(), &format!("127.0.0.1:{port}"));
    let replicas = Replicas::new(&Secret::new(url)).await;
    let process = replicas.start(replicas.ports[0]);
    let log = process.log();
    assert!(log.contains("waiting for the database") && log.contains("serving"), "{log}");
}
