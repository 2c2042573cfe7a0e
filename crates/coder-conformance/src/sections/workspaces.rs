//! The workspaces of the world: they, their builds, agents and streams.

use std::time::Duration;

use serde_json::Value;

use super::family::{Family, NOBODY, Row};
use crate::server::Server;
use crate::streams::Listen;

const WORKSPACES: Family = Family { labels: "ws/", paths: "/api/v2" };

const WORKSPACE: &[Row<'_>] = &[
    ("get-acme-api", "ada", "GET /workspaces/{workspace.acme-api}"),
    ("builds-acme-api", "ada", "GET /workspaces/{workspace.acme-api}/builds"),
    ("get-acme-web", "ada", "GET /workspaces/{workspace.acme-web}"),
    ("builds-acme-web", "ada", "GET /workspaces/{workspace.acme-web}/builds"),
    ("get-vm", "grace", "GET /workspaces/{workspace.vm}"),
    ("builds-vm", "grace", "GET /workspaces/{workspace.vm}/builds"),
    ("get-broken", "linus", "GET /workspaces/{workspace.broken}"),
    ("builds-broken", "linus", "GET /workspaces/{workspace.broken}/builds"),
    ("get-by-owner", "ada", "GET /workspaces/{workspace.vm}"),
    ("get-foreign", "linus", "GET /workspaces/{workspace.vm}"),
    ("get-unknown", "grace", "GET /workspaces/{unknown}"),
    ("get-bad", "grace", "GET /workspaces/abc"),
    ("get-none", NOBODY, "GET /workspaces/{workspace.vm}"),
    ("get-bad-include", "grace", "GET /workspaces/{workspace.vm}?include_deleted=x"),
];

const BY_NAME: &[Row<'_>] = &[
    ("by-name", "grace", "GET /users/me/workspace/vm"),
    ("by-name-upper", "grace", "GET /users/me/workspace/VM"),
    ("by-name-unknown", "grace", "GET /users/me/workspace/nope"),
    ("by-name-foreign", "grace", "GET /users/ada/workspace/acme-api"),
    ("by-name-owner", "ada", "GET /users/grace/workspace/vm"),
    ("by-name-unknown-user", "ada", "GET /users/nobody/workspace/vm"),
    ("by-name-build", "grace", "GET /users/me/workspace/vm/builds/1"),
    ("by-name-build-99", "grace", "GET /users/me/workspace/vm/builds/99"),
    ("by-name-build-x", "grace", "GET /users/me/workspace/vm/builds/x"),
    ("by-name-dotted", "grace", "GET /users/me/workspace/vm.main"),
    ("builds-limit", "grace", "GET /workspaces/{workspace.vm}/builds?limit=1"),
    ("builds-since-bad", "grace", "GET /workspaces/{workspace.vm}/builds?since=x"),
    ("builds-since", "grace", "GET /workspaces/{workspace.vm}/builds?since=2030-01-01T00:00:00Z"),
    ("builds-after-bad", "grace", "GET /workspaces/{workspace.vm}/builds?after_id=abc"),
    ("builds-after-unknown", "grace", "GET /workspaces/{workspace.vm}/builds?after_id={unknown}"),
    ("builds-limit-neg", "grace", "GET /workspaces/{workspace.vm}/builds?limit=-1"),
];

/// The routes of a build that succeeded.
const PARTS_OF_A_BUILD: &[&str] = &[
    "",
    "/parameters",
    "/resources",
    "/timings",
    "/logs",
    "/state",
    "/logs?after=0",
    "/logs?after=99999999",
    "/logs?format=text",
    "/logs?format=json",
    "/logs?format=bogus",
    "/logs?after=x",
    "/logs?before=1",
    "/nope",
];

const PARTS_OF_A_FAILED_BUILD: &[&str] = &["", "/parameters", "/resources", "/logs", "/timings"];

const BUILDS_AND_MORE: &[Row<'_>] = &[
    ("build-foreign", "grace", "GET /workspacebuilds/{acme-api.build}"),
    ("build-unknown", "grace", "GET /workspacebuilds/{unknown}"),
    ("build-bad", "grace", "GET /workspacebuilds/abc"),
    ("build-state-member", "linus", "GET /workspacebuilds/{broken.build}/state"),
    ("cancel-done", "ada", "PATCH /workspacebuilds/{acme-api.build}/cancel"),
    ("cancel-foreign", "grace", "PATCH /workspacebuilds/{acme-api.build}/cancel"),
    (
        "cancel-done-expect",
        "ada",
        "PATCH /workspacebuilds/{acme-api.build}/cancel?expect_status=pending",
    ),
    (
        "cancel-expect-bad",
        "ada",
        "PATCH /workspacebuilds/{acme-api.build}/cancel?expect_status=bogus",
    ),
    ("timings", "ada", "GET /workspaces/{workspace.acme-api}/timings"),
    ("resolve-autostart", "ada", "GET /workspaces/{workspace.acme-api}/resolve-autostart"),
    ("acl", "ada", "GET /workspaces/{workspace.acme-api}/acl"),
    ("port-share", "ada", "GET /workspaces/{workspace.acme-api}/port-share"),
    ("unknown-sub", "ada", "GET /workspaces/{workspace.acme-api}/nope"),
];

const PARTS_OF_AN_AGENT: &[&str] = &[
    "",
    "/connection",
    "/listening-ports",
    "/logs",
    "/startup-logs",
    "/containers",
    "/logs?format=text",
];

const WATCH: &str = "/workspaces/{workspace.acme-api}/watch";
const WATCH_SOCKET: &str = "/workspaces/{workspace.acme-api}/watch-ws";
const FOLLOW: &str = "/workspacebuilds/{acme-api.build}/logs?follow";

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    WORKSPACES.send(server, WORKSPACE).await;
    let upper = server.fill("{workspace.vm}").to_uppercase();
    let request = format!("GET /workspaces/{upper}");
    WORKSPACES.ask(server, ("get-upper-id", "grace", &request)).send().await;
    WORKSPACES.send(server, BY_NAME).await;

    let build = latest_build(server, "acme-api", "ada").await;
    latest_build(server, "broken", "linus").await;
    for (label, who, build, parts) in [
        ("build", "ada", "acme-api", PARTS_OF_A_BUILD),
        ("failed-build", "linus", "broken", PARTS_OF_A_FAILED_BUILD),
    ] {
        for part in parts {
            let request = format!("GET /workspacebuilds/{{{build}.build}}{part}");
            WORKSPACES.ask(server, (&format!("{label}{part}"), who, &request)).send().await;
        }
    }
    WORKSPACES.send(server, BUILDS_AND_MORE).await;
    agent(server, &build).await;
    follow_logs(server).await;
    watch(server).await;
    watch_by_socket(server).await;
}

/// Returns the latest build, which is shown as `{NAME.build}` from now on.
async fn latest_build(server: &mut Server, workspace: &str, who: &str) -> Value {
    let path = server.fill(&format!("/api/v2/workspaces/{{workspace.{workspace}}}"));
    let token = server.token(who);
    let reply = server.quietly("GET", &path).token(&token).send().await;
    server.name(&reply.text_at("/latest_build/id"), &format!("{{{workspace}.build}}"));
    reply.json().get("latest_build").cloned().unwrap_or_default()
}

/// Asks for the last agent by name, `main`, which never connects.
async fn agent(server: &mut Server, build: &Value) {
    let list = |value: &Value, field: &str| {
        value.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let text = |agent: &Value, field: &str| {
        agent.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let last = list(build, "resources")
        .iter()
        .flat_map(|resource| list(resource, "agents"))
        .max_by_key(|agent| text(agent, "name"));
    let Some(last) = last else { return };
    server.name(&text(&last, "id"), "{agent}");

    for part in PARTS_OF_AN_AGENT {
        let request = format!("GET /workspaceagents/{{agent}}{part}");
        WORKSPACES.ask(server, (&format!("agent{part}"), "ada", &request)).send().await;
    }
    let ada = server.token("ada");
    // The log of an agent that never connects is told once, and is open from then on.
    let silence = Duration::from_secs(1);
    let two = || Listen { messages: 2, ..Listen::as_user(&ada) };
    let quiet = Listen { silence, ..two() };
    let agent = server.fill("/api/v2/workspaceagents/{agent}");
    let metadata = format!("{agent}/watch-metadata");
    server.events("ws/agent/watch-metadata", &metadata, two()).await;
    WORKSPACES
        .send(
            server,
            &[
                ("agent/nope", "ada", "GET /workspaceagents/{agent}/nope"),
                ("agent-foreign", "grace", "GET /workspaceagents/{agent}"),
            ],
        )
        .await;
    let metadata = format!("{agent}/watch-metadata-ws");
    server.web_socket("ws/agent-watch-metadata-ws", &metadata, two()).await;
    server.web_socket("ws/agent-logs-follow", &format!("{agent}/logs?follow"), quiet).await;
    WORKSPACES
        .send(
            server,
            &[
                ("agent-unknown", "ada", "GET /workspaceagents/{unknown}"),
                ("agent-bad", "ada", "GET /workspaceagents/abc"),
            ],
        )
        .await;
}

/// Opens a WebSocket of the API.
async fn socket(server: &mut Server, label: &str, path: &str, listen: Listen<'_>) {
    let path = format!("/api/v2{}", server.fill(path));
    server.web_socket(&format!("ws/{label}"), &path, listen).await;
}

async fn follow_logs(server: &mut Server) {
    let (ada, grace, linus) = (server.token("ada"), server.token("grace"), server.token("linus"));
    let whole = |token| Listen { messages: 60, ..Listen::as_user(token) };
    socket(server, "logs-follow", FOLLOW, whole(&ada)).await;
    let after = format!("{FOLLOW}&after=99999999");
    socket(server, "logs-follow-after", &after, Listen::as_user(&ada)).await;
    let failed = "/workspacebuilds/{broken.build}/logs?follow=false";
    socket(server, "logs-follow-true", failed, whole(&linus)).await;
    let text = format!("{FOLLOW}&format=text");
    socket(server, "logs-follow-text", &text, Listen::as_user(&ada)).await;
    socket(server, "logs-follow-none", FOLLOW, Listen::default()).await;
    socket(server, "logs-follow-foreign", FOLLOW, Listen::as_user(&grace)).await;
    let request = format!("GET {FOLLOW}");
    WORKSPACES.ask(server, ("logs-follow-plain-get", "ada", &request)).send().await;
}

async fn watch(server: &mut Server) {
    let (ada, grace) = (server.token("ada"), server.token("grace"));
    let path = format!("/api/v2{}", server.fill(WATCH));
    let two = Listen { messages: 2, ..Listen::as_user(&ada) };
    server.events("ws/watch", &path, two).await;
    let foreign = Listen { messages: 4, ..Listen::as_user(&grace) };
    server.events("ws/watch-foreign", &path, foreign).await;
}

async fn watch_by_socket(server: &mut Server) {
    let (ada, grace) = (server.token("ada"), server.token("grace"));
    let two = || Listen { messages: 2, ..Listen::default() };
    let as_ada = || Listen { token: Some(&ada), ..two() };
    socket(server, "watch-ws", WATCH_SOCKET, as_ada()).await;
    socket(server, "watch-ws-foreign", WATCH_SOCKET, Listen::as_user(&grace)).await;
    socket(server, "watch-ws-none", WATCH_SOCKET, Listen::default()).await;
    let request = format!("GET {WATCH_SOCKET}");
    WORKSPACES.ask(server, ("watch-ws-plain-get", "ada", &request)).send().await;
    let says = Listen { say: Some("x"), messages: 4, ..Listen::as_user(&ada) };
    socket(server, "watch-ws-client-sends", WATCH_SOCKET, says).await;
    let with_token = format!("{WATCH_SOCKET}?coder_session_token={ada}");
    socket(server, "watch-ws-query-token", &with_token, two()).await;

    let bearer = format!("Bearer {ada}");
    let bearer = [("authorization", bearer.as_str())];
    socket(server, "watch-ws-bearer", WATCH_SOCKET, Listen { headers: &bearer, ..two() }).await;
    let origin = [("origin", "https://portal.test")];
    socket(server, "watch-ws-origin", WATCH_SOCKET, Listen { headers: &origin, ..as_ada() }).await;
    let cookie = format!("coder_session_token={ada}");
    let origin = [("origin", "https://portal.test"), ("cookie", cookie.as_str())];
    let listen = Listen { headers: &origin, ..two() };
    socket(server, "watch-ws-origin-cookie", WATCH_SOCKET, listen).await;
}
