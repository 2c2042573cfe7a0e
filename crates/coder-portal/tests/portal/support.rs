//! The seeds' own example as files, a fake Coder, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::MemoryAuthStore;
use coder_config::{AppConfig, ConfigErrors, ConfigSources, Entity, Environment, parse_entities};
use coder_core::{Body, Secret, TokioRuntime, Transport, World};
use coder_portal::{Portal, PortalError};
use coder_testkit::{FakeApp, FakeCoder, FakeUser, SeededRandom, Site};
use http::{Request, Response};
use serde_json::json;

pub(crate) use coder_testkit::{Answer, Browser};

pub(crate) const PORTAL: &str = Browser::PORTAL;
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

impl Site for House {
    async fn answer(&self, request: Request<Bytes>) -> Response<Body> {
        self.portal.handle(request).await
    }
}

/// Returns the routes of a portal.
pub(crate) fn routes(portal: &Portal) -> impl Site {
    |request| portal.handle(request)
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
    portal_of(Arc::new(MemoryCatalog::new(entities(CATALOG))), config, world)
}

/// Reads the entities of a file.
fn entities(catalog: &str) -> Vec<Entity> {
    parse_entities("catalog-info.yaml", catalog).into_iter().map(Result::unwrap).collect()
}

/// Makes the portal of this catalog.
fn portal_of(
    catalog: Arc<MemoryCatalog>,
    config: &AppConfig,
    world: &World,
) -> Result<Portal, PortalError> {
    Portal::from_config(config, world, catalog, Arc::new(MemoryAuthStore::new()))
}

impl House {
    /// Makes the portal of the seeds' example, in front of the fake's in-process door.
    pub(crate) fn new() -> Self {
        Self::with_catalog(CATALOG)
    }

    /// Makes the portal of the seeds' example with these entities.
    pub(crate) fn with_catalog(catalog: &str) -> Self {
        Self::of(FakeCoder::new(), catalog)
    }

    /// Makes the same in front of this Coder.
    pub(crate) fn of(coder: FakeCoder, catalog: &str) -> Self {
        Self::behind(coder.clone(), coder, catalog)
    }

    /// Makes the same, where requests to that Coder go through this network.
    pub(crate) fn behind(
        network: impl Transport + 'static,
        coder: FakeCoder,
        catalog: &str,
    ) -> Self {
        Self::made(network, coder, catalog, "")
    }

    /// Makes the same with a file of further settings.
    pub(crate) fn with_settings(coder: FakeCoder, catalog: &str, settings: &str) -> Self {
        Self::made(coder.clone(), coder, catalog, settings)
    }

    fn made(
        network: impl Transport + 'static,
        coder: FakeCoder,
        catalog: &str,
        settings: &str,
    ) -> Self {
        let app = coder.add_oauth2_app("backstage", CALLBACK);
        coder.add_template("devcontainers");
        let variables = variables(&coder, &app);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, &**value)).collect();
        let local = format!("{APP_CONFIG_LOCAL}{settings}");
        let files = [("app-config.yaml", APP_CONFIG), ("app-config.local.yaml", &*local)];
        let config = load(&files, &variables).unwrap();
        let catalog = Arc::new(MemoryCatalog::new(entities(catalog)));
        let portal = portal_of(catalog, &config, &world(network, &coder)).unwrap();
        Self { coder, portal }
    }

    pub(crate) async fn signed_in(&self, user: &FakeUser) -> Browser {
        let mut browser = visitor();
        let message = browser.sign_in(self, &self.coder, user).await;
        assert_eq!(message.get("error"), None, "{message}");
        browser
    }
}

/// Makes a browser in the environment of the example.
pub(crate) fn visitor() -> Browser {
    Browser::new().environment("production")
}

pub(crate) async fn ask(portal: &Portal, request: http::request::Builder) -> Answer {
    send(portal, request, Bytes::new()).await
}

pub(crate) async fn send(portal: &Portal, request: http::request::Builder, body: Bytes) -> Answer {
    Answer::to(&routes(portal), request, body).await
}

/// Hands over a Coder session token.
pub(crate) async fn link(browser: &Browser, portal: &Portal, token: &Secret) -> Answer {
    let request = browser.script_request("POST", "/api/coder/v1/link");
    let request = request.header("content-type", "application/json");
    send(portal, request, json!({ "token": token.expose() }).to_string().into()).await
}

/// A signed-in person, who sends requests as a script of the portal's page does.
pub(crate) struct Page<'a> {
    pub(crate) house: &'a House,
    browser: Browser,
}

impl<'a> Page<'a> {
    pub(crate) async fn open(house: &'a House, user: &FakeUser) -> Self {
        let page = Self { house, browser: house.signed_in(user).await };
        // The host names of the deployment's apps are known for 10 minutes from the first list on.
        page.get("/workspaces").await;
        house.coder.forget_requests();
        page
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, "").await
    }

    pub(crate) async fn post(&self, target: &str, body: &serde_json::Value) -> Answer {
        self.ask("POST", target, &body.to_string()).await
    }

    /// Sends a request below `/api/coder/v1`, with a body in JSON if it is not empty.
    pub(crate) async fn ask(&self, method: &str, target: &str, body: &str) -> Answer {
        send(
            &self.house.portal,
            self.request(method, target),
            Bytes::copy_from_slice(body.as_bytes()),
        )
        .await
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> http::request::Builder {
        self.browser
            .script_request(method, &format!("/api/coder/v1{target}"))
            .header("content-type", "application/json")
    }

    /// Returns the requests to Coder since the last call, without those that confirm the credential.
    pub(crate) fn cost(&self) -> Vec<String> {
        let asked = self.house.coder.requests();
        self.house.coder.forget_requests();
        asked
            .iter()
            .filter(|request| !request.is("GET", "/api/v2/users/me"))
            .map(|request| format!("{} {}", request.method, request.path))
            .collect()
    }
}
