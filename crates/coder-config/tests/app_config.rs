//! A portal's configuration, from files to types, and what people are told about their mistakes.
#![cfg(test)]

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use std::collections::BTreeMap;

use coder_config::{
    AccessTokenPolicy, AppConfig, ConfigErrors, ConfigSources, CustomSignInResolver, Environment,
    KeyStoreConfig, Scm, SessionStoreConfig, SignInResolverConfig,
};

use support::{load, told};

const SEED: &str = include_str!("fixtures/app-config.yaml");

fn environment() -> Environment {
    Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "backstage"),
        ("CODER_OAUTH_CLIENT_SECRET", "do-not-print"),
        ("CODER_DEPLOYMENT_URL", "https://coder.example.com/"),
    ])
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
    let SignInResolverConfig::BuiltIn(rule) = &development.sign_in_resolvers[0] else {
        panic!("{development:?}");
    };
    assert_eq!(rule.resolver.as_str(), "usernameMatchingUserEntityName");
    let workspaces = &config.workspaces;
    assert_eq!(workspaces.default_template.as_ref().unwrap().to_string(), "devcontainers");
    assert_eq!(workspaces.repo_url_param_keys, ["custom_repo", "repo_url"]);
    assert_eq!(workspaces.params.keys().collect::<Vec<_>>(), ["repo", "region"]);
    assert_eq!(config.catalog.locations[0].target, "./catalog-info.yaml");
    insta::assert_snapshot!(told(&Ok(config)), @"
    notice: app-config.yaml:56:14: `integrations.github[0].token` is left out, because the environment variable `GITHUB_TOKEN` is not set
    notice: app-config.yaml:44:24: `proxy.endpoints./coder.allowedHeaders[0]` has no effect here: `Authorization` holds Backstage's token, which Coder does not get; the portal sends each person's token of Coder in its place
    ");
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
fn the_networks_of_proxies_and_the_place_of_metrics_are_read_and_checked_where_they_are_written() {
    let server = |text: &str| with(&format!("server: {{ {text} }}"), "");
    let read = server("trustedProxies: [10.0.0.0/8, '::1'], metrics: { listen: '127.0.0.1:9464' }");
    let read = read.unwrap().server;
    let networks: Vec<_> = read.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
    assert_eq!(read.metrics.unwrap().to_string(), "127.0.0.1:9464");
    assert!(server("").unwrap().server.metrics.is_none(), "off unless somebody says where");
    let told = told(&server("trustedProxies: [nginx, 0.0.0.0/0], metrics: { listen: nowhere }"));
    for said in [
        "`coder.server.trustedProxies[0]` is `nginx`: not a network; write it as `10.0.0.0/8`",
        "`coder.server.trustedProxies[1]` is `0.0.0.0/0`: everybody is in this network",
        "`coder.server.metrics.listen` is `nowhere`: not a place to listen at",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

#[test]
fn the_name_of_the_session_cookie_is_chosen_and_checked_where_it_is_written() {
    let name = |text: &str| with(&format!("session: {{ cookieName: {text} }}"), "");
    let chosen = name("payments-session").unwrap().session.cookie_name;
    assert_eq!(chosen.to_string(), "payments-session");
    let told = told(&name("__Host-mine"));
    assert!(told.contains("`coder.session.cookieName` is `__Host-mine`: not a name"), "{told}");
}

#[test]
fn a_deployment_on_plain_http_beyond_this_machine_is_refused_with_coders_reason() {
    let text = |url: &str| {
        format!(
            "
app: {{ baseUrl: 'https://portal.example.com' }}
backend: {{ baseUrl: 'https://portal.example.com' }}
auth: {{ providers: {{ coder: {{ development:
  {{ clientId: a, clientSecret: b, deploymentUrl: '{url}' }} }} }} }}
"
        )
    };
    for url in ["http://coder.internal", "http://coder.example.com:3000", "http://10.0.0.7"] {
        let result = load(&[("app-config.yaml", &text(url))], &Environment::default());
        let told = told(&result);
        assert!(told.contains("nobody could sign in: from 2.31.1 on Coder"), "{told}");
        assert!(told.contains("use https"), "{told}");
    }
    for url in ["http://localhost:3000", "http://127.0.0.1", "https://coder.internal"] {
        let result = load(&[("app-config.yaml", &text(url))], &Environment::default());
        assert!(result.is_ok(), "{}", told(&result));
    }
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
            "`auth.environment` is `staging`, but there is only `production` at \
             app-config.yaml:26:7, `development` at app-config.yaml:30:7"
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
fn hosts_of_integrations_say_what_runs_there() {
    let integrations = "integrations:
  bitbucket: [{ host: old.example.com }, { host: both.example.com }, { username: jane }]
  bitbucketServer: [{ host: bb.example.com }]
  github: [{ host: both.example.com }]
  awsCodeCommit: [{ region: eu-west-1 }, { region: eu-west-1, host: aws.example.com }]
  awsS3: [{ endpoint: 'https://minio.example.com:9000' }]
  azureBlobStorage: [{ host: blob.example.com, accountName: acme }]
  googleGcs: { clientEmail: a@example.com }
";
    let text = SEED.split("integrations:").next().unwrap().to_owned() + integrations;
    let config = load(&[("app-config.yaml", &text)], &environment()).unwrap();
    let others = config.notices().iter().filter(|notice| !notice.path.starts_with("proxy."));
    assert_eq!(others.count(), 0);
    let known = &config.integrations;
    for (host, scm) in [
        ("old.example.com", Some(Scm::BitbucketServer)),
        ("bb.example.com", Some(Scm::BitbucketServer)),
        ("both.example.com", Some(Scm::GitHub)),
        ("bitbucket.org", Some(Scm::BitbucketCloud)),
        ("eu-west-1.console.aws.amazon.com", Some(Scm::AwsCodeCommit)),
        ("aws.example.com", Some(Scm::AwsCodeCommit)),
        ("minio.example.com:9000", None),
    ] {
        assert_eq!(known.scm_of(host), scm, "{host}");
    }
    let reasons = [
        "https://minio.example.com:9000/bucket/x/catalog-info.yaml",
        "https://acme.blob.example.com/container/catalog-info.yaml",
    ]
    .map(|url| coder_config::Repository::from_url(url, known).unwrap_err().to_string());
    insta::assert_snapshot!(reasons.join("\n"));
    let told: Vec<_> = [
        "awsCodeCommit: [{ region: eu-west-1, host: aws.example.com:port }, { accessKeyId: a }]",
        "awsS3: [{ endpoint: minio.example.com }, { hots: x }]",
        "azureBlobStorage: x",
        "bitbucket: { host: x }",
    ]
    .iter()
    .map(|text| {
        let text = SEED.split("integrations:").next().unwrap().to_owned()
            + &format!("integrations: {{ {text} }}");
        format!(
            "# {}\n{}",
            text.lines().last().unwrap(),
            told(&load(&[("app-config.yaml", &text)], &environment()))
        )
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
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

/// Reads the smallest configuration, with this below `coder` and this below `auth`.
fn with(coder: &str, auth: &str) -> Result<AppConfig, ConfigErrors> {
    let text = format!(
        "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
coder:
  {coder}
auth:
  {auth}
  providers:
    coder:
      development:
        clientId: id
        clientSecret: s
        deploymentUrl: https://coder.example.com
"
    );
    let environment =
        Environment::from_iter([("DATABASE_URL", "postgres://me:do-not-print@db/coder")]);
    load(&[("app-config.yaml", &text)], &environment)
}

#[test]
fn the_former_plugins_oauth_app_is_ignored_and_the_way_to_move_it_is_told() {
    let config = with("oauth: { clientId: id, clientSecret: do-not-print }", "").unwrap();
    let notices: Vec<String> = config.notices().iter().map(ToString::to_string).collect();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    for expected in
        ["app-config.yaml:4:", "`coder.oauth`", "auth.providers.coder", "docs/migrating.md"]
    {
        assert!(notice.contains(expected), "{notice}");
    }
    assert!(!notice.contains("do-not-print"));
}

/// Reads the smallest configuration with this sign-in resolver.
fn with_resolver(resolver: &str) -> Result<AppConfig, ConfigErrors> {
    let text = format!(
        "coder: {{ deployment: {{ accessUrl: https://coder.example.com }} }}
app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth:
  providers:
    coder:
      development:
        clientId: id
        clientSecret: s
        deploymentUrl: https://coder.example.com
        signIn: {{ resolvers: [{{ {resolver} }}] }}
"
    );
    load(&[("app-config.yaml", &text)], &Environment::default())
}

#[test]
fn an_empty_list_of_domains_does_not_let_all_in() {
    for domains in ["[]", "['${NOT_SET}']"] {
        let resolver =
            format!("resolver: emailMatchingUserEntityProfileEmail, allowedDomains: {domains}");
        let error = with_resolver(&resolver).unwrap_err();
        assert!(error.to_string().contains("resolvers[0].allowedDomains` is empty"), "{error}");
    }
}

#[test]
fn the_rule_by_user_name_takes_no_options() {
    for option in
        ["allowedDomains: [a.example]", "dangerouslyAllowSignInWithoutUserInCatalog: true"]
    {
        let resolver = format!("resolver: usernameMatchingUserEntityName, {option}");
        let error = with_resolver(&resolver).unwrap_err();
        assert!(error.to_string().contains("which takes none"), "{error}");
    }
}

#[test]
fn a_store_is_a_name_or_a_mapping() {
    let store = |text: &str| {
        let config = with(
            &format!("session: {{ keys: [6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga], store: {text} }}"),
            "",
        );
        config.unwrap().session.store.unwrap()
    };
    assert!(matches!(store("memory"), SessionStoreConfig::Memory));
    assert!(matches!(store("{ type: memory }"), SessionStoreConfig::Memory));
    assert!(matches!(store("sqlite"), SessionStoreConfig::Sqlite { file: None, .. }));
    let SessionStoreConfig::Sqlite { file, .. } = store("{ type: sqlite, file: ./x.sqlite }")
    else {
        panic!("not SQLite");
    };
    assert_eq!(file.as_deref(), Some("./x.sqlite"));
    let SessionStoreConfig::Postgres { url, .. } =
        store("{ type: postgres, url: '${DATABASE_URL}' }")
    else {
        panic!("not PostgreSQL");
    };
    assert_eq!(url.expose(), "postgres://me:do-not-print@db/coder");
    assert!(with("session: {}", "").unwrap().session.store.is_none());
}

#[test]
fn a_store_that_cannot_be_used_says_what_to_write() {
    let told: Vec<_> = [
        "postgres",
        "postgre",
        "7",
        "[sqlite]",
        "{ file: x.sqlite }",
        "{ type: sqlit }",
        "{ type: sqlite, file: ':memory:' }",
        "{ type: sqlite, url: 'postgres://db/coder' }",
        "{ type: memory, file: x.sqlite }",
        "{ type: postgres }",
        "{ type: postgres, url: '${UNSET}' }",
        "{ type: postgres, url: 'mysql://me:do-not-print@db/coder' }",
        "{ type: postgres, uri: 'postgres://db/coder' }",
        "{ type: postgres, url: 'postgres://db/coder' }",
    ]
    .iter()
    .map(|text| {
        let result = with(&format!("session: {{ store: {text} }}"), "");
        assert!(result.is_err(), "{text}");
        format!("# {text}\n{}", told(&result))
    })
    .collect();
    let told = told.join("\n");
    assert!(!told.lines().any(|line| !line.starts_with('#') && line.contains("do-not-print")));
    insta::assert_snapshot!(told);
}

#[test]
fn the_access_token_goes_to_browsers_unless_it_is_said_otherwise() {
    let policy = |text: &str| with(text, "").unwrap().session.access_token;
    assert_eq!(policy("session: {}"), AccessTokenPolicy::Browser);
    assert_eq!(policy("session: { accessToken: browser }"), AccessTokenPolicy::Browser);
    assert_eq!(policy("session: { accessToken: server }"), AccessTokenPolicy::Server);
    insta::assert_snapshot!(told(&with("session: { accessToken: withhold }", "")));
}

#[test]
fn signing_keys_come_from_where_backstage_takes_them() {
    let keys = "keyStore: { provider: static, static: { keys: [
      { keyId: k1, publicKeyFile: public.pem, privateKeyFile: private.pem, algorithm: ES256 },
      { keyId: k0, publicKeyFile: old-public.pem, privateKeyFile: old-private.pem }] } }";
    let config = with("", keys).unwrap();
    let Some(KeyStoreConfig::Static(keys)) = config.auth.key_store else {
        panic!("{:?}", config.auth.key_store);
    };
    assert_eq!(keys[0].key_id, "k1");
    assert_eq!(keys[1].private_key_file, "old-private.pem");
    assert_eq!(keys[0].provenance.to_string(), "app-config.yaml:7:7");
    for (written, read) in [
        ("keyStore: { provider: database }", Some(KeyStoreConfig::Database)),
        ("keyStore: { provider: memory }", Some(KeyStoreConfig::Memory)),
        ("keyStore: {}", None),
    ] {
        assert_eq!(with("", written).unwrap().auth.key_store, read);
    }
}

#[test]
fn what_tokens_say_and_how_they_are_signed_is_read_as_backstage_writes_it() {
    let auth = with("", "").unwrap().auth;
    assert!(auth.omit_ownership_claim);
    let text = "identityTokenAlgorithm: ES256
  omitIdentityTokenOwnershipClaim: false
  backstageTokenExpiration: { minutes: 30 }
  session: { secret: do-not-print }";
    let auth = with("", text).unwrap().auth;
    assert!(!auth.omit_ownership_claim);
    assert_eq!(auth.token_expiration, Some(jiff::SignedDuration::from_mins(30)));
    assert_eq!(auth.session_secret.as_ref().unwrap().expose(), "do-not-print");
    assert!(!format!("{auth:?}").contains("do-not-print"));
}

#[test]
fn what_cannot_sign_a_token_is_told() {
    let told: Vec<_> = [
        "identityTokenAlgorithm: RS256",
        "keyStore: { provider: firestore, firestore: { projectId: p } }",
        "keyStore: { provider: databse }",
        "keyStore: { static: { keys: [] } }",
        "keyStore: { provider: static }",
        "keyStore: { provider: static, static: { keys: [] } }",
        "keyStore: { provider: static, static: { keys: [{ keyid: a, publicKeyFile: p, algorithm: RS256 }] } }",
        "keyStore: { provider: static, static: { keys: [
      { keyId: a, publicKeyFile: p, privateKeyFile: q }, { keyId: a, publicKeyFile: r, privateKeyFile: s }] } }",
    ]
    .iter()
    .map(|text| {
        let result = with("", text);
        assert!(result.is_err(), "{text}");
        format!("# {text}\n{}", told(&result))
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn another_backstage_is_trusted_by_its_issuer() {
    let config = with(
        "trustedIssuers:
    - issuer: https://backstage.example.com/api/auth
    - { issuer: 'http://old.example.com/api/auth', jwksUrl: 'https://old.example.com/keys', audience: portal }",
        "",
    )
    .unwrap();
    let [first, second] = config.trusted_issuers.as_slice() else {
        panic!("{:?}", config.trusted_issuers);
    };
    assert_eq!(first.issuer, "https://backstage.example.com/api/auth");
    let keys = "https://backstage.example.com/api/auth/.well-known/jwks.json";
    assert_eq!(first.jwks_url.as_str(), keys);
    assert_eq!(first.audience, "backstage");
    assert_eq!(first.provenance.to_string(), "app-config.yaml:5:7");
    assert_eq!(second.jwks_url.as_str(), "https://old.example.com/keys");
    assert_eq!(second.audience, "portal");
}

#[test]
fn an_issuer_that_cannot_be_trusted_is_told() {
    let told: Vec<_> = [
        "{ issuer: https://a.example.com }",
        "[https://a.example.com]",
        "[{ jwksUrl: https://a.example.com/keys }]",
        "[{ issuer: http://a.example.com }]",
        "[{ issuer: https://a.example.com, jwksUrl: http://a.example.com }]",
        "[{ issuer: backstage }]",
        "[{ issuer: https://a.example.com }, { issuer: https://a.example.com }]",
        "[{ isuer: https://a.example.com }]",
    ]
    .iter()
    .map(|text| {
        let result = with(&format!("trustedIssuers: {text}"), "");
        assert!(result.is_err(), "{text}");
        format!("# {text}\n{}", told(&result))
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// Returns the rule of the development environment that is not one of Backstage's.
fn custom(resolver: &str) -> CustomSignInResolver {
    let text = SEED.replace("            - resolver: usernameMatchingUserEntityName", resolver);
    let config = load(&[("app-config.yaml", &text)], &environment()).unwrap();
    let development = config.auth.environments["development"].as_ref().unwrap();
    match development.sign_in_resolvers.as_slice() {
        [SignInResolverConfig::Custom(custom)] => custom.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_resolver_of_the_program_is_carried_with_its_options() {
    let custom = custom(
        "            - { resolver: groupOfTheTeam, group: admins, limit: 3, key: do-not-print }",
    );
    assert_eq!(custom.name, "groupOfTheTeam");
    assert_eq!(
        serde_json::Value::from(custom.options.clone()),
        serde_json::json!({
            "group": "admins", "limit": 3, "key": "do-not-print",
        })
    );
    assert!(!format!("{custom:?}").contains("do-not-print"));
    insta::assert_snapshot!(custom.invalid_option("group", "is `admins`; there is no such group"));
}

#[test]
fn a_resolver_that_nobody_has_is_told_with_its_place_and_the_nearest_name() {
    let told = [
        custom("            - resolver: usernameMatchingUserEntity").unknown(&[]),
        custom("            - resolver: groupOfTeam").unknown(&["groupOfTheTeam"]),
        custom("            - resolver: groupOfTeam").unknown(&[]),
    ];
    insta::assert_snapshot!(told.map(|error| error.to_string()).join("\n"));
}

#[test]
fn a_duration_is_at_most_ten_years() {
    for idle in ["11 years", "200000 months", "{ years: 11 }", "{ days: 1e300 }"] {
        let told = told(&with(&format!("session: {{ idle: {idle} }}"), ""));
        assert!(told.contains("coder.session.idle"), "{idle}: {told}");
        assert!(told.contains("is longer than 10 years"), "{idle}: {told}");
    }
    let session =
        |idle: &str| with(&format!("session: {{ idle: {idle}, absolute: 10 years }}"), "");
    assert!(session("10 years").is_ok(), "{}", told(&session("10 years")));
}

#[test]
fn an_idle_lifetime_that_no_session_reaches_is_refused() {
    for idle in ["40d", "31 days", "P31D", "{ weeks: 5 }"] {
        let told = told(&with(&format!("session: {{ idle: {idle} }}"), ""));
        assert!(told.contains("`coder.session.idle` is longer than the 30 days"), "{idle}: {told}");
    }
    for idle in ["30d", "29 days", "{ weeks: 4 }", "40d, absolute: 41d"] {
        let read = with(&format!("session: {{ idle: {idle} }}"), "");
        assert!(read.is_ok(), "{idle}: {}", told(&read));
    }
    let with_duration = |duration: &str| {
        let local = format!(
            "auth: {{ providers: {{ coder: {{ production: {{ sessionDuration: {duration} }} }} }} }}
coder: {{ session: {{ idle: 40d }} }}"
        );
        load(&[("app-config.yaml", SEED), ("app-config.local.yaml", &local)], &environment())
    };
    assert!(with_duration("40d").is_ok());
    let by_default = with("session: { idle: 40d }", "");
    let refused = [by_default, with_duration("39d")].map(|read| told(&read));
    insta::assert_snapshot!(refused.join("\n"));
}
