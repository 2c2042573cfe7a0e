//! Settings of a workspace: schedules, deadline, favorite, dormancy, name and sharing.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::builds::{PLAIN, build};
use super::creating::FIRST_NAME;
use super::family::Family;
use crate::server::Server;

/// The settings of the workspace without parameters.
const SETTINGS: Family = Family { labels: "knobs/", paths: "/api/v2/workspaces/{ws:plain}" };

const HOUR: i64 = 3600;

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    autostart(server).await;
    time_to_live(server).await;
    deadline(server).await;
    favorite(server).await;
    dormancy(server).await;
    updates_and_name(server).await;
    usage(server).await;
    sharing(server).await;
}

/// Asks for one setting of the workspace.
async fn get(server: &mut Server, label: &str) {
    SETTINGS.ask(server, (label, "ada", "GET ")).send().await;
}

async fn transition(server: &mut Server, label: &str, transition: &str) {
    let body = json!({ "transition": transition });
    build(server, &format!("plain/{label}"), "ada", PLAIN, Some(body)).await;
}

async fn autostart(server: &mut Server) {
    let schedule = |schedule: &str| json!({ "schedule": schedule });
    let none = || json!({ "schedule": null });
    SETTINGS
        .send_bodies(
            server,
            "ada",
            "PUT /autostart",
            [
                ("autostart:good", schedule("CRON_TZ=UTC 30 9 * * 1-5")),
                ("autostart:no-tz", schedule("30 9 * * 1-5")),
                ("autostart:bad", schedule("nope")),
                ("autostart:null", none()),
                ("autostart:empty-string", schedule("")),
                ("autostart:empty", json!({})),
                ("autostart:bad-tz", schedule("CRON_TZ=Mars/X 30 9 * * 1-5")),
                ("autostart:dom", schedule("30 9 1 * *")),
                ("autostart:number", json!({ "schedule": 5 })),
                ("autostart:every-day", schedule("CRON_TZ=UTC 0 8 * * *")),
            ],
        )
        .await;
    get(server, "after-autostart").await;
    let foreign = ("autostart:foreign", "grace", "PUT /autostart");
    SETTINGS.send_json(server, foreign, &none()).await;
    SETTINGS.ask(server, ("autostart:get", "ada", "GET /autostart")).send().await;
}

async fn time_to_live(server: &mut Server) {
    let day = 24 * HOUR * 1000;
    for (label, body) in [
        ("8h", json!({ "ttl_ms": 8 * HOUR * 1000 })),
        ("30s", json!({ "ttl_ms": 30_000 })),
        ("0", json!({ "ttl_ms": 0 })),
        ("31d", json!({ "ttl_ms": 31 * day })),
        ("30d", json!({ "ttl_ms": 30 * day })),
        ("neg", json!({ "ttl_ms": -1 })),
        ("null", json!({ "ttl_ms": null })),
        ("empty", json!({})),
        ("string", json!({ "ttl_ms": "8h" })),
        ("1m", json!({ "ttl_ms": 60_000 })),
        ("float", json!({ "ttl_ms": 60_000.5 })),
    ] {
        let label = format!("ttl:{label}");
        SETTINGS.send_json(server, (&label, "ada", "PUT /ttl"), &body).await;
        get(server, &format!("{label}:after")).await;
    }
    let body = json!({ "ttl_ms": 8 * HOUR * 1000 });
    SETTINGS.send_json(server, ("ttl:8h-again", "ada", "PUT /ttl"), &body).await;
    transition(server, "start-with-ttl", "start").await;
    get(server, "deadline-after-start").await;
}

/// Makes a deadline this many seconds from now.
fn deadline_in(seconds: i64) -> Value {
    let time = Timestamp::now().saturating_add(SignedDuration::from_secs(seconds));
    let time = time.map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    json!({ "deadline": time.unwrap_or_default() })
}

async fn deadline(server: &mut Server) {
    SETTINGS
        .send_bodies(
            server,
            "ada",
            "PUT /extend",
            [
                ("extend:9h", deadline_in(9 * HOUR)),
                ("extend:10min", deadline_in(576)),
                ("extend:past", deadline_in(-HOUR)),
                ("extend:40d", deadline_in(40 * 24 * HOUR)),
                ("extend:bad", json!({ "deadline": "x" })),
                ("extend:empty", json!({})),
                ("extend:null", json!({ "deadline": null })),
            ],
        )
        .await;
    transition(server, "stop-for-extend", "stop").await;
    let row = ("extend:stopped", "ada", "PUT /extend");
    SETTINGS.send_json(server, row, &deadline_in(9 * HOUR)).await;
}

async fn favorite(server: &mut Server) {
    SETTINGS
        .send(
            server,
            &[("favorite", "ada", "PUT /favorite"), ("favorite-again", "ada", "PUT /favorite")],
        )
        .await;
    get(server, "favorite:after").await;
    SETTINGS
        .send(
            server,
            &[
                ("unfavorite", "ada", "DELETE /favorite"),
                ("unfavorite-again", "ada", "DELETE /favorite"),
                ("favorite-foreign", "grace", "PUT /favorite"),
            ],
        )
        .await;
    let vm = server.fill("/api/v2/workspaces/{workspace.vm}/favorite");
    let ada = server.token("ada");
    let label = "knobs/favorite-foreign-by-owner";
    if server.ask(label, "PUT", &vm).token(&ada).send().await.status == 204 {
        server.made(&vm, &ada);
    }
    SETTINGS.ask(server, ("favorite-post", "ada", "POST /favorite")).send().await;
}

async fn dormancy(server: &mut Server) {
    let dormant = |dormant: bool| json!({ "dormant": dormant });
    let put = "PUT /dormant";
    SETTINGS
        .send_bodies(
            server,
            "ada",
            put,
            [("dormant", dormant(true)), ("dormant-again", dormant(true))],
        )
        .await;
    get(server, "dormant:after").await;
    SETTINGS
        .send_bodies(
            server,
            "ada",
            put,
            [
                ("undormant", dormant(false)),
                ("undormant-again", dormant(false)),
                ("dormant-empty", json!({})),
                ("dormant-string", json!({ "dormant": "x" })),
            ],
        )
        .await;
    SETTINGS.send_json(server, ("dormant-foreign", "grace", put), &dormant(true)).await;
    SETTINGS.send_json(server, ("dormant-2", "ada", put), &dormant(true)).await;
    transition(server, "start-dormant", "start").await;
    get(server, "start-dormant:after").await;
}

async fn updates_and_name(server: &mut Server) {
    let updates = |updates: &str| json!({ "automatic_updates": updates });
    SETTINGS
        .send_bodies(
            server,
            "ada",
            "PUT /autoupdates",
            [
                ("updates:always", updates("always")),
                ("updates:never", updates("never")),
                ("updates:bogus", updates("bogus")),
                ("updates:empty", json!({})),
            ],
        )
        .await;
    let name = |name: &str| json!({ "name": name });
    SETTINGS
        .send_bodies(
            server,
            "ada",
            "PATCH ",
            [
                ("rename", name("renamed-{run}")),
                ("rename-same", name(FIRST_NAME)),
                ("rename-bad", name("a b")),
                ("rename-empty", json!({})),
            ],
        )
        .await;
}

async fn usage(server: &mut Server) {
    let usage = "POST /usage";
    SETTINGS.send_json(server, ("usage", "ada", usage), &json!({})).await;
    SETTINGS.ask(server, ("usage-no-body", "ada", usage)).send().await;
    let app = json!({ "app_name": "vscode" });
    SETTINGS.send_json(server, ("usage-bad", "ada", usage), &app).await;
    SETTINGS.send_json(server, ("usage-foreign", "grace", usage), &json!({})).await;
}

async fn sharing(server: &mut Server) {
    let role = |role: &str| json!({ "user_roles": { "{grace.id}": role } });
    SETTINGS
        .send_bodies(
            server,
            "ada",
            "PATCH /acl",
            [("acl-patch", role("use")), ("acl-patch-bad-role", role("bogus"))],
        )
        .await;
    SETTINGS
        .send(
            server,
            &[
                ("acl-get", "ada", "GET /acl"),
                ("shared-get-by-grace", "grace", "GET "),
                ("acl-delete", "ada", "DELETE /acl"),
            ],
        )
        .await;
    let share = |level: &str| json!({ "agent_name": "main", "port": 8080, "share_level": level, "protocol": "http" });
    SETTINGS
        .send_bodies(
            server,
            "ada",
            "POST /port-share",
            [("port-share-post", share("authenticated")), ("port-share-bad", share("bogus"))],
        )
        .await;
}
