//! The papers of a release: what the program is compiled from, and under which licences.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;
use xtask::{licences_for, sbom_for};

const TARGET: &str = "x86_64-unknown-linux-musl";

/// Cargo is asked once: it is slow.
static BILL: LazyLock<Value> = LazyLock::new(|| sbom_for(TARGET).unwrap());

fn names(list: &Value, key: &str) -> BTreeSet<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|entry| entry[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_bill_of_materials_has_what_runs_and_nothing_of_the_demo_or_the_tests() {
    let bill = &*BILL;
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let components = names(&bill["components"], "name");
    for needed in
        ["coder-portal", "coder-auth-sqlx", "tokio", "rustls", "sqlx-postgres", "libsqlite3-sys"]
    {
        assert!(components.contains(needed), "{needed}");
    }
    for other in ["coder-testkit", "wiremock", "proptest", "criterion", "winapi", "xtask"] {
        assert!(!components.contains(other), "{other}");
    }
}

#[test]
fn each_component_has_a_licence_and_a_name_and_each_foreign_one_its_checksum() {
    let bill = &*BILL;
    let components = bill["components"].as_array().unwrap();
    let references = names(&bill["components"], "bom-ref");
    assert_eq!(references.len(), components.len(), "a name is no one else's");
    for component in components {
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        let is_ours = component["version"] == env!("CARGO_PKG_VERSION")
            || component["name"].as_str().unwrap().starts_with("coder-")
            || component["name"] == "backstage-catalog";
        assert_eq!(component["hashes"].is_null(), is_ours, "{component}");
    }
    let subject = bill["metadata"]["component"]["bom-ref"].as_str().unwrap().to_owned();
    for dependency in bill["dependencies"].as_array().unwrap() {
        for needed in dependency["dependsOn"].as_array().unwrap() {
            assert!(references.contains(needed.as_str().unwrap()), "{needed}");
        }
    }
    assert!(names(&bill["dependencies"], "ref").contains(&subject));
}

#[test]
fn the_licences_of_others_are_there_in_full() {
    let licences = licences_for(TARGET).unwrap();
    for needed in ["tokio 1.", "aws-lc-sys 0.", "Permission is hereby granted, free of charge"] {
        assert!(licences.contains(needed), "{needed}");
    }
    assert!(!licences.contains("coder-portal"), "ours is LICENSE");
}
