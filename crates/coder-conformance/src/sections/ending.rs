//! `DELETE /oauth2/tokens` and `POST /oauth2/revoke` (RFC 7009).

use serde_json::json;

use super::provider::{App, TokenPair, UNKNOWN_SECRET, wrong_half};
use crate::placeholders::UNKNOWN_ID;
use crate::server::Server;

/// Sends the requests to `DELETE /oauth2/tokens`; `pair` is linus' at `app`.
pub(super) async fn disconnect(server: &mut Server, app: &App, other: &App, pair: &TokenPair) {
    let linus = server.token("linus");
    let of = |client: &str| format!("/oauth2/tokens?client_id={client}");
    let ours = of(&app.id);
    server.ask("disconnect/no-session", "DELETE", &ours).send().await;
    for (label, path) in [
        ("no-client", "/oauth2/tokens".to_owned()),
        ("unknown-client", of(UNKNOWN_ID)),
        ("bad-client", of("abc")),
        ("other-app-nothing", of(&other.id)),
        ("good", ours.clone()),
    ] {
        server.ask(&format!("disconnect/{label}"), "DELETE", &path).token(&linus).send().await;
    }
    server.me("disconnect/access-after", &pair.access).await;
    server.refresh("disconnect/refresh-after", app, &pair.refresh, &[]).await;
    server.ask("disconnect/again", "DELETE", &ours).token(&linus).send().await;
    let code = server.code(app, &linus, &[]).await;
    server.ask("disconnect/kills-code", "DELETE", &ours).token(&linus).send().await;
    server.exchange("disconnect/code-after", app, &code, &[]).await;
    let pair = server.pair(app, &linus).await;
    server.ask("disconnect/by-oauth-token", "DELETE", &ours).token(&pair.access).send().await;
    server.me("disconnect/by-oauth-token-access-after", &pair.access).await;
    let pair = server.pair(app, &linus).await;
    let logout = "/api/v2/users/logout";
    server
        .ask("disconnect/logout-with-oauth-token", "POST", logout)
        .token(&pair.access)
        .send()
        .await;
    server.me("disconnect/after-logout", &pair.access).await;
    server.refresh("disconnect/refresh-after-logout", app, &pair.refresh, &[]).await;
}

const REVOKE: &str = "/oauth2/revoke";

/// Sends the requests to `POST /oauth2/revoke`.
pub(super) async fn revoke(server: &mut Server, app: &App, other: &App) {
    let linus = server.token("linus");
    let pair = server.pair(app, &linus).await;
    let (id, secret) = (("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()));
    let unknown_key = format!("AAAAAAAAAA-{}", "B".repeat(22));
    let (half_refresh, half_access) = (wrong_half(&pair.refresh), wrong_half(&pair.access));
    let refresh = ("token", pair.refresh.as_str());
    let token = |value| ("token", value);
    for (label, form) in [
        ("no-token", vec![id, secret]),
        ("empty-token", vec![id, secret, token("")]),
        ("no-client", vec![refresh]),
        ("bad-client", vec![refresh, ("client_id", "abc")]),
        ("unknown-client", vec![refresh, ("client_id", UNKNOWN_ID)]),
        ("malformed", vec![token("abc"), id, secret]),
        ("malformed-coder", vec![token("coder_abc"), id, secret]),
        ("unknown-refresh", vec![token(UNKNOWN_SECRET), id, secret]),
        ("unknown-access", vec![token(&unknown_key), id, secret]),
        ("wrong-half-refresh", vec![token(&half_refresh), id, secret]),
        ("wrong-half-access", vec![token(&half_access), id, secret]),
        ("session-token", vec![token(&linus), id, secret]),
    ] {
        post(server, label, &form).await;
    }
    server.me("revoke/session-after", &linus).await;
    let (other_id, other_secret) =
        (("client_id", other.id.as_str()), ("client_secret", other.secret.as_str()));
    post(server, "other-client-refresh", &[refresh, other_id, other_secret]).await;
    let access = token(&pair.access);
    post(server, "other-client-access", &[access, other_id, other_secret]).await;
    server.me("revoke/after-other-client", &pair.access).await;
    post(server, "repeated-token", &[refresh, refresh, id, secret]).await;
    server.me("revoke/after-repeated", &pair.access).await;
    revoke_fresh_pairs(server, app, &linus).await;
    for method in ["GET", "DELETE", "OPTIONS"] {
        server.ask(&format!("revoke/{method}"), method, REVOKE).send().await;
    }
}

async fn post(server: &mut Server, label: &str, form: &[(&str, &str)]) {
    server.ask(&format!("revoke/{label}"), "POST", REVOKE).form(form).send().await;
}

/// Revokes a fresh pair in each case, and asks what becomes of that pair.
async fn revoke_fresh_pairs(server: &mut Server, app: &App, linus: &str) {
    let (id, secret) = (("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()));
    let pair = server.pair(app, linus).await;
    post(server, "unknown-param", &[("token", &pair.refresh), id, secret, ("foo", "1")]).await;
    server.me("revoke/after-unknown-param", &pair.access).await;
    let pair = server.pair(app, linus).await;
    post(server, "refresh-good", &[("token", &pair.refresh), id, secret]).await;
    server.me("revoke/refresh-good-access-after", &pair.access).await;
    server.refresh("revoke/refresh-good-refresh-after", app, &pair.refresh, &[]).await;
    post(server, "refresh-again", &[("token", &pair.refresh), id, secret]).await;
    let pair = server.pair(app, linus).await;
    let hint = ("token_type_hint", "access_token");
    post(server, "access-good", &[("token", &pair.access), id, secret, hint]).await;
    server.me("revoke/access-good-access-after", &pair.access).await;
    server.refresh("revoke/access-good-refresh-after", app, &pair.refresh, &[]).await;
    for (label, added) in [
        ("no-secret", vec![id]),
        ("wrong-secret", vec![id, ("client_secret", UNKNOWN_SECRET)]),
        ("wrong-hint", vec![id, secret, hint]),
    ] {
        let pair = server.pair(app, linus).await;
        let mut form = vec![("token", pair.refresh.as_str())];
        form.extend(added);
        post(server, label, &form).await;
        server.me(&format!("revoke/{label}-after"), &pair.access).await;
    }
    let pair = server.pair(app, linus).await;
    let ask = server.ask("revoke/basic", "POST", REVOKE).form(&[("token", &pair.refresh)]);
    ask.basic(&app.id, &app.secret).send().await;
    server.me("revoke/basic-after", &pair.access).await;
    let pair = server.pair(app, linus).await;
    let query = [("token", pair.refresh.as_str()), id];
    server.ask("revoke/token-in-query", "POST", REVOKE).query(&query).send().await;
    server.me("revoke/token-in-query-after", &pair.access).await;
    let pair = server.pair(app, linus).await;
    let body = json!({ "token": pair.refresh, "client_id": app.id });
    server.ask("revoke/json", "POST", REVOKE).json(&body).send().await;
    server.me("revoke/json-after", &pair.access).await;
}
