//! `$text`, `$json`, `$yaml` and the like, as Backstage's `PlaceholderProcessor` treats them.
#![cfg(test)]

use std::io::ErrorKind;

use coder_config::{
    Entity, Node, Notice, PlaceholderError, PlaceholderFile, Placeholders, check_entity, yaml,
};
use serde_json::{Value, json};

/// Reads a file beside the catalog file.
fn file(path: &str) -> Result<PlaceholderFile, PlaceholderError> {
    let text = match path {
        "./text" => "one: 1\n",
        "marked.json" => "\u{feff}{ \"one\": 1 }",
        "value.json" => "{ \"one\": [1, { \"$text\": \"./text\" }], \"one\": [2] }",
        "value.yaml" => "# a comment\none: 1.20\ntwo: [yes]\n",
        "list.yaml" => "- a\n- b\n",
        "two.yaml" => "a: 1\n---\nb: 2\n",
        "empty.yaml" => "# nothing\n",
        "broken" => "a: [\n",
        "../elsewhere" => return Err(PlaceholderError::Elsewhere),
        other => {
            let error = std::io::Error::from(ErrorKind::NotFound);
            return Err(PlaceholderError::Unusable(format!("cannot read `{other}`: {error}")));
        }
    };
    Ok(PlaceholderFile::new(path, text))
}

/// Resolves `spec.x` of an entity, and returns what was told.
fn resolved(value: &str) -> (Value, Vec<String>) {
    let mut node = yaml::document("c.yaml", &format!("spec:\n  x: {value}\n")).unwrap();
    let unread = Placeholders::new(file).resolve(&mut node);
    let value = node.get("spec").unwrap().get("x").unwrap().to_json();
    (value, unread.into_iter().map(|one| Notice::from(one).to_string()).collect())
}

#[test]
fn a_placeholder_is_replaced_by_the_value_of_its_file() {
    for (written, value) in [
        ("{ $text: ./text }", json!("one: 1\n")),
        ("{ $openapi: ./text }", json!("one: 1\n")),
        ("{ $asyncapi: value.json }", json!(file("value.json").map(|_| VALUE_JSON).unwrap())),
        ("{ $json: value.json }", json!({ "one": [2] })),
        ("{ $json: marked.json }", json!({ "one": 1 })),
        ("{ $yaml: value.yaml }", json!({ "one": 1.2, "two": ["yes"] })),
        ("{ $yaml: value.json }", json!(null)),
        ("[{ $yaml: list.yaml }, c]", json!([["a", "b"], "c"])),
        ("{ a: { b: [{ $text: ./text }] } }", json!({ "a": { "b": ["one: 1\n"] } })),
    ] {
        if value.is_null() {
            // YAML refuses the key that stands twice.
            assert!(resolved(written).1[0].contains("duplicate key"), "{written}");
        } else {
            assert_eq!(resolved(written), (value, vec![]), "{written}");
        }
    }
}

const VALUE_JSON: &str = "{ \"one\": [1, { \"$text\": \"./text\" }], \"one\": [2] }";

#[test]
fn what_is_no_placeholder_is_left_alone_with_all_that_is_in_it() {
    for (written, value) in [
        ("{ $ref: '#/definitions/x' }", json!({ "$ref": "#/definitions/x" })),
        ("{ $text: ./text, other: 1 }", json!({ "$text": "./text", "other": 1 })),
        ("{ $text: ./text, $json: x }", json!({ "$text": "./text", "$json": "x" })),
        ("{ $x: 1, b: { $text: ./text } }", json!({ "$x": 1, "b": { "$text": "./text" } })),
        ("{ $ref: { $text: ./text } }", json!({ "$ref": { "$text": "./text" } })),
        ("{ $TEXT: ./text }", json!({ "$TEXT": "./text" })),
        ("$text", json!("$text")),
        ("[$text, ./text]", json!(["$text", "./text"])),
        ("{ text: ./text }", json!({ "text": "./text" })),
    ] {
        assert_eq!(resolved(written), (value, vec![]), "{written}");
    }
    let mut whole = yaml::document("c.yaml", "$yaml: value.yaml").unwrap();
    assert!(Placeholders::new(file).resolve(&mut whole).is_empty());
    assert_eq!(whole.to_json(), json!({ "$yaml": "value.yaml" }));
}

#[test]
fn a_file_that_is_elsewhere_is_not_asked_for_and_told() {
    let never = |path: &str| -> Result<PlaceholderFile, PlaceholderError> { panic!("read {path}") };
    for target in [
        "https://example.com/openapi.yaml",
        "HTTP://example.com/openapi.yaml",
        "file:///etc/passwd",
        "url:https://example.com/x",
        "git+ssh://git@example.com/x",
        "/etc/passwd",
        "//example.com/x",
        "C:/x.yaml",
        "..\\x.yaml",
        "\\\\server\\x",
    ] {
        let text = format!("spec:\n  definition:\n    $text: '{target}'\n");
        let mut node = yaml::document("c.yaml", &text).unwrap();
        let unread = Placeholders::new(never).resolve(&mut node);
        assert_eq!(unread[0].error, PlaceholderError::Elsewhere, "{target}");
        let told = Notice::from(unread[0].clone());
        assert_eq!(told.path, "spec.definition");
        let told = told.to_string();
        assert!(told.starts_with("c.yaml:3:5: `spec.definition` is `$text: "), "{told}");
        let definition = node.get("spec").unwrap().get("definition").unwrap();
        assert_eq!(definition.to_json(), json!({ "$text": target }), "it stays as it is written");
    }
}

#[test]
fn a_placeholder_that_cannot_be_put_in_is_told_with_its_place_and_reason() {
    let told = [
        "{ $text: missing }",
        "{ $text: ../elsewhere }",
        "{ $text: 5 }",
        "{ $text: [a] }",
        "{ $text: }",
        "{ $json: ./text }",
        "{ $yaml: two.yaml }",
        "{ $yaml: empty.yaml }",
        "{ $yaml: broken }",
    ]
    .map(|written| {
        let (value, told) = resolved(written);
        assert_eq!(value, resolved(written).0);
        assert_eq!(told.len(), 1, "{written}");
        told.concat()
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_value_from_another_file_knows_both_places_and_its_own_text() {
    let text = "spec:\n  coder:\n    params: { $yaml: value.yaml }\n";
    let mut node = yaml::document("c.yaml", text).unwrap();
    assert!(Placeholders::new(file).resolve(&mut node).is_empty());
    let one = ["spec", "coder", "params", "one"].iter().try_fold(&node, |node, key| node.get(key));
    assert_eq!(one.unwrap().scalar_text(), Some("1.20"));
    assert_eq!(one.unwrap().provenance().to_string(), "value.yaml:2:6 (included at c.yaml:3:13)");
}

#[test]
fn what_placeholders_put_in_is_bounded_for_the_whole_catalog_file() {
    let big = |_: &str| Ok(PlaceholderFile::new("big", "x".repeat(1 << 20)));
    let mut placeholders = Placeholders::new(big);
    let mut entity = || {
        let list = "{ $text: big }, ".repeat(10);
        let mut node = yaml::document("c.yaml", &format!("spec: {{ x: [{list}] }}")).unwrap();
        placeholders.resolve(&mut node)
    };
    assert!(entity().is_empty());
    let unread = entity();
    assert_eq!(unread.len(), 4);
    assert!(
        matches!(&unread[0].error, PlaceholderError::Unusable(text) if text.contains("too much"))
    );

    let many = |_: &str| Ok(PlaceholderFile::new("many", format!("[{}]", "1,".repeat(40_000))));
    let list = "{ $yaml: many }, ".repeat(10);
    let mut node = yaml::document("c.yaml", &format!("spec: {{ x: [{list}] }}")).unwrap();
    assert_eq!(Placeholders::new(many).resolve(&mut node).len(), 4);
}

fn entity(text: &str) -> Node {
    yaml::document("c.yaml", text).unwrap()
}

#[test]
fn a_placeholder_breaks_no_rule_of_backstage() {
    for text in [
        "kind: API\nspec: { type: openapi, lifecycle: x, owner: o, definition: { $text: ./x } }",
        "kind: API\nspec: { type: graphql, lifecycle: x, owner: o, definition: { $graphql: ./x } }",
        "kind: Component\nspec: { $yaml: ./spec.yaml }",
        "kind: User\nspec: { memberOf: { $yaml: ./teams.yaml } }",
        "kind: User\nspec: { memberOf: [{ $text: ./team }] }",
        "kind: User\nspec: { memberOf: [], profile: { $yaml: ./profile.yaml } }",
        "kind: User\nspec: { memberOf: [], profile: { email: { $text: ./email } } }",
        "kind: Location\nspec: { targets: { $json: ./targets.json }, presence: { $text: ./x } }",
        "kind: Component\nmetadata: { $yaml: ./metadata.yaml }\nspec: { $yaml: ./spec.yaml }",
    ] {
        let metadata = if text.contains("metadata") { "" } else { "metadata: { name: x }\n" };
        let text = format!("apiVersion: backstage.io/v1alpha1\n{metadata}{text}\n");
        assert!(check_entity(&entity(&text)).is_ok(), "{text}: {:?}", check_entity(&entity(&text)));
    }
    let others = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: { name: x }\n\
                  spec: { type: openapi, lifecycle: x, definition: { $text: ./x } }\n";
    let error = check_entity(&entity(others)).unwrap_err().to_string();
    assert!(
        error.contains("`spec.owner` is required"),
        "what is no placeholder is judged: {error}"
    );
}

#[test]
fn metadata_that_could_not_be_read_costs_no_entity() {
    let text = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: x
  title: { $text: https://example.com/title }
  description: { $text: https://example.com/README.md }
  tags: [a, { $text: https://example.com/tag }]
  labels: { $yaml: https://example.com/labels.yaml }
  annotations:
    example.com/a: { $text: https://example.com/a }
    example.com/b: b
spec:
  profile: { email: { $text: https://example.com/email } }
  coder: { $yaml: https://example.com/coder.yaml }
";
    let entity = Entity::from_node(&entity(text)).unwrap();
    assert_eq!(entity.metadata.title, None);
    assert_eq!(entity.metadata.description, None);
    assert_eq!(entity.metadata.tags, ["a"]);
    assert!(entity.metadata.labels.is_empty());
    assert_eq!(entity.metadata.annotations.len(), 1);
    assert!(entity.profile_email().is_err(), "an address that is not known matches nobody");
    assert!(entity.coder_spec().is_some());
    let nameless = text.replace("name: x", "name: { $text: https://example.com/name }");
    let error = Entity::from_node(&yaml::document("c.yaml", &nameless).unwrap()).unwrap_err();
    assert!(error.to_string().contains("`metadata.name` is required and missing"), "{error}");
}
