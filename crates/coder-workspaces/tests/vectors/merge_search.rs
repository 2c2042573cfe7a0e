//! The plugin's search for the workspaces of a repository.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_core::{Body, RetryPolicy, Transport, TransportError, TransportErrorKind};
use coder_testkit::TestClock;
use coder_testkit::recordings::Json;
use coder_workspaces::{AssetUrls, EntityWorkspacesConfig, Owner, Search};
use http::{Request, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::suite::{Outcome, hold_without};

#[test]
fn merge_search() {
    // The path is that of the plugin's proxy.
    hold_without("merge_search", &["path"], run);
}

fn run(input: &Json) -> Outcome {
    match input.text("op") {
        "appendParamToQuery" => append(input),
        // Whether a front end asks at all is its own decision here.
        "queryOptions" => Err("NoQueryOptions".to_owned()),
        _ => tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(search(input)),
    }
}

fn append(input: &Json) -> Outcome {
    let query = input.get("query").and_then(Json::as_str).unwrap_or_default();
    let filter = WorkspaceFilter::from_query(query)
        .and_then(|filter| filter.param(input.text("key"), input.text("value")))
        .map_err(|_| "FilterError".to_owned())?;
    Ok(Json::String(filter.to_string()))
}

async fn search(input: &Json) -> Outcome {
    let request = input.get("request").expect("a request");
    let written = request.get("q").and_then(Json::as_str).unwrap_or_default();
    let filter = WorkspaceFilter::from_query(written).map_err(|_| "FilterError")?;
    if input.get("identityError").is_some() || input.get("discoveryError").is_some() {
        // Both happen before anything here is called.
        return Err("Error".to_owned());
    }
    let coder = Recorded::new(input);
    let config = input.get("config").expect("a config");
    let found = if input.text("op") == "getWorkspaces" {
        let page = coder.client().send(&ListWorkspaces::new(filter)).await;
        page.map(|page| page.workspaces.into()).map_err(|_| "AxiosError")?
    } else {
        let mut app = WorkspacesConfig::new("https://coder.test".parse().unwrap());
        let keys = config.get("repoUrlParamKeys").and_then(Json::as_list).expect("keys");
        app.repo_url_param_keys = keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect();
        let repository = config.get("repoUrl").and_then(Json::as_str);
        let repository =
            repository.and_then(|url| Repository::from_url(url, &ScmIntegrations::default()).ok());
        let entity = EntityWorkspacesConfig::resolve(&app, None, repository.as_ref());
        let search = Search::new(&entity).owner(Owner::Everyone).filter(filter);
        search.run(&coder.client()).await.map_err(|_| "Error")?.workspaces
    };
    let names: Vec<Value> = found
        .iter()
        .map(|workspace| {
            let mut shown = json!({"id": short(&workspace.id.to_string()), "name": workspace.name});
            if !workspace.template_icon.is_empty() {
                shown["template_icon"] = json!(icon(&workspace.template_icon));
            }
            shown
        })
        .collect();
    let ids: Vec<&Value> = names.iter().map(|workspace| &workspace["id"]).collect();
    let result = json!({
        "requests": coder.requests(),
        "workspaceIds": ids,
        "workspaces": names,
        "count": found.len(),
    });
    Ok(Json::parse(&result.to_string()))
}

/// Returns an icon as a portal shows it.
fn icon(icon: &str) -> Option<String> {
    let assets = AssetUrls::from_url("https://origin.invalid/api/proxy/coder").unwrap();
    Some(String::from(assets.icon(icon)?).replace("https://origin.invalid", "<origin>"))
}

/// Answers in order what the recording answered, with ids that Coder could have.
#[derive(Clone)]
struct Recorded {
    responses: Arc<Vec<Json>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Recorded {
    fn new(input: &Json) -> Self {
        let responses = input.get("responses").and_then(Json::as_list).unwrap_or_default();
        Self { responses: Arc::new(responses.to_vec()), asked: Arc::default() }
    }

    fn client(&self) -> Client {
        let world = TestClock::starting_at(Timestamp::UNIX_EPOCH).world(self.clone());
        Client::new(&world, "https://coder.test".parse().unwrap()).with_retry(RetryPolicy::NEVER)
    }

    /// Returns the requests as the plugin would have sent them: one spelling of the repository,
    /// through its proxy.
    fn requests(&self) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|query| json!({"q": one_spelling(query)})).collect()
    }
}

/// Removes the spellings that come after a key's first one from the query.
fn one_spelling(query: &str) -> String {
    let mut seen = Vec::new();
    let mut kept = String::new();
    for (index, term) in query.split(" param:\"").enumerate() {
        let key = term.split('=').next().unwrap().trim_start_matches("param:\"");
        let is_term = index > 0 || term.starts_with("param:\"");
        if !is_term || !seen.contains(&key) {
            kept += if index > 0 { " param:\"" } else { "" };
            kept += term;
        }
        if is_term {
            seen.push(key);
        }
    }
    kept
}

#[async_trait]
impl Transport for Recorded {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let url = Url::parse(&request.uri().to_string()).unwrap();
        let query = url.query_pairs().find(|(name, _)| name == "q").map(|(_, q)| q.into_owned());
        let place = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(query.unwrap_or_default());
            asked.len() - 1
        };
        let Some(response) = self.responses.get(place) else {
            return Err(TransportError::new(TransportErrorKind::Connect));
        };
        if response.get("fault").is_some() {
            return Err(TransportError::new(TransportErrorKind::Interrupted));
        }
        let status = response.get("status").map_or(200, |status| match status {
            Json::Number(status, _) => *status as u16,
            _ => panic!("no status: {status:?}"),
        });
        let body = match response.get("rawBody").and_then(Json::as_str) {
            Some(raw) => whole_body(raw),
            None => page(response).to_string(),
        };
        let answer = Response::builder().status(status).header("content-type", "application/json");
        Ok(answer.body(Body::from(body)).unwrap())
    }
}

/// Completes a recorded text; if it holds workspaces, they become whole ones.
fn whole_body(raw: &str) -> String {
    let text = raw.trim_start_matches('\u{feff}');
    let Ok(json) = serde_json::from_str::<Json>(text) else { return raw.to_owned() };
    let workspaces = json.get("workspaces").and_then(Json::as_list);
    if !workspaces.is_some_and(|list| list.iter().all(|one| matches!(one, Json::Map(_)))) {
        return raw.to_owned();
    }
    raw.replace(text, &page(&json).to_string())
}

/// Returns the recorded workspaces, each as a whole one.
fn page(response: &Json) -> Value {
    let workspaces = response.get("workspaces").and_then(Json::as_list).unwrap_or_default();
    let whole = workspaces.iter().map(|recorded| {
        let mut whole: Value =
            serde_json::from_str(include_str!("../fixtures/workspace_running.json")).unwrap();
        whole["id"] = Value::Null;
        whole["template_icon"] = json!("");
        for (key, value) in recorded.to_value().as_object().unwrap() {
            whole[key] = if key == "id" { long(value) } else { value.clone() };
        }
        whole
    });
    let whole: Vec<Value> = whole.collect();
    json!({"count": whole.len(), "workspaces": whole})
}

/// Converts an id of a recording to a UUID that holds its text.
fn long(id: &Value) -> Value {
    let Some(text) = id.as_str().filter(|text| text.len() < 16) else { return id.clone() };
    let mut bytes = [0; 16];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    json!(coder_client::WorkspaceId::from(uuid::Uuid::from_bytes(bytes)).to_string())
}

fn short(id: &str) -> String {
    let bytes = uuid::Uuid::parse_str(id).unwrap().into_bytes();
    let text: Vec<u8> = bytes.into_iter().take_while(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&text).into_owned()
}
