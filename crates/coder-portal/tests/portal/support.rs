//! The seeds' own example as files, a fake Coder, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::MemoryAuthStore;
use coder_config::{AppConfig, ConfigErrors, ConfigSources, Environment, parse_entities};
use coder_core::{Body, Secret, TokioRuntime, Transport, World};
use coder_portal::{Portal, PortalError};
use coder_testkit::{FakeApp, FakeCoder, FakeUser, SeededRandom};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

pub(crate) const PORTAL: &str = "https://portal.example.com";
const CALLBACK: &str = "https://portal.example.com/api/auth/coder/handler/frame";

pub(crate) const APP_CONFIG: &str = "\
app:
  baseUrl: https://portal.example.com
backend:
  baseUrl: https://portal.example.com
  listen: ':7007'
auth:
  environment: ${AUTH_ENVIRONMENT:-production}
  providers:
    coder:
      production:
        clientId: ${CODER_OAUTH_CLIENT_ID}
        clientSecret: ${CODER_OAUTH_CLIENT_SECRET}
        deploymentUrl: ${CODER_DEPLOYMENT_URL}
coder:
  deployment:
    accessUrl: https://coder.test
  workspaces:
    defaultTemplateName: devcontainers
    defaultMode: manual
    repoUrlParamKeys: [custom_repo, repo_url]
    params:
      repo: custom
      region: eu-helsinki
";

pub(crate) const APP_CONFIG_LOCAL: &str = "\
auth:
  providers:
    coder:
      production:
        signIn:
          resolvers:
            - resolver: usernameMatchingUserEntityName
";

pub(crate) const CATALOG: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: python-project
  title: Python project
  description: The one of the example
  annotations:
    backstage.io/source-location: url:https://github.com/acme/python-project/tree/main/
spec:
  type: other
  lifecycle: unknown
  owner: pms
  coder:
    templateName: 'devcontainers'
    mode: 'auto'
    params:
      repo: 'custom'
      region: 'us-pittsburgh'
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: no-repository
spec: { type: other, lifecycle: unknown, owner: pms }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [pms] }
";

pub(crate) struct House {
    pub(crate) coder: FakeCoder,
    pub(crate) portal: Portal,
}

pub(crate) fn load(
    files: &[(&str, &str)],
    env: &[(&str, &str)],
) -> Result<AppConfig, ConfigErrors> {
    let files: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let environment: Environment = env.iter().copied().collect();
    AppConfig::from_loaded(&ConfigSources::new(&files, &environment).load()?)
}

pub(crate) fn world(transport: impl Transport + 'static, coder: &FakeCoder) -> World {
    World {
        transport: Arc::new(transport),
        clock: coder.clock(),
        random: Arc::new(SeededRandom::new("portal")),
        runtime: Arc::new(TokioRuntime::current().unwrap()),
    }
}

pub(crate) fn variables(coder: &FakeCoder, app: &FakeApp) -> Vec<(&'static str, String)> {
    vec![
        ("CODER_OAUTH_CLIENT_ID", app.client_id.clone()),
        ("CODER_OAUTH_CLIENT_SECRET", app.client_secret.expose().to_owned()),
        ("CODER_DEPLOYMENT_URL", coder.url().to_string()),
    ]
}

pub(crate) fn portal(config: &AppConfig, world: &World) -> Result<Portal, PortalError> {
    portal_of(CATALOG, config, world)
}

/// The portal of these entities.
fn portal_of(catalog: &str, config: &AppConfig, world: &World) -> Result<Portal, PortalError> {
    let entities = parse_entities("catalog-info.yaml", catalog).into_iter().map(Result::unwrap);
    let catalog = Arc::new(MemoryCatalog::new(entities));
    Portal::from_config(config, world, catalog, Arc::new(MemoryAuthStore::new()))
}

impl House {
    /// The portal of the seeds' example, in front of the fake's in-process door.
    pub(crate) fn new() -> Self {
        Self::with_catalog(CATALOG)
    }

    /// The same with these entities.
    pub(crate) fn with_catalog(catalog: &str) -> Self {
        let coder = FakeCoder::new();
        let app = coder.add_oauth2_app("backstage", CALLBACK);
        coder.add_template("devcontainers");
        let variables = variables(&coder, &app);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, &**value)).collect();
        let files = [("app-config.yaml", APP_CONFIG), ("app-config.local.yaml", APP_CONFIG_LOCAL)];
        let config = load(&files, &variables).unwrap();
        let portal = portal_of(catalog, &config, &world(coder.clone(), &coder)).unwrap();
        Self { coder, portal }
    }

    pub(crate) async fn signed_in(&self, user: &FakeUser) -> Browser {
        let mut browser = Browser::default();
        let message = browser.sign_in(&self.portal, &self.coder, user).await;
        assert_eq!(message.get("error"), None, "{message}");
        browser
    }
}

#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap().to_owned()
    }
}

pub(crate) async fn ask(portal: &Portal, request: http::request::Builder) -> Answer {
    send(portal, request, Bytes::new()).await
}

pub(crate) async fn send(portal: &Portal, request: http::request::Builder, body: Bytes) -> Answer {
    let response: Response<Body> = portal.handle(request.body(body).unwrap()).await;
    let (head, body) = response.into_parts();
    Answer {
        status: head.status,
        headers: head.headers,
        body: body.collect(1 << 20).await.unwrap(),
    }
}

impl Browser {
    pub(crate) fn request(&self, method: &str, target: &str) -> http::request::Builder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().method(method).uri(target);
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) }
    }

    /// As a script of the portal's pages asks.
    pub(crate) async fn ajax(&self, portal: &Portal, method: &str, target: &str) -> Answer {
        let request = self.request(method, target);
        let request = request.header("x-requested-with", "XMLHttpRequest").header("origin", PORTAL);
        ask(portal, request).await
    }

    /// Hands over a Coder session token.
    pub(crate) async fn link(&self, portal: &Portal, token: &Secret) -> Answer {
        let request = self
            .request("POST", "/api/coder/v1/link")
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", PORTAL)
            .header("content-type", "application/json");
        send(portal, request, json!({ "token": token.expose() }).to_string().into()).await
    }

    pub(crate) async fn navigate(&mut self, portal: &Portal, target: &str) -> Answer {
        let answer = ask(portal, self.request("GET", target)).await;
        for header in answer.headers.get_all(SET_COOKIE) {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// A whole login; gives the message that the popup posts.
    pub(crate) async fn sign_in(
        &mut self,
        portal: &Portal,
        coder: &FakeCoder,
        user: &FakeUser,
    ) -> Value {
        let start = format!("/api/auth/coder/start?env=production&origin={PORTAL}&flow=popup");
        let started = self.navigate(portal, &start).await;
        assert_eq!(started.status, StatusCode::FOUND, "{:?}", started.body);
        let authorize = started.headers[LOCATION].to_str().unwrap();
        let callback: Url = coder.approve(authorize, user).unwrap();
        let target = format!("{}?{}", callback.path(), callback.query().unwrap());
        let page = self.navigate(portal, &target).await;
        let html = std::str::from_utf8(&page.body).unwrap().to_owned();
        let literal =
            html.split("decodeURIComponent('").nth(1).unwrap().split('\'').next().unwrap();
        let decoded = percent_encoding::percent_decode_str(literal).decode_utf8().unwrap();
        serde_json::from_str(&decoded).unwrap()
    }
}
