//! The software bill of materials: what the program is compiled from, as CycloneDX 1.5.

use std::collections::BTreeMap;
use std::fs;

use cargo_metadata::{Metadata, Package};
use serde_json::{Map, Value, json};

use super::files::cannot;
use super::graph::{Graph, PACKAGE, PROGRAM};
use crate::command::{Failure, root};

/// Makes the bill of materials of the server.
pub(super) fn of(metadata: &Metadata, triple: &str) -> Result<Value, Failure> {
    let graph = Graph::new(metadata)?;
    let checksums = checksums()?;
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for package in graph.packages() {
        let below: Vec<String> = graph.below(&package.id).map(purl).collect();
        dependencies.push(json!({ "ref": purl(package), "dependsOn": below }));
        if package.name != PACKAGE {
            components.push(component(package, &checksums));
        }
    }
    let server = graph.server();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": purl(server),
                "name": PROGRAM,
                "version": server.version.to_string(),
                "licenses": [{ "expression": server.license }],
                "properties": [{ "name": "rust:target", "value": triple }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn component(package: &Package, checksums: &BTreeMap<(String, String), String>) -> Value {
    let version = package.version.to_string();
    let mut component = Map::new();
    let mut put = |key: &str, value: Value| drop(component.insert(key.to_owned(), value));
    put("type", "library".into());
    put("bom-ref", purl(package).into());
    put("name", package.name.as_str().into());
    put("version", version.clone().into());
    put("purl", purl(package).into());
    if let Some(licence) = &package.license {
        // An older form of "or".
        let expression = licence.replace('/', " OR ");
        put("licenses", json!([{ "expression": expression }]));
    }
    if let Some(checksum) = checksums.get(&(package.name.to_string(), version)) {
        put("hashes", json!([{ "alg": "SHA-256", "content": checksum }]));
    }
    component.into()
}

/// Names a package as package URLs do.
fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

/// Reads the checksums of packages, by name and version, from the lock file.
fn checksums() -> Result<BTreeMap<(String, String), String>, Failure> {
    let lock = root().join("Cargo.lock");
    let text = fs::read_to_string(&lock).map_err(cannot("read", &lock))?;
    let value = |entry: &str, key: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
        line.map(|quoted| quoted.trim_matches('"').to_owned())
    };
    let entries = text.split("[[package]]").skip(1).filter_map(|entry| {
        Some(((value(entry, "name")?, value(entry, "version")?), value(entry, "checksum")?))
    });
    Ok(entries.collect())
}
