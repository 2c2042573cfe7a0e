//! The workspace is built as `docs/architecture.md` draws it: who may import whom, and what every
//! crate brings along.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package};
use xtask::circles::circles;
use xtask::house::{self, Member};

/// What the libraries use in their tests, and nowhere else.
const TESTKIT: &str = "coder-testkit";

#[test]
fn every_crate_is_on_the_map_and_the_map_has_no_others() {
    let workspace = workspace();
    let members: BTreeSet<&str> =
        workspace.packages.iter().map(|package| &**package.name).collect();
    let map: BTreeSet<&str> = house::HOUSE.iter().map(|member| member.name).collect();
    assert_eq!(members, map);
}

#[test]
fn crates_import_only_what_the_map_allows() {
    let workspace = workspace();
    let mut faults = Vec::new();
    for package in &workspace.packages {
        let member = house::member(&package.name).expect("held by another test");
        faults.extend(package.dependencies.iter().filter_map(|dependency| {
            fault(member, dependency).map(|fault| format!("{}: {fault}", package.name))
        }));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Tells what is wrong with one dependency of a crate, if anything is. Tests may look further than
/// the crate itself, but not up: what they need must be published before it.
fn fault(member: &Member, dependency: &Dependency) -> Option<String> {
    let name = &dependency.name;
    let other = house::member(name)?;
    let in_tests = dependency.kind == DependencyKind::Development;
    if in_tests && name == TESTKIT {
        let has_version = !dependency.req.comparators.is_empty();
        return has_version.then(|| {
            format!("`{name}` stands on crates that stand on this one: name its path, no version")
        });
    }
    let allowed = member.may_import(name) || (in_tests && other.floor < member.floor);
    (!allowed).then(|| format!("may not import `{name}`"))
}

#[test]
fn an_arrow_that_is_not_on_the_map_is_found() {
    let workspace = workspace();
    let server = package(&workspace, "coder-backstage-server");
    let on_portal = server.dependencies.iter().find(|dependency| dependency.name == "coder-portal");
    let client = house::member("coder-client").unwrap();
    assert_eq!(
        fault(client, on_portal.expect("the server stands on the portal")),
        Some("may not import `coder-portal`".to_owned())
    );

    let on_testkit = server.dependencies.iter().find(|dependency| dependency.name == TESTKIT);
    let mut with_a_version = on_testkit.expect("the demo is the fake").clone();
    assert_eq!(fault(client, &with_a_version), Some(format!("may not import `{TESTKIT}`")));
    with_a_version.kind = DependencyKind::Development;
    assert!(fault(client, &with_a_version).unwrap().contains("no version"));
}

#[test]
fn a_library_uses_the_testkit_only_from_its_tests_directory() {
    let workspace = workspace();
    let mut faults = Vec::new();
    for package in workspace.packages.iter().filter(|package| dev_depends_on_testkit(package)) {
        let sources = package.manifest_path.parent().unwrap().join("src");
        for file in rust_files(sources.as_std_path()) {
            let text = fs::read_to_string(&file).unwrap();
            let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.any(|line| line.contains("coder_testkit")) {
                faults.push(format!("{}: a unit test sees two of its own crate", file.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn dev_depends_on_testkit(package: &Package) -> bool {
    package.dependencies.iter().any(|dependency| {
        dependency.name == TESTKIT && dependency.kind == DependencyKind::Development
    })
}

fn rust_files(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_crate_says_what_it_is_and_obeys_the_lints() {
    let workspace = workspace();
    let mut faults = Vec::new();
    for package in &workspace.packages {
        let mut fault = |text: &str| faults.push(format!("{}: {text}", package.name));
        if package.description.as_deref().unwrap_or_default().is_empty() {
            fault("has no description");
        }
        match package.readme() {
            Some(readme) if readme.is_file() => {}
            _ => fault("has no README.md"),
        }
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        if !manifest.contains("\n[lints]\nworkspace = true\n") {
            fault("does not take the lints of the workspace");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_file_that_the_documentation_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|page| page.unwrap().path());
    let pages =
        pages.chain(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|page| root.join(page)));
    let mut missing = Vec::new();
    for page in pages.filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(&page).unwrap();
        // Inline code is every second part between backticks.
        for code in text.split('`').skip(1).step_by(2) {
            let krate = code.split('/').next().unwrap_or_default();
            let is_file = code.contains("/src/") || code.contains("/tests/");
            let is_of_a_crate = root.join("crates").join(krate).is_dir() || krate == "crates";
            let is_plain = !code.contains(char::is_whitespace) && !code.contains(['<', '*']);
            if is_file && is_of_a_crate && is_plain {
                let found = [root.join(code), root.join("crates").join(code)];
                if !found.iter().any(|path| path.exists()) {
                    missing.push(format!("{}: {code}", page.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn workspace() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

fn package<'a>(workspace: &'a Metadata, name: &str) -> &'a Package {
    workspace.packages.iter().find(|package| package.name == name).unwrap()
}

#[test]
fn no_crate_has_a_circle_of_files() {
    let mut faults = Vec::new();
    for package in &workspace().packages {
        for target in package.targets.iter().filter(|target| target.is_lib() || target.is_bin()) {
            let found = circles(target.src_path.as_std_path()).unwrap();
            faults.extend(found.iter().map(|circle| format!("{}: {circle}", package.name)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
