//! `backend.cors` is read as Backstage reads it.
#![cfg(test)]

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use coder_config::{AppConfig, ConfigErrors, CorsConfig};

/// Reads a portal with this value of `backend.cors`, and its app at this URL.
fn load(cors: &str, app: &str) -> Result<AppConfig, ConfigErrors> {
    let text = format!(
        "app: {{ baseUrl: '{app}' }}
backend:
  baseUrl: https://portal.example.com
  cors: {cors}
auth: {{ providers: {{ coder: {{ development:
  {{ clientId: a, clientSecret: b, deploymentUrl: 'https://coder.example.com' }} }} }} }}
"
    );
    support::load_text(&text)
}

const PORTAL: &str = "https://portal.example.com";

fn read(cors: &str) -> Option<CorsConfig> {
    load(cors, PORTAL).unwrap().backend.cors
}

#[test]
fn a_written_cors_has_the_defaults_of_backstage() {
    let cors = read("{ origin: https://partner.example }").unwrap();
    assert_eq!(cors.origins, ["https://partner.example"]);
    assert!(!cors.credentials);
    assert_eq!(cors.methods, ["GET", "HEAD", "PATCH", "POST", "PUT", "DELETE"]);
    assert_eq!((cors.allowed_headers, cors.max_age), (None, None));
    assert!(cors.exposed_headers.is_empty());
}

#[test]
fn every_choice_of_cors_is_read() {
    let cors = read(
        "{ origin: [https://a.example, 'https://*.b.example'], credentials: true, methods: 'GET, POST', \
         allowedHeaders: [authorization, X-One], exposedHeaders: [], maxAge: 600 }",
    )
    .unwrap();
    assert_eq!(cors.origins, ["https://a.example", "https://*.b.example"]);
    assert!(cors.credentials);
    assert_eq!(cors.methods, ["GET", "POST"]);
    assert_eq!(cors.allowed_headers.unwrap(), ["authorization", "X-One"]);
    assert_eq!((cors.exposed_headers.len(), cors.max_age), (0, Some(600)));
}

#[test]
fn cors_that_is_switched_off_differs_from_cors_that_is_not_written() {
    assert_eq!(read("false"), None);
    assert_eq!(read("'false'"), None);
    let unwritten = read("").unwrap();
    assert!(unwritten.credentials && unwritten.origins.is_empty());
}

#[test]
fn a_choice_of_cors_that_cannot_be_used_is_told_at_its_place() {
    let told: Vec<_> = [
        "true",
        "https://partner.example",
        "{ origin: { a: b } }",
        "{ credentials: maybe }",
        "{ methods: [GET, 'PO ST'] }",
        "{ allowedHeaders: [\"x\\r\\ny: z\"] }",
        "{ exposedHeaders: 'ä' }",
        "{ maxAge: -1 }",
        "{ maxAge: 5 minutes }",
    ]
    .into_iter()
    .map(|cors| load(cors, PORTAL).unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn cors_that_keeps_the_app_from_signing_in_is_told() {
    let notices = |cors: &str, app: &str| {
        let config = load(cors, app).unwrap();
        config.notices().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let elsewhere = "https://app.example.com";
    let told = [notices("false", elsewhere), notices("{ origin: https://a.example }", elsewhere)];
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(notices("{ credentials: true }", elsewhere), "");
    assert_eq!(notices("", elsewhere), "");
    assert_eq!(notices("false", PORTAL), "");
}
