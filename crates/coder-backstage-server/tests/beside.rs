//! The reverse proxies of docs/beside-backstage.md: the examples as the page has them, in the real
//! programs, between a browser and the real server.
//!
//! Left out of a plain `cargo test` (`test = false`), since not every machine has nginx and Caddy;
//! `cargo xtask test --only beside` installs both and runs it.
#![cfg(unix)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[path = "beside/front.rs"]
mod front;
#[path = "beside/page.rs"]
mod page;
#[expect(dead_code, reason = "other tests use more of it")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{Browser, FakeCoder, FakeServer, FakeUser, Fault};
use front::{Backstage, Front};
use page::Example;
use reqwest::{Response, StatusCode, Version};
use serving::{PEOPLE, Process, SIGN_IN, write_people};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

/// A portal with a Backstage beside it, and a reverse proxy in front of both.
struct Site {
    coder: FakeServer,
    alice: FakeUser,
    process: Process,
    backstage: Backstage,
    directory: TempDir,
}

impl Site {
    /// Starts the portal of this path below the host, for which `config check` finds nothing wrong.
    async fn new(prefix: &str) -> Self {
        let builder = FakeCoder::builder().clock(Arc::new(SystemClock));
        let coder = FakeServer::start(builder).await.unwrap();
        let alice = coder.coder().add_user("alice");
        let portal = format!("{}{prefix}", Browser::PORTAL);
        let callback = format!("{portal}/api/auth/coder/handler/frame");
        let app = coder.coder().add_oauth2_app("backstage", &callback);
        let directory = tempfile::tempdir().unwrap();
        write_people(directory.path(), &["alice"]);
        let (id, secret) = (&app.client_id, app.client_secret.expose());
        let url = coder.coder().url();
        let config = format!(
            "app: {{ baseUrl: '{portal}' }}
backend: {{ baseUrl: '{portal}', listen: '127.0.0.1:0' }}
auth:
  providers:
    coder:
      development:
        clientId: {id}
        clientSecret: {secret}
        deploymentUrl: '{url}'
        {SIGN_IN}
proxy: {{ endpoints: {{ '/coder': '{url}' }} }}
{PEOPLE}"
        );
        std::fs::write(directory.path().join("app-config.yaml"), config).unwrap();
        let process = Process::start(directory.path(), |_| {});
        Self { coder, alice, process, backstage: Backstage::start().await, directory }
    }

    fn coder(&self) -> &FakeCoder {
        self.coder.coder()
    }

    /// Returns the example with the addresses of this site in the place of the page's.
    fn place(&self, example: Example) -> Example {
        let portal = self.process.url("").replace("http://", "");
        example.with("127.0.0.1:7008", &portal).with("127.0.0.1:7007", self.backstage.address())
    }

    async fn signed_in(&self, front: &Front) -> Browser {
        let mut browser = Browser::new();
        let message = browser.sign_in(front, self.coder(), &self.alice).await;
        let is_session = |name: &String| name.starts_with("__") && name.ends_with("coder-session");
        assert!(browser.cookies.keys().any(is_session), "{message}");
        browser
    }
}

/// Reads until the stream has said this, which one that is held back never does.
async fn heard(stream: &mut Response, text: &str) {
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(text) {
            let chunk = stream.chunk().await.unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("it ends without `{text}`: {heard}"));
            heard += std::str::from_utf8(&chunk).unwrap();
        }
    };
    // Long, for a busy machine.
    let listening = tokio::time::timeout(Duration::from_secs(60), listening).await;
    assert!(listening.is_ok(), "`{text}` is held back");
}

/// Each path arrives where the page says, below this prefix.
async fn paths_arrive_where_they_belong(site: &Site, front: &Front) {
    for path in ["/", "/catalog", "/api/catalog/entities", "/api/auth/github/start", "/api/coderx"]
    {
        let answer = front.get(path).send().await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2, "browsers open many streams at a time");
        assert_eq!(answer.text().await.unwrap(), format!("Backstage {path}"));
    }
    for header in ["x-forwarded-host: portal.example.com", "x-forwarded-proto: https"] {
        assert!(site.backstage.seen().contains(header), "{header}: {}", site.backstage.seen());
    }
    let forged = front.get("/").header("x-forwarded-for", "203.0.113.7").send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::OK);
    assert!(!site.backstage.seen().contains("203.0.113.7"), "{}", site.backstage.seen());

    let keys = front.get("/api/auth/.well-known/jwks.json").send().await.unwrap();
    let keys = keys.text().await.unwrap();
    assert!(keys.starts_with(r#"{"keys":["#), "{keys}");
    let document = front.get("/api/auth/.well-known/openid-configuration").send().await.unwrap();
    assert!(document.text().await.unwrap().contains("/api/auth/v1/userinfo"));
    let userinfo = front.get("/api/auth/v1/userinfo").send().await.unwrap();
    assert_eq!(userinfo.status(), StatusCode::UNAUTHORIZED, "the portal wants a token");
}

/// A person signs in, and the page has live states, Coder's API, its events and its WebSockets.
async fn a_page_has_all_that_it_needs(site: &Site, front: &Front) {
    let browser = site.signed_in(front).await;
    let refreshed = browser.refresh(front).await;
    let identity = format!("Bearer {}", refreshed.identity_token());
    let userinfo = front.get("/api/auth/v1/userinfo").header("authorization", &identity);
    assert_eq!(userinfo.send().await.unwrap().status(), StatusCode::OK);

    site.coder().add_template("devcontainers");
    let workspace = site.coder().add_workspace(&site.alice, "dev").template("devcontainers");
    let workspace = workspace.running().create();
    let live = format!("/api/coder/v1/live?workspaces={workspace}");
    let watch = format!("/api/proxy/coder/api/v2/workspaces/{workspace}/watch");
    for (path, event) in [(live, "event: workspace\n"), (watch.clone(), "event: data\n")] {
        let mut stream = front.as_page(front.get(&path), &browser).send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK, "{path}");
        heard(&mut stream, event).await;
    }

    let socket = front.as_page(front.handshake(&format!("{watch}-ws")), &browser);
    let answer = socket.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS, "{answer:?}");
    let mut frame = [0; 2];
    answer.upgrade().await.unwrap().read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[0] & 0x80, 0x80, "a whole message of Coder: {frame:?}");

    let large = vec![b'x'; 2 << 20];
    let taken = Fault::answer(StatusCode::OK, "application/json", "{}").on("/api/v2/files");
    site.coder().fail_next(taken);
    let upload = front.as_page(front.post("/api/proxy/coder/api/v2/files"), &browser);
    let upload = upload.header("content-type", "application/x-tar").body(large.clone());
    assert_eq!(upload.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(site.coder().requests().pop().unwrap().body.len(), large.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nginx_example_of_the_page_serves_both() {
    let site = Site::new("").await;
    let front = Front::nginx(&site.place(Example::nginx()), "", site.directory.path());
    paths_arrive_where_they_belong(&site, &front).await;
    a_page_has_all_that_it_needs(&site, &front).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nginx_example_of_a_prefix_takes_it_off() {
    let site = Site::new("/backstage").await;
    let example = Example::nginx_with_prefix();
    let front = Front::nginx(&site.place(example), "/backstage", site.directory.path());
    paths_arrive_where_they_belong(&site, &front).await;
    a_page_has_all_that_it_needs(&site, &front).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caddy_example_of_the_page_serves_both() {
    let site = Site::new("").await;
    let front = Front::caddy(&site.place(Example::caddy()), "", site.directory.path());
    paths_arrive_where_they_belong(&site, &front).await;
    a_page_has_all_that_it_needs(&site, &front).await;
}
