//! The URLs of the portal that browsers meet: https in all of them, or http on this machine.
#![cfg(test)]

mod support;

use std::collections::BTreeMap;

use coder_config::{AppConfig, ConfigErrors, ConfigSources, Environment};
use support::{load_text, told};

/// Reads a portal with these URLs, and further lines below `coder`.
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

/// Returns everything a person is told of a portal whose backend has this URL and these keys.
fn told_with_https(url: &str, https: &str) -> String {
    told(&load(url, &format!("{url}\n  https: {https}"), "", ""))
}

#[test]
fn a_certificate_has_both_of_its_parts_and_each_mistake_has_its_place() {
    let url = "https://portal.test";
    for fine in
        ["{ certificate: { cert: a, key: b } }", "{ certificate: { type: pem, cert: a, key: b } }"]
    {
        assert_eq!(told_with_https(url, fine), "", "{fine}");
    }
    insta::assert_snapshot!(told_with_https(url, "{ certificate: { cert: a } }"), @"error: missing `backend.https.certificate.key`: add `key` below `backend.https.certificate` at app-config.yaml:5:12");
    insta::assert_snapshot!(told_with_https(url, "{ certificate: { cert: '', key: b } }"), @"error: app-config.yaml:5:33: `backend.https.certificate.cert` is empty");
    insta::assert_snapshot!(told_with_https(url, "{ certificates: { cert: a, key: b } }"), @"
    error: missing `backend.https.certificate`: `certificates` at app-config.yaml:5:12 looks like it; rename it to `certificate`
    notice: app-config.yaml:5:12: `backend.https.certificates` is not known and ignored; did you mean `certificate`?
    ");
    insta::assert_snapshot!(told_with_https(url, "{ certificate: a }"), @"error: app-config.yaml:5:25: `backend.https.certificate` is a string; it must be a mapping");
}

#[test]
fn a_server_with_a_certificate_is_met_by_https() {
    let https = "{ certificate: { cert: a, key: b } }";
    insta::assert_snapshot!(told_with_https("http://localhost:7007", https), @"error: app-config.yaml:4:12: `backend.baseUrl` is `http://localhost:7007`, plain http, while the server speaks https with `backend.https.certificate` at app-config.yaml:5:33; write the URL with https, or remove the certificate");
}

/// Returns everything a person is told of a block with this `internalUrl` and further keys.
fn told_of_internal(url: &str, more: &str) -> String {
    let portal = "https://portal.test";
    let callback = format!(
        "{portal}/api/auth/coder/handler/frame', internalUrl: '{url}', {more} additionalScopes: '"
    );
    told(&load(portal, portal, &callback, ""))
}

#[test]
fn plain_http_inside_a_cluster_is_allowed_by_name_and_warned_of() {
    let (internal, allowed) =
        ("http://coder.coder.svc.cluster.local", "dangerouslyAllowHttp: true,");
    insta::assert_snapshot!(told_of_internal(internal, ""), @"error: app-config.yaml:9:89: `auth.providers.coder.development.internalUrl` is `http://coder.coder.svc.cluster.local`: plain http is refused for hosts other than this machine, since it shows the client secret and everybody's tokens to everybody on the way; use https, or allow it by `auth.providers.coder.development.dangerouslyAllowHttp: true` within a network that nobody else is on");
    insta::assert_snapshot!(told_of_internal(internal, allowed), @"notice: app-config.yaml:9:151: `auth.providers.coder.development.dangerouslyAllowHttp` sends the client secret and everybody's tokens in clear text to `auth.providers.coder.development.internalUrl`: everybody on the way can read and change what is sent; keep it within a network that nobody else is on, or use https and remove it");
    insta::assert_snapshot!(told_of_internal("https://coder.internal", allowed), @"notice: app-config.yaml:9:137: `auth.providers.coder.development.dangerouslyAllowHttp` has no effect, since `auth.providers.coder.development.internalUrl` is not plain http to another machine; remove it");
    insta::assert_snapshot!(told_of_internal("coder", allowed), @"error: app-config.yaml:9:89: `auth.providers.coder.development.internalUrl` is `coder`: not a URL; write it like `https://coder.example.com`");
    assert_eq!(told_of_internal("http://localhost:3000", ""), "");
}

#[test]
fn the_opt_in_is_for_the_server_and_not_for_browsers() {
    let text = "app: { baseUrl: https://portal.test }
backend: { baseUrl: https://portal.test }
auth:
  providers:
    coder:
      development: { clientId: a, clientSecret: b, deploymentUrl: 'http://coder', dangerouslyAllowHttp: true }
";
    let files = BTreeMap::from([("app-config.yaml".to_owned(), text.to_owned())]);
    let loaded = ConfigSources::new(&files, &Environment::default()).load().unwrap();
    let told = told(&AppConfig::from_loaded(&loaded));
    let refused = "deploymentUrl` is `http://coder`: plain http is refused";
    assert!(told.contains(refused) && told.contains("has no effect"), "{told}");
}

#[test]
fn a_catalog_inside_a_cluster_is_reached_by_plain_http_where_that_is_allowed_by_name() {
    let portal = "https://portal.test";
    let told_of = |more: &str| {
        let catalog = format!(
            "catalog: {{ type: backstage, baseUrl: 'http://backstage:7007', token: t{more} }}"
        );
        let result = load(portal, portal, "", &catalog);
        let url = result.as_ref().ok().and_then(|config| config.remote_catalog.clone());
        (url.map(|remote| remote.url.to_string()), told(&result))
    };
    let (url, refused) = told_of("");
    assert_eq!(url, None);
    insta::assert_snapshot!(refused, @"error: app-config.yaml:10:47: `coder.catalog.baseUrl` is `http://backstage:7007`: plain http is refused for hosts other than this machine, since it shows the token of the catalog to everybody on the way; use https, or allow it by `coder.catalog.dangerouslyAllowHttp: true` within a network that nobody else is on");
    let (url, warned) = told_of(", dangerouslyAllowHttp: true");
    assert_eq!(url.unwrap(), "http://backstage:7007/api/catalog");
    insta::assert_snapshot!(warned, @"notice: app-config.yaml:10:104: `coder.catalog.dangerouslyAllowHttp` sends the token of the catalog in clear text to `coder.catalog.baseUrl`: everybody on the way can read and change what is sent; keep it within a network that nobody else is on, or use https and remove it");
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
