//! The reverse proxies of docs/beside-backstage.md: the examples as the page has them, in the real
//! programs, between a browser and the real server. And the commands of docs/operating.md, on an
//! empty machine, up to a portal behind nginx and on PostgreSQL.
//!
//! Left out of a plain `cargo test` (`test = false`), since not every machine has nginx, Caddy and a
//! PostgreSQL; `cargo xtask test --only beside` installs them and runs it.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;
#[path = "beside/front.rs"]
mod front;
#[path = "beside/machine.rs"]
mod machine;
#[path = "beside/page.rs"]
mod page;
#[expect(dead_code, reason = "other tests use more of it")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use cluster::Cluster;
use coder_core::SystemClock;
use coder_testkit::{Browser, FakeCoder, FakeServer, FakeUser, Fault};
use front::{Backstage, Front};
use machine::{Machine, commands, quoted, way_out};
use page::Example;
use reqwest::{RequestBuilder, StatusCode, Version};
use serde_json::Value;
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
    /// Starts the portal of this path below the host, with a proxy to Coder.
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

/// Opens a stream of events, and reads until it has said this. One that is held back never does.
async fn listen(request: RequestBuilder, text: &str) {
    let listening = async {
        let mut stream = request.send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK, "{stream:?}");
        let mut heard = String::new();
        while !heard.contains(text) {
            let chunk = stream.chunk().await.unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("it ends without `{text}`: {heard}"));
            heard += std::str::from_utf8(&chunk).unwrap();
        }
    };
    // Long, for a busy machine, and shorter than any number of pings that fill a buffer.
    let listening = tokio::time::timeout(Duration::from_secs(20), listening).await;
    assert!(listening.is_ok(), "`{text}` is held back");
}

/// Checks that each path arrives where the page says, below this prefix.
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

/// Signs a person in, whose page has live states, Coder's API, its events and its WebSockets.
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
    let seen = format!("/api/proxy/coder/api/v2/workspaces/{workspace}");
    let answer = front.as_page(front.get(&seen), &browser).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let agent = &answer["latest_build"]["resources"][0]["agents"][0]["id"];
    let agent = agent.as_str().unwrap_or_else(|| panic!("no agent: {answer}"));
    // Its messages are small, so that a proxy with a buffer waits for more of them.
    let metadata = format!("/api/proxy/coder/api/v2/workspaceagents/{agent}/watch-metadata");
    for (path, event) in [(live, "event: workspace\n"), (metadata, "event: data\n")] {
        // Over HTTP/1.1, nginx waits for 1,460 bytes; over HTTP/2 it does not.
        for request in [front.get(&path), front.get_over_http1(&path)] {
            listen(front.as_page(request, &browser), event).await;
        }
    }

    let socket = front.as_page(front.handshake(&format!("{seen}/watch-ws")), &browser);
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

#[tokio::test(flavor = "multi_thread")]
async fn the_caddy_example_with_a_prefix_takes_it_off() {
    let site = Site::new("/backstage").await;
    let example = Example::caddy_with_prefix();
    let front = Front::caddy(&site.place(example), "/backstage", site.directory.path());
    paths_arrive_where_they_belong(&site, &front).await;
    a_page_has_all_that_it_needs(&site, &front).await;
}

#[test]
fn each_way_to_sign_in_is_an_app_config_without_a_mistake() {
    let mut machine = Machine::new("https://coder.example.com");
    for name in ["CODER_OAUTH_CLIENT_ID", "CODER_OAUTH_CLIENT_SECRET", "BACKSTAGE_CATALOG_TOKEN"] {
        machine.set(name, "0123456789");
    }
    let base = "app: { baseUrl: 'https://portal.example.com' }
backend: { baseUrl: 'https://portal.example.com' }
";
    machine.write("base.yaml", base);
    let ways = Example::app_configs();
    assert_eq!(ways.len(), 3);
    // The last one, Coder as an account, is what the others add to.
    machine.write("account.yaml", ways[2].text());
    for way in &ways {
        machine.write("way.yaml", way.text());
        let files = "--config base.yaml --config account.yaml --config way.yaml";
        machine.run(&format!("coder-backstage config check --strict {files}"));
    }
}

/// Returns the text without the lines that have this in them.
fn lines_without(text: &str, part: &str) -> String {
    text.lines()
        .filter(|line| !line.contains(part))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Registers, checks, serves, looks from outside and lists who is signed in, in the page's words.
///
/// Backstage is a stand-in here, people are in a file, and Coder is the fake. Nobody installs the
/// server as a service, and the public name is found by a proxy to the outside.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_operators_page_lead_to_a_working_portal() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let builder = FakeCoder::builder().clock(Arc::new(SystemClock));
    let coder = FakeServer::start(builder).await.unwrap();
    let alice = coder.coder().add_user("alice");
    let owner = coder.coder().add_owner("owner");
    let deployment = coder.coder().url().as_str().trim_end_matches('/').to_owned();
    let backstage = Backstage::start().await;
    let port = front::free_port();
    let mut machine = Machine::new(&deployment);
    write_people(machine.directory(), &["alice"]);

    for command in commands("Starting it") {
        if command.starts_with("coder-backstage register ") {
            machine.set("CODER_SESSION_TOKEN", owner.session_token.expose());
            let told = machine.run(command);
            machine.unset("CODER_SESSION_TOKEN");
            let key = machine.run(quoted("openssl rand -base64 32"));
            let store = quoted("{ type: postgres, url: '${DATABASE_URL}' }");
            let (config, variables) = told.split_once("In the environment").unwrap();
            let (_, config) = config.split_once("In app-config.yaml:").unwrap();
            // Files in the place of the Backstage's catalog, as the printed comment says.
            let config = lines_without(config, "catalog: { type: backstage");
            machine.write("app-config.yaml", &(config + PEOPLE));
            machine.write(
                "app-config.production.yaml",
                &format!(
                    "backend: {{ listen: '127.0.0.1:{port}' }}
coder: {{ session: {{ keys: ['{}'], store: {store} }} }}
",
                    key.trim()
                ),
            );
            for (name, value) in variables.lines().filter_map(|line| line.split_once('=')) {
                machine.set(name, value);
            }
            machine.set("DATABASE_URL", database.url().expose());
        } else if command.starts_with("coder-backstage serve ") {
            machine.serve(command, port);
        } else {
            machine.run(command);
        }
    }

    let example = Example::nginx().with("127.0.0.1:7008", &format!("127.0.0.1:{port}"));
    let example = example.with("127.0.0.1:7007", backstage.address());
    let front = Front::nginx(&example, "", machine.directory());
    // From outside, by the public name, with an authority of our own.
    machine.set("SSL_CERT_FILE", front.authority());
    machine.set("HTTPS_PROXY", way_out(front.port()).await);
    let check =
        commands("Starting it").into_iter().find(|it| it.contains("backstage check ")).unwrap();
    let outside = quoted("--from-outside https://portal.example.com");
    let found = machine.run(&format!("{check} {outside} --hold 1 --strict"));
    assert!(found.contains("\ngood       outside: "), "{found}");
    assert!(!found.contains("wrong "), "{found}");

    let mut browser = Browser::new().environment("production");
    let message = browser.sign_in(&front, coder.coder(), &alice).await;
    assert!(!message["response"]["backstageIdentity"].is_null(), "{message}");
    machine.set("BACKSTAGE_ENV", "production");
    let list = commands("Who is signed in, and ending that").remove(0);
    let sessions = machine.run(list);
    assert!(sessions.contains("alice"), "{sessions}");
}
