//! The proxy of the real server, over sockets: with the README's app-config and the plugin's block.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::path::Path;
use std::sync::Arc;

use coder_core::SystemClock;
use coder_testkit::{Browser, FakeCoder, FakeUser, Fault};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use serving::browsing::PORTAL;
use serving::{House, PEOPLE, Process, SIGN_IN, write_people};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ME: &str = "/api/v2/users/me";

/// A served portal with the plugin's block for its Coder, and this choice for access tokens.
struct Served {
    house: House,
    process: Process,
    alice: FakeUser,
    _directory: tempfile::TempDir,
}

impl Served {
    async fn new(access_token: &str) -> Self {
        let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
        let alice = house.coder().add_user("alice");
        let directory = tempfile::tempdir().unwrap();
        configure(&house, directory.path(), access_token);
        let process = Process::start(directory.path(), |_| {});
        Self { house, process, alice, _directory: directory }
    }

    /// Returns the card in a browser: its session, its identity token, what it sends as Coder's token.
    async fn card(&self) -> Card {
        let browser = self.house.signed_in(&self.process, &self.alice).await;
        let refreshed = browser.refresh(&self.process).await;
        let token = refreshed.access_token().to_owned();
        let identity = refreshed.identity_token().to_owned();
        Card { browser, token, identity }
    }

    /// Sends these bytes over a connection of their own, and returns the head of the answer.
    async fn raw(&self, request: &str) -> (TcpStream, String) {
        let url = self.process.url("");
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte).await.unwrap() == 0 {
                break;
            }
            head.push(byte[0]);
        }
        (stream, String::from_utf8(head).unwrap())
    }
}

fn configure(house: &House, directory: &Path, access_token: &str) {
    let (url, application) = (house.coder().url(), house.application());
    write_people(directory, &["alice"]);
    let config = format!(
        "app: {{ baseUrl: '{PORTAL}' }}
backend: {{ baseUrl: '{PORTAL}', listen: '127.0.0.1:0' }}
auth: {{ providers: {{ coder: {{ development: {{ {application}, {SIGN_IN} }} }} }} }}
coder: {{ session: {{ accessToken: {access_token} }} }}
{PEOPLE}
proxy:
  endpoints:
    '/coder':
      target: '{url}/'
      changeOrigin: true
      allowedMethods: ['GET', 'POST']
      allowedHeaders: ['Authorization', 'Coder-Session-Token']
      headers:
        X-Custom-Source: backstage
"
    );
    std::fs::write(directory.join("app-config.yaml"), config).unwrap();
}

struct Card {
    browser: Browser,
    token: String,
    identity: String,
}

impl Card {
    /// Makes the request of the card, as its axios sends it from another origin.
    fn ask(&self, served: &Served, method: Method, path: &str) -> reqwest::RequestBuilder {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client
            .request(method, served.process.url(&format!("/api/proxy/coder{path}")))
            .header("accept", "application/json, text/plain, */*")
            .header("origin", PORTAL)
            .header("coder-session-token", &self.token)
            .header("authorization", format!("Bearer {}", self.identity))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_requests_of_the_card_are_served_whoever_holds_coders_token() {
    for access_token in ["browser", "server"] {
        let served = Served::new(access_token).await;
        let card = served.card().await;
        let coder = served.house.coder();
        assert_eq!(coder.is_live(&card.token), access_token == "browser");
        let me = card.ask(&served, Method::GET, ME).send().await.unwrap();
        assert_eq!(me.status(), StatusCode::OK);
        assert_eq!(me.headers()["access-control-allow-origin"], PORTAL);
        let me: Value = me.json().await.unwrap();
        assert_eq!(me["username"], "alice");
        let search = "/api/v2/workspaces?q=owner%3Ame+param%3A%22repo_url%3Dhttps%3A%2F%2Fgithub.com%2Facme%2Fpayments%22&limit=0";
        let found = card.ask(&served, Method::GET, search).send().await.unwrap();
        assert_eq!(found.status(), StatusCode::OK);
        let seen = coder.requests().pop().unwrap();
        assert_eq!(format!("{}?{}", seen.path, seen.query), search);
        assert_eq!(seen.headers.get_all("x-custom-source").iter().count(), 1);
        assert!(!seen.headers.contains_key("authorization"));
        coder.fail_next(Fault::answer(StatusCode::OK, "image/svg+xml", "<svg/>").on("/icon"));
        let icon = card.ask(&served, Method::GET, "/icon/docker.svg").send().await.unwrap();
        assert_eq!(icon.headers()["content-security-policy"], "sandbox");
        assert_eq!(icon.text().await.unwrap(), "<svg/>");
        let deleted =
            card.ask(&served, Method::DELETE, "/api/v2/workspaces/1").send().await.unwrap();
        assert_eq!(deleted.status(), StatusCode::NOT_FOUND);
        assert_eq!(deleted.text().await.unwrap(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_card_outlives_a_login_in_another_browser() {
    for access_token in ["browser", "server"] {
        let served = Served::new(access_token).await;
        let card = served.card().await;
        served.card().await;
        let path = format!("/api/proxy/coder{ME}");
        let as_navigation = card.browser.request("GET", &path).body(()).unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let cookie = client.get(served.process.url(&path));
        let cookie = cookie.headers(as_navigation.headers().clone());
        let cookie = cookie.header("coder-session-token", &card.token);
        for request in [card.ask(&served, Method::GET, ME), cookie] {
            assert_eq!(request.send().await.unwrap().status(), StatusCode::OK, "{access_token}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_client_goes_on_to_hold_the_token_of_coder_itself() {
    let served = Served::new("browser").await;
    let browser = served.house.signed_in(&served.process, &served.alice).await;
    let refreshed = browser.refresh(&served.process).await;
    assert!(served.house.coder().is_live(refreshed.access_token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_any_length_is_passed_on_whole_in_both_directions() {
    let served = Served::new("server").await;
    let card = served.card().await;
    let coder = served.house.coder();
    let large = vec![b'x'; 5 * 1024 * 1024];
    coder.fail_next(
        Fault::answer(StatusCode::OK, "application/json", large.clone()).on("/api/v2/files"),
    );
    let upload = card.ask(&served, Method::POST, "/api/v2/files");
    let answer = upload.header("content-type", "application/x-tar").body(large.clone());
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.bytes().await.unwrap().len(), large.len());
    let seen = coder.requests().pop().unwrap();
    assert_eq!(
        (seen.body.len(), &seen.headers["content-length"]),
        (large.len(), &"5242880".parse().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_two_servers_would_read_differently_reaches_no_coder() {
    let served = Served::new("browser").await;
    let card = served.card().await;
    let before = served.house.coder().requests().len();
    let head = format!(
        "host: localhost:7007\r\ncoder-session-token: {}\r\nauthorization: Bearer {}\r\n",
        card.token, card.identity
    );
    for line in [
        "POST /api/proxy/coder/api/v2/files HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6",
        "POST /api/proxy/coder/api/v2/files HTTP/1.1\r\ncontent-length: +5",
        "POST /api/proxy/coder/api/v2/files HTTP/1.1\r\ntransfer-encoding: xchunked",
        "GET /api/proxy/coder/api/v2/../../oauth2/tokens HTTP/1.1\r\na: b",
        "GET /api/proxy/coder//evil.example/api/v2/users/me HTTP/1.1\r\na: b",
        "GET /api/proxy/coder/http://evil.example/ HTTP/1.1\r\na: b",
        "GET /api/proxy/coder/@evil.example/ HTTP/1.1\r\na: b",
        "CONNECT evil.example:443 HTTP/1.1\r\na: b",
        "TRACE /api/proxy/coder/api/v2/users/me HTTP/1.1\r\na: b",
        "GET /api/proxy/coder/api/v2/users/me\\..\\keys HTTP/1.1\r\na: b",
    ] {
        let (_stream, answer) = served.raw(&format!("{line}\r\n{head}\r\n")).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(status.starts_with('4'), "{line}: {answer}");
    }
    // An upgrade that is no WebSocket is none, and the request a usual one.
    let line = "GET /api/proxy/coder/api/v2/users/me HTTP/1.1\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk";
    let (_stream, answer) = served.raw(&format!("{line}\r\n{head}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = served.house.coder().requests().pop().unwrap();
    assert!(!seen.headers.contains_key("upgrade"));
    assert_eq!(served.house.coder().requests().len(), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_the_portal_watches_a_workspace_over_a_web_socket() {
    let served = Served::new("server").await;
    let card = served.card().await;
    let coder = served.house.coder();
    coder.add_template("devcontainers");
    let workspace = coder.add_workspace(&served.alice, "mine").template("devcontainers");
    let path =
        format!("/api/proxy/coder/api/v2/workspaces/{}/watch-ws", workspace.running().create());
    let request = card.browser.request("GET", &path).body(()).unwrap();
    let cookie = request.headers()["cookie"].to_str().unwrap().to_owned();
    let handshake = |origin: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: localhost:7007\r\ncookie: {cookie}\r\norigin: {origin}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    let (mut stream, answer) = served.raw(&handshake(PORTAL)).await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    // The answer to the key of RFC 6455 §1.3.
    assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
    let mut frame = [0; 2];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[0] & 0x80, 0x80, "a whole message of Coder: {frame:?}");
    let (_stream, foreign) = served.raw(&handshake("https://evil.example")).await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_tells_each_web_socket_and_ends_each_stream_of_coder() {
    let served = Served::new("server").await;
    let card = served.card().await;
    let coder = served.house.coder();
    coder.add_template("devcontainers");
    let workspace = coder.add_workspace(&served.alice, "mine").template("devcontainers");
    let watch = format!("/api/v2/workspaces/{}/watch", workspace.running().create());
    let mut events = card.ask(&served, Method::GET, &watch).send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let head = format!(
        "GET /api/proxy/coder{watch}-ws HTTP/1.1\r\nhost: localhost:7007\r\norigin: {PORTAL}\r\ncoder-session-token: {}\r\nauthorization: Bearer {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        card.token, card.identity
    );
    let (mut socket, answer) = served.raw(&head).await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
    served.process.terminate();
    let mut messages = Vec::new();
    socket.read_to_end(&mut messages).await.unwrap();
    // The last frame is a close of two bytes, the code 1001 (RFC 6455 §5.5.1).
    assert!(messages.ends_with(&[0x88, 2, 0x03, 0xe9]), "{messages:?}");
    while let Some(_event) = events.chunk().await.unwrap() {}
    let log = served.process.ended();
    assert!(!log.contains("cut off"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_two_lengths_is_the_chunks_and_ends_its_connection() {
    let served = Served::new("browser").await;
    let card = served.card().await;
    let coder = served.house.coder();
    let (length, chunked) = ("content-length: 3", "transfer-encoding: chunked");
    for (first, second) in [(length, chunked), (chunked, length)] {
        coder
            .fail_next(Fault::answer(StatusCode::OK, "application/json", "{}").on("/api/v2/files"));
        // By its length, the body would end before `POST`, and that would be a request of its own.
        let request = format!(
            "POST /api/proxy/coder/api/v2/files HTTP/1.1\r\nhost: localhost:7007\r\ncontent-type: application/x-tar\r\ncoder-session-token: {}\r\nauthorization: Bearer {}\r\n{first}\r\n{second}\r\n\r\n5\r\nPOST \r\n0\r\n\r\n",
            card.token, card.identity
        );
        let before = coder.requests().len();
        let (mut stream, answer) = served.raw(&request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{first}: {answer}");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        let seen = &coder.requests()[before..];
        let [upload] = seen else { panic!("{first}: {seen:?}") };
        assert_eq!(upload.body, "POST ", "{first}: the chunks");
        let rest = String::from_utf8(rest).unwrap();
        assert!(!rest.contains("HTTP/1.1"), "nothing else is answered: {rest}");
    }
}
