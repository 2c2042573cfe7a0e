//! A portal's configuration, from files to types, and what people are told about their mistakes.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{AppConfig, ConfigErrors, ConfigSources, Environment};

const SEED: &str = include_str!("fixtures/app-config.yaml");

fn environment() -> Environment {
    Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "backstage"),
        ("CODER_OAUTH_CLIENT_SECRET", "do-not-print"),
        ("CODER_DEPLOYMENT_URL", "https://coder.example.com/"),
    ])
}

fn load(files: &[(&str, &str)], environment: &Environment) -> Result<AppConfig, ConfigErrors> {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    AppConfig::from_loaded(&ConfigSources::new(&files, environment).load()?)
}

/// Everything a person is told, a line each.
fn told(result: &Result<AppConfig, ConfigErrors>) -> String {
    let (errors, notices) = match result {
        Ok(config) => (Vec::new(), config.notices()),
        Err(errors) => (errors.iter().collect(), errors.notices()),
    };
    let mut lines: Vec<_> = errors.iter().map(|error| format!("error: {error}")).collect();
    lines.extend(notices.iter().map(|notice| format!("notice: {notice}")));
    lines.join("\n")
}

#[test]
fn the_seeds_configuration_is_read_as_it_stands() {
    let config = load(&[("app-config.yaml", SEED)], &environment()).unwrap();
    assert_eq!(config.app_base_url.as_str(), "https://backstage.example.com/");
    assert_eq!(config.backend.listen.to_string(), ":7007");
    assert_eq!(config.auth.environment, "production");
    let production = config.auth.environments["production"].as_ref().unwrap();
    assert_eq!(production.client_id, "backstage");
    assert_eq!(production.client_secret.expose(), "do-not-print");
    assert_eq!(production.deployment_url.as_str(), "https://coder.example.com");
    assert!(production.sign_in_resolvers.is_empty());
    let development = config.auth.environments["development"].as_ref().unwrap();
    assert_eq!(
        development.sign_in_resolvers[0].resolver.as_str(),
        "usernameMatchingUserEntityName"
    );
    let workspaces = &config.workspaces;
    assert_eq!(workspaces.default_template.as_ref().unwrap().to_string(), "devcontainers");
    assert_eq!(workspaces.repo_url_param_keys, ["custom_repo", "repo_url"]);
    assert_eq!(workspaces.params.keys().collect::<Vec<_>>(), ["repo", "region"]);
    assert_eq!(config.catalog_locations[0].target, "./catalog-info.yaml");
    insta::assert_snapshot!(told(&Ok(config)), @"notice: app-config.yaml:56:14: `integrations.github[0].token` is left out, because the environment variable `GITHUB_TOKEN` is not set");
}

#[test]
fn the_local_file_and_the_environment_override() {
    let local = "auth: { environment: development }\nbackend: { listen: { host: 127.0.0.1, port: 8080 } }\n";
    let environment = Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "backstage"),
        ("CODER_OAUTH_CLIENT_SECRET", "s"),
        ("CODER_DEPLOYMENT_URL", "https://coder.example.com"),
        ("APP_CONFIG_backend_baseUrl", "https://api.example.com"),
    ]);
    let files = [("app-config.yaml", SEED), ("app-config.local.yaml", local)];
    let config = load(&files, &environment).unwrap();
    assert_eq!(config.auth.environment, "development");
    assert_eq!(config.backend.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.backend.base_url.as_str(), "https://api.example.com/");
}

#[test]
fn an_unset_variable_is_named_with_the_place_that_refers_to_it() {
    let environment = Environment::from_iter([("CODER_OAUTH_CLIENT_ID", "backstage")]);
    let result = load(&[("app-config.yaml", SEED)], &environment);
    insta::assert_snapshot!(told(&result));
}

#[test]
fn a_missing_value_says_where_to_add_it() {
    let text = SEED.replace("        clientSecret: ${CODER_OAUTH_CLIENT_SECRET}\n", "");
    let result = load(&[("app-config.yaml", &text)], &environment());
    insta::assert_snapshot!(told(&result));
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let result = load(&[("app-config.yaml", "app: {}\n")], &Environment::default());
    insta::assert_snapshot!(told(&result));
}

#[test]
fn every_mistyped_key_of_our_own_is_recognised() {
    let mut lines = Vec::new();
    for (right, wrong) in [
        ("clientId:", "clientID:"),
        ("clientSecret:", "clientSecrt:"),
        ("deploymentUrl:", "deploymentURL:"),
        ("signIn:", "signin:"),
        ("resolvers:", "resolver:"),
        ("- resolver:", "- resolvers:"),
        ("usernameMatchingUserEntityName", "usernameMatchingUserEntity"),
        ("accessUrl:", "acessUrl:"),
        ("  deployment:", "  deploymnet:"),
        ("workspaces:", "workspace:"),
        ("defaultTemplateName:", "defaultTemplate:"),
        ("defaultMode: manual", "defaultMode: Manual"),
        ("repoUrlParamKeys:", "repoUrlParamsKeys:"),
        ("  params:", "  parameters:"),
        ("  environment:", "  enviroment:"),
        ("      production:", "      prodution:"),
        ("    coder:", "    Coder:"),
        ("  providers:", "  provider:"),
        ("  baseUrl:", "  baseURL:"),
        ("  listen:", "  listn:"),
        ("  locations:", "  location:"),
        ("- type: file", "- typ: file"),
        ("  target: ./", "  targets: ./"),
        ("- host: ghe", "- hots: ghe"),
        ("endpoints:", "endpoint:"),
        ("      target: 'https", "      targt: 'https"),
        ("changeOrigin:", "changeorigin:"),
        ("allowedMethods:", "allowMethods:"),
        ("allowedHeaders:", "allowedHeader:"),
        ("\ncoder:", "\ncodr:"),
    ] {
        assert!(SEED.contains(right), "{right}");
        let text = SEED.replace(right, wrong).replace("token: ${GITHUB_TOKEN}", "token: t");
        let result = load(&[("app-config.yaml", &text)], &environment());
        lines.push(format!("# {} → {}\n{}", right.trim(), wrong.trim(), told(&result)));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn values_that_cannot_be_used_say_what_is_allowed() {
    let text = "
app: { baseUrl: portal.example.com }
backend: { baseUrl: 'https://user:do-not-print@api.example.com', listen: seven }
auth:
  providers:
    coder:
      development:
        clientId: [a]
        clientSecret: ''
        deploymentUrl: http://coder.example.com
        callbackUrl: javascript:alert(1)
        additionalScopes: { a: b }
        sessionDuration: for ever
        signIn: { resolvers: [{ resolver: emailMatchingUserEntityProfileEmail, allowedDomains: example.com }] }
coder:
  workspaces:
    defaultTemplateName: a/b/c
    defaultMode: banana
    repoUrlParamKeys: 7
    params: [a, b]
  session: { idle: 2 weeks, absolute: 7 days, logout: all }
catalog: { locations: [x] }
integrations: { github: [{ host: 'https://ghe.example.com' }] }
";
    let result = load(&[("app-config.yaml", text)], &Environment::default());
    let told = told(&result);
    assert!(!told.contains("do-not-print"));
    insta::assert_snapshot!(told);
}

#[test]
fn a_bad_block_of_another_environment_is_reported_and_stops_nothing() {
    let text = SEED.replace(
        "      development:\n        clientId: ${CODER_OAUTH_CLIENT_ID}",
        "      development:\n        clientId: ''",
    );
    let config = load(&[("app-config.yaml", &text)], &environment()).unwrap();
    assert!(config.auth.environments["production"].is_ok());
    assert!(config.auth.environments["development"].is_err());
    insta::assert_snapshot!(told(&Ok(config)));
}

#[test]
fn an_environment_that_is_not_there_is_told_with_those_that_are() {
    let environment = Environment::from_iter([("AUTH_ENVIRONMENT", "staging")]);
    let text = SEED.replace("${CODER_DEPLOYMENT_URL}", "https://coder.example.com");
    let result = load(&[("app-config.yaml", &text)], &environment);
    let told = told(&result);
    assert!(
        told.contains(
            "`auth.environment` is `staging`, but there is only `production`, `development`"
        ),
        "{told}"
    );
}

#[test]
fn links_lead_to_the_environments_deployment_without_an_access_url() {
    let text = SEED.replace("    accessUrl: https://coder.example.com\n", "    accessUrl:\n");
    let environment = Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "backstage"),
        ("CODER_OAUTH_CLIENT_SECRET", "s"),
        ("CODER_DEPLOYMENT_URL", "https://other.example.com"),
    ]);
    let config = load(&[("app-config.yaml", &text)], &environment).unwrap();
    assert_eq!(config.workspaces.access_url.as_str(), "https://other.example.com");
}

#[test]
fn no_secret_shows_in_debug_output() {
    let files: BTreeMap<String, String> =
        [("app-config.yaml".to_owned(), SEED.to_owned())].into_iter().collect();
    let environment = environment();
    let loaded = ConfigSources::new(&files, &environment).load().unwrap();
    let config = AppConfig::from_loaded(&loaded).unwrap();
    let shown = format!("{loaded:?} {environment:?} {config:?}");
    assert!(!shown.contains("do-not-print"));
}
