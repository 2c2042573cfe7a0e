//! Relations are derived from both sides. The expectations are those of Backstage's
//! `BuiltinKindsEntityProcessor`.
#![cfg(test)]

use backstage_catalog::{Catalog as _, EntityFilter, MemoryCatalog};
use coder_config::{Entity, parse_entities};
use futures_executor::block_on;

/// Makes entities, each written as `kind`, `namespace/name` and `spec`.
fn entities(written: &[(&str, &str, &str)]) -> Vec<Entity> {
    let entity = |(kind, name, spec): &(&str, &str, &str)| {
        let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
        let text = format!(
            "{{ apiVersion: backstage.io/v1alpha1, kind: {kind}, metadata: {{ name: {name}, \
             namespace: {namespace} }}, spec: {spec} }}"
        );
        parse_entities("x.yaml", &text).remove(0).unwrap()
    };
    written.iter().map(entity).collect()
}

/// Returns what an entity is related to, as `type target`.
fn relations(catalog: &MemoryCatalog, entity_ref: &str) -> Vec<String> {
    let entity = block_on(catalog.entity(&entity_ref.parse().unwrap())).unwrap().unwrap();
    let relation = |it: &coder_config::Relation| format!("{} {}", it.relation, it.target_ref);
    entity.relations.iter().map(relation).collect()
}

fn groups(catalog: &MemoryCatalog, entity_ref: &str) -> Vec<String> {
    let entity = block_on(catalog.entity(&entity_ref.parse().unwrap())).unwrap().unwrap();
    entity.member_of().iter().map(ToString::to_string).collect()
}

#[test]
fn a_group_that_names_its_members_makes_them_members() {
    for (group, members, user) in [
        ("team", "[alice]", "alice"),
        ("team", "['user:default/Alice']", "alice"),
        ("team", "['User:Alice', bob]", "ALICE"),
        ("other/team", "['default/alice']", "alice"),
        ("other/team", "['user:default/alice']", "Alice"),
        ("other/team", "[alice]", "other/alice"),
        ("other/team", "['user:alice']", "other/alice"),
        ("team", "alice", "alice"),
    ] {
        let group_spec = format!("{{ type: team, children: [], members: {members} }}");
        let catalog = MemoryCatalog::new(entities(&[
            ("Group", group, &group_spec),
            ("User", user, "{ memberOf: [] }"),
        ]));
        let (namespace, name) = group.split_once('/').unwrap_or(("default", group));
        let expected = [format!("group:{namespace}/{name}")];
        assert_eq!(groups(&catalog, &format!("user:{user}")), expected, "{group} {members}");
    }
}

#[test]
fn a_group_that_names_somebody_else_of_that_name_makes_nobody_a_member() {
    for (group, members) in [
        ("other/team", "[alice]"),
        ("team", "['other/alice']"),
        ("team", "['group:alice']"),
        ("team", "[alic, alicee, '', ':', 'user:', '/alice', 5, null, [alice], { alice: x }]"),
        ("team", "{ alice: x }"),
    ] {
        let spec = format!("{{ type: team, children: [], members: {members} }}");
        let catalog = MemoryCatalog::new(entities(&[
            ("Group", group, &spec),
            ("Component", "team", "{ members: [alice], memberOf: [alice] }"),
            ("User", "alice", "{ memberOf: [] }"),
        ]));
        assert!(groups(&catalog, "user:alice").is_empty(), "{group} {members}");
    }
}

#[test]
fn what_both_sides_state_is_one_relation() {
    let catalog = MemoryCatalog::new(entities(&[
        ("Group", "b", "{ type: team, children: [C], members: [alice, Alice] }"),
        ("Group", "c", "{ type: team, parent: b, children: [] }"),
        ("User", "alice", "{ memberOf: [b, a, 'group:default/B'] }"),
    ]));
    assert_eq!(
        relations(&catalog, "user:alice"),
        ["memberOf group:default/a", "memberOf group:default/b"],
    );
    assert_eq!(
        relations(&catalog, "group:b"),
        ["hasMember user:default/alice", "parentOf group:default/c"],
    );
    assert_eq!(relations(&catalog, "group:c"), ["childOf group:default/b"]);
}

#[test]
fn a_parent_and_a_child_are_each_known_from_the_other() {
    let catalog = MemoryCatalog::new(entities(&[
        ("Group", "root", "{ type: unit, children: [left, 'other/right'] }"),
        ("Group", "left", "{ type: team, children: [] }"),
        ("Group", "other/right", "{ type: team, children: [] }"),
        ("Group", "leaf", "{ type: team, parent: left, children: [nowhere] }"),
    ]));
    assert_eq!(
        relations(&catalog, "group:root"),
        ["parentOf group:default/left", "parentOf group:other/right"],
    );
    assert_eq!(
        relations(&catalog, "group:left"),
        ["childOf group:default/root", "parentOf group:default/leaf"],
    );
    assert_eq!(relations(&catalog, "group:other/right"), ["childOf group:default/root"]);
    assert_eq!(
        relations(&catalog, "group:leaf"),
        ["childOf group:default/left", "parentOf group:default/nowhere"],
    );
}

#[test]
fn every_field_of_backstages_kinds_relates_both_sides() {
    let catalog = MemoryCatalog::new(entities(&[
        (
            "Component",
            "c",
            "{ owner: g, subcomponentOf: parent, providesApis: [a], consumesApis: [a, x/a], \
             dependsOn: ['resource:r', 'no-kind'], dependencyOf: ['component:d'], system: s }",
        ),
        ("API", "a", "{ owner: 'user:u', system: s }"),
        ("Resource", "r", "{ owner: g, dependencyOf: ['component:d'], system: s }"),
        ("System", "s", "{ owner: g, domain: d }"),
        ("Domain", "d", "{ owner: g, subdomainOf: all }"),
        ("Template", "t", "{ owner: g }"),
        ("Group", "g", "{ type: team, children: [] }"),
        ("User", "u", "{ memberOf: [] }"),
        ("Foreign", "f", "{ owner: g, memberOf: [g] }"),
    ]));
    assert_eq!(
        relations(&catalog, "component:c"),
        [
            "consumesApi api:default/a",
            "consumesApi api:x/a",
            "dependencyOf component:default/d",
            "dependsOn resource:default/r",
            "ownedBy group:default/g",
            "partOf component:default/parent",
            "partOf system:default/s",
            "providesApi api:default/a",
        ],
    );
    assert_eq!(
        relations(&catalog, "api:a"),
        [
            "apiConsumedBy component:default/c",
            "apiProvidedBy component:default/c",
            "ownedBy user:default/u",
            "partOf system:default/s",
        ],
    );
    assert_eq!(
        relations(&catalog, "resource:r"),
        [
            "dependencyOf component:default/c",
            "dependencyOf component:default/d",
            "ownedBy group:default/g",
            "partOf system:default/s",
        ],
    );
    assert_eq!(
        relations(&catalog, "group:g"),
        [
            "ownerOf component:default/c",
            "ownerOf domain:default/d",
            "ownerOf resource:default/r",
            "ownerOf system:default/s",
            "ownerOf template:default/t",
        ],
    );
    assert_eq!(relations(&catalog, "user:u"), ["ownerOf api:default/a"]);
    assert!(relations(&catalog, "foreign:f").is_empty());
    let owned = EntityFilter::all().with("relations.ownedBy", "group:default/g");
    assert_eq!(block_on(catalog.entities(&owned)).unwrap().len(), 5);
}

#[test]
fn relations_that_a_catalog_server_has_derived_are_not_repeated() {
    let served = serde_json::json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "User",
        "metadata": { "name": "alice" },
        "spec": { "memberOf": ["team"] },
        "relations": [
            { "type": "memberOf", "targetRef": "group:default/team" },
            { "type": "leads", "targetRef": "group:default/team" },
        ],
    });
    let alice: Entity = serde_json::from_value(served).unwrap();
    let group = entities(&[("Group", "team", "{ type: team, children: [], members: [alice] }")]);
    let catalog = MemoryCatalog::new(group.into_iter().chain([alice]));
    assert_eq!(
        relations(&catalog, "user:alice"),
        ["memberOf group:default/team", "leads group:default/team"],
    );
}
