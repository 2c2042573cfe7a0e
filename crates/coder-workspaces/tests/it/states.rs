//! The engine in each state that real agents were seen in, by the recorded answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_client::Client;
use coder_client::models::Workspace;
use coder_core::{Body, RetryPolicy, Transport, TransportError};
use coder_testkit::TestClock;
use coder_workspaces::{
    Availability, ManageWorkspace, NotCreatable, NotReady, OpenWorkspace, WorkspacesError,
};
use http::{Method, Request, Response};
use include_dir::{Dir, include_dir};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::expectations::{Expectation, expected, states};
use crate::open::entity;
use crate::{async_test, test};

static LIVE: Dir<'_> =
    include_dir!("$CARGO_MANIFEST_DIR/../coder-conformance/recorded/2.36.0/live");

/// Returns what a real Coder said of a workspace in this state.
pub(crate) fn recorded(state: &str) -> Option<Value> {
    let file = LIVE.get_file(format!("{state}-workspace.json"))?;
    let answer: Value = serde_json::from_str(file.contents_utf8()?).ok()?;
    Some(answer["body"].clone())
}

fn recorded_states() -> Vec<String> {
    let names = LIVE.files().filter_map(|file| file.path().to_str());
    names.filter_map(|name| name.strip_suffix("-workspace.json")).map(str::to_owned).collect()
}

/// Finds the latest moment that an answer tells of: it was asked for right then.
fn moment(answer: &Value) -> Timestamp {
    match answer {
        Value::String(text) => text.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        Value::Array(items) => items.iter().map(moment).max().unwrap_or_default(),
        Value::Object(members) => members.values().map(moment).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Timestamp::UNIX_EPOCH,
    }
}

/// A Coder with one workspace, in which nothing changes but what it is asked for.
#[derive(Clone)]
struct Still {
    workspace: Arc<Mutex<Value>>,
    ordered: Arc<Mutex<Vec<&'static str>>>,
    now: Timestamp,
}

impl Still {
    fn client(&self) -> Client {
        let world = TestClock::starting_at(self.now).world(self.clone());
        Client::new(&world, "https://coder.test".parse().unwrap()).with_retry(RetryPolicy::NEVER)
    }

    fn answer(&self, method: &Method, path: &str) -> (u16, Value) {
        let mut workspace = self.workspace.lock().unwrap();
        let order = |what| self.ordered.lock().unwrap().push(what);
        match (method, path) {
            (&Method::GET, "/api/v2/workspaces") => {
                (200, json!({ "count": 1, "workspaces": [*workspace] }))
            }
            (&Method::GET, path) if path.starts_with("/api/v2/workspaces/") => {
                (200, workspace.clone())
            }
            (&Method::GET, path) if path.ends_with("/logs") => (200, json!([])),
            (&Method::PUT, path) if path.ends_with("/dormant") => {
                order("wakes");
                workspace["dormant_at"] = Value::Null;
                (200, workspace.clone())
            }
            (&Method::POST, path) if path.ends_with("/builds") => {
                if workspace["latest_build"]["status"] == "deleted" {
                    return (409, json!({ "message": "Cannot start a deleted workspace!" }));
                }
                order("starts");
                let build = &mut workspace["latest_build"];
                build["transition"] = "start".into();
                (build["status"], build["job"]["status"]) = ("pending".into(), "pending".into());
                (201, build.clone())
            }
            _ => (404, json!({ "message": "Resource not found" })),
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl Transport for Still {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let (status, body) = self.answer(request.method(), request.uri().path());
        let response =
            Response::builder().status(status).header("content-type", "application/json");
        Ok(response.body(Body::from(body.to_string())).unwrap())
    }
}

/// Returns what opening and starting a workspace do that is in this state at this moment.
async fn verdicts(workspace: &Value, now: Timestamp) -> [String; 2] {
    let still = || Still {
        workspace: Arc::new(Mutex::new(workspace.clone())),
        ordered: Arc::default(),
        now,
    };
    let verdict = |still: &Still, outcome: Result<(), WorkspacesError>| {
        let mut all = still.ordered.lock().unwrap().clone();
        match outcome {
            Ok(()) => all.push("ready"),
            Err(WorkspacesError::NotReady { problem: NotReady::TimedOut { .. }, .. })
                if all.contains(&"starts") => {}
            Err(WorkspacesError::NotReady { problem: NotReady::TimedOut { .. }, .. }) => {
                all.push("waits")
            }
            Err(WorkspacesError::NotReady { problem: NotReady::Unusable(_), .. }) => {
                all.push("unusable")
            }
            Err(WorkspacesError::NotReady { problem: NotReady::Deleted, .. }) => {
                all.push("deleted")
            }
            Err(WorkspacesError::NotCreatable(NotCreatable::TemplateNotFound { .. })) => {
                all.push("creates")
            }
            Err(WorkspacesError::Client(error)) if error.is_not_found() => all.push("creates"),
            Err(error) => panic!("{error}"),
        }
        all.join(", ")
    };
    let entity = entity();
    let coder = still();
    let opened = OpenWorkspace::new(&entity).wait_limit(Duration::ZERO);
    let opened = verdict(&coder, opened.run(&coder.client(), |_| {}).await.map(drop));
    let coder = still();
    let (client, id) = (coder.client(), workspace["id"].as_str().unwrap().parse().unwrap());
    let manage = ManageWorkspace::new(&client, id).wait_limit(Duration::ZERO);
    let started = verdict(&coder, manage.start(|_| {}).await.map(drop));
    [opened, started]
}

/// Holds what the engine says of a workspace against a row of the table.
pub(crate) async fn holds(state: &str, workspace: &Value, now: Timestamp, wanted: Expectation) {
    let typed: Workspace = serde_json::from_value(workspace.clone()).unwrap();
    let available = Availability::new(&typed, now);
    let word = |value: Value| value.as_str().unwrap().to_owned();
    let [found, action] = [json!(available.state), json!(available.action)].map(word);
    assert_eq!(format!("{found}, {action}"), wanted.available, "{state}: {:?}", available.reason);
    assert_eq!(verdicts(workspace, now).await, wanted.verdicts, "{state}");
}

#[test]
fn the_table_has_a_row_for_each_recorded_state() {
    let recorded = recorded_states();
    assert_eq!(recorded.len(), 41);
    for state in recorded {
        expected(&state);
    }
}

#[async_test]
async fn each_recorded_state_is_answered_as_the_table_says() {
    for state in states() {
        let Some(workspace) = recorded(state) else { continue };
        let [at_once, later] = expected(state);
        let now = moment(&workspace);
        holds(state, &workspace, now, at_once).await;
        holds(state, &workspace, now + SignedDuration::from_hours(1), later).await;
    }
}

fn reason(state: &str, minutes: i64) -> String {
    let workspace = recorded(state).unwrap();
    let now = moment(&workspace) + SignedDuration::from_mins(minutes);
    let workspace: Workspace = serde_json::from_value(workspace).unwrap();
    let reason = Availability::new(&workspace, now).reason.unwrap_or_else(|| "-".to_owned());
    format!("{state}: {}", reason.replace("; see https://example.com/help", ""))
}

#[test]
fn reasons_name_the_script_that_is_to_blame() {
    let told = [
        reason("start-error", 0),
        reason("pipes-left-open", 0),
        reason("start-timeout", 0),
        reason("shutdown-error", 0),
        reason("off", 0),
        reason("disconnected", 0),
        reason("disconnected", 1),
        reason("two-agents-one-failed-one-connecting", 0),
        reason("starting", 0),
        reason("dormant", 0),
        reason("ready", 0),
    ];
    insta::assert_snapshot!(told.join("\n"), @"
    start-error: `main`: agent startup script exited with an error; its start script `Startup` exited with code 1
    pipes-left-open: `main`: agent startup script exited with an error; its start script `Startup` ended, but something that it started holds its output open
    start-timeout: `main`: its start script `Startup` was given up after 3 s
    shutdown-error: `main`: agent has lost connection; its stop script `Bye` exited with code 4
    off: `main`: agent is not running
    disconnected: its agent `main` has lost its connection, and may come back
    disconnected: `main`: agent has lost connection
    two-agents-one-failed-one-connecting: its agent `b` has not connected yet
    starting: its agent `main` runs start scripts
    dormant: it still runs, but was not used for long
    ready: -
    ");
}
