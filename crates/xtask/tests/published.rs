//! A published crate has all that a registry and a documentation page show of it.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::fs;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

#[test]
fn a_published_crate_has_its_licence_keywords_categories_and_documentation() {
    let workspace = workspace(true);
    let licence = fs::read_to_string(workspace.workspace_root.join("LICENSE")).unwrap();
    let mut faults = Vec::new();
    for package in published(&workspace) {
        let mut fault = |text: &str| faults.push(format!("{}: {text}", package.name));
        let its = package.manifest_path.with_file_name("LICENSE");
        if fs::read_to_string(its).ok().as_ref() != Some(&licence) {
            fault("its LICENSE is not that of the repository: link it to ../../LICENSE");
        }
        let page = format!("https://docs.rs/{}", package.name);
        if package.documentation.as_ref() != Some(&page) {
            fault("its documentation is not at docs.rs");
        }
        if package.keywords.is_empty() || package.keywords.len() > 5 {
            fault("has no keywords, or more than the registry's five");
        }
        if package.categories.is_empty() {
            fault("has no categories");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_public_address_is_in_all_published_crates_or_in_none() {
    let workspace = workspace(true);
    let root = fs::read_to_string(workspace.workspace_root.join("Cargo.toml")).unwrap();
    for key in ["repository", "homepage"] {
        let is_set = root.lines().any(|line| line.starts_with(&format!("{key} = ")));
        let inherits = format!("{key}.workspace = true");
        for package in published(&workspace) {
            let manifest = fs::read_to_string(&package.manifest_path).unwrap();
            let its = manifest.lines().find(|line| line.starts_with(key)).unwrap_or_default();
            let wanted = if is_set { &*inherits } else { "" };
            assert_eq!(
                its, wanted,
                "{}: the workspace's `Cargo.toml` has the only one",
                package.name
            );
        }
    }
}

/// Checks a crate that needs a newer Rust than the workspace's oldest: it says so because a
/// dependency does, and names no newer one than that. The step `features` compiles with the oldest
/// one.
#[test]
fn a_crate_declares_the_oldest_rust_that_its_dependencies_take() {
    let workspace = workspace(false);
    let root = fs::read_to_string(workspace.workspace_root.join("Cargo.toml")).unwrap();
    let mut faults = Vec::new();
    for package in published(&workspace) {
        let declared = package.rust_version.clone().unwrap();
        let floor = format!("rust-version = \"{}.{}\"", declared.major, declared.minor);
        let required =
            dependencies(&workspace, package).filter_map(|it| it.rust_version.clone()).max();
        let is_floor = root.contains(&floor);
        if required > Some(declared.clone()) || (!is_floor && required != Some(declared.clone())) {
            let required = required.map(|version| version.to_string()).unwrap_or_default();
            faults.push(format!(
                "{}: declares {declared}, its dependencies {required}",
                package.name
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Returns the crates that every build of `package` has, in the versions of the lock file.
fn dependencies<'a>(
    workspace: &'a Metadata,
    package: &'a Package,
) -> impl Iterator<Item = &'a Package> {
    let nodes = &workspace.resolve.as_ref().unwrap().nodes;
    let node = nodes.iter().find(move |node| node.id == package.id).unwrap();
    let always = move |name: &str| {
        package.dependencies.iter().any(|dependency| {
            dependency.name == name
                && dependency.kind == DependencyKind::Normal
                && !dependency.optional
        })
    };
    node.deps.iter().filter_map(move |dependency| {
        let found = workspace.packages.iter().find(|other| other.id == dependency.pkg)?;
        always(&found.name).then_some(found)
    })
}

fn published(workspace: &Metadata) -> impl Iterator<Item = &Package> {
    let members = workspace.workspace_packages().into_iter();
    members.filter(|package| package.publish.is_none())
}

fn workspace(no_deps: bool) -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut command = MetadataCommand::new();
    command.manifest_path(manifest);
    if no_deps {
        command.no_deps();
    }
    command.exec().unwrap()
}
