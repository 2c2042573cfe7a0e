//! Connected agents go through the states that real ones were seen in, and say the same in each.

use std::time::Duration;

use coder_client::WorkspaceId;
use coder_testkit::{FakeCoder, FakeUser, NewWorkspace, Pace, Version};
use serde_json::Value;

use crate::common::get;

#[test]
fn an_agent_that_never_connects_is_waited_for_as_long_as_the_pace_says() {
    for (giving_up, status) in [(None, "timeout"), (Some(Duration::MAX), "connecting")] {
        let mut pace = Pace::INSTANT;
        pace.giving_up = giving_up.unwrap_or(pace.giving_up);
        let coder = FakeCoder::builder().pace(pace).build();
        let alice = coder.add_user("alice");
        let dev = coder.add_workspace(&alice, "dev").agents_never_connect().stopped().create();
        coder.start(dev);
        let agent = || {
            let path = format!("/api/v2/workspaces/{dev}");
            let workspace = get(&coder, &path, alice.session_token.expose()).json();
            workspace["latest_build"]["resources"][0]["agents"][0].clone()
        };
        coder.advance(Duration::from_secs(119));
        let waits = giving_up.map_or("connecting", |_| status);
        assert_eq!(agent()["status"], waits);
        coder.advance(Duration::from_secs(3600));
        assert_eq!(agent()["status"], status);
        assert_eq!(agent()["connection_timeout_seconds"], 120);
    }
}

/// Returns what a real Coder answered while an agent was in this state.
fn recorded(state: &str, operation: &str) -> Value {
    let live = "../coder-conformance/recorded/2.36.0/live";
    let file = format!("{}/{live}/{state}-{operation}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Fields whose texts and numbers are Coder's own, and not the template's.
const OWN: [&str; 19] = [
    "status",
    "lifecycle_state",
    "healthy",
    "reason",
    "architecture",
    "operating_system",
    "version",
    "api_version",
    "display_apps",
    "startup_script_behavior",
    "run_on_start",
    "run_on_stop",
    "start_blocks_login",
    "cron",
    "logs_overflowed",
    "stage",
    "level",
    "message",
    "network",
];
/// What the template of the recordings sets, and the fake has none of.
const OF_THE_TEMPLATE: [&str; 2] = ["environment_variables", "apps"];

/// Returns what a value is: `null`, `bool`, `number`, `time`, `id` or `text`.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => "time",
        Value::String(text) if uuid::Uuid::try_parse(text).is_ok() => "id",
        Value::String(_) => "text",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Finds where the fake's answer is of another kind than the recorded one, or has another word.
fn differences(path: &str, field: &str, fake: &Value, real: &Value, found: &mut Vec<String>) {
    match (fake, real) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for name in theirs.keys().filter(|name| !ours.contains_key(*name)) {
                found.push(format!("{path}.{name} is missing"));
            }
            for (name, ours) in ours {
                match theirs.get(name) {
                    _ if OF_THE_TEMPLATE.contains(&name.as_str()) => {}
                    Some(theirs) => {
                        differences(&format!("{path}.{name}"), name, ours, theirs, found);
                    }
                    None => found.push(format!("{path}.{name} is too much")),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            if ours.is_empty() != theirs.is_empty() {
                found.push(format!("{path} has {} items, not {}", ours.len(), theirs.len()));
            }
            for (ours, theirs) in ours.iter().zip(theirs) {
                differences(&format!("{path}[]"), field, ours, theirs, found);
            }
        }
        _ if OWN.contains(&field) && fake != real => {
            found.push(format!("{path} is {fake}, not {real}"));
        }
        _ if kind(fake) != kind(real) => found.push(format!("{path} is {fake}, not {real}")),
        _ => {}
    }
}

struct Scene {
    coder: FakeCoder,
    alice: FakeUser,
}

fn scene(pace: Pace) -> Scene {
    let coder = FakeCoder::builder().version(Version::V2_36).pace(pace).build();
    let alice = coder.add_user("alice");
    Scene { coder, alice }
}

impl Scene {
    fn workspace(&self) -> NewWorkspace {
        let workspace = self.coder.add_workspace(&self.alice, "dev");
        workspace.without_apps().startup_blocks_login()
    }

    fn ask(&self, path: &str) -> (u16, Value) {
        let answer = get(&self.coder, path, self.alice.session_token.expose());
        (answer.status.as_u16(), answer.json())
    }

    fn wait(&self, seconds: u64) {
        self.coder.advance(Duration::from_secs(seconds));
    }

    /// Holds what the fake says of an agent against a recorded state.
    fn holds(&self, id: WorkspaceId, agent: &str, state: &str, recording: &str) {
        let (_, workspace) = self.ask(&format!("/api/v2/workspaces/{id}"));
        let all = workspace["latest_build"]["resources"][0]["agents"].as_array().unwrap();
        let agent = all.iter().find(|known| known["name"] == agent).unwrap();
        let id = agent["id"].as_str().unwrap();
        let build = workspace["latest_build"]["id"].as_str().unwrap();
        let suffix = recording;
        for (operation, path) in [
            ("agent", format!("/api/v2/workspaceagents/{id}")),
            ("listening_ports", format!("/api/v2/workspaceagents/{id}/listening-ports")),
            ("build_timings", format!("/api/v2/workspacebuilds/{build}/timings")),
        ] {
            let suffix = if operation == "build_timings" { "" } else { suffix };
            let real = recorded(state, &format!("{operation}{suffix}"));
            let (status, fake) = self.ask(&path);
            assert_eq!(status, real["status"], "{state}: {path}");
            let mut found = Vec::new();
            differences("", "", &fake, &real["body"], &mut found);
            // How long a provisioner took was not recorded.
            found.retain(|difference| !difference.starts_with(".provisioner_timings"));
            assert_eq!(found, [""; 0], "{state}: {operation}");
        }
        let real = recorded(state, "workspace");
        for place in ["/health/healthy", "/latest_build/status", "/latest_build/job/status"] {
            assert_eq!(workspace.pointer(place), real["body"].pointer(place), "{state}: {place}");
        }
        let failing =
            |workspace: &Value| workspace["health"]["failing_agents"].as_array().map(Vec::len);
        assert_eq!(failing(&workspace), failing(&real["body"]), "{state}");
    }
}

#[test]
fn an_agent_connects_reports_runs_its_script_and_is_ready() {
    let scene = scene(Pace::every(Duration::from_secs(10)));
    let dev = scene.workspace().connecting().create();
    scene.holds(dev, "main", "connecting", "");
    scene.wait(10);
    // It passes within a second at a real one, and was seen on the wire only.
    let agent = &scene.coder.workspace(dev).latest_build.resources[0].agents[0];
    let seen = (agent.status.as_str(), agent.lifecycle_state.as_str(), agent.health.healthy);
    assert_eq!(seen, ("connected", "created", true));
    scene.wait(10);
    scene.holds(dev, "main", "starting", "");
    scene.wait(10);
    scene.holds(dev, "main", "ready", "");
    scene.coder.lose_agents(dev);
    scene.holds(dev, "main", "disconnected", "");
    scene.wait(20);
    scene.coder.bring_agents_back(dev);
    scene.wait(10);
    scene.holds(dev, "main", "reconnected", "");
    scene.wait(10);
    let agent = &scene.coder.workspace(dev).latest_build.resources[0].agents[0];
    assert_eq!(agent.lifecycle_state.as_str(), "ready");
}

#[test]
fn an_agent_that_only_lost_its_network_comes_back_without_running_its_scripts_anew() {
    let scene = scene(Pace::every(Duration::from_secs(10)));
    let dev = scene.workspace().create();
    let agent = || {
        let (_, workspace) = scene.ask(&format!("/api/v2/workspaces/{dev}"));
        workspace["latest_build"]["resources"][0]["agents"][0].clone()
    };
    let log = |agent: &Value| {
        let id = agent["id"].as_str().unwrap();
        scene.ask(&format!("/api/v2/workspaceagents/{id}/logs")).1
    };
    let before = agent();
    scene.coder.lose_agents(dev);
    scene.wait(20);
    scene.holds(dev, "main", "disconnected", "");
    scene.coder.reconnect_agents(dev);
    let after = agent();
    for field in ["status", "lifecycle_state", "started_at", "ready_at", "scripts", "health"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(log(&after), log(&before));
    assert_ne!(after["last_connected_at"], before["last_connected_at"]);

    scene.coder.shut_agents_down(dev);
    scene.wait(20);
    scene.coder.reconnect_agents(dev);
    assert_eq!(agent()["status"], "disconnected", "a process that has ended does not come back");
}

#[test]
fn an_agent_that_is_told_to_end_runs_its_scripts_and_goes() {
    let scene = scene(Pace::every(Duration::from_secs(10)));
    for (workspace, state) in [
        (scene.workspace().shutdown_script(), "off"),
        (scene.workspace().shutdown_fails(), "shutdown-error"),
    ] {
        let dev = workspace.create();
        scene.coder.shut_agents_down(dev);
        let (status, workspace) = scene.ask(&format!("/api/v2/workspaces/{dev}"));
        let agent = &workspace["latest_build"]["resources"][0]["agents"][0];
        assert_eq!((status, &agent["status"]), (200, &"connected".into()));
        assert_eq!(agent["lifecycle_state"], "shutting_down");
        assert_eq!(agent["health"]["reason"], "agent is shutting down");
        let id = agent["id"].as_str().unwrap();
        let ports = format!("/api/v2/workspaceagents/{id}/listening-ports");
        assert_eq!(scene.ask(&ports).0, 500);
        scene.wait(10);
        scene.holds(dev, "main", state, "");
        scene.coder.delete(dev);
        scene.wait(60);
    }
}

#[test]
fn scripts_fail_time_out_or_leave_their_output_open() {
    let scene = scene(Pace::INSTANT);
    let plain = || scene.coder.add_workspace(&scene.alice, "plain").without_apps();
    for (workspace, state) in [
        (scene.workspace().startup_failed(), "start-error"),
        (plain().startup_failed(), "start-error-not-blocking"),
        (scene.workspace().startup_timed_out(), "start-timeout"),
        (scene.workspace().startup_leaves_output_open(), "pipes-left-open"),
        (plain(), "noblock"),
        (scene.workspace().agents_never_connect(), "timeout"),
        (scene.workspace().dormant(), "dormant"),
    ] {
        let dev = workspace.create();
        scene.holds(dev, "main", state, "");
        scene.coder.delete(dev);
    }
}

#[test]
fn of_two_agents_each_has_its_own_fate() {
    let scene = scene(Pace::INSTANT);
    let two = || scene.workspace().agents(&["a", "b"]);
    let ready = two().create();
    scene.holds(ready, "a", "two-agents-ready", "");
    scene.coder.lose_agent(ready, "b");
    scene.holds(ready, "b", "two-agents-one-lost", "_b");
    scene.coder.delete(ready);
    let missing = two().agent_never_connects("b").create();
    scene.holds(missing, "b", "two-agents-one-missing", "_b");
    scene.coder.delete(missing);
    let failed = two().agent_startup_failed("a").create();
    scene.holds(failed, "a", "two-agents-one-failed", "");
    scene.coder.delete(failed);
    let both = two().agent_startup_failed("a").agent_never_connects("b").connecting().create();
    scene.holds(both, "b", "two-agents-one-failed-one-connecting", "_b");
}

#[test]
fn the_agent_of_a_dev_container_comes_first_and_does_not_count() {
    let scene = scene(Pace::every(Duration::from_secs(10)));
    let dev = scene.workspace().sub_agent("app").create();
    scene.holds(dev, "app", "sub-agent-ready", "");
    scene.holds(dev, "main", "sub-agent-ready", "_main");
    scene.coder.lose_agent(dev, "app");
    scene.holds(dev, "app", "sub-agent-lost", "");
    let workspace = scene.coder.workspace(dev);
    let agents = &workspace.latest_build.resources[0].agents;
    assert_eq!((agents[0].name.as_str(), agents[1].name.as_str()), ("app", "main"));
    assert_eq!(agents[0].parent_id, Some(agents[1].id));
    assert!(workspace.health.healthy, "its connection is lost, and that does not matter");
    assert!(agents[0].scripts.is_empty());
}

#[test]
fn apps_are_checked_once_the_agent_runs() {
    let scene = scene(Pace::default());
    let dev = scene.coder.add_workspace(&scene.alice, "dev").connecting().create();
    let health = || {
        let agent = &scene.coder.workspace(dev).latest_build.resources[0].agents[0];
        agent.apps[0].health.to_string()
    };
    assert_eq!(health(), "initializing");
    scene.wait(60);
    assert_eq!(health(), "healthy");
}

#[test]
fn at_a_recorded_pace_a_start_takes_some_seconds() {
    let scene = scene(Pace::RECORDED);
    let dev = scene.workspace().pending().create();
    let mut seen = Vec::new();
    for _ in 0..70 {
        let workspace = scene.coder.workspace(dev);
        let agent = workspace.latest_build.resources.first().and_then(|one| one.agents.first());
        let state = match agent {
            Some(agent) => format!("{} {}", agent.status, agent.lifecycle_state),
            None => workspace.latest_build.status.to_string(),
        };
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        scene.coder.advance(Duration::from_millis(80));
    }
    assert_eq!(
        seen,
        [
            "pending",
            "starting",
            "connecting created",
            "connected created",
            "connected starting",
            "connected ready"
        ]
    );
}
