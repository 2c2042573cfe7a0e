//! What strangers send to the running server is bounded.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running server with places for so many connections. It is killed when this is dropped.
struct Server {
    child: Child,
    address: String,
    _directory: TempDir,
}

impl Server {
    fn start(connections: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let app_config = "app: { baseUrl: http://localhost:7007 }
backend: { baseUrl: http://localhost:7007, listen: '127.0.0.1:0' }
auth:
  providers:
    coder:
      development: { clientId: id, clientSecret: secret, deploymentUrl: https://coder.example.com }
";
        std::fs::write(directory.path().join("app-config.yaml"), app_config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
        command.env_remove("RUST_LOG").env_remove("BACKSTAGE_ENV").env_remove("STATE_DIRECTORY");
        command.args(["serve", "--max-connections", &connections.to_string()]);
        command.current_dir(&directory).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let listening = log.find(|line| line.contains("address=")).unwrap();
        // Reads to the end: a program whose output nobody takes stops at some line.
        std::thread::spawn(move || log.for_each(drop));
        let (_, address) = listening.split_once("address=").unwrap();
        let address = address.split_whitespace().next().unwrap().to_owned();
        Self { child, address, _directory: directory }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// The answer to a request, when the server hangs up after it.
    fn answer_to(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn readiness(&self) -> String {
        self.answer_to(
            b"GET /.backstage/health/v1/readiness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head of a request with a form of this length.
fn form(method_and_path: &str, length: usize) -> String {
    format!(
        "{method_and_path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    )
}

#[test]
fn large_forms_to_a_route_that_takes_none_are_refused_and_the_server_stays_ready() {
    let server = Server::start(512);
    let scopes: String = (0..150_000).map(|number| format!("{number}+")).collect();
    let body = format!("env=development&scope={scopes}");
    let request = form("GET /api/auth/coder/start", body.len()) + &body;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = server.answer_to(request.as_bytes());
                assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
            });
        }
    });
    assert!(server.readiness().starts_with("HTTP/1.1 200"));
}

#[test]
fn a_body_that_does_not_arrive_is_cut_off_and_its_place_is_free_again() {
    let server = Server::start(1);
    let mut slow = server.connect();
    slow.write_all(form("POST /api/auth/coder/handler/frame", 100).as_bytes()).unwrap();
    slow.write_all(b"state=").unwrap();
    // The one place is taken: this one waits until the slow one has been sent away.
    assert!(server.readiness().starts_with("HTTP/1.1 200"));
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}
