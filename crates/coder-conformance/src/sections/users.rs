//! Users, and how a request says who asks.

use serde_json::json;

use super::family::{Family, NOBODY, Row};
use crate::server::Server;

const USERS: Family = Family { labels: "users/", paths: "/api/v2" };

/// A session token of the right form that no user has.
const UNKNOWN_TOKEN: &str = "AAAAAAAAAA-BBBBBBBBBBBBBBBBBBBBBB";

const ONE_USER: &[Row<'_>] = &[
    ("by-name", "ada", "GET /users/grace"),
    ("by-name-upper", "ada", "GET /users/GRACE"),
    ("by-id", "ada", "GET /users/{grace.id}"),
    ("other-by-member", "grace", "GET /users/ada"),
    ("other-by-member-id", "grace", "GET /users/{ada.id}"),
    ("self-by-name", "grace", "GET /users/grace"),
    ("unknown-name", "ada", "GET /users/nobody"),
    ("unknown-id", "ada", "GET /users/{unknown}"),
    ("strange-name", "ada", "GET /users/a%20b"),
    ("email", "ada", "GET /users/grace@example.com"),
    ("list-owner", "ada", "GET /users?q=grace"),
    ("list-member", "grace", "GET /users"),
    ("list-member-q", "grace", "GET /users?q=ada"),
    ("list-none", "ada", "GET /users?q=zzzzzz"),
];

const SEARCHES: &[&str] = &[
    "username:grace",
    "email:grace@example.com",
    "status:active username:grace",
    "status:suspended username:nobody",
    "status:bogus",
    "role:owner",
    "role:bogus",
    "foo:bar",
    "login_type:password username:grace",
    "login_type:bogus",
    "last_seen_after:2020-01-01T00:00:00Z",
    r#"last_seen_after:"2020-01-01T00:00:00Z" username:grace"#,
    r#"name:"Grace H""#,
    "github_com_user_id:x",
    "a/b",
    r#"""#,
    "grace linus",
    "search:grace",
    "status:ACTIVE username:grace",
    r#"created_before:"2020-01-01T00:00:00Z""#,
];

const PAGES_AND_SETTINGS: &[Row<'_>] = &[
    ("limit-1", "ada", "GET /users?limit=1"),
    ("limit-0", "ada", "GET /users?q=username:grace&limit=0"),
    ("limit-neg", "ada", "GET /users?limit=-1"),
    ("limit-text", "ada", "GET /users?limit=x"),
    ("offset-beyond", "ada", "GET /users?offset=1000"),
    ("after-bad", "ada", "GET /users?after_id=abc"),
    ("login-type", "grace", "GET /users/me/login-type"),
    ("login-type-other", "grace", "GET /users/ada/login-type"),
    ("orgs", "grace", "GET /users/me/organizations"),
    ("org-by-name", "grace", "GET /users/me/organizations/coder"),
    ("roles", "grace", "GET /users/me/roles"),
    ("assignable-roles", "ada", "GET /users/roles"),
    ("appearance", "grace", "GET /users/me/appearance"),
    ("preferences", "grace", "GET /users/me/preferences"),
    ("autofill", "grace", "GET /users/me/autofill-parameters?template_id={template.devcontainers}"),
    ("autofill-none", "grace", "GET /users/me/autofill-parameters"),
    (
        "autofill-extra",
        "grace",
        "GET /users/me/autofill-parameters?template_id={template.devcontainers}&x=1",
    ),
    ("first", NOBODY, "GET /users/first"),
];

const SIGN_IN_AND_QUOTA: &[Row<'_>] = &[
    ("authmethods", NOBODY, "GET /users/authmethods"),
    ("quota", "grace", "GET /organizations/{org.id}/members/me/workspace-quota"),
    ("quota-default", "grace", "GET /organizations/default/members/me/workspace-quota"),
    ("quota-legacy", "grace", "GET /workspace-quota/me"),
];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    credentials(server).await;
    USERS.send(server, ONE_USER).await;
    for search in SEARCHES {
        let label = format!("q:{search}");
        USERS.ask(server, (&label, "ada", "GET /users")).query(&[("q", search)]).send().await;
    }
    USERS.send(server, PAGES_AND_SETTINGS).await;
    let first =
        json!({ "email": "x@example.com", "username": "x", "password": "Sup3rSecret!pass" });
    USERS.send_json(server, ("first-post", NOBODY, "POST /users/first"), &first).await;
    USERS.send(server, SIGN_IN_AND_QUOTA).await;
    sign_in(server).await;
    changes_by_a_member(server).await;
}

/// Asks `GET /users/me` with every kind of credentials.
async fn credentials(server: &mut Server) {
    let grace = server.token("grace");
    let key_id = grace.split_once('-').map_or("", |(id, _)| id);
    let wrong_secret = format!("{key_id}-BBBBBBBBBBBBBBBBBBBBBB");
    let me = |label| (label, NOBODY, "GET /users/me");

    USERS.ask(server, ("me-member", "grace", "GET /users/me")).send().await;
    USERS.ask(server, ("me-owner", "ada", "GET /users/me")).send().await;
    USERS.ask(server, me("me-no-token")).send().await;
    for (label, token) in [
        ("me-garbage", "garbage"),
        ("me-three-parts", "a-b-c"),
        ("me-short", "abc-def"),
        ("me-short-secret", "AAAAAAAAAA-abc"),
        ("me-unknown", UNKNOWN_TOKEN),
        ("me-wrong-secret", &wrong_secret),
        ("me-empty", ""),
    ] {
        USERS.ask(server, me(label)).token(token).send().await;
    }
    USERS.ask(server, me("me-bad-bearer")).bearer("garbage").send().await;
    USERS.ask(server, me("me-bearer")).bearer(&grace).send().await;
    USERS.ask(server, me("me-cookie")).cookies(&[("coder_session_token", &grace)]).send().await;
    USERS
        .ask(server, me("me-bad-cookie-good-header"))
        .token(&grace)
        .cookies(&[("coder_session_token", UNKNOWN_TOKEN)])
        .send()
        .await;
    USERS.ask(server, me("me-bad-header-good-bearer")).token("garbage").bearer(&grace).send().await;
    USERS.ask(server, me("me-basic")).basic("a", "b").send().await;
    USERS
        .ask(server, me("me-origin"))
        .token(&grace)
        .header("origin", "https://portal.test")
        .send()
        .await;
    USERS
        .ask(server, ("me-preflight", NOBODY, "OPTIONS /users/me"))
        .header("origin", "https://portal.test")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "coder-session-token")
        .send()
        .await;
}

/// Asks for `POST /users/login` in several ways.
async fn sign_in(server: &mut Server) {
    let password = server.seed().password.clone();
    let grace = "grace@example.com";
    let login = "POST /users/login";
    let good = json!({ "email": grace, "password": password });
    let signed_in = USERS.send_json(server, ("login-good", NOBODY, login), &good).await;
    if signed_in.status == 201 {
        server.made_session(&signed_in.text_at("/session_token"));
    }
    USERS
        .send_bodies(
            server,
            NOBODY,
            login,
            [
                ("login-bad", json!({ "email": grace, "password": "nope" })),
                ("login-unknown", json!({ "email": "no@example.com", "password": "nope" })),
                ("login-empty", json!({})),
            ],
        )
        .await;
    USERS.ask(server, ("login-get", NOBODY, "GET /users/login")).send().await;
    USERS.ask(server, ("login-form", NOBODY, login)).form(&[("email", "x")]).send().await;
}

/// Asks for the changes that a member may make to themselves and to others.
async fn changes_by_a_member(server: &mut Server) {
    let profile = "PUT /users/me/profile";
    for (label, username) in [("put-profile", "linus"), ("put-profile-bad", "a b")] {
        let body = json!({ "username": username, "name": "" });
        USERS.send_json(server, (label, "linus", profile), &body).await;
    }
    USERS.ask(server, ("delete-me", "linus", "DELETE /users/me")).send().await;
    let body = json!({ "email": "q@example.com", "username": "q", "password": "x" });
    USERS.send_json(server, ("post-users-member", "linus", "POST /users"), &body).await;
}
