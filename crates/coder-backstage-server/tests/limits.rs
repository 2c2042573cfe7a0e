//! What strangers send to the running server is bounded, and so is what Coder answers.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{Answer, FakeCoder, FakeCoderBuilder, Fault, Version};
use futures_util::future::join_all;
use http::StatusCode;
use serving::browsing::{callback_of, finish_login, is_signed_in, refresh_until_refused, visitor};
use serving::{House, Process, change, count_rows, until, user_of};
use tempfile::TempDir;

const READINESS: &[u8] =
    b"GET /.backstage/health/v1/readiness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

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
        command
            .env_remove("RUST_LOG")
            .env_remove("BACKSTAGE_ENV")
            .env_remove("NODE_EXTRA_CA_CERTS")
            .env_remove("STATE_DIRECTORY");
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

    /// Returns the answer to a request, when the server hangs up after it.
    fn answer_to(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn readiness(&self) -> String {
        self.answer_to(READINESS)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the head of a request with a form of this length.
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
    let request = form("GET /api/auth/coder/start?env=development", body.len()) + &body;
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

#[test]
fn connections_that_send_nothing_keep_nobody_out() {
    let server = Server::start(2);
    let (silent, mut begun) = (server.connect(), server.connect());
    begun.write_all(b"G").unwrap();
    let mut asked = server.connect();
    // Long, for a busy machine, and shorter than a head may take.
    asked.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    asked.write_all(READINESS).unwrap();
    let mut answer = String::new();
    asked.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop((silent, begun));
}

/// Starts a portal in front of this Coder, which lives in the real time.
async fn portal(coder: FakeCoderBuilder) -> (House, TempDir, Process) {
    let house = House::new(coder.clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let server = Process::start(directory.path(), |_| {});
    (house, directory, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_with_invented_codes_leave_room_at_coder_for_a_rotation() {
    let coder = FakeCoder::builder().version(Version::V2_38).rate_limits(true);
    let (house, _directory, server) = portal(coder).await;
    let alice = house.coder().add_user("alice");
    // So short that a refresh rotates soon.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&server, &alice).await;
    let requests = || house.coder().count("POST", "/oauth2/tokens");
    for _ in 0..69 {
        let mut stranger = visitor();
        let authorize = stranger.start(&server).await;
        let mut callback = callback_of(&authorize);
        callback.query_pairs_mut().append_pair("code", "bogus");
        stranger.call_back(&server, &callback).await;
        assert!(!is_signed_in(&stranger));
    }
    let before = requests();
    while requests() == before {
        assert_eq!(browser.refresh(&server).await.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_hangs_is_asked_one_question_by_all_logins_together() {
    let (house, _directory, server) = portal(FakeCoder::builder()).await;
    house.coder().fail_next(Fault::silence().on("/api/v2/buildinfo").times(usize::MAX));
    let starts = (0..50).map(async |_| visitor().start(&server).await);
    join_all(starts).await;
    assert_eq!(house.coder().count("GET", "/api/v2/buildinfo"), 1);
}

const PAY: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: pay
  annotations: { backstage.io/source-location: 'url:https://github.com/acme/pay' }
spec: { type: service, lifecycle: production, owner: pms }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_whose_answer_never_ends_keeps_nobody_waiting_beyond_the_time_of_a_route() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{ workspaces: { repoUrlParamKeys: [repo_url] } }");
    let catalog = "catalog: { locations: [{ type: file, target: ./pay.yaml }] }\n";
    std::fs::write(directory.path().join("app-config.local.yaml"), catalog).unwrap();
    std::fs::write(directory.path().join("pay.yaml"), PAY).unwrap();
    let server = Process::start(directory.path(), |_| {});
    let alice = house.coder().add_user("alice");
    house.coder().fail_next(Fault::body_stalls().on("/api/v2/workspaces").times(usize::MAX));
    let path = "/api/coder/v1/entities/component/default/pay/workspaces";
    let request = visitor().script_request("GET", path);
    let request = request.header("coder-session-token", alice.session_token.expose());
    // Long, for a busy machine.
    let answer = Answer::to(&server, request, "");
    let answer = tokio::time::timeout(Duration::from_secs(60), answer).await.unwrap();
    let (status, told) = (answer.status(), answer.text());
    assert!(status.is_server_error(), "{status} {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_asks_for_a_century_is_asked_again_within_an_hour() {
    let (house, _directory, server) = portal(FakeCoder::builder()).await;
    let alice = house.coder().add_user("alice");
    // So short that a refresh rotates soon.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&server, &alice).await;
    house.coder().fail_next(Fault::rate_limited(u32::MAX).on("/oauth2/tokens"));
    let busy = refresh_until_refused(&browser, server.place()).await;
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
    let wait: u64 = busy.retry_after().unwrap().parse().unwrap();
    assert!(wait <= 3600, "{wait}");
    assert_eq!(browser.refresh(&server).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_coder_that_is_too_large_signs_nobody_in() {
    let (house, _directory, server) = portal(FakeCoder::builder()).await;
    let alice = house.coder().add_user("alice");
    for (spaces, is_read) in [(1024, true), (1024 * 1024, false)] {
        let mut browser = visitor();
        let authorize = browser.start(&server).await;
        let callback = house.coder().approve(&authorize, &alice).unwrap();
        let body = user_of(&alice.id.to_string(), "alice").to_string() + &" ".repeat(spaces);
        let answer = Fault::answer(StatusCode::OK, "application/json", body);
        house.coder().fail_next(answer.on("/api/v2/users/me"));
        let page = browser.call_back(&server, &callback).await.text();
        assert_eq!(is_signed_in(&browser), is_read, "{spaces} spaces: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_of_coder_is_cut_on_the_page_and_in_the_log() {
    let (house, _directory, server) = portal(FakeCoder::builder()).await;
    let alice = house.coder().add_user("alice");
    let mut browser = visitor();
    let authorize = browser.start(&server).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let body = serde_json::json!({ "message": format!("told {}", "x".repeat(100_000)) });
    let refusal = Fault::answer(StatusCode::FORBIDDEN, "application/json", body.to_string());
    house.coder().fail_next(refusal.on("/api/v2/users/me"));
    let page = browser.call_back(&server, &callback).await.text();
    assert!(page.contains("told%20xxx") && page.len() < 5000, "{page}");
    let log = server.logged("told xxx").await;
    assert!(log.lines().all(|line| line.len() < 2000), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_without_a_code_uses_no_attempt_up_and_those_that_are_used_up_expire() {
    const USED: &str = "coder_auth_used_attempts";
    let (house, directory, server) = portal(FakeCoder::builder()).await;
    let alice = house.coder().add_user("alice");
    let mut browser = visitor();
    let authorize = browser.start(&server).await;
    let stranger = callback_of(&authorize);
    let page = browser.clone().call_back(&server, &stranger).await.text();
    assert!(page.contains("Unexpected%20redirect"), "{page}");
    assert_eq!(count_rows(directory.path(), USED).await, 0);
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    finish_login(&mut browser, &server, &callback).await;
    assert_eq!(count_rows(directory.path(), USED).await, 1);

    drop(server);
    change(directory.path(), "UPDATE coder_auth_used_attempts SET expires_at = 0").await;
    let server = Process::start(directory.path(), |_| {});
    house.signed_in(&server, &alice).await;
    assert_eq!(count_rows(directory.path(), USED).await, 1, "that of the last login");
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_tokens_that_come_all_at_once_leave_room_at_coder() {
    const MANY: usize = 300;
    let (house, _directory, server) = portal(FakeCoder::builder()).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/api/v2/users/me").times(usize::MAX));
    let (answered, stranger) = (Arc::new(AtomicUsize::new(0)), visitor());
    let strangers: Vec<_> = (0..MANY)
        .map(|number| {
            let answered = Arc::clone(&answered);
            let place = server.place().clone();
            let request = stranger.script_request("GET", "/api/coder/v1/entities");
            let request = request.header("coder-session-token", format!("made-up-{number}"));
            tokio::spawn(async move {
                let status = Answer::to(&place, request, "").await.status();
                answered.fetch_add(1, Ordering::SeqCst);
                status
            })
        })
        .collect();
    let asked = || house.coder().count("GET", "/api/v2/users/me");
    until(|| asked() + answered.load(Ordering::SeqCst) >= MANY).await;
    held.release();
    for status in join_all(strangers).await {
        assert!([401, 503].contains(&status.unwrap().as_u16()));
    }
    assert!(asked() <= 120, "{}", asked());
}
