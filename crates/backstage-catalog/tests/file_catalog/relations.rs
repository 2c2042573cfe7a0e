//! Relations that one file states about the entities of another.

use std::fs;

use backstage_catalog::{Catalog as _, EntityFilter, FileCatalog};
use coder_config::{CatalogConfig, CatalogLocation};
use futures_executor::block_on;

use super::{catalog, directory};

const TEAM: &str = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: team }\n\
                    spec: { type: team, children: [], members: [alice] }\n";
const ALICE: &str = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: Alice }\n\
                     spec: { memberOf: [] }\n";

fn groups(catalog: &FileCatalog) -> Vec<String> {
    let alice = block_on(catalog.entity(&"user:alice".parse().unwrap())).unwrap().unwrap();
    alice.member_of().iter().map(ToString::to_string).collect()
}

#[test]
fn members_come_and_go_with_the_file_of_their_group() {
    let root = directory("members", &[("team.yaml", TEAM), ("users/alice.yaml", ALICE)]);
    let catalog = catalog(&root, &["team.yaml", "users/*.yaml"]);
    assert_eq!(groups(&catalog), ["group:default/team"]);
    fs::write(root.join("team.yaml"), TEAM.replace("[alice]", "[bob]")).unwrap();
    assert!(groups(&catalog).is_empty());
    fs::write(root.join("team.yaml"), TEAM.replace("name: team", "name: crew")).unwrap();
    assert_eq!(groups(&catalog), ["group:default/crew"]);
    let members = EntityFilter::all().with("relations.hasMember", "user:default/alice");
    assert_eq!(block_on(catalog.entities(&members)).unwrap().len(), 1);
}

#[test]
fn a_group_that_no_rule_lets_in_makes_nobody_a_member() {
    let root = directory("no-members", &[("team.yaml", TEAM), ("alice.yaml", ALICE)]);
    let locations = |kind: &str| {
        let users = CatalogLocation::new("file", "alice.yaml").allow(["User"]);
        CatalogConfig::new([users, CatalogLocation::new("file", "team.yaml").allow([kind])])
    };
    let refused = FileCatalog::in_directory(&root, &locations("User"));
    assert!(groups(&refused).is_empty());
    let allowed = FileCatalog::in_directory(&root, &locations("Group"));
    assert_eq!(groups(&allowed), ["group:default/team"]);
}

#[test]
fn a_second_group_of_the_same_name_adds_no_members() {
    let second = TEAM.replace("[alice]", "[]");
    let root = directory(
        "second-members",
        &[("a.yaml", &second), ("b.yaml", TEAM), ("alice.yaml", ALICE)],
    );
    assert!(groups(&catalog(&root, &["a.yaml", "b.yaml", "alice.yaml"])).is_empty());
}
