//! The URLs of the portal that browsers meet: https in all of them, or http on this machine.
#![cfg(test)]

mod support;

use coder_config::{AppConfig, ConfigErrors};
use support::{load_text, told};

/// A portal with these URLs, and further lines below `coder`.
fn load(app: &str, backend: &str, callback: &str, coder: &str) -> Result<AppConfig, ConfigErrors> {
    let callback = match callback {
        "" => String::new(),
        url => format!("callbackUrl: '{url}', "),
    };
    let text = format!(
        "app:
  baseUrl: {app}
backend:
  baseUrl: {backend}
auth:
  providers:
    coder:
      development:
        {{ {callback}clientId: a, clientSecret: b, deploymentUrl: 'https://coder.example.com' }}
coder: {{ {coder} }}
"
    );
    load_text(&text)
}

const OPT_IN: &str = "session: { dangerouslyAllowHttp: true }";

#[test]
fn plain_http_off_this_machine_is_refused_at_its_place() {
    let portal = "http://portal.test";
    let result = load(portal, portal, "http://portal.test/api/auth/coder/handler/frame", "");
    assert!(result.is_err());
    insta::assert_snapshot!(told(&result));
}

#[test]
fn https_and_http_on_this_machine_are_taken_in_silence() {
    for url in ["https://portal.test", "http://localhost:3000", "http://127.0.0.1", "http://[::1]"]
    {
        let result = load(url, url, "", "");
        assert!(result.is_ok(), "{url}");
        assert_eq!(told(&result), "", "{url}");
    }
}

#[test]
fn https_mixed_with_http_is_refused_at_its_place() {
    let (https, http) = ("https://portal.example.com", "http://localhost:7007");
    let callback = "https://portal.example.com/api/auth/coder/handler/frame";
    let left_from_development = load(https, http, callback, "");
    let opted_in = load("http://portal.test", https, "", OPT_IN);
    assert!(left_from_development.is_err() && opted_in.is_err());
    let both = [told(&left_from_development), told(&opted_in)].join("\n");
    insta::assert_snapshot!(both);
}

#[test]
fn plain_http_that_was_opted_into_is_warned_of_at_every_start() {
    let result = load("http://portal.test", "http://portal.test", "", OPT_IN);
    assert!(result.as_ref().is_ok_and(|config| config.session.dangerously_allow_http));
    insta::assert_snapshot!(told(&result));
}

#[test]
fn an_opt_in_to_plain_http_without_effect_is_told() {
    for url in ["https://portal.example.com", "http://localhost:7007"] {
        let result = load(url, url, "", OPT_IN);
        assert!(result.is_ok(), "{}", told(&result));
        assert!(told(&result).contains("has no effect"), "{}", told(&result));
    }
}

#[test]
fn a_callback_url_that_no_route_serves_is_refused_at_its_place() {
    let with = |path: &str| {
        let portal = "https://portal.example.com";
        load(portal, portal, &format!("{portal}{path}"), "")
    };
    for path in ["/api/auth/coder/handler/frame", "/x/api/auth/coder/handler/frame/staging"] {
        assert!(with(path).is_ok(), "{}", told(&with(path)));
    }
    let refused = [
        "/",
        "/oauth/callback",
        "/api/auth/coder/handler/frame/",
        "/api/auth/coder/handler/frames",
        "/api/auth/coder/handler/frame/a/b",
        "/api/auth/Coder/Handler/Frame",
        "/api/auth/coder/handler/frame#here",
    ];
    let told: Vec<_> = refused
        .into_iter()
        .map(|path| {
            assert!(with(path).is_err(), "{path}");
            told(&with(path))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}
