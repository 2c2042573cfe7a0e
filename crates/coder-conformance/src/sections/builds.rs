//! `POST …/builds`, on one workspace without parameters (`{ws:plain}`) and one with (`{fullws}`).

use std::time::Duration;

use serde_json::{Value, json};

use super::creating::{full_with, parameters};
use super::family::{Family, filled};
use crate::server::{Reply, Server};
use crate::world::Kind;

const BUILDS: Family = Family { labels: "build/", paths: "/api/v2" };

/// The workspace without parameters.
pub(super) const PLAIN: &str = "{ws:plain}";
/// The workspace with parameters.
const FULL: &str = "{fullws}";

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    refused(server).await;
    transitions(server).await;
    create_full(server).await;
    parameters_of_builds(server).await;
    presets(server).await;
    let autofill = "GET /users/me/autofill-parameters?template_id={template.devcontainers}";
    BUILDS.ask(server, ("full/autofill", "ada", autofill)).send().await;
}

/// Sends a build and waits for it.
pub(super) async fn build(
    server: &mut Server,
    label: &str,
    who: &str,
    workspace: &str,
    body: Option<Value>,
) -> Reply {
    let request = format!("POST /workspaces/{workspace}/builds");
    let reply = match body {
        Some(body) => BUILDS.send_json(server, (label, who, &request), &body).await,
        None => BUILDS.ask(server, (label, who, &request)).send().await,
    };
    if reply.status == 201 {
        let (id, token) = (server.fill(workspace), server.token(who));
        server.wait(&id, &token).await;
    }
    reply
}

/// Builds that Coder may refuse.
async fn refused(server: &mut Server) {
    build(server, "plain/no-body", "ada", PLAIN, None).await;
    let start = |field: &str, value: Value| json!({ "transition": "start", field: value });
    for (label, body) in [
        ("empty", json!({})),
        ("bad-transition", json!({ "transition": "restart" })),
        ("upper-transition", json!({ "transition": "START" })),
        ("bad-version", start("template_version_id", json!("abc"))),
        ("unknown-version", start("template_version_id", json!("{unknown}"))),
        ("foreign-version", start("template_version_id", json!("{version.devcontainers}"))),
        ("bad-reason", start("reason", json!("because"))),
        ("bad-log-level", start("log_level", json!("info"))),
        ("orphan-start", start("orphan", json!(true))),
        ("state-start-member", json!({ "transition": "stop", "state": "eA==" })),
        ("number-transition", json!({ "transition": 1 })),
    ] {
        build(server, &format!("plain/{label}"), "ada", PLAIN, Some(body)).await;
    }
}

async fn transitions(server: &mut Server) {
    let on_success = |transition: &str, then: &str| json!({ "transition": transition, "on_success": { "transition": then } });
    for (label, who, body) in [
        ("stop", "ada", json!({ "transition": "stop" })),
        ("stop-again", "ada", json!({ "transition": "stop" })),
        ("start", "ada", json!({ "transition": "start" })),
        ("start-again", "ada", json!({ "transition": "start" })),
        ("start-dashboard", "ada", json!({ "transition": "start", "reason": "dashboard" })),
        ("stop-cli", "ada", json!({ "transition": "stop", "reason": "cli" })),
        (
            "start-same-version",
            "ada",
            json!({ "transition": "start", "template_version_id": "{version.plain}" }),
        ),
        ("foreign-member", "grace", json!({ "transition": "stop" })),
        ("dry-run", "ada", json!({ "transition": "stop", "dry_run": true })),
        ("log-debug-owner", "ada", json!({ "transition": "start", "log_level": "debug" })),
        ("on-success", "ada", on_success("stop", "start")),
    ] {
        build(server, &format!("plain/{label}"), who, PLAIN, Some(body)).await;
    }
    wait_for_the_next_build(server).await;
    let get = format!("GET /workspaces/{PLAIN}");
    BUILDS.ask(server, ("plain/after-on-success", "ada", &get)).send().await;
    let body = on_success("start", "delete");
    build(server, "plain/on-success-delete", "ada", PLAIN, Some(body)).await;
    for (label, workspace) in
        [("plain/unknown-workspace", "{unknown}"), ("plain/bad-workspace", "abc")]
    {
        build(server, label, "ada", workspace, Some(json!({ "transition": "start" }))).await;
    }
    let builds = format!("GET /workspaces/{PLAIN}/builds?limit=2");
    BUILDS.send(server, &[("plain/builds-list", "ada", &builds), ("plain/get", "ada", &get)]).await;
}

/// Waits for the build of `on_success`, which a real Coder begins some time after the first one has
/// ended.
async fn wait_for_the_next_build(server: &mut Server) {
    let (id, ada) = (server.fill(PLAIN), server.token("ada"));
    server.wait(&id, &ada).await;
    if server.seed().kind == Kind::Real {
        tokio::time::sleep(Duration::from_millis(400)).await;
        server.wait(&id, &ada).await;
    }
}

/// Creates the workspace with parameters; it is shown as `{fullws}`, its name as `{fullname}`.
async fn create_full(server: &mut Server) {
    let mut body = filled(server, &full_with(&[("cpu", "6"), ("fixed", "y")]));
    let name = format!("full-{}", server.run());
    if let Some(field) = body.get_mut("name") {
        *field = name.clone().into();
    }
    let ada = server.token("ada");
    let path = "/api/v2/users/me/workspaces";
    let id = server.quietly("POST", path).token(&ada).json(&body).send().await.text_at("/id");
    server.name(&id, FULL);
    server.name(&name, "{fullname}");
    server.wait(&id, &ada).await;
    server.made_workspace(&id, &ada);
}

/// Builds the workspace with parameters and asks for the parameters of the build.
async fn build_full(server: &mut Server, label: &str, body: Value) {
    let label = format!("full/{label}");
    let reply = build(server, &label, "ada", FULL, Some(body)).await;
    if reply.status == 201 {
        let request = format!("GET /workspacebuilds/{}/parameters", reply.text_at("/id"));
        BUILDS.ask(server, (&format!("{label}/parameters"), "ada", &request)).send().await;
    }
}

async fn parameters_of_builds(server: &mut Server) {
    for (label, name, value) in [
        ("immutable-same", "fixed", "y"),
        ("immutable-change", "fixed", "z"),
        ("monotonic-lower", "cpu", "5"),
        ("monotonic-higher", "cpu", "7"),
        ("ephemeral", "wipe", "true"),
        ("bad-list", "regions", "x"),
        ("bad-option", "ide", "emacs"),
        ("unknown", "nope", "1"),
        ("git", "git_repo", "https://b.test/y.git"),
    ] {
        let values = parameters(&[(name, value)]);
        let body = json!({ "transition": "start", "rich_parameter_values": values });
        build_full(server, label, body).await;
    }
    build_full(server, "no-values", json!({ "transition": "start" })).await;
    let values = parameters(&[("cpu", "9")]);
    let body = json!({ "transition": "stop", "rich_parameter_values": values });
    build_full(server, "stop-with-values", body).await;
}

async fn presets(server: &mut Server) {
    let start =
        |preset: &str| json!({ "transition": "start", "template_version_preset_id": preset });
    build_full(server, "preset", start("{preset.Big}")).await;
    build(server, "full/preset-unknown", "ada", FULL, Some(start("{unknown}"))).await;
}
