//! Deleting a workspace, and what a deleted one answers.

use serde_json::{Value, json};

use super::builds::{PLAIN, build};
use super::creating::FIRST_NAME;
use super::family::{Family, Row, filled};
use crate::answer::BodyKind;
use crate::server::Server;

const API: Family = Family { labels: "", paths: "/api/v2" };

const DELETED: &[Row<'_>] = &[
    ("deleted/get", "ada", "GET /workspaces/{ws:plain}"),
    ("deleted/get-include", "ada", "GET /workspaces/{ws:plain}?include_deleted=true"),
    ("deleted/by-name", "ada", "GET /users/me/workspace/f{run}-1"),
    ("deleted/by-name-include", "ada", "GET /users/me/workspace/f{run}-1?include_deleted=true"),
];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    let delete = || json!({ "transition": "delete" });
    build(server, "plain/delete-foreign", "grace", PLAIN, Some(delete())).await;
    build(server, "plain/delete", "ada", PLAIN, Some(delete())).await;
    API.send(server, DELETED).await;
    for transition in ["start", "stop", "delete"] {
        let label = format!("build/plain/{transition}-deleted");
        let row = (label.as_str(), "ada", "POST /workspaces/{ws:plain}/builds");
        API.send_json(server, row, &json!({ "transition": transition })).await;
    }
    settings(server).await;
    take_the_name_again(server).await;
    delete_by_a_member(server).await;
    server.keeps("the deleted workspaces of this run");
}

/// Changes the settings of a deleted workspace.
async fn settings(server: &mut Server) {
    for (label, request, body) in [
        ("deleted/builds", "GET /builds?limit=1", None),
        ("deleted/watch-ws", "GET /watch-ws", None),
        ("knobs/deleted-favorite", "PUT /favorite", None),
        ("knobs/deleted-ttl", "PUT /ttl", Some(json!({ "ttl_ms": 28_800_000 }))),
        ("knobs/deleted-rename", "PATCH ", Some(json!({ "name": "x" }))),
        ("knobs/deleted-timings", "GET /timings", None),
        ("knobs/deleted-dormant", "PUT /dormant", Some(json!({ "dormant": true }))),
        ("knobs/deleted-usage", "POST /usage", Some(json!({}))),
        ("knobs/deleted-autostart", "PUT /autostart", Some(json!({ "schedule": null }))),
    ] {
        let family = Family { labels: "", paths: "/api/v2/workspaces/{ws:plain}" };
        match body {
            Some(body) => family.send_json(server, (label, "ada", request), &body).await,
            None => family.ask(server, (label, "ada", request)).send().await,
        };
    }
}

/// Takes the name of a deleted workspace again. Only the status was recorded.
async fn take_the_name_again(server: &mut Server) {
    let label = "deleted/name-again";
    let body = json!({ "template_id": "{template.plain}", "name": FIRST_NAME });
    let row = (label, "ada", "POST /users/me/workspaces");
    let reply = API.send_json(server, row, &body).await;
    server.change(label, |answer| {
        answer.headers.clear();
        answer.kind = BodyKind::Empty;
        answer.body = Value::Null;
    });
    if reply.status == 201 {
        let (id, ada) = (reply.text_at("/id"), server.token("ada"));
        server.made_workspace(&id, &ada);
        server.wait(&id, &ada).await;
    }
}

/// Asks of a build what only owners of a deployment may.
async fn delete_by_a_member(server: &mut Server) {
    let linus = server.token("linus");
    let name = format!("orph-{}", server.run());
    let body = filled(server, &json!({ "template_id": "{template.plain}", "name": name }));
    let path = "/api/v2/users/me/workspaces";
    let id = server.quietly("POST", path).token(&linus).json(&body).send().await.text_at("/id");
    server.made_workspace(&id, &linus);
    server.wait(&id, &linus).await;
    server.name(&id, "{orphws}");
    server.name(&name, "{orph}");
    let orphan = json!({ "transition": "delete", "orphan": true });
    build(server, "orphan-by-member", "linus", "{orphws}", Some(orphan)).await;
    let debug = json!({ "transition": "start", "log_level": "debug" });
    build(server, "log-debug-by-member", "linus", "{orphws}", Some(debug)).await;
}
