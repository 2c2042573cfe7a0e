//! The catalog that an app-config names, and whether people can be found in it.
#![cfg(test)]
#![cfg(feature = "native")]

use std::path::PathBuf;

use backstage_catalog::ConfiguredCatalog;
use coder_config::{AppConfig, ConfigError, ConfigSources, Environment};
use coder_core::World;
use coder_testkit::FakeCatalog;

const BY_NAME: &str = "{ resolver: usernameMatchingUserEntityName }";
const PEOPLE: &str = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: { name: alice }\n\
                      spec: { memberOf: [] }\n";

/// Makes the catalog of a portal whose people sign in by these resolvers, with more configuration.
fn catalog(resolvers: &str, more: &str) -> Result<ConfiguredCatalog, ConfigError> {
    let text = format!(
        "app: {{ baseUrl: https://portal.example.com }}\n\
         backend: {{ baseUrl: https://portal.example.com }}\n\
         auth:\n  providers:\n    coder:\n      development:\n        clientId: id\n        \
         clientSecret: s\n        deploymentUrl: https://coder.example.com\n        \
         signIn: {{ resolvers: [{resolvers}] }}\n{more}\n"
    );
    let read = |path: &str| match path {
        "app-config.yaml" => Ok(text.clone()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    let environment = Environment::default();
    let config = AppConfig::from_loaded(&ConfigSources::new(&read, &environment).load().unwrap());
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("from-config-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("org.yaml"), PEOPLE).unwrap();
    let world = World::native(FakeCatalog::new([])).unwrap();
    ConfiguredCatalog::from_config(&config.unwrap(), &directory, &world)
}

#[tokio::test]
async fn resolvers_that_can_find_nobody_are_an_error_at_their_place_with_what_to_do() {
    let elsewhere = "name a Backstage in `coder.catalog`, or their files in `catalog.locations`";
    let refused = "add `rules: [{ allow: [User, Group] }]` to the location of their files";
    for (more, hint) in [
        ("", elsewhere),
        ("catalog: { locations: [] }", elsewhere),
        ("catalog: { rules: [{ allow: [User] }] }", elsewhere),
        ("catalog: { providers: { githubOrg: {} } }", elsewhere),
        ("catalog: { locations: [{ type: url, target: https://x.example/org.yaml }] }", elsewhere),
        (
            "catalog: { locations: [{ type: url, target: https://x.example/org.yaml, rules: [{ allow: [User] }] }] }",
            elsewhere,
        ),
        ("catalog: { locations: [{ type: file, target: org.yaml }] }", refused),
        (
            "catalog: { locations: [{ type: file, target: org.yaml, rules: [{ allow: [Group] }] }] }",
            refused,
        ),
        ("catalog: { rules: [], locations: [{ type: file, target: org.yaml }] }", refused),
        (
            "catalog: { rules: [{ allow: [User], locations: [{ type: url }] }], locations: [{ type: file, target: org.yaml }] }",
            refused,
        ),
    ] {
        let error = catalog(BY_NAME, more).unwrap_err().to_string();
        let place = "app-config.yaml:10:9: `auth.providers.coder.development.signIn.resolvers` ";
        assert!(error.starts_with(place) && error.contains(hint), "{more}: {error}");
    }
}

#[tokio::test]
async fn resolvers_that_can_find_somebody_are_none() {
    let anybody = "{ resolver: emailLocalPartMatchingUserEntityName, \
                   dangerouslyAllowSignInWithoutUserInCatalog: true }";
    for (resolvers, more) in [
        ("", ""),
        (anybody, ""),
        (&format!("{BY_NAME}, {anybody}"), ""),
        (
            BY_NAME,
            "coder: { catalog: { type: backstage, baseUrl: https://b.example.com, token: t } }",
        ),
        (
            BY_NAME,
            "catalog: { locations: [{ type: file, target: org.yaml, rules: [{ allow: [User] }] }] }",
        ),
        (
            BY_NAME,
            "catalog: { rules: [{ allow: [user] }], locations: [{ type: file, target: org.yaml }] }",
        ),
        (
            BY_NAME,
            "catalog: { rules: [{ allow: [User], locations: [{ type: file, pattern: '**/org.yaml' }] }], locations: [{ type: file, target: org.yaml }] }",
        ),
    ] {
        let catalog = catalog(resolvers, more).unwrap_or_else(|error| panic!("{more}: {error}"));
        assert!(catalog.notices.is_empty(), "{more}: {:?}", catalog.notices);
    }
}

#[tokio::test]
async fn files_are_looked_for_in_the_directory_and_what_is_wrong_with_them_is_told() {
    let locations = "catalog: { rules: [{ allow: [User] }], locations: [\
                     { type: file, target: ./org.yaml }, { type: file, target: ./missing.yaml }] }";
    let catalog = catalog(BY_NAME, locations).unwrap();
    let alice = catalog.catalog.entity(&"user:alice".parse().unwrap()).await.unwrap();
    assert!(alice.is_some());
    assert_eq!(catalog.notices.len(), 1);
    let told = catalog.notices[0].to_string();
    assert!(told.starts_with("app-config.yaml:11:") && told.contains("missing.yaml"), "{told}");
}

#[tokio::test]
async fn with_a_backstage_no_file_is_read() {
    let both = "coder: { catalog: { type: backstage, baseUrl: https://b.example.com, token: t } }\n\
                catalog: { locations: [{ type: file, target: ./missing.yaml }] }";
    let catalog = catalog(BY_NAME, both).unwrap();
    assert!(catalog.notices.is_empty());
    let asked = catalog.catalog.entity(&"user:alice".parse().unwrap()).await;
    assert!(asked.is_err(), "the token is not that of the catalog");
}
