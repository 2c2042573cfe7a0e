//! No secret is seen anywhere but where it belongs: a whole line over real sockets, while every
//! crate logs at trace level.

use std::sync::Arc;

use coder_core::{OsRandom, ReqwestTransport, Secret, SystemClock};
use coder_testkit::{FakeCoder, FakeServer, LogBuffer};
use http::StatusCode;

use crate::support::{
    APP_CONFIG, APP_CONFIG_LOCAL, link, load, portal, routes, variables, visitor, world,
};

/// Finds everything secret that a request or an answer of the fake can have held: values of headers
/// and of forms that are tokens, codes, verifiers or secrets.
fn secrets_on_the_wire(coder: &FakeCoder) -> Vec<String> {
    let mut secrets = Vec::new();
    for request in coder.requests() {
        for name in ["coder-session-token", "authorization", "cookie"] {
            let value = request.headers.get(name).and_then(|value| value.to_str().ok());
            secrets.extend(value.map(|value| value.trim_start_matches("Bearer ").to_owned()));
        }
        if request.path.starts_with("/oauth2/") {
            for (name, value) in form_urlencoded::parse(&request.body) {
                if matches!(
                    &*name,
                    "code" | "code_verifier" | "client_secret" | "refresh_token" | "token"
                ) {
                    secrets.push(value.into_owned());
                }
            }
        }
    }
    secrets
}

#[tokio::test]
async fn no_secret_reaches_a_log_an_error_a_debug_text_or_a_url() {
    let log = LogBuffer::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.writer())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let coder = FakeCoder::builder().clock(Arc::new(SystemClock)).random(Arc::new(OsRandom));
    let server = FakeServer::start(coder).await.unwrap();
    let coder = server.coder().clone();
    let app = coder
        .add_oauth2_app("backstage", "https://portal.example.com/api/auth/coder/handler/frame");
    coder.add_template("devcontainers");
    let alice = coder.add_user("alice");
    coder
        .add_workspace(&alice, "mine")
        .template("devcontainers")
        .parameter("repo_url", "https://github.com/acme/python-project")
        .running()
        .create();
    let variables = variables(&coder, &app);
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, &**value)).collect();
    let config = APP_CONFIG.replace("https://coder.test", coder.url().as_str());
    let files = [("app-config.yaml", &*config), ("app-config.local.yaml", APP_CONFIG_LOCAL)];
    let config = load(&files, &variables).unwrap();
    let transport = ReqwestTransport::new("canary-test/1").unwrap();
    let portal = portal(&config, &world(transport, &coder)).unwrap();

    let mut browser = visitor();
    let message = browser.sign_in(&routes(&portal), &coder, &alice).await;
    let refreshed =
        browser.ajax(&routes(&portal), "GET", "/api/auth/coder/refresh?env=production").await;
    let entity = "/api/coder/v1/entities/component/default/python-project/workspaces";
    let found = browser.ajax(&routes(&portal), "GET", entity).await;
    assert_eq!(found.status(), StatusCode::OK, "{:?}", found.body());
    assert_eq!(link(&browser, &portal, &alice.session_token).await.status(), StatusCode::OK);
    let refused = link(&browser, &portal, &Secret::new("canary-linked-token")).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let mut failing = visitor();
    failing
        .navigate(
            &routes(&portal),
            "/api/auth/coder/handler/frame?code=canary-code&state=canary-state",
        )
        .await;
    let out = browser.ajax(&routes(&portal), "POST", "/api/auth/coder/logout?env=production").await;
    assert_eq!(out.status(), StatusCode::OK);

    let mut secrets = secrets_on_the_wire(&coder);
    assert!(secrets.len() > 8, "the line sends credentials: {}", secrets.len());
    secrets.push(app.client_secret.expose().to_owned());
    secrets.push("canary-code".to_owned());
    secrets.push("canary-linked-token".to_owned());
    secrets.push(alice.session_token.expose().to_owned());
    secrets.push("canary-state".to_owned());
    secrets.extend(browser.cookies.values().cloned());
    for path in ["/response/providerInfo/accessToken", "/response/backstageIdentity/token"] {
        secrets.push(message.pointer(path).unwrap().as_str().unwrap().to_owned());
    }
    let text = log.text();
    assert!(text.contains("TRACE") && text.contains("hyper"), "other crates log at trace, too");
    let elsewhere = format!(
        "{config:?} {portal:?} {:?} {:?} {:?}",
        refreshed.headers(),
        found.json(),
        refused.body()
    );
    let urls: String =
        coder.requests().iter().map(|request| format!("{}\n", request.query)).collect();
    for secret in secrets.iter().filter(|secret| secret.len() >= 8) {
        assert!(
            !text.contains(secret.as_str()),
            "a secret is in the log, in:\n{}",
            line_with(&text, secret)
        );
        assert!(!elsewhere.contains(secret.as_str()), "a secret is in a debug text");
        // The authorization request is the browser's; it holds the challenge, never the verifier.
        assert!(!urls.contains(secret.as_str()), "a secret is in a URL");
    }
}

fn line_with<'a>(text: &'a str, secret: &str) -> &'a str {
    text.lines().find(|line| line.contains(secret)).unwrap_or_default()
}
