//! `catalog` and `coder.catalog`: where entities come from, and which of them may.
#![cfg(test)]

#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use coder_config::{AppConfig, CatalogRule, ConfigErrors, Environment, RuleLocation, RuleTarget};

const BASE: &str = "app: { baseUrl: https://portal.example.com }
backend: { baseUrl: https://portal.example.com }
auth: { providers: { coder: { development: {
  clientId: id, clientSecret: s, deploymentUrl: https://coder.example.com } } } }
";

fn load(more: &str) -> Result<AppConfig, ConfigErrors> {
    let text = format!("{BASE}{more}");
    let files = [("app-config.yaml", &*text), ("token.txt", "from-a-file\n")];
    let environment = Environment::from_iter([("CATALOG_TOKEN", "from-a-variable")]);
    support::load(&files, &environment)
}

/// Returns everything a person is told, a line each.
fn told(more: &str) -> String {
    support::told(&load(more))
}

#[test]
fn rules_are_read_as_backstage_reads_them() {
    let rules = |text: &str| load(&format!("catalog: {{ {text} }}\n")).unwrap().catalog.rules;
    assert_eq!(rules(""), None);
    assert_eq!(rules("rules: []"), Some(Vec::new()));
    assert_eq!(rules("rules: [{ allow: [] }]"), Some(vec![CatalogRule::default()]));
    assert_eq!(
        rules("rules: [{ allow: [User, API] }]"),
        Some(vec![CatalogRule::new(["User", "API"])])
    );
    let squad = rules("rules: [{ allow: [{ kind: Group, 'spec.type': squad }, { kind: User }] }]");
    let [group, user] = &squad.unwrap()[0].allow[..] else { panic!("two") };
    assert_eq!((group.kind.as_str(), group.spec_type.as_deref()), ("Group", Some("squad")));
    assert_eq!((user.kind.as_str(), user.spec_type.as_deref()), ("User", None));
    let at = rules(
        "rules: [{ allow: [User], locations: [{ type: file, exact: /a.yaml }, { type: url, pattern: 'https://*/x' }, { type: url }] }]",
    );
    let exact = RuleLocation::new("file", RuleTarget::Exact("/a.yaml".to_owned()));
    let pattern = RuleLocation::new("url", RuleTarget::Pattern("https://*/x".to_owned()));
    let all = RuleLocation::new("url", None);
    assert_eq!(at.unwrap(), [CatalogRule::new(["User"]).locations([exact, pattern, all])]);
}

#[test]
fn kinds_of_a_location_are_those_of_all_its_rules() {
    let text = "catalog: { locations: [{ type: file, target: a.yaml, rules: [{ allow: [User] }, { allow: [Group] }] }, { type: file, target: b.yaml }] }\n";
    let catalog = load(text).unwrap().catalog;
    assert_eq!(catalog.locations[0].allow, ["User", "Group"]);
    assert!(catalog.locations[1].allow.is_empty());
}

#[test]
fn a_rule_that_cannot_be_used_is_told_at_its_place() {
    insta::assert_snapshot!(told(
        "catalog:
  rules:
    - allow: User
    - alow: [User]
    - allow: [5, '', { kid: User }]
    - allow: [User]
      locations:
        - { type: file, exact: /a, pattern: /b }
        - { exact: /a }
        - { type: file, pattern: '/+(a|b)' }
        - { type: file, pattern: '/a{1..3}' }
        - { type: file, pattern: '/[[:alpha:]]' }
  locations:
    - { type: file, target: a.yaml, rules: [{ allow: [{ kind: User }] }] }
    - { type: file, target: b.yaml, rules: [{}] }
    - { type: file, target: c.yaml, rules: { allow: [User] } }
"
    ));
}

#[test]
fn the_catalog_of_a_backstage_is_named_with_a_token_from_a_variable_or_a_file() {
    for (token, expected) in [
        ("'${CATALOG_TOKEN}'", "from-a-variable"),
        ("{ $env: CATALOG_TOKEN }", "from-a-variable"),
        ("{ $file: token.txt }", "from-a-file"),
    ] {
        let text = format!(
            "coder: {{ catalog: {{ type: backstage, baseUrl: 'https://backstage.example.com/x/', token: {token} }} }}\n"
        );
        let remote = load(&text).unwrap().remote_catalog.unwrap();
        assert_eq!(remote.url.as_str(), "https://backstage.example.com/x/api/catalog");
        assert_eq!(remote.token.expose(), expected);
        assert!(!format!("{remote:?}").contains(expected));
    }
}

#[test]
fn a_catalog_that_cannot_be_asked_is_told_at_its_place() {
    let each = [
        "{}",
        "{ type: file, baseUrl: https://b.example.com, token: t }",
        "{ type: backstage, baseUrl: https://b.example.com, token: '${NOT_SET}' }",
        "{ type: backstage, baseUrl: 'http://backstage:7007', token: t }",
        "{ type: backstage, baseUrl: https://b.example.com/api/catalog, token: t }",
        "{ type: backstage, baseUrl: 'https://u:p@b.example.com', token: t }",
        "{ type: backstage, baseUrl: backstage, token: t }",
        "{ type: backstage, baseUrl: https://b.example.com, token: \"a\\nb\" }",
        "{ type: backstage, url: https://b.example.com, token: t }",
        "backstage",
    ];
    let told = each.map(|catalog| told(&format!("coder: {{ catalog: {catalog} }}\n")));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn providers_that_fill_nothing_here_are_told_unless_a_backstage_reads_them() {
    let providers = "catalog: { providers: { githubOrg: { id: x }, ldapOrg: {} } }\n";
    insta::assert_snapshot!(told(providers));
    let remote =
        "coder: { catalog: { type: backstage, baseUrl: https://b.example.com, token: t } }\n";
    assert_eq!(told(&format!("{providers}{remote}")), "");
    let locations = "catalog: { locations: [{ type: url, target: https://x.example/a.yaml }] }\n";
    let config = load(&format!("{locations}{remote}")).unwrap();
    assert!(config.catalog.locations.is_empty(), "they are that Backstage's");
}
