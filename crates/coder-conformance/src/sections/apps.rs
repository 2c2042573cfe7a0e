//! Applications of administrators, their secrets, and the provider's settings.

use serde_json::{Value, json};

use super::provider::APPS;
use crate::placeholders::UNKNOWN_ID;
use crate::server::Server;

const NAMES: &[&str] = &[
    "My App",
    "-a",
    "a-",
    "a--b",
    "new",
    "create",
    "NEW",
    "a_b",
    "a.b",
    "ü",
    X32,
    X33,
    "A1",
    "a",
    "name<script>",
];
const X32: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const X33: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

const CALLBACKS: &[&str] = &[
    "",
    "abc",
    "/cb",
    "ftp://a.test/",
    "vscode://coder.coder-remote/cb",
    "http://portal.internal/cb",
    "https://a.test",
    "https://a.test/cb#f",
    "https://a.test/cb?x=1",
    "javascript:alert(1)",
    "http://localhost",
    "urn:ietf:wg:oauth:2.0:oob",
    "http://127.0.0.1:1/",
    "HTTPS://A.TEST/CB",
    "https://user:pw@a.test/cb",
    "mailto:a@b",
    "https:///cb",
    "http://[::1]:80/cb",
    " https://a.test/cb",
];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    let (owner, member) = (server.token("ada"), server.token("grace"));
    server.ask("apps/list-no-session", "GET", APPS).send().await;
    server.ask("apps/list-member", "GET", APPS).token(&member).send().await;
    server.ask("apps/list-owner", "GET", APPS).token(&owner).send().await;
    creating(server, &owner, &member).await;
    let app = one_app(server, &owner, &member).await;
    secrets(server, &app, &owner, &member).await;
    let path = format!("{APPS}/{app}");
    server.ask("apps/delete-member", "DELETE", &path).token(&member).send().await;
    server.ask("apps/delete", "DELETE", &path).token(&owner).send().await;
    server.ask("apps/delete-again", "DELETE", &path).token(&owner).send().await;
    settings(server, &owner, &member).await;
}

async fn creating(server: &mut Server, owner: &str, member: &str) {
    server.ask("apps/post/no-body", "POST", APPS).token(owner).send().await;
    server.try_app("apps/post/empty", owner, &json!({})).await;
    let plain = json!({ "name": "x", "callback_url": "https://a.test/cb" });
    server.try_app("apps/post/by-member", member, &plain).await;
    for (label, name) in [("null-name", Value::Null), ("number-name", json!(5))] {
        let body = json!({ "name": name, "callback_url": "https://a.test/cb" });
        server.try_app(&format!("apps/post/{label}"), owner, &body).await;
    }
    for name in NAMES {
        let shown = if name.len() < 30 { (*name).to_owned() } else { format!("x*{}", name.len()) };
        let body = json!({ "name": name, "callback_url": "https://a.test/cb", "icon": "" });
        server.try_app(&format!("apps/post/name:{shown}"), owner, &body).await;
    }
    for callback in CALLBACKS {
        let body = json!({ "name": "cbt", "callback_url": callback, "icon": "" });
        server.try_app(&format!("apps/post/cb:{callback}"), owner, &body).await;
    }
    let callbacks = json!(["https://a.test/cb", "https://b.test/cb"]);
    for (label, name, field, value) in [
        ("no-icon", "noicon", "", Value::Null),
        ("bad-icon", "badicon", "icon", json!("not a url")),
        ("icon", "icon", "icon", json!("/icon/x.svg")),
        ("unknown-field", "uf", "foo", json!(1)),
        ("redirect_uris", "ruris", "redirect_uris", callbacks),
        ("scope", "scp", "scope", json!("workspace:read")),
    ] {
        let mut body = json!({ "name": name, "callback_url": "https://a.test/cb" });
        if let Some(object) = body.as_object_mut().filter(|_| !field.is_empty()) {
            object.insert(field.to_owned(), value);
        }
        server.try_app(&format!("apps/post/{label}"), owner, &body).await;
    }
    server
        .ask("apps/post/bad-json", "POST", APPS)
        .token(owner)
        .header("content-type", "application/json")
        .raw("{")
        .send()
        .await;
}

/// Reads and changes one application; its id.
async fn one_app(server: &mut Server, owner: &str, member: &str) -> String {
    let body = json!({ "name": "dup", "callback_url": "https://a.test/cb" });
    let made = server.quietly("POST", APPS).token(owner).json(&body).send().await;
    server.try_app("apps/post/duplicate-name", owner, &body).await;
    let id = made.text_at("/id");
    server.name(&id, "{dup.id}");
    let path = format!("{APPS}/{id}");
    server.made(&path, owner);
    let unknown = format!("{APPS}/{UNKNOWN_ID}");
    server.ask("apps/get", "GET", &path).token(owner).send().await;
    server.ask("apps/get-member", "GET", &path).token(member).send().await;
    server.ask("apps/get-unknown", "GET", &unknown).token(owner).send().await;
    server.ask("apps/get-bad", "GET", &format!("{APPS}/abc")).token(owner).send().await;
    server.ask("apps/get-no-session", "GET", &path).send().await;
    for (label, body) in [
        ("good", json!({ "name": "dup2", "callback_url": "https://a.test/cb2", "icon": "/i.svg" })),
        ("empty", json!({})),
        ("name-only", json!({ "name": "dup3" })),
        ("bad-name", json!({ "name": "A b", "callback_url": "https://a.test/cb" })),
        ("bad-cb", json!({ "name": "dup3", "callback_url": "x" })),
        ("no-icon", json!({ "name": "dup4", "callback_url": "https://a.test/cb2" })),
    ] {
        let label = format!("apps/put/{label}");
        server.ask(&label, "PUT", &path).token(owner).json(&body).send().await;
    }
    let body = json!({ "name": "dup2", "callback_url": "https://a.test/cb2" });
    server.ask("apps/put/member", "PUT", &path).token(member).json(&body).send().await;
    server.ask("apps/put/unknown", "PUT", &unknown).token(owner).json(&body).send().await;
    id
}

async fn secrets(server: &mut Server, app: &str, owner: &str, member: &str) {
    let path = format!("{APPS}/{app}/secrets");
    let unknown = format!("{APPS}/{UNKNOWN_ID}/secrets");
    server.ask("secrets/list-empty", "GET", &path).token(owner).send().await;
    server.ask("secrets/list-member", "GET", &path).token(member).send().await;
    server.ask("secrets/post-member", "POST", &path).token(member).send().await;
    let made = server.ask("secrets/post", "POST", &path).token(owner).send().await;
    let secret = made.text_at("/id");
    server.name(&secret, "{secret.id}");
    server.ask("secrets/list", "GET", &path).token(owner).send().await;
    server.ask("secrets/post-unknown-app", "POST", &unknown).token(owner).send().await;
    server.ask("secrets/list-unknown-app", "GET", &unknown).token(owner).send().await;
    let body = json!({ "a": 1 });
    server.ask("secrets/post-json", "POST", &path).token(owner).json(&body).send().await;
    let one = format!("{path}/{secret}");
    for (label, path, token) in [
        ("secrets/delete-bad-id", format!("{path}/abc"), owner),
        ("secrets/delete-unknown", format!("{path}/{UNKNOWN_ID}"), owner),
        ("secrets/delete-member", one.clone(), member),
    ] {
        server.ask(label, "DELETE", &path).token(token).send().await;
    }
    let body = json!({ "name": "second", "callback_url": "https://a.test/cb" });
    let second = server.quietly("POST", APPS).token(owner).json(&body).send().await.text_at("/id");
    server.name(&second, "{second.id}");
    server.made(&format!("{APPS}/{second}"), owner);
    let through_other = format!("{APPS}/{second}/secrets/{secret}");
    server
        .ask("secrets/delete-through-other-app", "DELETE", &through_other)
        .token(owner)
        .send()
        .await;
    server.ask("secrets/delete", "DELETE", &one).token(owner).send().await;
    server.ask("secrets/delete-again", "DELETE", &one).token(owner).send().await;
    server.ask("secrets/get-one", "GET", &one).token(owner).send().await;
}

async fn settings(server: &mut Server, owner: &str, member: &str) {
    let second = server.quietly("GET", APPS).token(owner).send().await;
    let second = second.json().as_array().and_then(|apps| {
        let app = apps.iter().find(|app| app.get("name").is_some_and(|name| name == "second"))?;
        Some(app.get("id")?.as_str()?.to_owned())
    });
    let second = format!("{APPS}/{}", second.unwrap_or_default());
    server.ask("apps/patch", "PATCH", &second).token(owner).json(&json!({})).send().await;
    server.quietly("DELETE", &second).token(owner).send().await;
    let path = "/api/v2/oauth2-provider/settings";
    server.ask("settings/get", "GET", path).token(owner).send().await;
    server.ask("settings/get-member", "GET", path).token(member).send().await;
    let body = json!({ "dynamic_client_registration_enabled": true });
    server.ask("settings/put", "PUT", path).token(owner).json(&body).send().await;
    let unknown = "/api/v2/oauth2-provider/nope";
    server.ask("provider/unknown", "GET", unknown).token(owner).send().await;
}
