//! Dynamic client registration (RFC 7591) and its management (RFC 7592).

use serde_json::{Value, json};

use super::provider::{APPS, App, TokenPair};
use crate::placeholders::UNKNOWN_ID;
use crate::server::{Reply, Server};

const REGISTER: &str = "/oauth2/register";

const REDIRECT_URIS: &[&str] = &[
    "http://portal.internal/cb",
    "http://localhost:1/cb",
    "http://127.0.0.1/cb",
    "vscode://x/cb",
    "javascript:alert(1)",
    "data:x",
    "file:///x",
    "ftp://a/",
    "https://a.test/#f",
    "urn:ietf:wg:oauth:2.0:oob",
    "abc",
    "",
    "com.example.app:/cb",
    "mailto:a@b",
    "http://[::1]/cb",
    "http://app.localhost/cb",
    "https://a.test/*",
];

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server) {
    let good = json!({ "redirect_uris": ["https://portal.test/cb"], "client_name": "Dyn" });
    let registered = server.ask("register/good", "POST", REGISTER).json(&good).send().await;
    wrong_registrations(server).await;
    fields(server, &good).await;
    if registered.status == 201 {
        manage(server, &good, &registered).await;
    }
}

/// Registers, and deletes what was registered.
async fn register(server: &mut Server, label: &str, body: &Value) {
    let label = format!("register/{label}");
    let reply = server.ask(&label, "POST", REGISTER).json(body).send().await;
    if reply.status == 201 {
        let path = format!("/oauth2/clients/{}", reply.text_at("/client_id"));
        let token = reply.text_at("/registration_access_token");
        server.quietly("DELETE", &path).bearer(&token).send().await;
    }
}

async fn wrong_registrations(server: &mut Server) {
    for (label, body) in [
        ("empty", json!({})),
        ("no-uris", json!({ "client_name": "x" })),
        ("empty-uris", json!({ "redirect_uris": [] })),
        ("uris-not-list", json!({ "redirect_uris": "https://a.test" })),
    ] {
        register(server, label, &body).await;
    }
    server
        .ask("register/bad-json", "POST", REGISTER)
        .header("content-type", "application/json")
        .raw("{")
        .send()
        .await;
    server.ask("register/no-body", "POST", REGISTER).send().await;
    let form = [("redirect_uris", "https://a.test")];
    server.ask("register/form", "POST", REGISTER).form(&form).send().await;
    server.ask("register/GET", "GET", REGISTER).send().await;
    for uri in REDIRECT_URIS {
        register(server, &format!("uri:{uri}"), &json!({ "redirect_uris": [uri] })).await;
    }
}

async fn fields(server: &mut Server, good: &Value) {
    let methods = ["none", "client_secret_post", "client_secret_basic", "private_key_jwt"];
    let mut fields: Vec<(&str, Value)> =
        methods.map(|method| ("token_endpoint_auth_method", json!(method))).to_vec();
    for grant in ["implicit", "authorization_code", "client_credentials", "password"] {
        fields.push(("grant_types", json!([grant])));
    }
    fields.extend([
        ("response_types", json!(["token"])),
        ("response_types", json!(["code"])),
        ("scope", json!("workspace:read")),
        ("scope", json!("no:such")),
        ("client_name", json!("")),
        ("client_name", json!("x".repeat(200))),
        ("client_name", json!("A B")),
        ("client_uri", json!("not url")),
        ("client_uri", json!("https://a.test")),
        ("logo_uri", json!("https://a.test/l.png")),
        ("contacts", json!(["a@b.c"])),
        ("jwks", json!({ "keys": [] })),
        ("software_id", json!("id")),
        ("software_statement", json!("x")),
        ("unknown", json!("x")),
    ]);
    for (field, value) in fields {
        // As the label was recorded: JSON with a space after each colon.
        let shown: String = value.to_string().replace("\":", "\": ").chars().take(40).collect();
        register(server, &format!("{field}={shown}"), &changed(good, field, &value)).await;
    }
}

/// Makes the good registration with one field set.
fn changed(good: &Value, field: &str, value: &Value) -> Value {
    let mut body = good.clone();
    if let Some(object) = body.as_object_mut() {
        object.insert(field.to_owned(), value.clone());
    }
    body
}

async fn manage(server: &mut Server, good: &Value, registered: &Reply) {
    let owner = server.token("ada");
    let id = registered.text_at("/client_id");
    let token = registered.text_at("/registration_access_token");
    server.name(&id, "{dyn.client_id}");
    server.name(&token, "{dyn.regtoken}");
    let path = format!("/oauth2/clients/{id}");
    read(server, &path, &id, &token, &owner).await;
    change(server, &path, good, &id, &token).await;
    for (label, path) in [
        ("get-bad-id", "/oauth2/clients/abc"),
        ("get-unknown", &format!("/oauth2/clients/{UNKNOWN_ID}")),
        ("collection", "/oauth2/clients"),
    ] {
        server.ask(&format!("clients/{label}"), "GET", path).bearer(&token).send().await;
    }
    let admins = server.add_app("adm", "https://portal.test/adm").await;
    let admins_path = format!("/oauth2/clients/{}", admins.id);
    server.ask("clients/get-admin-made", "GET", &admins_path).bearer(&token).send().await;
    server.quietly("DELETE", &format!("{APPS}/{}", admins.id)).token(&owner).send().await;
    let client = App {
        id,
        secret: registered.text_at("/client_secret"),
        callback: "https://portal.test/cb".to_owned(),
    };
    let put_back = server.ask("clients/put-back", "PUT", &path).bearer(&token);
    put_back.json(good).send().await;
    let access = sign_in(server, &client, &owner).await;
    server.ask("clients/delete-no-token", "DELETE", &path).send().await;
    server.ask("clients/delete", "DELETE", &path).bearer(&token).send().await;
    server.ask("clients/get-after-delete", "GET", &path).bearer(&token).send().await;
    server.ask("clients/delete-again", "DELETE", &path).bearer(&token).send().await;
    if let Some(access) = access {
        server.me("dcr-login/access-after-delete", &access).await;
    }
}

async fn read(server: &mut Server, path: &str, id: &str, token: &str, owner: &str) {
    server.ask("clients/get", "GET", path).bearer(token).send().await;
    server.ask("clients/get-no-token", "GET", path).send().await;
    server.ask("clients/get-wrong-token", "GET", path).bearer(&"x".repeat(40)).send().await;
    server.ask("clients/get-session", "GET", path).token(owner).send().await;
    server.ask("clients/get-basic", "GET", path).basic(id, token).send().await;
}

async fn change(server: &mut Server, path: &str, good: &Value, id: &str, token: &str) {
    let renamed = changed(good, "client_name", &json!("Dyn2"));
    let renamed = changed(&renamed, "redirect_uris", &json!(["https://portal.test/cb2"]));
    server.ask("clients/put", "PUT", path).bearer(token).json(&renamed).send().await;
    server.ask("clients/put-empty", "PUT", path).bearer(token).json(&json!({})).send().await;
    server.ask("clients/put-no-token", "PUT", path).json(good).send().await;
    for (label, method, body) in [
        ("put-type-change", "PUT", changed(good, "token_endpoint_auth_method", &json!("none"))),
        ("put-client_id", "PUT", changed(good, "client_id", &json!(id))),
        ("post", "POST", good.clone()),
        ("patch", "PATCH", good.clone()),
    ] {
        let ask = server.ask(&format!("clients/{label}"), method, path).bearer(token);
        ask.json(&body).send().await;
    }
}

/// Signs linus in with the registered client; the access token.
async fn sign_in(server: &mut Server, client: &App, owner: &str) -> Option<String> {
    let linus = server.token("linus");
    let code = server.code(client, &linus, &[]).await;
    let reply = server.exchange("dcr-login/exchange", client, &code, &[]).await;
    let path = format!("{APPS}/{}", client.id);
    server.ask("dcr-login/app-json", "GET", &path).token(owner).send().await;
    let secrets = format!("{path}/secrets");
    server.ask("dcr-login/secrets", "GET", &secrets).token(owner).send().await;
    (reply.status == 200).then(|| TokenPair::from_reply(&reply).access)
}
