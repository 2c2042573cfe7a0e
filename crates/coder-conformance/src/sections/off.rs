//! What answers while the OAuth2 provider is switched off.

use serde_json::json;

use crate::placeholders::UNKNOWN_ID;
use crate::server::Server;

const REQUESTS: &[(&str, &str)] = &[
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/.well-known/oauth-protected-resource"),
    ("GET", "/oauth2/authorize"),
    ("POST", "/oauth2/authorize"),
    ("GET", "/oauth2/authorize?client_id={unknown}"),
    ("POST", "/oauth2/tokens"),
    ("GET", "/oauth2/tokens"),
    ("DELETE", "/oauth2/tokens"),
    ("POST", "/oauth2/revoke"),
    ("POST", "/oauth2/register"),
    ("GET", "/oauth2/clients/{unknown}"),
    ("GET", "/oauth2/nope"),
    ("GET", "/api/v2/oauth2-provider/apps"),
    ("POST", "/api/v2/oauth2-provider/apps"),
    ("GET", "/api/v2/oauth2-provider/apps/{unknown}"),
    ("GET", "/api/v2/oauth2-provider/settings"),
    ("GET", "/api/v2/oauth2-provider/nope"),
    ("OPTIONS", "/oauth2/tokens"),
    ("GET", "/api/v2/experiments"),
    ("GET", "/api/v2/buildinfo"),
    ("GET", "/api/v2/users/me"),
];

/// Sends the requests, each without credentials and as the owner.
pub(super) async fn play(server: &mut Server) {
    let ada = server.token("ada");
    for (method, path) in REQUESTS {
        let path = path.replace("{unknown}", UNKNOWN_ID);
        let label = format!("off/{method} {path}");
        server.ask(&label, method, &path).send().await;
        let label = format!("{label} owner");
        let mut ask = server.ask(&label, method, &path).token(&ada);
        let creates_app = *method == "POST" && path.ends_with("/apps");
        if creates_app {
            ask = ask.json(&json!({ "name": "x", "callback_url": "https://a.test/cb" }));
        }
        let reply = ask.send().await;
        if creates_app && reply.status == 201 {
            let id = reply.text_at("/id");
            server.made(&format!("/api/v2/oauth2-provider/apps/{id}"), &ada);
        }
    }
    let me = "/api/v2/users/me";
    server.ask("off/bearer", "GET", me).bearer(&ada).send().await;
    let with_token = format!("{me}?access_token={ada}");
    server.ask("off/access_token-query", "GET", &with_token).send().await;
}
