//! What a core crate shows is ours, std's, or of one of a few crates that are as settled as std.
//!
//! A type of a framework, an HTTP library or a parser in a public API would make that crate's next
//! major version ours, and a choice of ours every user's. So the public API of each core crate is
//! read, as rustdoc's JSON, for the crates its paths lead to.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use cargo_metadata::MetadataCommand;
use serde_json::Value;
use xtask::{house, rustdoc_json};

/// The foreign crates whose types and traits a core crate may show. All are the common words of
/// their field; growing this list is a decision about every user's dependencies.
const SETTLED: &[&str] = &[
    "alloc",
    "bytes",
    "core",
    "futures_core",
    "futures_sink",
    "http",
    "indexmap",
    "jiff",
    "serde_core",
    "serde_json",
    "std",
    "url",
    "uuid",
];

/// What a core crate shows beyond that, by crate and foreign crate.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Feature `unstable-reqwest`, whose documentation says that it is outside of semver.
    ("coder-core", "reqwest"),
    // `AsyncRead` and `AsyncWrite`, over which a transport of one's own opens WebSockets.
    ("coder-core", "tokio"),
    // The macro without which nobody writes a `CredentialProvider`, handed on and in no signature.
    ("coder-client", "async_trait"),
];

#[test]
fn a_core_crate_shows_no_type_of_a_framework_or_a_parser() {
    // The control: an adapter shows what it adapts to, so the reader does find such types.
    let control = "coder-axum";
    let core: Vec<&str> = house::core().map(|member| member.name).collect();
    let target = document();

    let mut faults = Vec::new();
    for name in core {
        for (krate, paths) in foreign_paths(&read(&target, name)) {
            let shown = || paths.iter().cloned().collect::<Vec<_>>().join(", ");
            let is_known = house::member(&krate.replace('_', "-")).is_some()
                || SETTLED.contains(&&*krate)
                || EXCEPTIONS.contains(&(name, &*krate));
            if !is_known {
                faults.push(format!("{name} shows {}", shown()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    let shown = foreign_paths(&read(&target, control));
    assert!(shown.contains_key("axum"), "{control} shows no axum type: {shown:?}");
}

/// Writes rustdoc's JSON of every package; gives the directory it is in.
///
/// All packages with all features, as clippy and the documentation see them: they share what they
/// have checked.
fn document() -> std::path::PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let workspace =
        MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&workspace.workspace_root);
    cargo.args(["doc", "--quiet", "--no-deps", "--workspace", "--all-features"]);
    cargo.env("RUSTDOC", env!("CARGO_BIN_EXE_xtask"));
    cargo.env(rustdoc_json::VARIABLE, env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into()));
    cargo.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    assert!(cargo.status().expect("cargo").success(), "{cargo:?}");
    workspace.target_directory.join("doc").into()
}

fn read(directory: &Path, package: &str) -> Value {
    let file = directory.join(package.replace('-', "_")).with_extension("json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Returns the items of other crates that the public API names, by crate.
///
/// An item of the index is part of the API, except what rustdoc makes up: the implementations a
/// foreign blanket implementation or an auto trait lays over every type.
fn foreign_paths(documentation: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let index = documentation["index"].as_object().unwrap();
    let made_up = |item: &Value| {
        let implementation = &item["inner"]["impl"];
        !implementation["blanket_impl"].is_null() || implementation["is_synthetic"] == true
    };
    let members_of_made_up: BTreeSet<u64> = index
        .values()
        .filter(|item| made_up(item))
        .filter_map(|item| item["inner"]["impl"]["items"].as_array())
        .flatten()
        .filter_map(Value::as_u64)
        .collect();

    let mut named = BTreeSet::new();
    for item in index.values() {
        let id = item["id"].as_u64().unwrap();
        if item["crate_id"] == 0 && !made_up(item) && !members_of_made_up.contains(&id) {
            collect_ids(&item["inner"], &mut named);
        }
    }

    let mut foreign: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for id in named {
        let summary = &documentation["paths"][id.to_string()];
        let Some(krate) = summary["crate_id"].as_u64().filter(|krate| *krate != 0) else {
            continue;
        };
        let krate = &documentation["external_crates"][krate.to_string()]["name"];
        let path = summary["path"].as_array().unwrap().iter().filter_map(Value::as_str);
        foreign
            .entry(krate.as_str().unwrap().to_owned())
            .or_default()
            .insert(path.collect::<Vec<_>>().join("::"));
    }
    foreign
}

/// Collects the ids of all paths in a piece of documentation: of types, traits and re-exports.
fn collect_ids(part: &Value, ids: &mut BTreeSet<u64>) {
    match part {
        Value::Object(fields) => {
            ids.extend(fields.get("id").and_then(Value::as_u64));
            fields.values().for_each(|field| collect_ids(field, ids));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect_ids(part, ids)),
        _ => {}
    }
}
