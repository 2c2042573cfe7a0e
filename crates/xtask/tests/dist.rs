//! The papers of a release: what the program is compiled from, and under which licences.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use cargo_metadata::MetadataCommand;
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

/// Returns what a package installs: the source of each file and its mode, by the place of the file.
fn installed(assets: &Value) -> BTreeMap<String, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let assets = assets.as_array().unwrap().iter();
    let assets = assets.map(|asset| match asset {
        Value::Array(asset) => {
            let (source, directory) = (text(&asset[0]), text(&asset[1]));
            let name = Path::new(&source).file_name().unwrap().to_str().unwrap();
            (format!("/{directory}{name}"), (source.clone(), text(&asset[2])))
        }
        asset => (text(&asset["dest"]), (text(&asset["source"]), text(&asset["mode"]))),
    });
    assets.collect()
}

#[test]
fn both_packages_of_distributions_install_the_same_files_which_are_there() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("../coder-backstage-server");
    let metadata = MetadataCommand::new().current_dir(&server).no_deps().exec().unwrap();
    let package = metadata.packages.iter().find(|it| it.name == "coder-backstage-server");
    let package = package.unwrap();
    let (deb, rpm) = (&package.metadata["deb"], &package.metadata["generate-rpm"]);
    let files = installed(&deb["assets"]);
    assert_eq!(files, installed(&rpm["assets"]));
    for (place, (source, mode)) in &files {
        if place == "/usr/bin/coder-backstage" {
            // As the units start it; the tools put the directory of the build in its place.
            assert_eq!((source.as_str(), mode.as_str()), ("target/release/coder-backstage", "755"));
        } else {
            assert!(server.join(source).is_file(), "{source}");
            assert_eq!(mode, "644", "{place}");
        }
    }
    assert!(files.contains_key("/usr/bin/coder-backstage"));
    for unit in ["coder-backstage.service", "coder-backstage.socket"] {
        assert!(files.contains_key(&format!("/usr/lib/systemd/system/{unit}")), "{unit}");
    }
    assert!(server.join(deb["license-file"][0].as_str().unwrap()).is_file());
    assert_eq!(deb["default-features"], false, "no demo is packaged");
    assert_eq!(rpm["license"], package.license.as_deref().unwrap());
    // The rpm names the libraries of the program by itself.
    assert_eq!(deb["depends"], "$auto, ca-certificates");
    assert!(rpm["requires"]["ca-certificates"].is_string());
}
