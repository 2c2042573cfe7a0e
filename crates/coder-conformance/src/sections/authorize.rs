//! `/oauth2/authorize`: every parameter in every wrong form, every way to be signed in, consent.

use super::provider::{APPS, App, CHALLENGE, Pairs, VERIFIER, borrowed};
use crate::page;
use crate::placeholders::UNKNOWN_ID;
use crate::server::Server;

const AUTHORIZE: &str = "/oauth2/authorize";
const PORTAL: &str = "https://portal.test";

/// One change of the usual parameters.
enum Variant<'a> {
    /// The parameter is left out.
    Without(&'a [&'a str]),
    /// The parameter has another value.
    Set(&'a [(&'a str, &'a str)]),
    /// The parameter is added at the end, perhaps once more.
    Add(&'a [(&'a str, &'a str)]),
}

/// Sends the requests; the application that codes are issued to afterwards.
pub(super) async fn play(server: &mut Server) -> App {
    let app = server.add_app("appa", "http://127.0.0.1:9999/cb").await;
    let other = server.add_app("appb", "http://127.0.0.1:9998/other?keep=1&z=2&a=0").await;
    let member = server.token("grace");
    parameters(server, &app, &other, &member).await;
    callback_with_query(server, &other, &member).await;
    who_asks(server, &app, &member).await;
    methods(server, &app, &member).await;
    consent(server, &app, &member).await;
    let owner = server.token("ada");
    server.quietly("DELETE", &format!("{APPS}/{}", other.id)).token(&owner).send().await;
    app
}

async fn parameters(server: &mut Server, app: &App, other: &App, member: &str) {
    let base = server.seed().base.clone();
    let base_with_fragment = format!("{base}#x");
    let (upper, no_dashes) = (app.id.to_uppercase(), app.id.replace('-', ""));
    let callback = |suffix: &str| format!("{}{suffix}", app.callback);
    let (sub, longer, slash) = (callback("/sub"), callback("x"), callback("/"));
    let (query, empty_query, fragment, space) =
        (callback("?x=1"), callback("?"), callback("#f"), callback(" "));
    let short = CHALLENGE.get(..42).unwrap_or_default().to_owned();
    let odd = format!("{short}!");
    let (too_long, long_state) = ("a".repeat(129), "x".repeat(600));
    use Variant::{Add, Set, Without};
    let again = [("client_id", app.id.as_str())];
    let others = [("client_id", other.id.as_str())];
    send_variants(
        server,
        app,
        member,
        vec![
            ("ok", Set(&[])),
            ("client_id-absent", Without(&["client_id"])),
            ("client_id-empty", Set(&[("client_id", "")])),
            ("client_id-not-uuid", Set(&[("client_id", "abc")])),
            ("client_id-unknown", Set(&[("client_id", UNKNOWN_ID)])),
            ("client_id-repeated-same", Add(&again)),
            ("client_id-repeated-other", Add(&others)),
            ("client_id-upper", Set(&[("client_id", &upper)])),
            ("client_id-nodash", Set(&[("client_id", &no_dashes)])),
            ("redirect-absent", Without(&["redirect_uri"])),
            ("redirect-empty", Set(&[("redirect_uri", "")])),
            ("redirect-other-host", Set(&[("redirect_uri", "http://evil.test/cb")])),
            ("redirect-prefix-path", Set(&[("redirect_uri", &sub)])),
            ("redirect-longer-segment", Set(&[("redirect_uri", &longer)])),
            ("redirect-parent", Set(&[("redirect_uri", "http://127.0.0.1:9999/")])),
            ("redirect-trailing-slash", Set(&[("redirect_uri", &slash)])),
            ("redirect-upper-path", Set(&[("redirect_uri", "http://127.0.0.1:9999/CB")])),
            ("redirect-upper-scheme", Set(&[("redirect_uri", "HTTP://127.0.0.1:9999/cb")])),
            ("redirect-query-added", Set(&[("redirect_uri", &query)])),
            ("redirect-empty-query", Set(&[("redirect_uri", &empty_query)])),
            ("redirect-fragment", Set(&[("redirect_uri", &fragment)])),
            ("redirect-other-port", Set(&[("redirect_uri", "http://127.0.0.1:9998/cb")])),
            ("redirect-https", Set(&[("redirect_uri", "https://127.0.0.1:9999/cb")])),
            ("redirect-localhost", Set(&[("redirect_uri", "http://localhost:9999/cb")])),
            ("redirect-not-url", Set(&[("redirect_uri", "::")])),
            ("redirect-relative", Set(&[("redirect_uri", "/cb")])),
            ("redirect-percent", Set(&[("redirect_uri", "http://127.0.0.1:9999/c%62")])),
            ("redirect-dots", Set(&[("redirect_uri", "http://127.0.0.1:9999/x/../cb")])),
            ("redirect-userinfo", Set(&[("redirect_uri", "http://u@127.0.0.1:9999/cb")])),
            ("redirect-space", Set(&[("redirect_uri", &space)])),
            ("redirect-repeated", Add(&[("redirect_uri", &app.callback)])),
            ("response_type-absent", Without(&["response_type"])),
            ("response_type-empty", Set(&[("response_type", "")])),
            ("response_type-token", Set(&[("response_type", "token")])),
            ("response_type-id_token", Set(&[("response_type", "id_token")])),
            ("response_type-code-token", Set(&[("response_type", "code token")])),
            ("response_type-CODE", Set(&[("response_type", "CODE")])),
            ("response_type-repeated", Add(&[("response_type", "code")])),
            ("pkce-absent", Without(&["code_challenge", "code_challenge_method"])),
            ("pkce-challenge-empty", Set(&[("code_challenge", "")])),
            ("pkce-method-absent", Without(&["code_challenge_method"])),
            ("pkce-method-empty", Set(&[("code_challenge_method", "")])),
            (
                "pkce-plain",
                Set(&[("code_challenge", VERIFIER), ("code_challenge_method", "plain")]),
            ),
            ("pkce-method-lower", Set(&[("code_challenge_method", "s256")])),
            ("pkce-method-unknown", Set(&[("code_challenge_method", "S512")])),
            ("pkce-method-only", Without(&["code_challenge"])),
            ("pkce-challenge-short", Set(&[("code_challenge", &short)])),
            ("pkce-challenge-chars", Set(&[("code_challenge", &odd)])),
            ("pkce-challenge-129", Set(&[("code_challenge", &too_long)])),
            ("pkce-challenge-repeated", Add(&[("code_challenge", CHALLENGE)])),
            ("unknown-param", Add(&[("foo", "bar")])),
            ("unknown-param-empty", Add(&[("foo", "")])),
            ("two-unknown", Add(&[("zeta", "1"), ("alpha", "2")])),
            ("prompt", Add(&[("prompt", "none")])),
            ("nonce", Add(&[("nonce", "n")])),
            ("access_type", Add(&[("access_type", "offline")])),
            ("state-absent", Without(&["state"])),
            ("state-empty", Set(&[("state", "")])),
            ("state-special", Set(&[("state", "a b&c=d+é\"<>")])),
            ("state-repeated", Add(&[("state", "st-2")])),
            ("state-long", Set(&[("state", &long_state)])),
            ("scope-empty", Add(&[("scope", "")])),
            ("scope-openid", Add(&[("scope", "openid profile")])),
            ("scope-all", Add(&[("scope", "coder:all")])),
            ("scope-named", Add(&[("scope", "workspace:read user:read")])),
            ("scope-unknown", Add(&[("scope", "no:such")])),
            ("scope-repeated", Add(&[("scope", "a"), ("scope", "b")])),
            ("resource-base", Add(&[("resource", &base)])),
            ("resource-other", Add(&[("resource", "https://other.test")])),
            ("resource-fragment", Add(&[("resource", &base_with_fragment)])),
            ("resource-relative", Add(&[("resource", "/x")])),
        ],
    )
    .await;
    let mut two_faults = app
        .authorization(&[("response_type", None), ("redirect_uri", Some("http://evil.test/cb"))]);
    two_faults.push(("foo".to_owned(), "1".to_owned()));
    send_both(server, "two-faults", &two_faults, member).await;
}

async fn send_variants(
    server: &mut Server,
    app: &App,
    member: &str,
    variants: Vec<(&str, Variant<'_>)>,
) {
    for (label, variant) in variants {
        let pairs = match variant {
            Variant::Without(names) => {
                let changes: Vec<_> = names.iter().map(|name| (*name, None)).collect();
                app.authorization(&changes)
            }
            Variant::Set(pairs) => {
                let changes: Vec<_> =
                    pairs.iter().map(|(name, value)| (*name, Some(*value))).collect();
                app.authorization(&changes)
            }
            Variant::Add(pairs) => {
                let mut usual = app.authorization(&[]);
                usual.extend(
                    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
                );
                usual
            }
        };
        send_both(server, label, &pairs, member).await;
    }
}

/// Asks for the page by cookie, and for the consent by token.
async fn send_both(server: &mut Server, label: &str, pairs: &Pairs, member: &str) {
    let query = borrowed(pairs);
    server
        .ask(&format!("authorize/GET/{label}"), "GET", AUTHORIZE)
        .query(&query)
        .cookies(&[("coder_session_token", member)])
        .header("accept", "text/html")
        .send()
        .await;
    let label = format!("authorize/POST/{label}");
    server.ask(&label, "POST", AUTHORIZE).query(&query).token(member).send().await;
}

async fn callback_with_query(server: &mut Server, app: &App, member: &str) {
    let whole = app.authorization(&[]);
    let without = app.authorization(&[("redirect_uri", None)]);
    for (label, pairs) in
        [("callback-with-query", &whole), ("callback-with-query-no-redirect", &without)]
    {
        let label = format!("authorize/POST/{label}");
        server.ask(&label, "POST", AUTHORIZE).query(&borrowed(pairs)).token(member).send().await;
    }
    server
        .ask("authorize/GET/callback-with-query", "GET", AUTHORIZE)
        .query(&borrowed(&whole))
        .cookies(&[("coder_session_token", member)])
        .send()
        .await;
}

async fn who_asks(server: &mut Server, app: &App, member: &str) {
    let owner = server.token("ada");
    let usual = app.authorization(&[]);
    let query = borrowed(&usual);
    let bad_client = app.authorization(&[("client_id", Some(UNKNOWN_ID))]);
    let bad_redirect = app.authorization(&[("redirect_uri", Some("http://evil.test/cb"))]);
    for method in ["GET", "POST"] {
        let label = |case: &str| format!("authorize/{method}/{case}");
        for (case, accept) in [("no-session", "text/html"), ("no-session-json", "application/json")]
        {
            let ask = server.ask(&label(case), method, AUTHORIZE).query(&query);
            ask.header("accept", accept).send().await;
        }
        for (case, cookie) in
            [("bad-session", "AAAAAAAAAA-BBBBBBBBBBBBBBBBBBBBBB"), ("malformed-session", "abc")]
        {
            let ask = server.ask(&label(case), method, AUTHORIZE).query(&query);
            ask.cookies(&[("coder_session_token", cookie)]).send().await;
        }
        for (case, pairs) in
            [("no-session-bad-client", &bad_client), ("no-session-bad-redirect", &bad_redirect)]
        {
            server.ask(&label(case), method, AUTHORIZE).query(&borrowed(pairs)).send().await;
        }
        server
            .ask(&label("header-token"), method, AUTHORIZE)
            .query(&query)
            .token(member)
            .send()
            .await;
        server
            .ask(&label("bearer-token"), method, AUTHORIZE)
            .query(&query)
            .bearer(member)
            .send()
            .await;
        server
            .ask(&label("query-token"), method, AUTHORIZE)
            .query(&query)
            .query(&[("coder_session_token", member)])
            .send()
            .await;
        server.ask(&label("owner"), method, AUTHORIZE).query(&query).token(&owner).send().await;
        server.ask(&label("no-params"), method, AUTHORIZE).token(member).send().await;
    }
}

async fn methods(server: &mut Server, app: &App, member: &str) {
    let usual = app.authorization(&[]);
    let query = borrowed(&usual);
    for method in ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let label = format!("authorize/{method}/session");
        server.ask(&label, method, AUTHORIZE).query(&query).token(member).send().await;
        server
            .ask(&format!("authorize/{method}/none"), method, AUTHORIZE)
            .query(&query)
            .send()
            .await;
    }
    server
        .ask("authorize/OPTIONS/preflight", "OPTIONS", AUTHORIZE)
        .query(&query)
        .header("origin", PORTAL)
        .header("access-control-request-method", "POST")
        .send()
        .await;
    server
        .ask("authorize/GET/origin", "GET", AUTHORIZE)
        .query(&query)
        .cookies(&[("coder_session_token", member)])
        .header("origin", PORTAL)
        .send()
        .await;
}

/// Presses the button on the page, as a browser and as others.
async fn consent(server: &mut Server, app: &App, member: &str) {
    let usual = app.authorization(&[]);
    let query = borrowed(&usual);
    let shown = server
        .quietly("GET", AUTHORIZE)
        .query(&query)
        .cookies(&[("coder_session_token", member)])
        .send()
        .await;
    let csrf = page::read(&String::from_utf8_lossy(&shown.body)).csrf_token;
    let cookies: Vec<(String, String)> = shown
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut cookies: Vec<(&str, &str)> =
        cookies.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    cookies.insert(0, ("coder_session_token", member));
    let base = server.seed().base.clone();
    let own = [("origin", base.as_str()), ("sec-fetch-site", "same-origin")];
    let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
    let button = Button { query: &query, cookies: &cookies, headers: &own };
    button.press(server, "cookie-no-csrf", Some(&[("x", "y")])).await;
    button.press(server, "cookie-no-csrf-no-body", None).await;
    button.press(server, "cookie-bad-csrf", Some(&[("csrf_token", "nope")])).await;
    if let Some(csrf) = csrf {
        server.name(&csrf, "{csrf}");
        let form = [("csrf_token", csrf.as_str())];
        let cross = Button { headers: &foreign, ..button };
        cross.press(server, "cookie-cross-site", Some(&form)).await;
        let alone = [("coder_session_token", member)];
        let alone = Button { cookies: &alone, ..button };
        alone.press(server, "cookie-no-csrf-cookie", Some(&form)).await;
        button.press(server, "cookie-csrf-ok", Some(&form)).await;
        let with_header = [own[0], own[1], ("x-csrf-token", csrf.as_str())];
        let by_header = Button { headers: &with_header, ..button };
        by_header.press(server, "cookie-csrf-header", None).await;
    }
    other_places(server, app, member).await;
}

/// The button on the page.
#[derive(Clone, Copy)]
struct Button<'a> {
    query: &'a [(&'a str, &'a str)],
    cookies: &'a [(&'a str, &'a str)],
    headers: &'a [(&'a str, &'a str)],
}

impl Button<'_> {
    async fn press(self, server: &mut Server, label: &str, form: Option<&[(&str, &str)]>) {
        let mut ask = server
            .ask(&format!("consent/{label}"), "POST", AUTHORIZE)
            .query(self.query)
            .cookies(self.cookies);
        for (name, value) in self.headers {
            ask = ask.header(name, value);
        }
        if let Some(form) = form {
            ask = ask.form(form);
        }
        ask.send().await;
    }
}

/// Sends parameters in other places than the query.
async fn other_places(server: &mut Server, app: &App, member: &str) {
    let usual = app.authorization(&[]);
    let without = app.authorization(&[("client_id", None)]);
    server
        .ask("consent/client_id-in-body", "POST", AUTHORIZE)
        .query(&borrowed(&without))
        .token(member)
        .form(&[("client_id", &app.id)])
        .send()
        .await;
    let all = server.ask("consent/all-in-body", "POST", AUTHORIZE).token(member);
    all.form(&borrowed(&usual)).send().await;
    server
        .ask("consent/client_id-by-basic", "POST", AUTHORIZE)
        .query(&borrowed(&without))
        .token(member)
        .basic(&app.id, "x")
        .send()
        .await;
    server
        .ask("consent/json-body", "POST", AUTHORIZE)
        .query(&borrowed(&usual))
        .token(member)
        .json(&serde_json::json!({ "a": 1 }))
        .send()
        .await;
}
