//! What an operator does to the running server: signals, sockets, the schema.
#![cfg(unix)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use coder_core::SystemClock;
use coder_testkit::FakeCoder;
use http::StatusCode;
use serving::browsing::visitor;
use serving::{House, Process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const READINESS: &str = "/.backstage/health/v1/readiness";
const LIVENESS: &str = "/.backstage/health/v1/liveness";

async fn house() -> House {
    House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_lets_the_configuration_be_read_again_and_a_broken_one_is_refused_with_its_place() {
    let house = house().await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app-config.yaml");
    house.configure(directory.path(), "{}");
    let server = Process::start(directory.path(), |_| {});
    let browser = house.signed_in(&server, &alice).await;
    let token = browser.refresh(&server).await.access_token().to_owned();
    assert!(house.coder().is_live(&token), "browsers get the token of Coder");

    house.configure(directory.path(), "{ session: { keys: [short] } }");
    server.hang_up();
    let log = server.logged("the former one holds").await;
    assert!(log.contains(&*format!("{}:", file.file_name().unwrap().display())), "{log}");
    assert!(log.contains("coder.session.keys"), "{log}");
    assert!(house.coder().is_live(browser.refresh(&server).await.access_token()));

    house.configure(directory.path(), "{ session: { accessToken: server } }");
    server.hang_up();
    server.logged("the configuration was read again").await;
    let answer = browser.refresh(&server).await;
    assert_eq!(answer.status(), StatusCode::OK, "nobody is signed out");
    assert!(!house.coder().is_live(answer.access_token()), "the token stays on the server now");

    house.configure(directory.path(), "{ session: { store: { type: memory } } }");
    server.hang_up();
    server.logged("`coder.session.store` is another one now").await;
    assert_eq!(browser.refresh(&server).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_a_pipe_is_refused_and_the_server_goes_on() {
    let house = house().await;
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("key");
    house.configure(directory.path(), "{ session: { keys: [{ $file: key }] } }");
    std::fs::write(&secret, "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga").unwrap();
    let server = Process::start(directory.path(), |_| {});
    std::fs::remove_file(&secret).unwrap();
    assert!(Command::new("mkfifo").arg(&secret).status().unwrap().success());
    server.hang_up();
    let log = server.logged("the former one holds").await;
    assert!(log.contains("key") && log.contains("no regular file"), "{log}");
    assert_eq!(visitor().navigate(&server, READINESS).await.status(), StatusCode::OK);
    server.terminate();
    server.ended();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_memory_signs_nobody_out_when_it_reads_its_configuration_again() {
    let house = house().await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{ session: { store: { type: memory } } }");
    let server = Process::start(directory.path(), |_| {});
    let browser = house.signed_in(&server, &alice).await;
    server.hang_up();
    server.logged("the configuration was read again").await;
    assert_eq!(browser.refresh(&server).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_sigterm_readiness_is_refused_at_once_and_requests_are_taken_until_the_end() {
    let house = house().await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let server = Process::start_and_check(directory.path(), |command| {
        command.args(["--skip-check", "--drain=300"]);
    });
    assert_eq!(visitor().navigate(&server, READINESS).await.status(), StatusCode::OK);
    server.terminate();
    server.logged("draining").await;
    let refused = visitor().navigate(&server, READINESS).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(visitor().navigate(&server, LIVENESS).await.status(), StatusCode::OK);
    // Somebody is in a hurry.
    server.terminate();
    assert!(server.ended().contains("shutting down"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_of_the_service_manager_keeps_requests_while_one_process_follows_another() {
    let house = house().await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let before = Process::start_activated(directory.path(), &socket, 0);
    assert!(before.url("").ends_with(&address.to_string()), "not at `backend.listen`");
    assert_eq!(visitor().navigate(&before, LIVENESS).await.status(), StatusCode::OK);
    before.terminate();
    assert!(before.ended().contains("the service manager has opened the socket"));

    let mut waiting = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {LIVENESS} HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n\r\n");
    waiting.write_all(request.as_bytes()).await.unwrap();
    let _after = Process::start_activated(directory.path(), &socket, 0);
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Runs a command of the server to its end.
fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
    command.env_remove("STATE_DIRECTORY").env_remove("RUST_LOG").env_remove("BACKSTAGE_ENV");
    command.args(arguments).current_dir(directory).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_brings_the_schema_up_to_date_and_tells_what_it_did() {
    let house = house().await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    for told in ["the database was empty, and has schema ", "the database has schema "] {
        let output = run(directory.path(), &["migrate"]);
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && printed.starts_with(told), "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_waited_for_and_then_named() {
    let house = house().await;
    let directory = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let store = format!("{{ type: postgres, url: 'postgres://portal:swordfish@{free}/sessions' }}");
    let keys = "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga";
    house.configure(
        directory.path(),
        &format!("{{ session: {{ keys: [{keys}], store: {store} }} }}"),
    );
    for command in ["serve", "migrate"] {
        let output = run(directory.path(), &[command, "--wait-for-database=1"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains("waiting for the database"), "{told}");
        let place = format!(
            "the database `sessions` at `127.0.0.1` (port {}, user `portal`) cannot be used",
            free.port()
        );
        let last = told.lines().last().unwrap();
        assert!(last.contains(&place) && last.contains("refused"), "{told}");
        assert!(!told.contains("swordfish"), "{told}");
    }
}
