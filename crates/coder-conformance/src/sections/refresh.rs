//! A second login, refreshing at `/oauth2/tokens`, and what the tokens may do.

use serde_json::json;

use super::provider::{
    APPS, App, Change, TokenPair, UNKNOWN_SECRET, VERIFIER, borrowed, wrong_half,
};
use crate::server::Server;

const ME: &str = "/api/v2/users/me";
const LABEL: &str = "tokens/refresh/";

/// Sends the requests; the pair of linus at `app`.
pub(super) async fn play(server: &mut Server, app: &App, other: &App) -> TokenPair {
    let member = server.token("grace");
    let code = server.code(app, &member, &[]).await;
    let first = TokenPair::from_reply(&server.exchange("relogin/first", app, &code, &[]).await);
    let code = server.code(app, &member, &[]).await;
    let second = TokenPair::from_reply(&server.exchange("relogin/second", app, &code, &[]).await);
    server.me("relogin/first-access", &first.access).await;
    server.refresh("relogin/first-refresh", app, &first.refresh, &[]).await;
    server.me("relogin/second-access", &second.access).await;
    let linus = server.token("linus");
    let code = server.code(app, &linus, &[]).await;
    let linus = TokenPair::from_reply(&server.exchange("relogin/linus", app, &code, &[]).await);
    server.me("relogin/second-access-after-other-user", &second.access).await;
    where_a_token_may_stand(server, &second.access).await;
    wrong_refreshes(server, app, &second).await;
    other_client(server, app, other).await;
    let last = rotations(server, app, other, second).await;
    server.me(&format!("{LABEL}final-access"), &last.access).await;
    what_a_token_may_do(server, other, &last).await;
    linus
}

async fn where_a_token_may_stand(server: &mut Server, access: &str) {
    server.ask("relogin/bearer", "GET", ME).bearer(access).send().await;
    let lower = format!("bearer {access}");
    server.ask("relogin/bearer-lower", "GET", ME).header("authorization", &lower).send().await;
    for name in ["access_token", "coder_session_token"] {
        let path = format!("{ME}?{name}={access}");
        server.ask(&format!("relogin/query-{name}"), "GET", &path).send().await;
    }
    server
        .ask("relogin/cookie", "GET", ME)
        .cookies(&[("coder_session_token", access)])
        .send()
        .await;
}

async fn wrong_refreshes(server: &mut Server, app: &App, pair: &TokenPair) {
    let half = wrong_half(&pair.refresh);
    for (label, token) in [
        ("no-token", None),
        ("empty-token", Some("")),
        ("malformed", Some("abc")),
        ("unknown", Some(UNKNOWN_SECRET)),
        ("wrong-half", Some(half.as_str())),
        ("access-token-instead", Some(pair.access.as_str())),
    ] {
        let change = [("refresh_token", token)];
        server.refresh(&format!("{LABEL}{label}"), app, "", &change).await;
    }
    for (label, change) in [
        ("unknown-param", ("foo", Some("1"))),
        ("bad-redirect", ("redirect_uri", Some("http://evil.test/"))),
        ("no-client_id", ("client_id", None)),
    ] {
        server.refresh(&format!("{LABEL}{label}"), app, &pair.refresh, &[change]).await;
    }
    let mut twice = app.refresh(&pair.refresh, &[]);
    twice.push(("refresh_token".to_owned(), pair.refresh.clone()));
    server.tokens(&format!("{LABEL}repeated"), &twice).await;
}

async fn other_client(server: &mut Server, app: &App, other: &App) {
    let owner = server.token("ada");
    let old = server.pair(app, &owner).await;
    let reply = server.refresh(&format!("{LABEL}other-client"), other, &old.refresh, &[]).await;
    let new = old.clone().or_newer(&reply);
    server.me(&format!("{LABEL}other-client-old-access"), &old.access).await;
    server.me(&format!("{LABEL}other-client-new-access"), &new.access).await;
    let label = format!("{LABEL}after-other-client-by-owner-app");
    server.refresh(&label, app, &new.refresh, &[]).await;
    let pair = server.pair(app, &owner).await;
    let label = format!("{LABEL}other-client-no-secret");
    server.refresh(&label, other, &pair.refresh, &[("client_secret", None)]).await;
}

/// Refreshes again and again, each time in another form; the last pair.
async fn rotations(server: &mut Server, app: &App, other: &App, first: TokenPair) -> TokenPair {
    let reply = server.refresh(&format!("{LABEL}good"), app, &first.refresh, &[]).await;
    let mut pair = TokenPair::from_reply(&reply);
    server.me(&format!("{LABEL}old-access"), &first.access).await;
    server.refresh(&format!("{LABEL}reuse-old"), app, &first.refresh, &[]).await;
    server.me(&format!("{LABEL}new-access-after-reuse"), &pair.access).await;
    let secrets: [(&str, Option<&str>); 3] = [
        ("without-secret", None),
        ("wrong-secret", Some(UNKNOWN_SECRET)),
        ("other-apps-secret", Some(&other.secret)),
    ];
    for (label, secret) in secrets {
        pair = rotate(server, app, label, pair, &[("client_secret", secret)]).await;
    }
    let reply = server
        .ask(&format!("{LABEL}basic"), "POST", "/oauth2/tokens")
        .form(&[("grant_type", "refresh_token"), ("refresh_token", &pair.refresh)])
        .basic(&app.id, &app.secret)
        .send()
        .await;
    pair = pair.or_newer(&reply);
    let base = server.seed().base.clone();
    for (label, name, value) in [
        ("with-redirect", "redirect_uri", app.callback.as_str()),
        ("with-scope", "scope", "coder:all"),
        ("with-unknown-scope", "scope", "no:such"),
        ("with-resource", "resource", &base),
        ("with-code_verifier", "code_verifier", VERIFIER),
        ("with-code", "code", UNKNOWN_SECRET),
    ] {
        pair = rotate(server, app, label, pair, &[(name, Some(value))]).await;
    }
    pair
}

async fn rotate(
    server: &mut Server,
    app: &App,
    label: &str,
    pair: TokenPair,
    changes: &[Change<'_>],
) -> TokenPair {
    let reply = server.refresh(&format!("{LABEL}{label}"), app, &pair.refresh, changes).await;
    pair.or_newer(&reply)
}

async fn what_a_token_may_do(server: &mut Server, other: &App, pair: &TokenPair) {
    let access = pair.access.as_str();
    let key = access.split('-').next().unwrap_or_default().to_owned();
    let path = format!("{ME}/keys/{key}");
    server.ask("keys/oauth-key", "GET", &path).token(access).send().await;
    server.name(&key, "{keyid}");
    let own = "/api/v2/workspaces?q=owner:me";
    server.ask("oauth-token/list-own", "GET", own).token(access).send().await;
    let keys = format!("{ME}/keys");
    server.ask("oauth-token/make-key", "POST", &keys).token(access).send().await;
    let name = format!("fid-{}", server.run());
    let body = json!({ "token_name": name, "lifetime": 3_600_000_000_000_u64 });
    let tokens = format!("{keys}/tokens");
    server.ask("oauth-token/make-token", "POST", &tokens).token(access).json(&body).send().await;
    let query = other.authorization(&[]);
    server
        .ask("oauth-token/authorize-another-app-GET", "GET", "/oauth2/authorize")
        .query(&borrowed(&query))
        .token(access)
        .send()
        .await;
    let (owner, linus) = (server.token("ada"), server.token("linus"));
    let of_linus = format!("{APPS}?user_id={}", server.user_id("linus"));
    for (label, path, token) in [
        ("user_id-filter", of_linus.as_str(), &owner),
        ("user_id-bad", &format!("{APPS}?user_id=abc"), &owner),
        ("user_id-me", &format!("{APPS}?user_id=me"), &linus),
        ("user_id-filter-by-member", &of_linus, &linus),
    ] {
        server.ask(&format!("apps/{label}"), "GET", path).token(token).send().await;
    }
}
