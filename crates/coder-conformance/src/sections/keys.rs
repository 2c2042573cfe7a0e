//! Sessions and tokens of a user, and a user who is suspended.

use serde_json::{Value, json};

use super::family::{Family, Row};
use crate::server::Server;
use crate::world::SeedUser;

const KEYS: Family = Family { labels: "keys/", paths: "/api/v2/users/me/keys" };
const API: Family = Family { labels: "", paths: "/api/v2" };

/// In nanoseconds, which is how Coder takes lifetimes.
const HOUR: u64 = 3_600_000_000_000;

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    let ivan = server.add_user("ivan").await;
    KEYS.send(
        server,
        &[
            ("list-empty", "ivan", "GET /tokens"),
            ("tokenconfig", "ivan", "GET /tokens/tokenconfig"),
        ],
    )
    .await;
    let session = KEYS.ask(server, ("post-session", "ivan", "POST ")).send().await;
    make(server).await;
    read_and_delete(server, &ivan).await;
    log_out(server, &session.text_at("/key"), &ivan).await;
    use_a_limited_token(server).await;
    suspend(server, &ivan).await;
}

fn token(name: &str, lifetime: u64) -> Value {
    json!({ "token_name": name, "lifetime": lifetime })
}

/// Asks for `POST /users/me/keys/tokens` in several ways.
async fn make(server: &mut Server) {
    let scoped = |name: &str, scope: &str| json!({ "token_name": name, "lifetime": HOUR, "scopes": [scope] });
    let legacy =
        |name: &str, scope: &str| json!({ "token_name": name, "lifetime": HOUR, "scope": scope });
    KEYS.send_bodies(
        server,
        "ivan",
        "POST /tokens",
        [
            ("make", token("one", HOUR)),
            ("make-dup", token("one", HOUR)),
            ("make-nothing", json!({})),
            ("make-lifetime-0", token("zero", 0)),
            ("make-neg", json!({ "token_name": "neg", "lifetime": -1 })),
            ("make-too-long", token("long", 9_000_000_000_000_000_000)),
            ("make-two-years", token("y2", 2 * 365 * 24 * HOUR)),
            ("make-scope", scoped("sc", "workspace:read")),
            ("make-scope-bad", scoped("scb", "no:such")),
            ("make-legacy-scope", legacy("leg", "application_connect")),
            ("make-legacy-scope-bad", legacy("legb", "nope")),
            ("make-bad-name", token("a b!", HOUR)),
            ("make-string-lifetime", json!({ "token_name": "str", "lifetime": "1h" })),
        ],
    )
    .await;
    KEYS.ask(server, ("make-no-body", "ivan", "POST /tokens")).send().await;
}

async fn read_and_delete(server: &mut Server, ivan: &SeedUser) {
    KEYS.send(
        server,
        &[
            ("list", "ivan", "GET /tokens"),
            ("by-name", "ivan", "GET /tokens/one"),
            ("by-name-unknown", "ivan", "GET /tokens/nope"),
        ],
    )
    .await;
    let key_id = ivan.token.split_once('-').map_or("", |(id, _)| id);
    server.name(key_id, "{ivan.keyid}");
    KEYS.send(
        server,
        &[("by-id", "ivan", "GET /{ivan.keyid}"), ("by-id-unknown", "ivan", "GET /AAAAAAAAAA")],
    )
    .await;
    let one = "/api/v2/users/me/keys/tokens/one";
    let one = server.quietly("GET", one).token(&ivan.token).send().await.text_at("/id");
    server.name(&one, "{one.id}");
    KEYS.send(
        server,
        &[
            ("token-by-id", "ivan", "GET /{one.id}"),
            ("expire", "ivan", "PUT /{one.id}/expire"),
            ("expire-unknown", "ivan", "PUT /AAAAAAAAAA/expire"),
            ("list-after-expire", "ivan", "GET /tokens"),
            ("list-include-expired", "ivan", "GET /tokens?include_expired=true"),
            ("delete", "ivan", "DELETE /{one.id}"),
            ("delete-again", "ivan", "DELETE /{one.id}"),
        ],
    )
    .await;
    API.send(
        server,
        &[
            ("keys/other-user", "grace", "GET /users/{ivan.id}/keys/tokens"),
            ("keys/other-user-by-owner", "ada", "GET /users/{ivan.id}/keys/tokens"),
            ("keys/include-all", "ivan", "GET /users/me/keys/tokens?include_all=true"),
        ],
    )
    .await;
}

/// Asks `POST /users/logout`, with a session of its own.
async fn log_out(server: &mut Server, session: &str, ivan: &SeedUser) {
    let (me, logout) = ("/api/v2/users/me", "/api/v2/users/logout");
    server.ask("keys/new-session-works", "GET", me).token(session).send().await;
    server.ask("keys/logout", "POST", logout).token(session).send().await;
    server.ask("keys/after-logout", "GET", me).token(session).send().await;
    server.ask("keys/logout-no-token", "POST", logout).send().await;
    server
        .ask("keys/logout-cookie-no-csrf", "POST", logout)
        .cookies(&[("coder_session_token", &ivan.token)])
        .send()
        .await;
}

/// Uses a token with the scope `workspace:read`, where Coder has scopes.
async fn use_a_limited_token(server: &mut Server) {
    let ivan = server.fill("{ivan.token}");
    let body = json!({ "token_name": "limited", "lifetime": HOUR, "scopes": ["workspace:read"] });
    let tokens = "/api/v2/users/me/keys/tokens";
    let made = server.quietly("POST", tokens).token(&ivan).json(&body).send().await;
    if made.status != 201 {
        return;
    }
    let limited = made.text_at("/key");
    for (label, path) in [
        ("keys/scoped-token-me", "/api/v2/users/me"),
        ("keys/scoped-token-workspaces", "/api/v2/workspaces?q=owner:me"),
        ("keys/scoped-token-templates", "/api/v2/templates"),
    ] {
        server.ask(label, "GET", path).token(&limited).send().await;
    }
}

async fn suspend(server: &mut Server, ivan: &SeedUser) {
    const ASKED: &[Row<'_>] = &[
        ("users/suspended-me", "ivan", "GET /users/me"),
        ("users/suspended-workspaces", "ivan", "GET /workspaces"),
        ("users/suspended-seen-by-owner", "ada", "GET /users/{ivan.id}"),
    ];
    server.set_status("ivan", ivan, "suspend").await;
    API.send(server, ASKED).await;
    server
        .ask("users/suspended-cookie", "GET", "/api/v2/users/me")
        .cookies(&[("coder_session_token", &ivan.token)])
        .send()
        .await;
    let activate = "PUT /users/{ivan.id}/status/activate";
    API.ask(server, ("users/status-activate", "ada", activate)).send().await;
}
