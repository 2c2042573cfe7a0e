//! Every answer decodes, and encodes back to the same JSON; what a newer Coder adds does no harm.

use crate::support::fixture;
use crate::test;
use coder_client::Subscription as _;
use coder_client::models::*;
use coder_client::subscriptions::WatchWorkspace;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

macro_rules! fixtures {
    ($($name:literal: $model:ty,)+) => {
        #[test]
        fn every_fixture_encodes_back_to_the_same_json() {
            $(round_trip::<$model>($name);)+
        }

        #[test]
        fn unknown_fields_and_enum_values_everywhere_do_no_harm() {
            $(survives_the_future::<$model>($name);)+
        }
    };
}

fixtures! {
    "user.json": User,
    "buildinfo.json": BuildInfo,
    "buildinfo_2_38.json": BuildInfo,
    "build_parameters.json": Vec<BuildParameter>,
    "api_tokens.json": Vec<ApiKey>,
    "build_logs.json": Vec<ProvisionerJobLog>,
    "dynamic_parameters.json": DynamicParameters,
    "listening_ports.json": ListeningPorts,
    "oauth2_app.json": OAuth2App,
    "oauth2_app_2_38.json": OAuth2App,
    "oauth2_app_secrets.json": Vec<OAuth2AppSecret>,
    "oauth_metadata.json": OAuth2ServerMetadata,
    "oauth_metadata_2_38_dcr.json": OAuth2ServerMetadata,
    "oauth_protected_resource.json": OAuth2ResourceMetadata,
    "organizations.json": Vec<Organization>,
    "template.json": Template,
    "template_presets.json": Vec<Preset>,
    "template_rich_parameters.json": Vec<TemplateVersionParameter>,
    "timings.json": BuildTimings,
    "workspace_failed.json": Workspace,
    "workspace_multi_agent.json": Workspace,
    "workspace_pending_created.json": Workspace,
    "workspace_pending_queued.json": Workspace,
    "workspace_running.json": Workspace,
    "workspace_stopped.json": Workspace,
    "workspaces_list.json": WorkspacePage,
}

fn round_trip<T: DeserializeOwned + Serialize>(name: &str) {
    let original: Value = serde_json::from_str(fixture(name)).unwrap();
    let model: T = serde_json::from_value(original.clone()).unwrap();
    let again = serde_json::to_value(&model).unwrap();
    assert_eq!(same_moments(again), same_moments(original), "{name}");
}

fn survives_the_future<T: DeserializeOwned + Serialize>(name: &str) {
    let mut future: Value = serde_json::from_str(fixture(name)).unwrap();
    let enums = add_the_future(&mut future);
    let model: T = serde_json::from_value(future).unwrap_or_else(|error| panic!("{name}: {error}"));
    let again = serde_json::to_string(&model).unwrap();
    assert_eq!(again.matches("\"from-the-future\"").count(), enums, "{name}: {again}");
}

/// Rewrites moments, which have more than one spelling: Coder's `…20.0Z` is our `…20Z`.
fn same_moments(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(moment) => Value::String(moment.to_string()),
            Err(_) => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(same_moments).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, same_moments(value))).collect()
        }
        other => other,
    }
}

/// The fields that hold one of a set of words.
const ENUMS: &[&str] = &[
    "status",
    "login_type",
    "transition",
    "workspace_transition",
    "reason",
    "lifecycle_state",
    "sharing_level",
    "open_in",
    "automatic_updates",
    "error_code",
    "actor_type",
    "state",
    "type",
    "form_type",
    "health",
    "log_source",
    "log_level",
    "stage",
    "severity",
    "validation_monotonic",
    "max_port_share_level",
    "cors_behavior",
    "client_type",
];

/// The fields that hold several of a set of words.
const ENUM_LISTS: &[&str] = &["display_apps", "subsystems"];

/// The fields that hold a map whose keys are not Coder's.
const MAPS: &[&str] = &["tags", "environment_variables", "latency", "build_time_stats"];

/// Adds a field to every object and replaces every enum value; counts the latter.
fn add_the_future(value: &mut Value) -> usize {
    match value {
        Value::Array(items) => items.iter_mut().map(add_the_future).sum(),
        Value::Object(fields) => {
            let mut replaced = 0;
            for (key, field) in fields.iter_mut() {
                if ENUMS.contains(&key.as_str()) && field.is_string() && key != "reason" {
                    *field = json!("from-the-future");
                    replaced += 1;
                } else if let Some(words) =
                    field.as_array_mut().filter(|_| ENUM_LISTS.contains(&key.as_str()))
                {
                    words.push(json!("from-the-future"));
                    replaced += 1;
                } else if !MAPS.contains(&key.as_str()) {
                    replaced += add_the_future(field);
                }
            }
            fields.insert("from_the_future".to_owned(), json!({"a": [1, null]}));
            replaced
        }
        _ => 0,
    }
}

#[test]
fn a_new_secret_is_read_and_not_printed() {
    let created: NewOAuth2AppSecret =
        serde_json::from_str(fixture("oauth2_app_secret_created.json")).unwrap();
    assert!(created.client_secret_full.expose().starts_with("coder_"));
    assert!(!format!("{created:?}").contains("coder_"));
}

#[test]
fn null_lists_and_maps_are_empty() {
    let mut workspace: Value = serde_json::from_str(fixture("workspace_running.json")).unwrap();
    workspace["shared_with"] = Value::Null;
    workspace["health"]["failing_agents"] = Value::Null;
    workspace["latest_build"]["job"]["tags"] = Value::Null;
    workspace["latest_build"]["resources"][0]["agents"] = Value::Null;
    workspace["latest_build"]["resources"][0]["metadata"] = Value::Null;
    let workspace: Workspace = serde_json::from_value(workspace).unwrap();
    assert!(workspace.latest_build.resources[0].agents.is_empty());
    let page: WorkspacePage = serde_json::from_str(r#"{"workspaces": null, "count": 0}"#).unwrap();
    assert!(page.workspaces.is_empty());
}

#[test]
fn recorded_events_of_a_watch_are_read() {
    let mut watch = WatchWorkspace::new("9da8cec4-f30f-4e0a-ae17-61e9264f5deb".parse().unwrap());
    let events = fixture("watch_sse.txt").lines().filter_map(|line| line.strip_prefix("data: "));
    let mut read = 0;
    for data in events.filter(|data| data.starts_with("{\"id\"")) {
        read += watch.read(data).unwrap().len();
    }
    let mut over_web_socket = 0;
    for line in fixture("watch_ws.jsonl").lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["type"] == "data" {
            over_web_socket += watch.read(&event["data"].to_string()).unwrap().len();
        }
    }
    assert!(read > 0 && over_web_socket > 0, "{read} {over_web_socket}");
}

#[test]
fn a_login_needs_no_more_than_an_id_and_a_user_name() {
    let least = json!({"id": "8d9ecc9e-c420-4fb6-af70-6a507d110cf8", "username": "dana"});
    let user: User = serde_json::from_value(least.clone()).unwrap();
    assert_eq!((user.username.as_str(), user.email.as_str()), ("dana", ""));
    let mut odd = least;
    for field in ["email", "created_at", "updated_at", "last_seen_at", "status", "roles"] {
        odd[field] = Value::Null;
    }
    assert_eq!(serde_json::from_value::<User>(odd).unwrap(), user);
}

#[test]
fn never_is_told_as_the_year_1_or_1970() {
    for (told, used) in [
        (json!("0001-01-01T00:00:00Z"), None),
        (json!("1970-01-01T00:00:00Z"), None),
        (json!(null), None),
        (json!("2026-11-26T23:15:43.02745Z"), Some("2026-11-26T23:15:43.02745Z")),
    ] {
        let key = json!({"id": "Fyh8QbWXAX", "user_id": "8d9ecc9e-c420-4fb6-af70-6a507d110cf8",
            "last_used": told});
        let key: ApiKey = serde_json::from_value(key).unwrap();
        assert_eq!(key.used_at(), used.map(|used| used.parse().unwrap()), "{told}");
    }
}

#[test]
fn an_enum_of_another_form_is_kept_as_its_text() {
    let read: Vec<UserStatus> = serde_json::from_value(json!([7, -0.5, true, null, []])).unwrap();
    let texts: Vec<&str> = read.iter().map(UserStatus::as_str).collect();
    assert_eq!(texts, ["7", "-0.5", "true", "", ""]);
}

#[test]
fn of_very_many_items_that_cannot_be_read_a_list_describes_the_first_ones() {
    let page = json!({"workspaces": vec![Value::Null; 5000]});
    let page: WorkspacePage = serde_json::from_value(page).unwrap();
    assert_eq!((page.workspaces.len(), page.workspaces.received()), (0, 5000));
    assert_eq!(page.workspaces.unreadable().len(), 100);
    let page: WorkspacePage = serde_json::from_value(json!({"workspaces": "none"})).unwrap();
    let told = page.workspaces.unreadable()[0].to_string();
    assert_eq!(told, "`.`: a text instead of a list");
}

#[test]
fn what_is_no_json_is_no_answer() {
    for text in [r#"{"workspaces": [nul], "count": 1}"#, r#"{"workspaces": []"#, r#"{"count": 01}"#]
    {
        assert!(serde_json::from_str::<WorkspacePage>(text).is_err(), "{text}");
    }
}
