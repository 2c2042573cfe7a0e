//! Entities as people write them, and what they say about their workspaces.
#![cfg(test)]

use coder_config::{CoderSpec, CreationMode, parse_entities};

fn spec_of(coder: &str) -> CoderSpec {
    let head = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: x }\nspec:\n";
    let indented = coder.replace('\n', "\n    ");
    let text = format!("{head}  coder:\n    {indented}\n");
    let entity = parse_entities("catalog-info.yaml", &text).remove(0).unwrap();
    entity.coder_spec().unwrap()
}

fn notices(spec: &CoderSpec) -> String {
    spec.notices.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_seeds_entity_is_read_as_it_stands() {
    let entities = parse_entities("catalog-info.yaml", include_str!("fixtures/catalog-info.yaml"));
    let entity = entities.into_iter().next().unwrap().unwrap();
    assert_eq!(entity.entity_ref().to_string(), "component:default/python-project");
    assert_eq!(entity.owned_by()[0].to_string(), "group:default/pms");
    assert_eq!(entity.location().unwrap().to_string(), "catalog-info.yaml:1:1");
    let spec = entity.coder_spec().unwrap();
    assert_eq!(spec.template.unwrap().to_string(), "devcontainers");
    assert_eq!(spec.mode, Some(CreationMode::Auto));
    let params: Vec<_> = spec.params.iter().collect();
    let written = [("repo", "custom"), ("region", "us-pittsburgh")];
    assert_eq!(
        params,
        written
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .iter()
            .map(|(k, v)| (k, v))
            .collect::<Vec<_>>()
    );
    assert!(spec.notices.is_empty());
}

#[test]
fn scalars_keep_the_text_they_were_written_as() {
    let spec = spec_of(
        "params:\n  version: 1.20\n  octal: 012\n  cpu: 4\n  gpu: true\n  word: yes\n  when: 2024-01-31\n  \
         big: 12345678901234567890\n  nothing:\n  quoted: \"\"\n  10: ten",
    );
    let shown: Vec<_> = spec.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        shown,
        [
            "version=1.20",
            "octal=012",
            "cpu=4",
            "gpu=true",
            "word=yes",
            "when=2024-01-31",
            "big=12345678901234567890",
            "quoted=",
            "10=ten",
        ],
    );
    assert!(spec.notices.is_empty());
}

#[test]
fn one_bad_field_does_not_lose_the_others() {
    let spec = spec_of(
        "templateName: [a]\nmode: Auto\nparams:\n  good: x\n  bad: { a: b }\n  list: [1]\ntemplate_name: y\nbogus: 1",
    );
    assert_eq!(spec.params.len(), 1);
    insta::assert_snapshot!(notices(&spec), @r"
    catalog-info.yaml:6:19: `spec.coder.templateName` is a list and is ignored; write a string
    catalog-info.yaml:7:11: `spec.coder.mode` is `Auto` and is ignored; it must be `manual` or `auto`
    catalog-info.yaml:10:12: `spec.coder.params.bad` is a mapping and is ignored; write a string
    catalog-info.yaml:11:13: `spec.coder.params.list` is a list and is ignored; write a string
    catalog-info.yaml:12:5: `spec.coder.template_name` is not known and ignored; did you mean `templateName`?
    catalog-info.yaml:13:5: `spec.coder.bogus` is not known and ignored; known are `templateName`, `mode`, `params`
    ");
}

#[test]
fn null_and_empty_mean_not_set() {
    let spec = spec_of("templateName: ''\nmode: ~\nparams:");
    assert_eq!(spec, CoderSpec::default());
}

#[test]
fn a_template_that_would_change_the_link_is_refused() {
    let spec = spec_of("templateName: ../admin");
    assert_eq!(spec.template, None);
    insta::assert_snapshot!(notices(&spec), @"catalog-info.yaml:6:19: `spec.coder.templateName` is `../admin` and is ignored: `.` and `..` are no names; write `template` or `organization/template`");
}

#[test]
fn a_list_is_no_spec() {
    let spec = spec_of("- templateName: x");
    insta::assert_snapshot!(notices(&spec), @"catalog-info.yaml:6:5: `spec.coder` is a list and is ignored; write a mapping");
}

#[test]
fn each_document_of_a_file_stands_for_itself() {
    let text = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: first }
---
---
kind: [1, 2
---
just text
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: 5 }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: twice, name: again }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: last, annotations: { a: 5 } }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { profile: { email: 5 }, memberOf: [team-a, group:Other/team-b, team-a] }
";
    let entities = parse_entities("catalog-info.yaml", text);
    let told: Vec<_> = entities
        .iter()
        .map(|entity| match entity {
            Ok(entity) => entity.entity_ref().to_string(),
            Err(error) => error.to_string(),
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    let alice = entities.last().unwrap().as_ref().unwrap();
    let groups: Vec<_> = alice.member_of().iter().map(ToString::to_string).collect();
    assert_eq!(groups, ["group:default/team-a", "group:other/team-b"]);
    assert_eq!(
        alice.profile_email().unwrap_err().to_string(),
        "catalog-info.yaml:22:1: `spec.profile.email` of `user:default/alice` is `5`, not a \
         string; quote it",
    );
}

#[test]
fn an_entity_goes_to_json_and_back() {
    let json = serde_json::json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "x", "annotations": {"b": "1", "a": "2"}, "uid": "7"},
        "spec": {"coder": {"params": {"cpu": 4}}},
        "relations": [{"type": "ownedBy", "targetRef": "group:default/team-a"}],
    });
    let entity: coder_config::Entity = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(entity.coder_spec().unwrap().params["cpu"], "4");
    assert_eq!(serde_json::to_value(&entity).unwrap(), json);
}

#[test]
fn a_description_that_is_no_string_is_refused_as_in_backstage() {
    let check = |description: &str| {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\n  \
             description: {description}\nspec: {{ type: service, lifecycle: x, owner: team }}\n"
        );
        let node = coder_config::yaml::document("catalog-info.yaml", &text).unwrap();
        coder_config::check_entity(&node).map_err(|error| error.to_string())
    };
    for description in ["", "~", "null", "5", "1.20", "true", "[a, b]", "{ en: a }"] {
        let error = check(description).unwrap_err();
        let (place, problem) = error.split_once(": ").unwrap();
        assert!(place.starts_with("catalog-info.yaml:5:"), "{description}: {place}");
        assert_eq!(problem, "`metadata.description` must be a string", "{description}");
    }
    for description in ["''", "'5'", "Pays people.", "|\n    two\n    lines"] {
        assert!(check(description).is_ok(), "{description}");
    }
    let empty = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: x, description: '' }\n";
    assert_eq!(parse_entities("x.yaml", empty).remove(0).unwrap().metadata.description, None);
}

#[test]
fn an_entity_from_json_keeps_the_order_and_the_text_of_its_parameters() {
    let json = r#"{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"x"},
        "spec":{"coder":{"params":{"zone":"b","region":1e+21,"cpu":4,"go":1.5,"gpu":true}}}}"#;
    let entity: coder_config::Entity = serde_json::from_str(json).unwrap();
    let params = entity.coder_spec().unwrap().params;
    let shown: Vec<_> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(shown, ["zone=b", "region=1e+21", "cpu=4", "go=1.5", "gpu=true"]);
}

#[test]
fn a_reference_that_names_no_entity_is_refused_as_in_backstage() {
    let check = |kind: &str, spec: &str| {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{ name: x }}\n\
             spec: {{ {spec} }}\n"
        );
        let node = coder_config::yaml::document("c.yaml", &text).unwrap();
        coder_config::check_entity(&node).map_err(|error| error.to_string())
    };
    let component = "type: t, lifecycle: l, owner: o";
    let refused = [
        ("Component", format!("{component}, dependsOn: [payments-db]")),
        ("Component", format!("{component}, dependencyOf: ['resource:a', ns/b]")),
        ("Component", format!("{component}, dependsOn: ['resource:']")),
        ("Component", format!("{component}, system: 'system:default/'")),
        ("Component", "type: t, lifecycle: l, owner: 'group:'".to_owned()),
        ("Component", format!("{component}, providesApis: ['/a']")),
        ("Resource", "type: t, owner: o, dependsOn: [db]".to_owned()),
        ("API", "type: t, lifecycle: l, owner: ':o', definition: d".to_owned()),
        ("System", "owner: o, domain: '/d'".to_owned()),
        ("Domain", "owner: o, subdomainOf: 'domain:'".to_owned()),
        ("Group", "type: t, children: ['group:']".to_owned()),
        ("Group", "type: t, children: [], members: ['user:default/']".to_owned()),
        ("Group", "type: t, children: [], parent: ':'".to_owned()),
        ("User", "memberOf: [a, 'group:']".to_owned()),
    ];
    for (kind, spec) in &refused {
        let error = check(kind, spec).unwrap_err();
        assert!(error.starts_with("c.yaml:4:"), "{kind} {spec}: {error}");
        assert!(error.contains("names no entity: "), "{kind} {spec}: {error}");
    }
    assert_eq!(
        check(refused[0].0, &refused[0].1).unwrap_err(),
        "c.yaml:4:54: `spec.dependsOn` names no entity: `payments-db` has no kind; write it like \
         `component:default/name`",
    );
    for (kind, spec) in [
        ("Component", format!("{component}, dependsOn: ['resource:db', 'Component:ns/x']")),
        ("Component", format!("{component}, subcomponentOf: ns/x, providesApis: [a, 'api:a']")),
        ("Group", "type: t, parent: p, children: [c, ns/c], members: [m, 'user:m']".to_owned()),
        ("User", "memberOf: [a, b/c, 'group:d', 'group:e/f', { $text: ./x }]".to_owned()),
    ] {
        assert!(check(kind, &spec).is_ok(), "{kind} {spec}: {:?}", check(kind, &spec));
    }
}

#[test]
fn a_kind_of_backstage_in_another_spelling_is_refused_and_one_of_somebody_else_is_not() {
    let refusal = |version: &str, kind: &str| {
        let text = format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{ name: x }}\n\
             spec: {{ memberOf: [], type: t, owner: o, children: [] }}\n"
        );
        let node = coder_config::yaml::document("c.yaml", &text).unwrap();
        coder_config::catalog_refusal(&node).map(|error| error.to_string())
    };
    for (version, kind) in [
        ("backstage.io/v1alpha1", "user"),
        ("backstage.io/v1alpha1", "GROUP"),
        ("backstage.io/v1alpha1", "Api"),
        ("backstage.io/v1alpha2", "User"),
        ("v1", "Resource"),
    ] {
        let expected = format!(
            "c.yaml:2:7: `kind` is `{kind}` of `{version}`, which is none of Backstage's in this spelling"
        );
        assert_eq!(refusal(version, kind), Some(expected));
    }
    assert_eq!(refusal("backstage.io/v1alpha1", "User"), None);
    assert_eq!(refusal("scaffolder.backstage.io/v1beta3", "Template"), None);
    assert_eq!(refusal("acme.example/v1", "Printer"), None);
}
