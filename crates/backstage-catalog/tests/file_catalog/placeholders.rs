//! Placeholders: which files they may read, and what happens when those change.

use std::fs;
use std::path::Path;

use backstage_catalog::{Catalog as _, FileCatalog};
use coder_config::{CatalogConfig, CatalogLocation, CatalogRule};
use futures_executor::block_on;
use serde_json::{Value, json};

use super::{catalog, config, directory, names, notices, user};

/// Makes an API whose definition is this.
fn api(definition: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {{ name: a }}\n\
         spec:\n  type: openapi\n  lifecycle: production\n  owner: team\n  definition: {definition}\n"
    )
}

fn definition(catalog: &FileCatalog) -> Value {
    let api = block_on(catalog.entity(&"api:a".parse().unwrap())).unwrap().unwrap();
    api.spec["definition"].clone()
}

#[test]
fn placeholders_read_files_beside_and_below_their_catalog_file() {
    for (index, (target, value)) in [
        ("{ $text: ./openapi.yaml }", json!("openapi: 3.1.0\n")),
        ("{ $text: openapi.yaml }", json!("openapi: 3.1.0\n")),
        ("{ $text: deep/../openapi.yaml }", json!("openapi: 3.1.0\n")),
        ("{ $yaml: ./deep/value.yaml }", json!({ "a": 1 })),
        ("{ $json: ./deep/value.json }", json!([1])),
        ("{ $openapi: ./openapi.yaml }", json!("openapi: 3.1.0\n")),
        ("{ $asyncapi: ./.hidden }", json!("hidden")),
    ]
    .into_iter()
    .enumerate()
    {
        let root = directory(
            &format!("placeholders-{index}"),
            &[
                ("apis/catalog-info.yaml", &api(target)),
                ("apis/openapi.yaml", "openapi: 3.1.0\n"),
                ("apis/deep/value.yaml", "a: 1\n"),
                ("apis/deep/value.json", "[1]"),
                ("apis/.hidden", "hidden"),
            ],
        );
        let catalog = catalog(&root, &["./*/catalog-info.yaml"]);
        assert_eq!(definition(&catalog), value, "{target}");
        // The value is judged like one that is written there: it must be a string.
        let told = notices(&catalog, &root);
        assert_eq!(told.is_empty(), value.is_string(), "{target}: {told:?}");
    }
}

#[test]
fn coder_settings_and_metadata_may_be_placeholders() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  \
                annotations: { $yaml: ./annotations.yaml }\nspec:\n  type: service\n  \
                lifecycle: production\n  owner: { $text: ./owner }\n  coder: { $yaml: ./coder.yaml }\n";
    let root = directory(
        "placeholders-coder",
        &[
            ("a.yaml", text),
            ("annotations.yaml", "backstage.io/source-location: url:https://github.com/acme/a\n"),
            ("owner", "team"),
            ("coder.yaml", "templateName: go\nparams: { version: 1.20 }\n"),
        ],
    );
    let catalog = catalog(&root, &["a.yaml"]);
    let entity = block_on(catalog.entity(&"component:a".parse().unwrap())).unwrap().unwrap();
    assert_eq!(
        entity.annotation("backstage.io/source-location"),
        Some("url:https://github.com/acme/a")
    );
    assert_eq!(entity.owned_by()[0].to_string(), "group:default/team");
    assert_eq!(entity.coder_spec().unwrap().params["version"], "1.20");
    assert!(notices(&catalog, &root).is_empty());
}

/// Writes the files of two teams, with what the process keeps beside them.
fn tree(name: &str, text: &str) -> std::path::PathBuf {
    directory(
        name,
        &[
            ("secret", "s3cret"),
            ("catalog/shared/text", "shared"),
            ("catalog/team/catalog-info.yaml", text),
            ("catalog/all.yaml", ""),
        ],
    )
}

#[test]
fn no_placeholder_leaves_the_folder_of_its_location() {
    let absolute = directory("placeholders-outside", &[]).join("secret").display().to_string();
    for (target, location, is_read) in [
        ("../shared/text", "catalog/*/catalog-info.yaml", true),
        ("../shared/text", "./catalog/team/../**/catalog-info.yaml", true),
        ("../../secret", "catalog/*/catalog-info.yaml", false),
        ("../../catalog/../secret", "catalog/*/catalog-info.yaml", false),
        ("../../../placeholders-outside/secret", "catalog/*/catalog-info.yaml", false),
        ("../../missing", "catalog/*/catalog-info.yaml", false),
        ("../shared/text", "catalog/team/catalog-info.yaml", false),
        (&absolute, "catalog/*/catalog-info.yaml", false),
        // The folder of the location is that of the server: each file reads what is beside it.
        ("../shared/text", "*/team/catalog-info.yaml", false),
        ("../../secret", "*/team/catalog-info.yaml", false),
        ("../../secret", "**/catalog-info.yaml", false),
    ] {
        let root = tree("placeholders-outside", &api(&format!("{{ $text: {target} }}")));
        let catalog = catalog(&root, &[location]);
        let told = notices(&catalog, &root).concat();
        if is_read {
            assert_eq!(definition(&catalog), "shared", "{target} {location}: {told}");
            assert!(told.is_empty(), "{told}");
        } else {
            assert_eq!(definition(&catalog), json!({ "$text": target }), "{location}");
            assert!(told.contains("only files of its"), "{target} {location}: {told}");
            assert!(!told.contains("refuses"), "{told}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_folder() {
    for (index, (link, target, is_read)) in [
        ("link", "../../secret", false),
        ("link", "/etc/passwd", false),
        ("link", "text", true),
        ("link", "../shared/text", false),
        ("folder", "../../../placeholders-link-4", false),
        ("folder", "deep", true),
    ]
    .into_iter()
    .enumerate()
    {
        let path = if link == "folder" { "./folder/secret" } else { "./link" };
        let root =
            tree(&format!("placeholders-link-{index}"), &api(&format!("{{ $text: {path} }}")));
        let team = root.join("catalog/team");
        fs::write(team.join("text"), "inside").unwrap();
        fs::create_dir(team.join("deep")).unwrap();
        fs::write(team.join("deep/secret"), "inside").unwrap();
        std::os::unix::fs::symlink(target, team.join(link)).unwrap();
        let catalog = catalog(&root, &["catalog/team/catalog-info.yaml"]);
        let expected = if is_read { json!("inside") } else { json!({ "$text": path }) };
        assert_eq!(definition(&catalog), expected, "{link} -> {target}");
    }
}

/// Checks the way in which Kubernetes mounts the files of a ConfigMap.
#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_read_as_a_folder() {
    let root = directory(
        "placeholders-mounted",
        &[("..1/catalog-info.yaml", &api("{ $text: ./openapi.yaml }")), ("..1/openapi.yaml", "x")],
    );
    let link = |from: &str, to: &str| std::os::unix::fs::symlink(from, root.join(to)).unwrap();
    link("..1", "..data");
    link("..data/catalog-info.yaml", "catalog-info.yaml");
    link("..data/openapi.yaml", "openapi.yaml");
    assert_eq!(definition(&catalog(&root, &["catalog-info.yaml"])), "x");
}

#[test]
fn a_file_that_cannot_be_used_is_told_with_the_reason() {
    let root = directory("placeholders-unusable", &[("a.yaml", ""), ("folder/x", "")]);
    fs::write(root.join("bytes"), b"\xff\xfe\x00").unwrap();
    fs::write(root.join("large"), vec![b' '; coder_config::yaml::MAX_BYTES + 1]).unwrap();
    for (target, reason) in [
        ("missing", "there is no file `missing`"),
        ("folder", "`folder` is no file"),
        (".", "`.` is no file"),
        ("bytes", "`bytes` is not UTF-8 text"),
        ("large", "`large` is too large; at most 4194304 bytes are accepted"),
    ] {
        fs::write(root.join("a.yaml"), api(&format!("{{ $text: {target} }}"))).unwrap();
        let catalog = catalog(&root, &["a.yaml"]);
        assert_eq!(
            notices(&catalog, &root),
            [format!(
                "a.yaml:8:15: `spec.definition` is `$text: {target}`, which is not read: {reason}"
            )]
        );
        assert_eq!(names(&catalog), ["api:default/a"], "the entity is there");
    }
}

#[test]
fn values_that_are_elsewhere_are_told_once_for_each_location() {
    let elsewhere = |name: &str| {
        api("{ $text: https://example.com/x }").replace("name: a", &format!("name: {name}"))
    };
    let both = format!("{}---\n{}", elsewhere("b"), elsewhere("c"));
    let root = directory(
        "placeholders-elsewhere",
        &[("x/a.yaml", &elsewhere("a")), ("x/b.yaml", &both), ("y/d.yaml", &elsewhere("d"))],
    );
    let catalog = catalog(&root, &["x/*.yaml", "y/*.yaml"]);
    assert_eq!(names(&catalog).len(), 4);
    insta::assert_snapshot!(notices(&catalog, &root).join("\n"));
}

#[test]
fn a_file_that_a_placeholder_reads_is_followed_like_the_catalog_file() {
    let spec = |memberships: &str| {
        user("alice").replace("{ memberOf: [team-a] }", &format!("{{ memberOf: {memberships} }}"))
    };
    let root = directory(
        "placeholders-changes",
        &[("org.yaml", &spec("{ $yaml: ./teams.yaml }")), ("teams.yaml", "[a]\n")],
    );
    let catalog = catalog(&root, &["org.yaml"]);
    let groups = || {
        let alice = block_on(catalog.entity(&"user:alice".parse().unwrap())).unwrap().unwrap();
        alice.member_of().iter().map(|group| group.name().to_owned()).collect::<Vec<_>>()
    };
    let teams = |text: &str| fs::write(root.join("teams.yaml"), text).unwrap();
    assert_eq!(groups(), ["a"]);
    teams("[a, b]\n");
    assert_eq!(groups(), ["a", "b"]);
    // While it is broken, what it said before counts, whatever else changes.
    for broken in ["[a, b, c\n", "a: 1\n---\nb: 1\n", "# nobody\n"] {
        teams(broken);
        assert_eq!(groups(), ["a", "b"], "{broken}");
        assert!(notices(&catalog, &root).concat().contains("its entity of before counts"));
    }
    fs::remove_file(root.join("teams.yaml")).unwrap();
    assert_eq!(groups(), ["a", "b"]);
    fs::write(root.join("org.yaml"), format!("# changed\n{}", spec("{ $yaml: ./teams.yaml }")))
        .unwrap();
    assert_eq!(groups(), ["a", "b"]);
    teams("[longer-name]\n");
    assert_eq!(groups(), ["longer-name"]);
    assert!(notices(&catalog, &root).is_empty());
}

#[test]
fn a_placeholder_that_never_could_be_read_does_not_keep_a_file_from_changing() {
    let root = directory("placeholders-never", &[("a.yaml", &api("openapi"))]);
    let catalog = catalog(&root, &["a.yaml"]);
    assert_eq!(definition(&catalog), "openapi");
    for target in ["https://example.com/x", "./generated.yaml", "../x"] {
        fs::write(root.join("a.yaml"), api(&format!("{{ $text: {target} }}"))).unwrap();
        assert_eq!(definition(&catalog), json!({ "$text": target }));
    }
}

#[test]
fn who_would_be_in_a_file_of_a_placeholder_is_not_known_until_it_can_be_read() {
    let alice = user("alice").replace("name: alice", "name: { $text: ./name }");
    let root = directory("placeholders-unknown", &[("org.yaml", &alice)]);
    let catalog = catalog(&root, &["org.yaml"]);
    let found = |catalog: &FileCatalog| block_on(catalog.entity(&"user:alice".parse().unwrap()));
    assert!(found(&catalog).unwrap_err().is_transient());
    fs::write(root.join("name"), "alice").unwrap();
    assert!(found(&catalog).unwrap().is_some());
}

#[test]
fn a_location_outside_of_the_servers_folder_is_a_folder_as_well() {
    let root = tree("placeholders-absolute", &api("{ $text: ../shared/text }"));
    let target = root.join("catalog/*/catalog-info.yaml").display().to_string();
    let locations = |target: &str| {
        let location = CatalogLocation::new("file", target);
        CatalogConfig::new([location]).rules([CatalogRule::new(["API", "Location"])])
    };
    assert_eq!(definition(&FileCatalog::new(&locations(&target))), "shared");
    let beside =
        FileCatalog::in_directory(root.join("bin"), &locations("../catalog/*/*-info.yaml"));
    assert_eq!(definition(&beside), "shared");
    // What a Location entity leads to outside reads what is beside it.
    let leads = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: { name: leads }\n\
                 spec: { target: ../catalog/team/catalog-info.yaml }\n";
    fs::create_dir(root.join("other")).unwrap();
    fs::write(root.join("other/all.yaml"), leads).unwrap();
    let outside = FileCatalog::in_directory(Path::new(&root), &config(&["other/all.yaml"]));
    assert_eq!(definition(&outside), json!({ "$text": "../shared/text" }));
}
