//! What an operator is told about configuration that makes no portal.

use std::error::Error;

use coder_portal::PortalError;
use coder_testkit::FakeCoder;
use http::{Request, StatusCode};

use crate::support::{APP_CONFIG, APP_CONFIG_LOCAL, ask, load, portal, variables, world};

const ENV: [(&str, &str); 3] = [
    ("CODER_OAUTH_CLIENT_ID", "id"),
    ("CODER_OAUTH_CLIENT_SECRET", "secret"),
    ("CODER_DEPLOYMENT_URL", "https://coder.test"),
];

#[test]
fn a_missing_client_secret_names_the_key_the_file_and_the_variable() {
    let files = [("app-config.yaml", APP_CONFIG), ("app-config.local.yaml", APP_CONFIG_LOCAL)];
    let env: Vec<_> = ENV.into_iter().filter(|(name, _)| !name.ends_with("SECRET")).collect();
    let text = load(&files, &env).unwrap_err().to_string();
    for expected in [
        "auth.providers.coder.production.clientSecret",
        "app-config.yaml:",
        "CODER_OAUTH_CLIENT_SECRET",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_block_of_another_environment_leaves_the_portal_alone() {
    let coder = FakeCoder::new();
    let app =
        coder.add_oauth2_app("portal", "https://portal.example.com/api/auth/coder/handler/frame");
    let config = APP_CONFIG.replace(
        "    coder:\n      production:",
        "    coder:\n      staging:\n        clientId: x\n      production:",
    );
    let env = [
        ("CODER_OAUTH_CLIENT_ID", &*app.client_id),
        ("CODER_OAUTH_CLIENT_SECRET", app.client_secret.expose()),
        ENV[2],
    ];
    let config = load(&[("app-config.yaml", &config)], &env).unwrap();
    let portal = portal(&config, &world(coder.clone(), &coder)).unwrap();
    let start = |env| Request::get(format!("/api/auth/coder/start?env={env}"));
    assert_eq!(ask(&portal, start("production")).await.status, StatusCode::FOUND);
    let refused = ask(&portal, start("staging")).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert!(
        refused.message().contains("auth.providers.coder.staging.clientSecret"),
        "{}",
        refused.message()
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_key_that_is_too_short_is_refused_with_a_remedy() {
    let coder = FakeCoder::new();
    let config = format!("{APP_CONFIG}  session:\n    keys: [short]\n");
    let config = load(&[("app-config.yaml", &config)], &ENV).unwrap();
    let error = portal(&config, &world(coder.clone(), &coder)).unwrap_err();
    assert!(matches!(error, PortalError::Keys(_)), "{error:?}");
    assert!(error.source().unwrap().to_string().contains("openssl rand"));
}

#[tokio::test(start_paused = true)]
async fn an_origin_of_cors_may_read_answers_and_is_no_target_of_a_login() {
    let coder = FakeCoder::new();
    let app =
        coder.add_oauth2_app("portal", "https://portal.example.com/api/auth/coder/handler/frame");
    let config = APP_CONFIG
        .replace("  listen: ':7007'", "  cors: { origin: ['https://partner.example'] }")
        .replace(
            "auth:\n",
            "auth:\n  experimentalExtraAllowedOrigins: ['https://*.preview.example']\n",
        );
    let variables = variables(&coder, &app);
    let env: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let config = load(&[("app-config.yaml", &config)], &env).unwrap();
    let portal = portal(&config, &world(coder.clone(), &coder)).unwrap();
    let start = |origin: &str| {
        Request::get(format!("/api/auth/coder/start?env=production&flow=popup&origin={origin}"))
    };
    assert_eq!(ask(&portal, start("https://a.preview.example")).await.status, StatusCode::FOUND);
    assert_eq!(ask(&portal, start("https://partner.example")).await.status, StatusCode::FORBIDDEN);
    let health = Request::get("/.backstage/health/v1/readiness");
    let read = ask(&portal, health.header("origin", "https://partner.example")).await;
    assert_eq!(read.headers["access-control-allow-origin"], "https://partner.example");
    let refresh = Request::get("/api/auth/coder/refresh?env=production")
        .header("x-requested-with", "XMLHttpRequest");
    let refused = ask(&portal, refresh.header("origin", "https://partner.example")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
