//! The view of an operator on the real server: its log, its audit events, its metrics, its readiness.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{Answer, FakeCoder, Fault};
use http::StatusCode;
use serde_json::Value;
use serving::browsing::visitor;
use serving::{House, PEOPLE, Process, SIGN_IN, change, write_people};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const READINESS: &str = "/.backstage/health/v1/readiness";

/// Makes a Coder, and a directory with an app-config that signs alice in to Backstage.
async fn house(server: &str) -> (House, TempDir) {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), &format!("{{ server: {{ {server} }} }}"));
    let sign_in =
        format!("auth: {{ providers: {{ coder: {{ development: {{ {SIGN_IN} }} }} }} }}\n{PEOPLE}");
    std::fs::write(directory.path().join("app-config.local.yaml"), sign_in).unwrap();
    write_people(directory.path(), &["alice"]);
    (house, directory)
}

fn serve_with(directory: &Path, variables: &[(&str, &str)]) -> Process {
    Process::start(directory, |command| {
        command.envs(variables.iter().copied());
    })
}

/// Returns the lines of a JSON log.
fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

/// Returns the first line that says this.
fn line_of<'a>(lines: &'a [Value], key: &str, value: &str) -> &'a Value {
    let found = lines.iter().find(|line| line[key] == value);
    found.unwrap_or_else(|| panic!("no {key} {value}: {lines:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_log_tells_who_has_signed_in_by_which_request_from_which_client() {
    let (house, directory) = house("trustedProxies: [127.0.0.1]").await;
    let alice = house.coder().add_user("alice");
    let process = serve_with(
        directory.path(),
        &[
            ("CODER_BACKSTAGE_LOG_FORMAT", "json"),
            ("RUST_LOG", "info,coder_backstage::request=debug"),
        ],
    );
    let mut browser = visitor();
    let authorize = browser.start(&process).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let path = format!("{}?{}", callback.path(), callback.query().unwrap());
    let request = browser
        .request("GET", &path)
        .header("x-request-id", "proxy-4711")
        .header("x-forwarded-for", "1.1.1.1, 203.0.113.7");
    let answer = Answer::to(&process, request, "").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-request-id"], "proxy-4711");
    process.terminate();
    let lines = lines(&process.ended());
    let signed_in = line_of(&lines, "event", "signed_in");
    assert_eq!(signed_in["target"], "coder_backstage::audit");
    assert_eq!(signed_in["request_id"], "proxy-4711", "although a login is detached");
    assert_eq!(signed_in["client"], "203.0.113.7");
    assert_eq!(signed_in["username"], "alice");
    assert_eq!(signed_in["user_id"], alice.id.to_string());
    assert_eq!(signed_in["entity"], "user:default/alice");
    assert_eq!(signed_in["environment"], "development");
    let request = lines.iter().find(|line| {
        line["target"] == "coder_backstage::request" && line["request_id"] == "proxy-4711"
    });
    let request = request.unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(request["method"], "GET");
    assert_eq!(request["path"], "/api/auth/coder/handler/frame", "without its query");
    assert_eq!(request["status"], 200);
    assert_eq!(request["credential"], "nothing");
    assert!(request["duration_ms"].is_u64());
    let other = lines.iter().find(|line| line["path"] == "/api/auth/coder/start").unwrap();
    assert_eq!(other["request_id"].as_str().unwrap().len(), 32, "made, since none was brought");
    assert_eq!(other["client"], "127.0.0.1", "the proxy has named nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_chooses_neither_its_address_nor_the_form_of_the_log() {
    let (_house, directory) = house("").await;
    let process = serve_with(directory.path(), &[("RUST_LOG", "debug")]);
    let request = visitor()
        .request("GET", "/api/unknown")
        .header("x-request-id", "x\" INFO signed in")
        .header("x-forwarded-for", "203.0.113.7");
    let answer = Answer::to(&process, request, "").await;
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 32, "{id}");
    process.terminate();
    let log = process.ended();
    let line = log
        .lines()
        .find(|line| line.contains("path=\"/api/unknown\"") && line.contains("answered"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains(&format!("request_id=\"{id}\" client=127.0.0.1")), "{line}");
    assert!(line.contains("coder_backstage::request: answered method=GET"), "{line}");
    assert!(!log.contains("203.0.113.7") && !log.contains("INFO signed in"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_is_not_signed_in_makes_no_line_unless_somebody_debugs() {
    let (_house, directory) = house("").await;
    let process = serve_with(directory.path(), &[]);
    let refresh = "/api/auth/coder/refresh?env=development";
    let answer = visitor().ajax(&process, "GET", refresh).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    process.terminate();
    let log = process.ended();
    assert!(!log.contains("Missing session cookie"), "{log}");
}

/// Returns where the log of a process says that its metrics are.
async fn place_of_metrics(process: &Process) -> String {
    let log = process.logged("serving metrics listen=").await;
    let listen = log.split_once("serving metrics listen=").unwrap().1;
    listen.split_whitespace().next().unwrap().to_owned()
}

/// Reads the metrics of a process.
async fn scrape(process: &Process) -> String {
    let listen = place_of_metrics(process).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("http://{listen}/metrics")).send().await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    answer.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_logins_requests_and_what_coder_answered() {
    let (house, directory) = house("metrics: { listen: '127.0.0.1:0' }").await;
    let alice = house.coder().add_user("alice");
    let process = serve_with(directory.path(), &[]);
    let mut browser = house.signed_in(&process, &alice).await;
    browser.refresh(&process).await;
    for path in ["/api/unknown/one", "/api/unknown/two"] {
        visitor().navigate(&process, path).await;
    }
    house.coder().fail_next(Fault::connection_refused().on("/oauth2/tokens").times(9));
    let (mut unlucky, callback) = {
        let mut browser = visitor();
        let authorize = browser.start(&process).await;
        (browser, house.coder().approve(&authorize, &alice).unwrap())
    };
    unlucky.call_back(&process, &callback).await;
    let text = scrape(&process).await;
    for line in [
        "coder_backstage_logins_total{environment=\"development\",outcome=\"success\"} 1",
        "coder_backstage_logins_total{environment=\"development\",outcome=\"failed\"} 1",
        "coder_backstage_refreshes_total{environment=\"development\",outcome=\"success\"} 1",
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/api/auth/coder/handler/frame\",http_response_status_code=\"200\"} 2",
        "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"other\",http_response_status_code=\"404\"} 2",
        "http_client_request_duration_seconds_count{http_request_method=\"GET\",server_address=\"127.0.0.1\",request=\"GetUser\",http_response_status_code=\"200\",error_type=\"\"}",
        "coder_backstage_sessions 1",
        "coder_backstage_grants 1",
        "coder_backstage_streams 0",
        "coder_backstage_store_up 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    assert!(text.contains("request=\"Exchange\""), "{text}");
    assert!(!text.contains("/api/unknown"), "no path of a stranger is a label");
    browser.log_out(&process).await;
    let text = scrape(&process).await;
    assert!(text.contains("coder_backstage_sessions 0"), "{text}");
    let logouts =
        "coder_backstage_logouts_total{environment=\"development\",outcome=\"success\"} 1";
    assert!(text.contains(logouts), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_send_nothing_or_take_nothing_do_not_keep_metrics_from_others() {
    let (_house, directory) = house("metrics: { listen: '127.0.0.1:0' }").await;
    let process = serve_with(directory.path(), &[]);
    let listen = place_of_metrics(&process).await;
    let mut slow = Vec::new();
    for sent in ["", "GET /metrics HTTP/1.1\r\nX-Slow: ", "GET /metrics HTTP/1.1\r\n\r\n"] {
        for _ in 0..16 {
            let mut client = TcpStream::connect(&listen).await.unwrap();
            client.write_all(sent.repeat(100).as_bytes()).await.unwrap();
            slow.push(client);
        }
    }
    // Shorter than the time that a main connection has for its head.
    let scraped = tokio::time::timeout(Duration::from_secs(60), scrape(&process)).await;
    assert!(scraped.is_ok_and(|text| text.contains("# EOF")));
    // One connection has one answer.
    let mut client = TcpStream::connect(&listen).await.unwrap();
    client.write_all(b"GET /metrics HTTP/1.1\r\nHost: metrics\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_on_a_port_of_their_own_and_nowhere_unless_configured() {
    let (_house, directory) = house("").await;
    let process = serve_with(directory.path(), &[]);
    let answer = visitor().navigate(&process, "/metrics").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    process.terminate();
    assert!(!process.ended().contains("serving metrics"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_store_fails_is_alive_and_not_ready() {
    let (_house, directory) = house("metrics: { listen: '127.0.0.1:0' }").await;
    let process = serve_with(directory.path(), &[]);
    assert_eq!(visitor().navigate(&process, READINESS).await.status(), StatusCode::OK);
    change(directory.path(), "ALTER TABLE coder_auth_sessions RENAME TO gone").await;
    let answer = visitor().navigate(&process, READINESS).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["store"], "error");
    let text = scrape(&process).await;
    assert!(text.contains("coder_backstage_store_up 0"), "{text}");
    assert!(!text.contains("coder_backstage_sessions "), "no number is better than a wrong one");
    let alive = visitor().navigate(&process, "/.backstage/health/v1/liveness").await;
    assert_eq!(alive.status(), StatusCode::OK);
    change(directory.path(), "ALTER TABLE gone RENAME TO coder_auth_sessions").await;
    assert_eq!(visitor().navigate(&process, READINESS).await.status(), StatusCode::OK);
}
