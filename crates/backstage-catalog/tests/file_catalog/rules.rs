//! Which entities may come from which locations. The expectations are those of Backstage's
//! `CatalogRules`.

use std::path::Path;

use backstage_catalog::FileCatalog;
use coder_config::{
    AllowedEntities, CatalogConfig, CatalogLocation, CatalogRule, RuleLocation, RuleTarget,
};

use super::{directory, names, notices};

/// Makes a file with an entity of each kind, two of them Groups.
fn everything() -> String {
    let entity = |kind: &str, name: &str, spec: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{ name: {name} }}\n\
             spec: {spec}\n"
        )
    };
    [
        entity("Component", "c", "{ type: service, lifecycle: production, owner: o }"),
        entity("API", "a", "{ type: openapi, lifecycle: production, owner: o, definition: d }"),
        entity("Location", "l", "{ targets: [] }"),
        entity("Resource", "r", "{ type: database, owner: o }"),
        entity("System", "s", "{ owner: o }"),
        entity("Group", "squad", "{ type: squad, children: [] }"),
        entity("Group", "tribe", "{ type: tribe, children: [] }"),
        entity("User", "u", "{ memberOf: [] }"),
    ]
    .join("---\n")
}

const DEFAULT: &[&str] = &["api:default/a", "component:default/c", "location:default/l"];

fn file(target: &str) -> CatalogLocation {
    CatalogLocation::new("file", target)
}

/// Returns what comes from a file of everything, by these rules.
fn allowed(name: &str, config: impl FnOnce(&Path) -> CatalogConfig) -> Vec<String> {
    let text = everything();
    let files = [("all.yaml", text.as_str()), ("sub/all.yaml", text.as_str())];
    let root = directory(&format!("rules-{name}"), &files);
    let config = config(&root);
    names(&FileCatalog::in_directory(&root, &config))
}

#[test]
fn without_rules_only_components_apis_and_locations_are_let_in() {
    assert_eq!(allowed("none", |_| CatalogConfig::new([file("all.yaml")])), DEFAULT);
    assert_eq!(allowed("pattern", |_| CatalogConfig::new([file("*.yaml")])), DEFAULT);
}

#[test]
fn global_rules_stand_in_place_of_the_default_ones() {
    let rules = |rules: Vec<CatalogRule>| {
        move |_: &Path| CatalogConfig::new([file("all.yaml")]).rules(rules)
    };
    assert_eq!(allowed("user", rules(vec![CatalogRule::new(["User"])])), ["user:default/u"]);
    assert_eq!(allowed("case", rules(vec![CatalogRule::new(["uSER"])])), ["user:default/u"]);
    assert!(allowed("empty", rules(Vec::new())).is_empty());
    assert!(allowed("empty-allow", rules(vec![CatalogRule::default()])).is_empty());
    let two = vec![CatalogRule::new(["User"]), CatalogRule::new(["System"])];
    assert_eq!(allowed("two", rules(two)), ["system:default/s", "user:default/u"]);
}

#[test]
fn rules_of_a_location_add_to_the_global_ones_and_hold_for_it_alone() {
    let org = || file("./sub/../sub/all.yaml").allow(["User"]);
    let default_and_user = [DEFAULT, &["user:default/u"]].concat();
    assert_eq!(allowed("own", |_| CatalogConfig::new([org()])), default_and_user);
    let none = |_: &Path| CatalogConfig::new([org(), file("all.yaml")]).rules([]);
    assert_eq!(allowed("own-only", none), ["user:default/u"]);
    // A location that leads to the same file by another target has other rules.
    let both =
        |_: &Path| CatalogConfig::new([file("sub/*.yaml"), file("sub/all.yaml").allow(["User"])]);
    assert_eq!(allowed("both", both), default_and_user);
    let other = |_: &Path| {
        CatalogConfig::new([
            file("all.yaml"),
            CatalogLocation::new("url", "all.yaml").allow(["User"]),
        ])
    };
    assert_eq!(allowed("other", other), DEFAULT);
}

#[test]
fn a_rule_may_ask_for_a_type() {
    let squads = |spec_type: &str| {
        let mut groups = AllowedEntities::new("Group");
        groups.spec_type = Some(spec_type.to_owned());
        let mut rule = CatalogRule::default();
        rule.allow = vec![groups];
        move |_: &Path| CatalogConfig::new([file("all.yaml")]).rules([rule])
    };
    assert_eq!(allowed("squad", squads("squad")), ["group:default/squad"]);
    assert!(allowed("squad-case", squads("Squad")).is_empty());
    assert!(allowed("squad-none", squads("chapter")).is_empty());
}

#[test]
fn a_rule_may_hold_for_some_locations() {
    let exact = |text: &str| RuleLocation::new("file", RuleTarget::Exact(text.to_owned()));
    let pattern = |text: &str| RuleLocation::new("file", RuleTarget::Pattern(text.to_owned()));
    let is_allowed = |name: &str, location: RuleLocation| {
        let rule = CatalogRule::new(["User"]).locations([location]);
        let config = |_: &Path| CatalogConfig::new([file("./all.yaml")]).rules([rule]);
        !allowed(&format!("at-{name}"), config).is_empty()
    };
    let here = directory("rules-at-exact", &[]).join("all.yaml").display().to_string();
    let everywhere = RuleTarget::Pattern("**".to_owned());
    for (name, location, expected) in [
        ("type", RuleLocation::new("file", None), true),
        ("url", RuleLocation::new("url", None), false),
        ("exact", exact(&here), true),
        ("relative", exact("./all.yaml"), false),
        ("anywhere", pattern("**/all.yaml"), true),
        ("capitals", pattern("**/ALL.YAML"), true),
        ("braces", pattern("**/{org,all}.yaml"), true),
        ("one-level", pattern("*.yaml"), false),
        ("elsewhere", pattern("**/sub/*.yaml"), false),
        ("pattern-of-urls", RuleLocation::new("url", everywhere), false),
    ] {
        assert_eq!(is_allowed(name, location), expected, "{name}");
    }
}

#[test]
fn what_a_location_entity_leads_to_originates_where_the_entity_does() {
    let leads = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: leads }\n\
                 spec: { target: ./sub/all.yaml }\n";
    let text = everything();
    let root = directory("rules-leads", &[("leads.yaml", leads), ("sub/all.yaml", &text)]);
    let names = |location: CatalogLocation, rules: Option<CatalogRule>| {
        let mut config = CatalogConfig::new([location]);
        config.rules = rules.map(|rule| vec![rule]);
        names(&FileCatalog::in_directory(&root, &config))
    };
    let users = names(file("leads.yaml").allow(["User"]), None);
    assert!(users.contains(&"user:default/u".to_owned()), "{users:?}");
    assert!(!users.contains(&"group:default/squad".to_owned()), "{users:?}");
    // A Location that may not enter leads nowhere.
    assert!(names(file("leads.yaml"), Some(CatalogRule::new(["User"]))).is_empty());
}

#[test]
fn what_no_rule_lets_in_is_told_once_for_each_location_and_kind() {
    let text = everything();
    let root = directory("rules-told", &[("all.yaml", &text)]);
    let catalog = FileCatalog::in_directory(&root, &CatalogConfig::new([file("./*.yaml")]));
    insta::assert_snapshot!(notices(&catalog, &root).join("\n"));
}

#[test]
fn it_is_known_which_kinds_may_come_at_all() {
    let may_hold = |locations: Vec<CatalogLocation>| {
        FileCatalog::new(&CatalogConfig::new(locations)).may_hold("User")
    };
    assert!(!may_hold(vec![]));
    assert!(!may_hold(vec![file("all.yaml")]));
    assert!(may_hold(vec![file("a.yaml"), file("all.yaml").allow(["Group", "user"])]));
    assert!(!may_hold(vec![CatalogLocation::new("url", "https://x.example/u").allow(["User"])]));
}
