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
use std::io;
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
use serving::browsing::visitor;
use serving::{House, Process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// The number of requests that are under way at a time, at most.
const WORKERS: usize = 20;
/// The time between two requests of a worker, for 1,000 requests a second in all. What is late is made up for.
const PACE: Duration = Duration::from_millis(20);
/// The number of requests that are answered before each change.
const BETWEEN: usize = 1_000;

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

/// Requests at a pace, from a number of clients.
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
            ("GET", "/api/auth/coder/refresh?optional&env=development", refresh),
            ("POST", "/api/auth/coder/logout?env=development", stranger.into_parts().0.headers),
        ];
        let address = url.strip_prefix("http://").unwrap().to_owned();
        let requests = requests.map(|(method, path, headers)| {
            let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
            for (name, value) in headers.iter().filter(|(name, _)| **name != http::header::HOST) {
                request += &format!("{name}: {}\r\n", value.to_str().unwrap());
            }
            (request + "Content-Length: 0\r\n\r\n").into_bytes()
        });
        let requests = Arc::new(requests);
        let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let workers = (0..WORKERS).map(|_| {
            let mut client = Client::new(&address);
            let requests = Arc::clone(&requests);
            let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut pace = tokio::time::interval(PACE);
                pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
                let mut counts = BTreeMap::new();
                for request in requests.iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    pace.tick().await;
                    let outcome = client.ask(request).await;
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

/// A client over one connection at a time, which takes little of the machine: the load is for the server.
struct Client {
    address: String,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    fn new(address: &str) -> Self {
        Self { address: address.to_owned(), connection: None }
    }

    /// Sends a request, and returns the status of its answer, or why there is none. Nothing is tried twice.
    async fn ask(&mut self, request: &[u8]) -> String {
        self.answer(request).await.unwrap_or_else(|error| {
            self.connection = None;
            format!("{error:?}")
        })
    }

    async fn answer(&mut self, request: &[u8]) -> io::Result<String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => BufReader::new(TcpStream::connect(&self.address).await?),
        };
        connection.get_mut().write_all(request).await?;
        let (mut line, mut status, mut length, mut closes) = (String::new(), None, 0, false);
        loop {
            line.clear();
            if connection.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = line.trim_end().to_ascii_lowercase();
            match (&status, text.split_once(": ")) {
                _ if text.is_empty() => break,
                (None, _) => status = text.split(' ').nth(1).map(str::to_owned),
                (Some(_), Some(("content-length", value))) => length = value.parse().unwrap(),
                (Some(_), Some(("connection", value))) => closes = value == "close",
                // A body without a length would be read as the next answer.
                (Some(_), other) => assert!(other.is_none_or(|it| it.0 != "transfer-encoding")),
            }
        }
        connection.read_exact(&mut vec![0; length]).await?;
        self.connection = Some(connection).filter(|_| !closes);
        status.ok_or_else(|| io::ErrorKind::InvalidData.into())
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
            let mut server = TcpStream::connect(&server).await.unwrap();
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
