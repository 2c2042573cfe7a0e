//! The examples of signing in, as processes of their own, with a browser between them and a fake
//! Coder.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::MemoryAuthStore;
use coder_config::{AppConfig, ConfigSources, Environment, parse_entities};
use coder_core::{ReqwestTransport, Transport as _, World};
use coder_portal::Portal;
use coder_testkit::{FakeApp, FakeCoder, FakeServer};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use url::Url;

/// A process of an example; it ends with this.
struct Server {
    url: String,
    _process: Child,
}

impl Server {
    async fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Self { url, _process: process }
    }
}

const PEOPLE: &str = "
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice.smith, annotations: { acme.example/coder-user: asmith } }
spec: { memberOf: [payments] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: bob }
spec: { memberOf: [] }
";

/// Writes the configuration that the example shows, for this Coder.
fn configured(coder: &FakeCoder, app: &FakeApp) -> PathBuf {
    let text = include_str!("../src/bin/own_resolver.rs");
    let (_, yaml) = text.split_once("```yaml\n").unwrap();
    let (yaml, _) = yaml.split_once("```").unwrap();
    let yaml: String =
        yaml.lines().map(|line| format!("{}\n", line.get(4..).unwrap_or(""))).collect();
    let yaml = yaml
        .replace("https://coder.example.com", coder.url().as_str())
        .replace("${CODER_OAUTH_CLIENT_ID}", &app.client_id)
        .replace("${CODER_OAUTH_CLIENT_SECRET}", app.client_secret.expose())
        .replace("backend: {", "backend: { listen: '127.0.0.1:0',");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own_resolver");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("app-config.yaml"), yaml).unwrap();
    std::fs::write(directory.join("people.yaml"), PEOPLE).unwrap();
    directory
}

#[derive(Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    async fn get(&mut self, url: &str) -> Response<Bytes> {
        let cookies: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get(url)
            .header(COOKIE, cookies.join("; "))
            .header("x-requested-with", "XMLHttpRequest")
            .body(Bytes::new())
            .unwrap();
        let response = send(request).await;
        for header in response.headers().get_all(SET_COOKIE) {
            let cookie = header.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        response
    }

    /// Goes through a whole login at the portal whose pages are at `page`, and returns what
    /// `refresh` says then.
    async fn sign_in(&mut self, portal: &str, page: &str, coder: &FakeCoder, user: &str) -> Value {
        let user = coder.add_user(user);
        let start = format!(
            "{portal}/api/auth/coder/start?env=development&flow=redirect&redirectUrl={page}"
        );
        let response = self.get(&start).await;
        let authorize = response.headers()[LOCATION].to_str().unwrap();
        let callback: Url = coder.approve(authorize, &user).unwrap();
        let back = format!("{portal}{}?{}", callback.path(), callback.query().unwrap());
        let response = self.get(&back).await;
        assert_eq!(response.status(), StatusCode::FOUND);
        let refreshed = self.get(&format!("{portal}/api/auth/coder/refresh?env=development")).await;
        serde_json::from_slice(refreshed.body()).unwrap()
    }
}

async fn send(request: Request<Bytes>) -> Response<Bytes> {
    let answer = ReqwestTransport::new("examples/1.0").unwrap().send(request).await.unwrap();
    let (head, body) = answer.into_parts();
    Response::from_parts(head, body.collect(1 << 20).await.unwrap())
}

const CALLBACK: &str = "http://localhost:7007/api/auth/coder/handler/frame";

#[tokio::test]
async fn own_resolver_signs_in_by_its_rule_and_then_by_backstages() {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let app = server.coder().add_oauth2_app("backstage", CALLBACK);
    let directory = configured(server.coder(), &app);
    let mut command = Command::new(env!("CARGO_BIN_EXE_own_resolver"));
    let portal = Server::start(command.current_dir(directory)).await;
    let page = "http://localhost:7007";
    for (user, entity) in [("asmith", "user:default/alice.smith"), ("bob", "user:default/bob")] {
        let signed_in = Browser::default().sign_in(&portal.url, page, server.coder(), user).await;
        let identity = &signed_in["backstageIdentity"]["identity"];
        assert_eq!(identity["userEntityRef"], entity, "{signed_in}");
    }
}

/// Starts a portal in this process, where its configuration says it is.
async fn portal(coder: &FakeCoder) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = coder.add_oauth2_app("backstage", &format!("{url}/api/auth/coder/handler/frame"));
    let yaml = format!(
        "app: {{ baseUrl: {url} }}
backend: {{ baseUrl: {url} }}
auth:
  providers:
    coder:
      development:
        clientId: {}
        clientSecret: {}
        deploymentUrl: {}
        signIn: {{ resolvers: [{{ resolver: usernameMatchingUserEntityName }}] }}
",
        app.client_id,
        app.client_secret.expose(),
        coder.url(),
    );
    let files: BTreeMap<String, String> = [("app-config.yaml".to_owned(), yaml)].into();
    let environment = Environment::default();
    let loaded = ConfigSources::new(&files, &environment).load().unwrap();
    let config = AppConfig::from_loaded(&loaded).unwrap();
    let people = parse_entities("people.yaml", PEOPLE).into_iter().map(Result::unwrap);
    let catalog = MemoryCatalog::new(people);
    let world = World::native(ReqwestTransport::new("portal/1.0").unwrap()).unwrap();
    let portal = Portal::from_config(&config, &world, catalog, MemoryAuthStore::new()).unwrap();
    // It ends with the test's runtime.
    tokio::spawn(async { axum::serve(listener, coder_axum::router::<()>(portal)).await });
    url
}

#[tokio::test]
async fn protected_route_greets_those_who_are_signed_in_to_the_portal() {
    let server = FakeServer::start(FakeCoder::builder()).await.unwrap();
    let portal = portal(server.coder()).await;
    let signed_in = Browser::default().sign_in(&portal, &portal, server.coder(), "bob").await;
    let token = signed_in["backstageIdentity"]["token"].as_str().unwrap();

    let mut command = Command::new(env!("CARGO_BIN_EXE_protected_route"));
    let command = command.env("LISTEN", "127.0.0.1:0");
    let service = Server::start(command.env("AUTH_URL", format!("{portal}/api/auth"))).await;
    let hello = async |token: Option<&str>| {
        let mut request = Request::get(format!("{}/hello", service.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = send(request.body(Bytes::new()).unwrap()).await;
        (response.status(), String::from_utf8_lossy(response.body()).into_owned())
    };
    let greeting = "hello, user:default/bob".to_owned();
    assert_eq!(hello(Some(token)).await, (StatusCode::OK, greeting));
    assert_eq!(hello(None).await.0, StatusCode::UNAUTHORIZED);
    let forged = token.replacen('.', ".e30.", 1);
    assert_eq!(hello(Some(&forged)).await.0, StatusCode::UNAUTHORIZED);
}
