//! What an operator is told about configuration that makes no portal.

use std::error::Error;

use coder_portal::{Portal, PortalError};
use coder_testkit::FakeCoder;
use http::{HeaderMap, Request, StatusCode};

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
    assert_eq!(ask(&portal, start("production")).await.status(), StatusCode::FOUND);
    let refused = ask(&portal, start("staging")).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert!(
        refused.message().contains("auth.providers.coder.staging.clientSecret"),
        "{}",
        refused.message()
    );
}

#[test]
fn a_session_key_that_is_too_short_is_refused_with_its_place_and_a_remedy() {
    let config = format!("{APP_CONFIG}  session:\n    keys: [short]\n");
    let told = load(&[("app-config.yaml", &config)], &ENV).unwrap_err().to_string();
    assert!(told.starts_with("app-config.yaml:"), "{told}");
    assert!(told.contains("`coder.session.keys[0]`") && told.contains("openssl rand"), "{told}");
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
    assert_eq!(ask(&portal, start("https://a.preview.example")).await.status(), StatusCode::FOUND);
    assert_eq!(
        ask(&portal, start("https://partner.example")).await.status(),
        StatusCode::FORBIDDEN
    );
    let health = Request::get("/.backstage/health/v1/readiness");
    let read = ask(&portal, health.header("origin", "https://partner.example")).await;
    assert_eq!(read.headers()["access-control-allow-origin"], "https://partner.example");
    let refresh = Request::get("/api/auth/coder/refresh?env=production")
        .header("x-requested-with", "XMLHttpRequest");
    let refused = ask(&portal, refresh.header("origin", "https://partner.example")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

/// Makes a portal with this value of `backend.cors`.
fn with_cors(cors: &str) -> Portal {
    let coder = FakeCoder::new();
    let config = APP_CONFIG.replace("  listen: ':7007'", &format!("  cors: {cors}"));
    let config = load(&[("app-config.yaml", &config)], &ENV).unwrap();
    portal(&config, &world(coder.clone(), &coder)).unwrap()
}

const HEALTH: &str = "/.backstage/health/v1/readiness";
const PARTNER: &str = "https://partner.example";

/// Returns the headers of the CORS protocol, and `Vary`, that a page of these origins gets for a
/// preflight and for the request itself.
async fn cors_of(portal: &Portal, origins: &[&str]) -> String {
    let with_origins = |mut request: http::request::Builder| {
        for origin in origins {
            request = request.header("origin", *origin);
        }
        request
    };
    let preflight = Request::options(HEALTH)
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,x-requested-with");
    let preflight = ask(portal, with_origins(preflight)).await;
    let answer = ask(portal, with_origins(Request::get(HEALTH))).await;
    assert_eq!((preflight.status(), answer.status()), (StatusCode::NO_CONTENT, StatusCode::OK));
    let told = |headers: &HeaderMap| {
        let told = headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("access-control-") || *name == "vary");
        let mut told: Vec<_> = told.map(|(name, value)| format!("{name}: {value:?}")).collect();
        told.sort();
        told.join("\n")
    };
    format!("# preflight\n{}\n# answer\n{}", told(preflight.headers()), told(answer.headers()))
}

#[tokio::test(start_paused = true)]
async fn cors_without_choices_is_that_of_backstage() {
    let portal = with_cors("{ origin: 'https://*.EXAMPLE' }");
    insta::assert_snapshot!(cors_of(&portal, &[PARTNER]).await);
}

#[tokio::test(start_paused = true)]
async fn every_choice_of_cors_does_what_it_says() {
    let portal = with_cors(
        "{ origin: https://partner.example, credentials: true, methods: [GET, POST], \
         allowedHeaders: [authorization], exposedHeaders: [etag, x-one], maxAge: 600 }",
    );
    insta::assert_snapshot!(cors_of(&portal, &[PARTNER]).await);
}

#[tokio::test(start_paused = true)]
async fn cors_that_is_switched_off_lets_no_page_of_another_origin_read() {
    let none = "# preflight\nvary: \"Origin\"\n# answer\nvary: \"Origin\"";
    let portal = with_cors("false");
    assert_eq!(cors_of(&portal, &["https://portal.example.com"]).await, none);
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_no_browser_writes_reads_nothing() {
    let none = "# preflight\nvary: \"Origin\"\n# answer\nvary: \"Origin\"";
    let portal = with_cors("{ origin: ['https://partner.example', 'https://*'] }");
    for origins in [
        &[PARTNER, PARTNER][..],
        &[PARTNER, "https://evil.example"],
        &["https://partner.example/"],
        &["https://partner.example:443"],
        &["https://PARTNER.example"],
        &["https://me@partner.example"],
        &["https://partner.example https://partner.example"],
        &["null"],
        &["*"],
        &[""],
        &[],
    ] {
        assert_eq!(cors_of(&portal, origins).await, none, "{origins:?}");
    }
}

/// Makes a portal with two deployments, and with more in each environment's block.
fn two_deployments(production: &str, staging: &str) -> Result<Portal, PortalError> {
    let coder = FakeCoder::new();
    let block = |name: &str, more: &str| {
        format!(
            "      {name}:\n        {{ {more}clientId: a, clientSecret: b, deploymentUrl: https://{name}.example.com }}\n"
        )
    };
    let config = format!(
        "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth:
  environment: production
  providers:
    coder:
{}{}",
        block("production", production),
        block("staging", staging)
    );
    let config = load(&[("app-config.yaml", &config)], &[]).unwrap();
    portal(&config, &world(coder.clone(), &coder))
}

fn callback(path: &str) -> String {
    format!("callbackUrl: 'https://portal.example.com/api/auth/coder/handler/frame{path}', ")
}

#[tokio::test(start_paused = true)]
async fn two_deployments_that_share_a_redirect_uri_are_refused_at_its_place() {
    for (production, staging) in [
        (callback(""), callback("")),
        (callback("/both"), callback("/both").replace("portal.", "login.")),
        (String::new(), callback("/production")),
        (callback("/staging"), String::new()),
    ] {
        let error = two_deployments(&production, &staging).unwrap_err();
        assert!(matches!(error, PortalError::RedirectUri(_)), "{error:?}");
        let told = error.source().unwrap().to_string();
        assert!(told.starts_with("app-config.yaml:"), "{told}");
        assert!(told.contains(".callbackUrl` ends logins at the path of"), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_deployment_has_a_redirect_uri_to_register() {
    let registered = |portal: &Portal| {
        let uris = portal.auth().redirect_uris();
        uris.map(|(name, uri)| format!("{name} {uri}")).collect::<Vec<_>>().join("\n")
    };
    let default = two_deployments("", "").unwrap();
    let written = two_deployments(&callback(""), "").unwrap();
    let both = [registered(&default), registered(&written)].join("\n");
    insta::assert_snapshot!(both);
}
