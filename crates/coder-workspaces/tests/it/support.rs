//! A world whose Coder is a function from a request's path and query to an answer.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::models::Workspace;
use coder_client::{Client, WorkspaceId};
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_core::{Body, RetryPolicy, Transport, TransportError};
use coder_testkit::TestClock;
use coder_workspaces::EntityWorkspacesConfig;
use http::{Request, Response};
use include_dir::{Dir, File, include_dir};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

pub(crate) const NOW: &str = "2026-08-20T10:00:00Z";

type Answerer = dyn Fn(&Url) -> (u16, Value) + Send + Sync;

/// Answers from a function, and remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Coder {
    answer: Arc<Answerer>,
    asked: Arc<Mutex<Vec<Url>>>,
}

impl Coder {
    pub(crate) fn new(answer: impl Fn(&Url) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), asked: Arc::default() }
    }

    /// Answers every search with these workspaces.
    pub(crate) fn listing(workspaces: &[Workspace]) -> Self {
        let page = json!({"count": workspaces.len(), "workspaces": workspaces});
        Self::new(move |_| (200, page.clone()))
    }

    pub(crate) fn client(&self) -> Client {
        let world = TestClock::starting_at(now()).world(self.clone());
        Client::new(&world, "https://coder.test".parse().unwrap()).with_retry(RetryPolicy::NEVER)
    }

    pub(crate) fn asked(&self) -> Vec<Url> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns the searches, as Coder would read them.
    pub(crate) fn queries(&self) -> Vec<String> {
        self.asked().iter().filter_map(query).collect()
    }
}

/// Returns the search in a request.
pub(crate) fn query(url: &Url) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == "q").map(|(_, query)| query.into_owned())
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for Coder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let url = Url::parse(&request.uri().to_string()).unwrap();
        self.asked.lock().unwrap().push(url.clone());
        let (status, body) = (self.answer)(&url);
        let answer = Response::builder().status(status).header("content-type", "application/json");
        Ok(answer.body(Body::from(body.to_string())).unwrap())
    }
}

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/fixtures");

/// Returns a workspace as Coder tells it.
pub(crate) fn fixture(name: &str) -> Value {
    let file = FIXTURES.get_file(format!("{name}.json")).and_then(File::contents_utf8);
    serde_json::from_str(file.unwrap_or_else(|| panic!("no {name}"))).unwrap()
}

pub(crate) fn workspace(json: Value) -> Workspace {
    serde_json::from_value(json).unwrap()
}

/// Makes workspace number `number`, called `name`, in this status and last used at this minute.
pub(crate) fn numbered(number: u32, name: &str, status: &str, minute: u32) -> Workspace {
    let mut json = fixture("workspace_running");
    json["id"] = id(number).to_string().into();
    json["name"] = name.into();
    json["latest_build"]["id"] = id(number).to_string().into();
    json["latest_build"]["status"] = status.into();
    json["last_used_at"] = format!("2026-08-20T09:{minute:02}:00Z").into();
    workspace(json)
}

pub(crate) fn id(number: u32) -> WorkspaceId {
    format!("00000000-0000-0000-0000-{number:012}").parse().unwrap()
}

/// Makes the config of an entity whose repository is `url`, held by these parameters.
pub(crate) fn entity(url: &str, keys: &[&str]) -> EntityWorkspacesConfig {
    let mut config = WorkspacesConfig::new("https://coder.test".parse().unwrap());
    config.repo_url_param_keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let repository = Repository::from_url(url, &ScmIntegrations::default()).unwrap();
    EntityWorkspacesConfig::resolve(&config, None, Some(&repository))
}
