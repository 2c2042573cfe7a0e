//! What a configuration must not say, since somebody else would gain by it.
#![cfg(test)]

mod support;

use coder_config::{AppConfig, ConfigErrors, IndexVisibility};
use support::{load_text as load, told};

/// Returns what is told of each configuration, below the line that differs.
fn each_told<'a>(
    lines: impl IntoIterator<Item = &'a str>,
    with: impl Fn(&str) -> Result<AppConfig, ConfigErrors>,
) -> String {
    let told: Vec<_> =
        lines.into_iter().map(|line| format!("# {line}\n{}", told(&with(line)))).collect();
    told.join("\n")
}

/// Reads a whole configuration with one more line below `auth`, and one below `coder`.
fn with(auth: &str, coder: &str) -> Result<AppConfig, ConfigErrors> {
    load(&format!(
        "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth:
  {auth}
  providers: {{ coder: {{ development: {{ clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com }} }} }}
coder:
  {coder}
"
    ))
}

/// Reads a portal whose environment has this name, as it stands in the file.
fn with_environment(name: &str) -> Result<AppConfig, ConfigErrors> {
    load(&format!(
        "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth:
  environment: {name}
  providers:
    coder:
      {name}: {{ clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com }}
"
    ))
}

#[test]
fn a_name_of_an_environment_is_one_part_of_a_path_and_a_line_of_a_log() {
    let names = ["production", "eu-1", "QA_2", "v1.2", "0"];
    for name in names {
        let config = with_environment(name).unwrap();
        assert_eq!(config.auth.environment, *name);
    }
    let long = "x".repeat(65);
    let bad = [
        "''",
        "'.'",
        "'..'",
        "'a/b'",
        r"'a\b'",
        "'a%2fb'",
        r#""a\nb""#,
        r#""a\u202Eb""#,
        "'a b'",
        "'?a'",
        "'a#b'",
        "'-a'",
        "'é'",
        &long,
    ];
    for name in bad {
        assert!(with_environment(name).is_err(), "{name}");
    }
    insta::assert_snapshot!(each_told(bad, with_environment));
}

#[test]
fn a_lifetime_is_long_enough_to_be_used() {
    let sessions = ["idle: 1ms", "absolute: { milliseconds: 1 }", "idle: 9 minutes"];
    let session = |line: &str| with("", &format!("session: {{ {line} }}"));
    for line in sessions {
        assert!(session(line).is_err(), "{line}");
    }
    assert!(session("idle: 10 minutes, absolute: 10 minutes").is_ok());
    let block = |line: &str| {
        load(&format!(
            "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth: {{ providers: {{ coder: {{ development:
  {{ clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com, {line} }} }} }} }}
"
        ))
    };
    let blocks = ["sessionDuration: 5s", "sessionDuration: 11 years"];
    insta::assert_snapshot!(format!(
        "{}\n{}",
        each_told(sessions, session),
        each_told(blocks, block)
    ));
}

#[test]
fn a_lifetime_of_identity_tokens_out_of_range_is_told_and_becomes_the_nearest() {
    let written = ["1ms", "9 minutes", "25h", "10 years", "11 years"];
    let expiring = |text: &str| with(&format!("backstageTokenExpiration: {text}"), "");
    let minutes = |text: &str| {
        expiring(text).unwrap().auth.token_expiration.map(|lifetime| lifetime.as_mins())
    };
    assert_eq!(written.map(minutes), [10, 10, 1440, 1440, 1440].map(Some));
    for text in ["10 minutes", "24h"] {
        assert_eq!(expiring(text).unwrap().notices(), []);
    }
    insta::assert_snapshot!(each_told(written, expiring));
}

#[test]
fn pages_of_any_host_cannot_be_let_in() {
    let patterns = [
        "http://*",
        "https://*",
        "https://**",
        "https://*:*",
        "https://portal.*",
        "https://portal*",
        "{http,https}://*",
        "*://portal.example.com",
        "https://?",
        "https://portal.example.[a-z]*",
        "http://*.example.com",
        "http://intranet.example.com",
    ];
    let extra = |text: &str| with(&format!("experimentalExtraAllowedOrigins: ['{text}']"), "");
    for pattern in patterns {
        assert!(extra(pattern).is_err(), "{pattern}");
    }
    let wide = ["https://*.com", "https://*example.com"];
    let dead = [
        "*",
        "portal.example.com",
        "https://portal.example.com/",
        "https://a.example.com/*",
        "https://user@portal.example.com",
        "",
    ];
    for pattern in wide.into_iter().chain(dead) {
        let config = extra(pattern).unwrap();
        assert_eq!(config.notices().len(), 1, "{pattern}");
    }
    for pattern in [
        "https://*.example.com",
        "https://*.preview.example.com:*",
        "https://pr-*.example.com",
        "https://{a,b}.example.com",
        "https://portal.{example.com,example.de}",
        "http://localhost:*",
        "http://127.0.0.1:3000",
        "http://*.localhost:3000",
    ] {
        let config = extra(pattern);
        assert_eq!(config.as_ref().map(AppConfig::notices).unwrap_or_default(), [], "{pattern}");
        assert!(config.is_ok(), "{pattern}");
    }
    let all = patterns.into_iter().chain(wide).chain(dead);
    insta::assert_snapshot!(each_told(all, extra));
}

#[test]
fn a_page_on_plain_http_signs_in_where_that_is_allowed_for_the_portal() {
    let text = "app: { baseUrl: http://portal.example.com }
backend: { baseUrl: http://portal.example.com }
auth:
  experimentalExtraAllowedOrigins: ['http://*.example.com']
  providers: { coder: { development: { clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com } } }
coder: { session: { dangerouslyAllowHttp: true } }
";
    assert!(load(text).is_ok(), "{}", told(&load(text)));
}

#[test]
fn pages_of_any_host_that_may_read_with_cookies_are_told() {
    let cors = |line: &str| {
        load(&format!(
            "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com, cors: {{ {line} }} }}
auth: {{ providers: {{ coder: {{ development: {{ clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com }} }} }} }}
"
        ))
    };
    let lines = [
        "origin: 'http://*', credentials: true",
        "origin: ['https://*.com'], credentials: true",
        "origin: '*'",
    ];
    for line in lines {
        assert_eq!(cors(line).unwrap().notices().len(), 1, "{line}");
    }
    // Without cookies a page reads what everybody can read.
    assert_eq!(cors("origin: 'https://*'").unwrap().notices(), []);
    insta::assert_snapshot!(each_told(lines, cors));
}

#[test]
fn a_key_that_seals_is_long_random_and_given_once() {
    let good = "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga";
    let keys = |keys: &str| with("", &format!("session: {{ keys: [{keys}] }}"));
    let twice = format!("{good}, another-{good}, {good}");
    let bad = [
        "short",
        "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
        "passwordpasswordpasswordpassword",
        "0123456789abcdef0123456789abcdef",
        "''",
        &twice,
    ];
    for key in bad {
        assert!(keys(key).is_err(), "{key}");
    }
    for key in [good, "'8f14e45fceea167a5a36dedd4bea2543'", "'73205080756887729352744634150587'"] {
        assert!(keys(key).is_ok(), "{key}: {}", told(&keys(key)));
    }
    let told = each_told(bad, keys);
    // What is told never holds a key.
    assert!(!told.lines().any(|line| !line.starts_with('#') && line.contains(good)));
    insta::assert_snapshot!(told);
}

#[test]
fn a_file_is_for_one_thing() {
    let sqlite =
        |file: &str| with("", &format!("session: {{ store: {{ type: sqlite, file: '{file}' }} }}"));
    let files = ["app-config.yaml", "./x/../app-config.yaml", "data/", ".", "..", "/"];
    for file in files {
        assert!(sqlite(file).is_err(), "{file}");
    }
    let keys = |line: &str| {
        with(
            &format!("keyStore: {{ provider: static, static: {{ keys: [{line}] }} }}"),
            "session: { store: { type: sqlite, file: ./signing.pem } }",
        )
    };
    let pairs = [
        "{ keyId: a, publicKeyFile: public.pem, privateKeyFile: signing.pem }",
        "{ keyId: a, publicKeyFile: one.pem, privateKeyFile: one.pem }",
        "{ keyId: a, publicKeyFile: a.pem, privateKeyFile: b.pem }, { keyId: b, publicKeyFile: c.pem, privateKeyFile: ./b.pem }",
        "{ keyId: a, publicKeyFile: a.pem, privateKeyFile: signing.pem.key }",
    ];
    for pair in pairs {
        assert!(keys(pair).is_err(), "{pair}");
    }
    assert!(keys("{ keyId: a, publicKeyFile: a.pem, privateKeyFile: b.pem }").is_ok());
    insta::assert_snapshot!(format!("{}\n{}", each_told(files, sqlite), each_told(pairs, keys)));
}

#[test]
fn a_deployment_is_reached_in_one_way() {
    let two = |one: &str, other: &str| {
        load(&format!(
            "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com }}
auth:
  environment: one
  providers:
    coder:
      one: {{ clientId: a, clientSecret: s, deploymentUrl: https://coder.example.com{one} }}
      other: {{ clientId: b, clientSecret: s, deploymentUrl: https://coder.example.com/{other} }}
"
        ))
    };
    let internal = |host: &str| format!(", internalUrl: 'https://{host}'");
    let (a, b) = (internal("coder.a"), internal("coder.b"));
    assert!(two(&a, &a).is_ok());
    assert!(two("", "").is_ok());
    assert!(two("", &internal("coder.example.com")).is_ok());
    let cases = [(a.as_str(), b.as_str()), (&a, ""), ("", &b)];
    let all: Vec<_> = cases
        .iter()
        .map(|(one, other)| {
            let result = two(one, other);
            assert!(result.is_err(), "{one} {other}");
            told(&result)
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_pattern_of_origins_that_only_backstage_reads_is_refused_at_its_place() {
    let patterns = [
        "https://pr-+([0-9]).example.com",
        "https://@(a|b).example.com",
        "https://!(evil).example.com",
        "https://?(www.)example.com",
        "https://*(a).example.com",
        "https://pr-{1..3}.example.com",
        "https://pr-[[:digit:]].example.com",
        "!https://evil.example.com",
    ];
    let sign_in = |text: &str| with(&format!("experimentalExtraAllowedOrigins: [\"{text}\"]"), "");
    for pattern in patterns {
        let error = sign_in(pattern).unwrap_err().to_string();
        assert!(error.contains("is not read here"), "{pattern}: {error}");
        assert!(error.contains(&format!("`{pattern}`")), "{pattern}: {error}");
        let read = load(&format!(
            "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com, cors: {{ origin: [\"{pattern}\"] }} }}
auth: {{ providers: {{ coder: {{ development: {{ clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com }} }} }} }}
"
        ));
        let error = read.unwrap_err().to_string();
        assert!(
            error.starts_with("app-config.yaml:2:66: `backend.cors.origin[0]` is "),
            "{pattern}: {error}"
        );
    }
    for pattern in
        ["https://Portal.Example.COM", "HTTPS://*.Sub.example.com", "https://pr-[0-9].example.com"]
    {
        assert!(sign_in(pattern).unwrap().notices().is_empty(), "{pattern}");
    }
}

#[test]
fn keys_that_change_a_server_of_backstage_and_do_nothing_here_are_told() {
    let told = |backend: &str| {
        let config = load(&format!(
            "app: {{ baseUrl: https://portal.example.com }}
backend: {{ baseUrl: https://portal.example.com, {backend} }}
auth: {{ providers: {{ coder: {{ development: {{ clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com }} }} }} }}
"
        ));
        let config = config.unwrap();
        config.notices().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told("https: true"), @"app-config.yaml:2:56: `backend.https` has no effect here: this server makes no certificate of its own; write one to `backend.https.certificate`, or let a proxy in front of it speak https");
    for effectless in [
        "https: 'true'",
        "rateLimit: { window: 6s }",
        "auth: { externalAccess: [{ type: static, options: { token: t, subject: s } }] }",
        "auth: { dangerouslyDisableDefaultAuthPolicy: true }",
    ] {
        assert_eq!(told(effectless).lines().count(), 1, "{effectless}: {}", told(effectless));
        assert!(told(effectless).contains("has no effect here"), "{effectless}");
    }
    for nothing in [
        "https: false",
        "https: {}",
        "https: { certificate: { key: a, cert: b } }",
        "auth: { dangerouslyDisableDefaultAuthPolicy: false }",
        "csp: { connect-src: ['self'] }",
        "database: { client: pg }",
        "reading: { allow: [{ host: example.com }] }",
    ] {
        assert_eq!(told(nothing), "", "{nothing}");
    }
}

#[test]
fn an_index_of_everybody_is_read_by_a_service_account_and_shows_people_their_own_unless_told() {
    let index = |text: &str| with("environment: development", text).map(|config| config.index);
    let own = index("workspaces: {}").unwrap();
    assert!(own.token.is_none());
    assert_eq!((own.visibility, own.requests_per_minute), (IndexVisibility::Own, 256));
    let service = index("index: { token: 'abc-def ', requestsPerMinute: 400 }").unwrap();
    assert_eq!(service.token.unwrap().expose(), "abc-def");
    assert_eq!(service.visibility, IndexVisibility::Own);
    assert!(!service.bypass_rate_limit);
    let wide = index("index: { token: abc, visibility: everyone, bypassRateLimit: true }").unwrap();
    assert_eq!((wide.visibility, wide.bypass_rate_limit), (IndexVisibility::Everyone, true));
}

#[test]
fn an_index_that_cannot_be_read_as_it_is_written_is_told_at_its_place() {
    insta::assert_snapshot!(each_told(
        [
            "index: { visibility: everyone }",
            "index: { bypassRateLimit: true, token: '${UNSET_TOKEN}' }",
            "index: { token: '' }",
            "index: { token: 'do not print' }",
            "index: { token: abc, visibility: all }",
            "index: { token: abc, requestsPerMinute: 0 }",
            "index: { requestsPerMinute: a lot }",
            "index: { tokn: abc }",
        ],
        |line| with("environment: development", line)
    ));
}
