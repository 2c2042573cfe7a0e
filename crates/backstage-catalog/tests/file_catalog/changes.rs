//! Files that change, break, come and go while they are served.

use std::fs;
use std::path::Path;

use backstage_catalog::{Catalog as _, EntityFilter, FileCatalog};
use futures_executor::block_on;

use super::{catalog, component, config, directory, names, notices, user};

#[test]
fn a_changed_file_is_read_again_and_a_new_one_is_found() {
    let root = directory("change", &[("a.yaml", &component("before"))]);
    let catalog = catalog(&root, &["*.yaml"]);
    assert_eq!(names(&catalog), ["component:default/before"]);
    fs::write(root.join("a.yaml"), component("afterwards")).unwrap();
    assert_eq!(names(&catalog), ["component:default/afterwards"]);
    fs::write(root.join("b.yaml"), component("new")).unwrap();
    assert_eq!(names(&catalog), ["component:default/afterwards", "component:default/new"]);
    fs::remove_file(root.join("a.yaml")).unwrap();
    assert_eq!(names(&catalog), ["component:default/new"]);
}

/// Tells what a sign-in that looks for this user gets: whether there is one, or that nobody knows.
fn knows(catalog: &FileCatalog, name: &str) -> Result<bool, bool> {
    let entity_ref = format!("user:default/{name}").parse().unwrap();
    let found = block_on(catalog.entity(&entity_ref));
    found.map(|entity| entity.is_some()).map_err(|error| error.is_transient())
}

const KNOWN: Result<bool, bool> = Ok(true);
const GONE: Result<bool, bool> = Ok(false);
const NOBODY_KNOWS: Result<bool, bool> = Err(true);

/// Returns contents that are no whole catalog file.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let alice = user("alice");
    vec![
        ("an unclosed bracket", alice.replace("[team-a]", "[team-a").into_bytes()),
        ("half a file", alice.as_bytes()[..alice.len() / 2].to_vec()),
        ("a tab as indentation", alice.replace("  name", "\tname").into_bytes()),
        ("a duplicate key", alice.replace("kind: User\n", "kind: User\nkind: User\n").into_bytes()),
        ("a mistyped key that is required", alice.replace("metadata:", "metdata:").into_bytes()),
        ("a document that is no mapping", b"- alice\n".to_vec()),
        ("bytes that are no text", b"\xff\xfe\x00".to_vec()),
        (
            "a broken document behind a whole one",
            format!("{}---\nkind: [\n", user("eve")).into_bytes(),
        ),
        ("too much", vec![b' '; coder_config::yaml::MAX_BYTES + 1]),
    ]
}

#[test]
fn a_file_that_breaks_keeps_the_entities_that_it_had_until_it_is_mended() {
    for target in ["org.yaml", "*.yaml"] {
        for (index, (what, bytes)) in broken().into_iter().enumerate() {
            let name = format!("broken-{index}-{}", target.len());
            let root =
                directory(&name, &[("org.yaml", &user("alice")), ("b.yaml", &component("b"))]);
            let catalog = catalog(&root, &[target, "b.yaml"]);
            assert_eq!(knows(&catalog, "alice"), KNOWN);
            fs::write(root.join("org.yaml"), bytes).unwrap();
            assert_eq!(knows(&catalog, "alice"), KNOWN, "{what}");
            assert_eq!(knows(&catalog, "bob"), GONE, "{what}: it was never there");
            assert!(
                notices(&catalog, &root)
                    .iter()
                    .any(|notice| notice
                        == "until `org.yaml` can be read, its entity of before counts"),
                "{what}: {:?}",
                notices(&catalog, &root)
            );
            fs::write(root.join("org.yaml"), user("bob")).unwrap();
            assert_eq!(knows(&catalog, "alice"), GONE, "{what}: mended without her");
            assert_eq!(knows(&catalog, "bob"), KNOWN, "{what}");
            assert!(notices(&catalog, &root).is_empty(), "{what}");
        }
    }
}

#[test]
fn a_file_that_names_others_or_nobody_says_who_is_gone() {
    for (name, text) in [
        ("empty", String::new()),
        ("comment", "# nobody\n".to_owned()),
        ("others", user("bob")),
        ("null", "---\n---\n".to_owned()),
    ] {
        let root = directory(&format!("says-{name}"), &[("org.yaml", &user("alice"))]);
        let catalog = catalog(&root, &["org.yaml"]);
        assert_eq!(knows(&catalog, "alice"), KNOWN);
        fs::write(root.join("org.yaml"), text).unwrap();
        assert_eq!(knows(&catalog, "alice"), GONE, "{name}");
    }
}

#[test]
fn what_breaks_in_one_file_changes_nothing_about_another() {
    let root = directory("apart", &[("a.yaml", &user("alice")), ("b.yaml", &user("bob"))]);
    let catalog = catalog(&root, &["*.yaml"]);
    assert_eq!(knows(&catalog, "alice"), KNOWN);
    fs::write(root.join("a.yaml"), "kind: [").unwrap();
    fs::write(root.join("b.yaml"), user("carol")).unwrap();
    assert_eq!(knows(&catalog, "alice"), KNOWN);
    assert_eq!(knows(&catalog, "bob"), GONE);
    assert_eq!(knows(&catalog, "carol"), KNOWN);
}

#[test]
fn a_named_file_that_is_missing_keeps_its_entities_and_one_of_a_pattern_does_not() {
    for (target, then) in [("org.yaml", KNOWN), ("./org.yaml", KNOWN), ("*.yaml", GONE)] {
        let name = format!("missing-{}", target.len());
        let root = directory(&name, &[("org.yaml", &user("alice")), ("b.yaml", &component("b"))]);
        let catalog = catalog(&root, &[target, "b.yaml"]);
        assert_eq!(knows(&catalog, "alice"), KNOWN);
        fs::remove_file(root.join("org.yaml")).unwrap();
        assert_eq!(knows(&catalog, "alice"), then, "{target}");
        assert_eq!(knows(&catalog, "alice"), then, "{target}, asked again");
    }
}

#[test]
fn a_file_that_a_location_entity_names_is_kept_like_one_of_the_configuration() {
    let all = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: all }\n\
               spec: { targets: [./org.yaml] }\n";
    let root = directory("nested", &[("all.yaml", all), ("org.yaml", &user("alice"))]);
    let catalog = catalog(&root, &["all.yaml"]);
    assert_eq!(knows(&catalog, "alice"), KNOWN);
    fs::remove_file(root.join("org.yaml")).unwrap();
    assert_eq!(knows(&catalog, "alice"), KNOWN);
    // The file that leads to it is broken as well.
    fs::write(root.join("all.yaml"), "kind: [").unwrap();
    assert_eq!(knows(&catalog, "alice"), KNOWN);
    fs::write(root.join("all.yaml"), all.replace("targets: [./org.yaml]", "targets: []")).unwrap();
    assert_eq!(knows(&catalog, "alice"), GONE, "it is not named any more");
}

#[test]
fn the_files_of_a_directory_that_is_gone_are_not() {
    let root = directory("unmounted", &[("org/a/org.yaml", &user("alice"))]);
    for target in ["org/*/org.yaml", "org/**/*.yaml"] {
        let catalog = catalog(&root, &[target]);
        assert_eq!(knows(&catalog, "alice"), KNOWN);
        fs::rename(root.join("org"), root.join("away")).unwrap();
        assert_eq!(knows(&catalog, "alice"), KNOWN, "{target}");
        fs::rename(root.join("away"), root.join("org")).unwrap();
        assert_eq!(knows(&catalog, "alice"), KNOWN, "{target}");
        assert!(catalog.notices().is_empty(), "{target}");
    }
}

#[test]
fn nobody_knows_who_is_in_what_could_never_be_read() {
    for (index, (what, bytes)) in broken().into_iter().enumerate() {
        // It is a text, and what is said in it is whole.
        if what.starts_with("a mistyped") || what.starts_with("a document") {
            continue;
        }
        let root = directory(&format!("never-{index}"), &[("b.yaml", &component("b"))]);
        fs::write(root.join("org.yaml"), bytes).unwrap();
        let catalog = catalog(&root, &["*.yaml"]);
        assert_eq!(knows(&catalog, "alice"), NOBODY_KNOWS, "{what}");
        let users = block_on(catalog.entities(&EntityFilter::kind("user")));
        if !what.contains("behind") {
            assert!(users.unwrap_err().is_transient(), "{what}");
        }
        let components = block_on(catalog.entities(&EntityFilter::kind("component")));
        assert_eq!(components.unwrap().len(), 1, "{what}: what is there is listed");
        fs::write(root.join("org.yaml"), user("bob")).unwrap();
        assert_eq!(knows(&catalog, "alice"), GONE, "{what}: mended");
    }
    for target in ["org.yaml", "nowhere/*.yaml", "nowhere/**/org.yaml"] {
        let root = directory("never-there", &[("b.yaml", &component("b"))]);
        assert_eq!(knows(&catalog(&root, &[target]), "alice"), NOBODY_KNOWS, "{target}");
    }
}

#[test]
fn what_could_never_be_read_hides_only_what_may_come_from_there() {
    let root = directory("hides", &[("a.yaml", "kind: ["), ("org.yaml", &user("bob"))]);
    let mut config = config(&["a.yaml"]);
    config.rules = None;
    config.locations.push(coder_config::CatalogLocation::new("file", "org.yaml").allow(["User"]));
    let catalog = FileCatalog::in_directory(&root, &config);
    assert_eq!(knows(&catalog, "alice"), GONE);
    let component = block_on(catalog.entity(&"component:x".parse().unwrap()));
    assert!(component.unwrap_err().is_transient());
}

#[test]
fn a_file_that_may_be_missing_hides_nobody() {
    let all = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: all }\n\
               spec: { targets: [./org.yaml], presence: optional }\n";
    let root = directory("optional", &[("all.yaml", all)]);
    let catalog = catalog(&root, &["all.yaml"]);
    assert_eq!(knows(&catalog, "alice"), GONE);
    assert!(catalog.notices().is_empty());
}

/// Checks a file that the kernel refuses to read from its beginning, whoever asks.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_the_system_does_not_let_be_read_keeps_its_entities() {
    let unreadable = |path: &Path| {
        fs::remove_file(path).unwrap();
        std::os::unix::fs::symlink("/proc/self/mem", path).unwrap();
    };
    let root = directory("unreadable", &[("a.yaml", &user("alice")), ("b.yaml", &user("bob"))]);
    let read_before = catalog(&root, &["*.yaml"]);
    assert_eq!(names(&read_before).len(), 2);
    unreadable(&root.join("b.yaml"));
    assert_eq!(knows(&read_before, "bob"), KNOWN);
    assert!(notices(&read_before, &root)[0].contains("cannot read `b.yaml`"));
    let never_read = catalog(&root, &["*.yaml"]);
    assert_eq!(knows(&never_read, "bob"), NOBODY_KNOWS);
    assert_eq!(knows(&never_read, "alice"), KNOWN, "she is in another file");
    fs::remove_file(root.join("b.yaml")).unwrap();
    assert_eq!(knows(&read_before, "bob"), GONE);
    assert_eq!(knows(&never_read, "bob"), GONE);
}
