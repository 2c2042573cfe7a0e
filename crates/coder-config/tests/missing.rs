//! What is told of values that are missing: each one that this program reads, the others together.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{AppConfig, ConfigSources, Environment};

const BASE: &str = "
app: { baseUrl: https://portal.example.com }
backend: { baseUrl: https://portal.example.com }
auth: { providers: { coder: { development:
  { clientId: a, clientSecret: b, deploymentUrl: 'https://coder.example.com' } } } }
";

/// Returns the notices of a configuration that has this beside what it needs, in a file of its own.
fn told(more: &str) -> Vec<String> {
    told_with(more, &Environment::default())
}

fn told_with(more: &str, environment: &Environment) -> Vec<String> {
    let files = BTreeMap::from([
        ("app-config.yaml".to_owned(), BASE.to_owned()),
        ("app-config.local.yaml".to_owned(), more.to_owned()),
        ("other.yaml".to_owned(), "a: 1".to_owned()),
    ]);
    let loaded = ConfigSources::new(&files, environment).load();
    let loaded = loaded.unwrap_or_else(|errors| panic!("{more}: {errors}"));
    let config = AppConfig::from_loaded(&loaded);
    let config = config.unwrap_or_else(|errors| panic!("{more}: {errors}"));
    config.notices().iter().map(ToString::to_string).collect()
}

#[test]
fn a_missing_value_that_is_read_here_is_told_at_its_place() {
    for (more, path) in [
        ("coder: { workspaces: { params: { region: '${X}' } } }", "coder.workspaces.params.region"),
        ("coder: { workspaces: '${X}' }", "coder.workspaces"),
        ("coder: { session: { keys: ['${X}'] } }", "coder.session.keys[0]"),
        ("coder: { session: { colour: '${X}' } }", "coder.session.colour"),
        ("coder: { $env: X }", "coder"),
        ("coder: { $include: other.yaml#b }", "coder"),
        ("backend: { listen: { port: '${X}' } }", "backend.listen.port"),
        (
            "backend: { https: { certificate: { type: '${X}', cert: c, key: k } } }",
            "backend.https.certificate.type",
        ),
        ("backend: { cors: { origin: ['${X}'] } }", "backend.cors.origin[0]"),
        ("auth: { environment: '${X}' }", "auth.environment"),
        (
            "auth: { providers: { coder: { staging: { $env: X } } } }",
            "auth.providers.coder.staging",
        ),
        (
            "proxy: { endpoints: { /coder: { target: 'https://coder.example.com', headers: { A: '${X}' } } } }",
            "proxy.endpoints./coder.headers.A",
        ),
        ("integrations: { github: ['${X}'] }", "integrations.github[0]"),
        ("catalog: { locations: ['${X}'] }", "catalog.locations[0]"),
    ] {
        let told = told(more);
        let line = format!("`{path}` is left out, because ");
        let found = told.iter().filter(|notice| notice.contains(&line)).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{more}: {told:?}");
        assert!(found[0].starts_with("app-config.local.yaml:1:"), "{more}: {told:?}");
        assert!(!told.iter().any(|notice| notice.contains("does not read")), "{more}: {told:?}");
    }
}

#[test]
fn missing_values_that_nothing_here_reads_have_one_line_together() {
    let others = "
app: { analytics: { ga4: { measurementId: '${A}' } } }
backend:
  database: { connection: { host: '${B}', password: '${C}' } }
  auth: { keys: [{ secret: '${D}' }] }
  cache: { $include: other.yaml#b }
auth:
  session: { secret: '${E}' }
  providers: { github: { development: { clientId: '${F}', clientSecret: '${A}' } } }
integrations: { github: [{ host: github.com, token: '${G:-}' }] }
proxy: { endpoints: { /grafana: { target: 'https://g.example.com', headers: { A: '${H}' } } } }
sonarqube: { $env: I }
";
    let two = "techdocs: { url: '${A}' }\nsonarqube: { apiKey: '${B}' }";
    let included = "a: { $include: other.yaml#b }\nc: { $include: other.yaml#d }";
    let one = "sonarqube: { apiKey: '${A}' }";
    let lines = [others, two, included, one].map(|more| told(more).join("\n"));
    insta::assert_snapshot!(lines.join("\n\n"));
}

#[test]
fn values_that_are_missing_below_what_is_ignored_have_no_line_of_their_own() {
    for more in [
        "coder: { oauth: { clientId: '${A}', clientSecret: '${B}' } }",
        "coder: { workspace: { params: { a: '${A}', b: '${B}' } } }",
        "backend: { auth: { externalAccess: [{ options: { token: '${A}', subject: '${B}' } }] } }",
    ] {
        let told = told(more);
        assert_eq!(told.len(), 2, "{more}: {told:?}");
        assert!(told[0].starts_with("2 values that this server does not read"), "{told:?}");
    }
}

#[test]
fn a_missing_value_is_not_told_when_a_later_source_has_another_and_is_when_an_earlier_one_has() {
    let variable = |name: &str, value: &str| Environment::from_iter([(name, value)]);
    for (more, later) in [
        ("app: { baseUrl: 'https://${X}' }", ("APP_CONFIG_app_baseUrl", "https://p.example.com")),
        (
            "coder: { workspaces: { repoUrlParamKeys: ['${X}'] } }",
            ("APP_CONFIG_coder_workspaces_repoUrlParamKeys", "[\"repo\"]"),
        ),
        (
            "coder: { workspaces: { params: { region: '${X}' } } }",
            ("APP_CONFIG_coder_workspaces_params", "{\"region\": \"eu\"}"),
        ),
        ("sonarqube: { $env: X }", ("APP_CONFIG_sonarqube_apiKey", "x")),
    ] {
        let told = told_with(more, &variable(later.0, later.1));
        let others = told.iter().filter(|notice| notice.contains("left out"));
        assert_eq!(others.count(), 0, "{more}: {told:?}");
        let told = told_with(more, &variable("APP_CONFIG_coder_deployment", "{}"));
        assert!(told.iter().any(|notice| notice.contains("left out")), "{more}: {told:?}");
    }
}
