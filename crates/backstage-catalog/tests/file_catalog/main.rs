//! A catalog of files: patterns, `Location` entities, changes, and mistakes in single files.
#![cfg(test)]
#![cfg(feature = "native")]

use std::fs;
use std::path::{Path, PathBuf};

use backstage_catalog::{Catalog, EntityFilter, FileCatalog};
use coder_config::{CatalogConfig, CatalogLocation, CatalogRule};
use futures_executor::block_on;

mod changes;
mod log;
mod placeholders;
mod relations;
mod rules;

/// Makes a fresh directory with these files.
fn directory(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("file_catalog").join(name);
    let _ = fs::remove_dir_all(&root);
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n\
         spec: {{ type: service, lifecycle: production, owner: team-a }}\n"
    )
}

fn user(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: {name}\n\
         spec: {{ memberOf: [team-a] }}\n"
    )
}

/// Makes locations of files, with rules that let in the kinds of these tests.
fn config(targets: &[&str]) -> CatalogConfig {
    let locations = targets.iter().map(|target| CatalogLocation::new("file", *target));
    let kinds = ["Component", "Location", "User", "Group", "API", "Template"];
    CatalogConfig::new(locations).rules([CatalogRule::new(kinds)])
}

fn catalog(root: &Path, targets: &[&str]) -> FileCatalog {
    FileCatalog::in_directory(root, &config(targets))
}

fn names(catalog: &FileCatalog) -> Vec<String> {
    let entities = block_on(catalog.entities(&EntityFilter::all())).unwrap();
    entities.iter().map(|entity| entity.entity_ref().to_string()).collect()
}

/// Returns the notices, with the directory's own name taken out.
fn notices(catalog: &FileCatalog, root: &Path) -> Vec<String> {
    let root = format!("{}/", root.display());
    catalog.notices().iter().map(|notice| notice.to_string().replace(&root, "")).collect()
}

#[test]
fn a_pattern_finds_the_files_of_all_directories() {
    let root = directory(
        "pattern",
        &[
            ("a/catalog-info.yaml", &component("a")),
            ("b/deep/catalog-info.yaml", &component("b")),
            (".hidden/catalog-info.yaml", &component("hidden")),
            ("b/other.yaml", &component("other")),
        ],
    );
    assert_eq!(names(&catalog(&root, &["./*/catalog-info.yaml"])), ["component:default/a"]);
    assert_eq!(
        names(&catalog(&root, &["**/catalog-*.yaml"])),
        ["component:default/a", "component:default/b"],
    );
}

// Who may change one catalog file may write such a target into a `Location`.
#[test]
fn a_directory_is_looked_at_once_however_many_patterns_lead_to_it() {
    let deep = format!("{}catalog-info.yaml", "a/".repeat(30));
    let root = directory("many_patterns", &[(&deep, &component("deep"))]);
    let target = format!("{}catalog-info.yaml", "**/".repeat(20));
    assert_eq!(names(&catalog(&root, &[&target])), ["component:default/deep"]);
}

#[test]
fn alternatives_of_a_pattern_may_be_whole_paths_and_ranges() {
    let root = directory(
        "alternatives",
        &[
            ("a/x.yaml", &component("a")),
            ("b/deep/x.yaml", &component("b")),
            ("c1.yaml", &component("c1")),
            ("c2.yaml", &component("c2")),
            ("c10.yaml", &component("c10")),
            ("{d}.yaml", &component("d")),
        ],
    );
    for (target, expected) in [
        ("{a,b/deep}/x.yaml", &["a", "b"][..]),
        ("{a/x.yaml,b/deep/x.yaml,missing/x.yaml}", &["a", "b"]),
        ("{a/*,b/**/x}.yaml", &["a", "b"]),
        ("{a/*,b/**/x.*}", &["a", "b"]),
        ("c{1..2}.yaml", &["c1", "c2"]),
        ("c{10..1}.yaml", &["c1", "c10", "c2"]),
        ("{c{1,10},a/x}.yaml", &["a", "c1", "c10"]),
        ("{a,a,[a]}/x.yaml", &["a"]),
        ("{missing,a}/*.yaml", &["a"]),
        ("{d}.yaml", &["d"]),
    ] {
        let catalog = catalog(&root, &[target]);
        let expected: Vec<_> =
            expected.iter().map(|it| format!("component:default/{it}")).collect();
        assert_eq!(names(&catalog), expected, "{target}: {:?}", notices(&catalog, &root));
        assert!(catalog.notices().is_empty(), "{target}");
    }
    let many = catalog(&root, &[&"{a,b}".repeat(40)]);
    assert!(notices(&many, &root)[0].contains("too many alternatives"));
    for extended in ["@(a|b)/x.yaml", "+(a)/x.yaml", "!(b)/x.yaml", "?(a)/x.yaml", "*(a)/x.yaml"] {
        let told = notices(&catalog(&root, &[extended]), &root).concat();
        let hint =
            format!("there is no file `{extended}`; patterns like `@(a|b)` are not supported");
        assert!(told.contains(&hint), "{told}");
    }
}

#[test]
fn a_file_may_hold_many_entities_and_a_location_leads_to_more() {
    let all = "
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: { name: all }
spec: { targets: [./one.yaml, ./teams/*.yaml] }
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: { name: alice }
spec: { memberOf: [team-a] }
";
    let root = directory(
        "location",
        &[
            ("catalog/all.yaml", all),
            ("catalog/one.yaml", &component("one")),
            ("catalog/teams/team-a.yaml", &component("two")),
        ],
    );
    let catalog = catalog(&root, &["catalog/all.yaml"]);
    assert_eq!(
        names(&catalog),
        [
            "component:default/one",
            "component:default/two",
            "location:default/all",
            "user:default/alice",
        ],
    );
    let alice = block_on(catalog.entity(&"user:alice".parse().unwrap())).unwrap().unwrap();
    assert_eq!(alice.member_of()[0].to_string(), "group:default/team-a");
}

#[test]
fn a_broken_document_costs_nothing_else_and_is_told_with_its_place() {
    let broken = format!("{}---\nkind: [1, 2\n---\n{}", component("first"), component("third"));
    let root = directory(
        "broken",
        &[("a.yaml", &broken), ("b.yaml", &component("b")), ("c.yaml", &component("first"))],
    );
    let catalog = catalog(&root, &["a.yaml", "b.yaml", "c.yaml", "missing.yaml"]);
    assert_eq!(
        names(&catalog),
        ["component:default/b", "component:default/first", "component:default/third"],
    );
    insta::assert_snapshot!(notices(&catalog, &root).join("\n"));
}

#[test]
fn what_backstages_catalog_would_refuse_is_told_and_served_all_the_same() {
    let text = component("a").replace(", owner: team-a", "");
    let root = directory("refused", &[("a.yaml", &text)]);
    let catalog = catalog(&root, &["a.yaml"]);
    assert_eq!(names(&catalog), ["component:default/a"]);
    assert_eq!(
        notices(&catalog, &root),
        [
            "a.yaml:5:7: `spec.owner` is required of a Component; Backstage's catalog refuses the entity"
        ],
    );
}

#[test]
fn a_file_is_called_by_its_path_below_its_location_and_not_by_where_it_is_on_this_machine() {
    let location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: more }\n\
                    spec: { targets: [./deep/b.yaml, ../../elsewhere/c.yaml] }\n";
    let root = directory(
        "names",
        &[
            ("catalog/team/a.yaml", &format!("{}---\n{location}", component("a"))),
            ("catalog/team/deep/b.yaml", &component("b")),
            ("elsewhere/c.yaml", &component("c")),
        ],
    );
    let called = |catalog: &FileCatalog| {
        let entities = block_on(catalog.entities(&EntityFilter::kind("component"))).unwrap();
        let file = |location: &coder_config::Location| location.file().unwrap().to_owned();
        entities.iter().map(|entity| file(entity.location().unwrap())).collect::<Vec<_>>()
    };
    let relative = FileCatalog::in_directory(root.join("catalog"), &config(&["./*/a.yaml"]));
    assert_eq!(called(&relative), ["team/a.yaml", "team/deep/b.yaml", "elsewhere/c.yaml"]);
    let absolute = |target: &str| {
        let target = root.join(target).display().to_string();
        FileCatalog::new(&config(&[&target]))
    };
    assert_eq!(called(&absolute("catalog/*/a.yaml")), called(&relative));
    assert_eq!(
        called(&absolute("catalog/team/a.yaml")),
        ["a.yaml", "deep/b.yaml", "elsewhere/c.yaml"],
    );
}

#[test]
fn locations_that_lead_in_a_circle_end() {
    let location = |name: &str, target: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{ name: {name} }}\n\
             spec: {{ target: {target} }}\n"
        )
    };
    let root = directory(
        "circle",
        &[("a.yaml", &location("a", "./b.yaml")), ("b.yaml", &location("b", "./a.yaml"))],
    );
    assert_eq!(names(&catalog(&root, &["a.yaml"])), ["location:default/a", "location:default/b"]);
}

#[test]
fn a_location_on_another_machine_is_told_with_what_reads_it() {
    let location = CatalogLocation::new("url", "https://git.example/x.yaml");
    let catalog = FileCatalog::new(&CatalogConfig::new([location]));
    assert_eq!(
        catalog.notices()[0].to_string(),
        "the location `https://git.example/x.yaml` is of type `url`, and only files are read here; \
         `coder.catalog` names a Backstage whose catalog reads it",
    );
}

#[test]
fn a_url_where_a_path_is_expected_is_told_and_hides_nobody() {
    let location = |target: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{ name: l }}\n\
             spec: {{ type: file, targets: ['{target}', ./b.yaml] }}\n"
        )
    };
    for (index, url) in [
        "https://github.com/acme/x/blob/main/catalog-info.yaml",
        "http://x.example/*.yaml",
        "file:///srv/catalog.yaml",
        "ssh://git@x.example/x",
    ]
    .into_iter()
    .enumerate()
    {
        let files = [("a.yaml", &*location(url)), ("b.yaml", &user("alice"))];
        let root = directory(&format!("url-as-path-{index}"), &files);
        for catalog in [catalog(&root, &["a.yaml"]), catalog(&root, &[url, "a.yaml"])] {
            assert_eq!(names(&catalog), ["location:default/l", "user:default/alice"], "{url}");
            let told = notices(&catalog, &root).join("\n");
            let problem = "is a URL, and its type is `file`; only files are read here";
            assert!(told.contains(&format!("the location `{url}` {problem}")), "{told}");
            assert!(!told.contains("there is no file"), "{told}");
            let nobody = block_on(catalog.entity(&"user:nobody".parse().unwrap()));
            assert!(nobody.unwrap().is_none(), "{url}: a URL is never read");
        }
    }
}

#[test]
fn a_kind_in_a_spelling_that_backstage_does_not_know_is_told() {
    for (text, written) in [
        (user("a").replace("kind: User", "kind: user"), "`user` of `backstage.io/v1alpha1`"),
        (component("a").replace("kind: Component", "kind: COMPONENT"), "`COMPONENT` of"),
        (component("a").replace("kind: Component", "kind: Api"), "`Api` of"),
        (user("a").replace("v1alpha1", "v1alpha2"), "`User` of `backstage.io/v1alpha2`"),
        (user("a").replace("backstage.io/v1alpha1", "v1"), "`User` of `v1`"),
    ] {
        let root = directory("spelling", &[("a.yaml", &text)]);
        let catalog = catalog(&root, &["a.yaml"]);
        assert_eq!(names(&catalog).len(), 1, "{text}");
        let told = notices(&catalog, &root);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("a.yaml:2:7: `kind` is "), "{told:?}");
        assert!(told[0].contains(written), "{told:?}");
        assert!(told[0].ends_with("; Backstage's catalog refuses the entity"), "{told:?}");
    }
    let foreign = component("a").replace("kind: Component", "kind: Template");
    let root = directory("spelling", &[("a.yaml", &foreign)]);
    assert!(catalog(&root, &["a.yaml"]).notices().is_empty());
}
