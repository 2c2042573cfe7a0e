//! What becomes of tokens and codes when a secret, an application or a person goes.

use serde_json::json;

use super::provider::{APPS, App, TokenPair, borrowed};
use crate::server::Server;

/// Sends the requests of this section.
pub(super) async fn play(server: &mut Server, app: &App) {
    secret_deleted(server, app).await;
    suspended(server, app).await;
    app_deleted(server).await;
    callback_changed(server).await;
}

async fn secret_deleted(server: &mut Server, app: &App) {
    let (owner, linus) = (server.token("ada"), server.token("linus"));
    let secrets = format!("{APPS}/{}/secrets", app.id);
    let made = server.quietly("POST", &secrets).token(&owner).send().await;
    let second_id = made.text_at("/id");
    let second = App { secret: made.text_at("/client_secret_full"), ..app.clone() };
    server.name(&second_id, "{appa.second.id}");
    let code = server.code(app, &linus, &[]).await;
    let reply = server.exchange("lifecycle/pair-under-second-secret", &second, &code, &[]).await;
    let pair = TokenPair::from_reply(&reply);
    server.ask("lifecycle/secrets-list", "GET", &secrets).token(&owner).send().await;
    let label = "lifecycle/refresh-with-first-secret";
    let reply = server.refresh(label, app, &pair.refresh, &[]).await;
    let pair = pair.or_newer(&reply);
    let one = format!("{secrets}/{second_id}");
    server.ask("lifecycle/delete-second-secret", "DELETE", &one).token(&owner).send().await;
    server.me("lifecycle/access-after-secret-deleted", &pair.access).await;
    server.refresh("lifecycle/refresh-after-secret-deleted", app, &pair.refresh, &[]).await;
    let code = server.code(app, &linus, &[]).await;
    server.exchange("lifecycle/deleted-secret-used", &second, &code, &[]).await;
}

async fn suspended(server: &mut Server, app: &App) {
    let hugo = server.add_user("hugo").await;
    let pair = server.pair(app, &hugo.token).await;
    let code = server.code(app, &hugo.token, &[]).await;
    server.set_status("hugo", &hugo, "suspend").await;
    server.me("lifecycle/suspended-access", &pair.access).await;
    server.me("lifecycle/suspended-session", &hugo.token).await;
    let me = "/api/v2/users/me";
    server.ask("lifecycle/suspended-bearer", "GET", me).bearer(&pair.access).send().await;
    let query = app.authorization(&[]);
    let authorize = "/oauth2/authorize";
    server
        .ask("lifecycle/suspended-authorize-GET", "GET", authorize)
        .query(&borrowed(&query))
        .cookies(&[("coder_session_token", &hugo.token)])
        .send()
        .await;
    server
        .ask("lifecycle/suspended-authorize-POST", "POST", authorize)
        .query(&borrowed(&query))
        .token(&hugo.token)
        .send()
        .await;
    let reply = server.refresh("lifecycle/suspended-refresh", app, &pair.refresh, &[]).await;
    let pair = pair.or_newer(&reply);
    server.me("lifecycle/suspended-access-after-refresh", &pair.access).await;
    server.exchange("lifecycle/suspended-code-exchange", app, &code, &[]).await;
    server.set_status("hugo", &hugo, "activate").await;
    server.me("lifecycle/activated-access", &pair.access).await;
    server.me("lifecycle/activated-session", &hugo.token).await;
}

async fn app_deleted(server: &mut Server) {
    let (owner, linus) = (server.token("ada"), server.token("linus"));
    let app = server.add_app("appd", "http://127.0.0.1:9996/cb").await;
    let pair = server.pair(&app, &linus).await;
    let code = server.code(&app, &linus, &[]).await;
    let path = format!("{APPS}/{}", app.id);
    server.ask("lifecycle/delete-app", "DELETE", &path).token(&owner).send().await;
    server.me("lifecycle/access-after-app-deleted", &pair.access).await;
    server.refresh("lifecycle/refresh-after-app-deleted", &app, &pair.refresh, &[]).await;
    server.exchange("lifecycle/code-after-app-deleted", &app, &code, &[]).await;
    let query = app.authorization(&[]);
    server
        .ask("lifecycle/authorize-after-app-deleted", "GET", "/oauth2/authorize")
        .query(&borrowed(&query))
        .cookies(&[("coder_session_token", &linus)])
        .send()
        .await;
}

async fn callback_changed(server: &mut Server) {
    let (owner, linus) = (server.token("ada"), server.token("linus"));
    let app = server.add_app("appe", "http://127.0.0.1:9995/cb").await;
    let code = server.code(&app, &linus, &[]).await;
    let path = format!("{APPS}/{}", app.id);
    let body = json!({
        "name": format!("appe-{}", server.run()), "callback_url": "http://127.0.0.1:9995/new", "icon": "",
    });
    server.quietly("PUT", &path).token(&owner).json(&body).send().await;
    server.exchange("lifecycle/code-after-callback-changed", &app, &code, &[]).await;
    server.quietly("DELETE", &path).token(&owner).send().await;
}
