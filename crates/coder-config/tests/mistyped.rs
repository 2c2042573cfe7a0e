//! Whoever mistypes a key is told which one, where it is and what was probably meant.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{
    AppConfig, ConfigSources, Entity, Environment, check_entity, entity_notices, yaml,
};

const APP_CONFIG: &str = include_str!("fixtures/app-config.yaml");
const CATALOG_INFO: &str = include_str!("fixtures/catalog-info.yaml");

/// Keys that people choose themselves, and keys of others.
const FREE: &[&str] = &["title", "development", "repo", "region", "X-Custom-Source", "token"];

/// A key as it stands in a text.
#[derive(Debug)]
struct Key<'a> {
    name: &'a str,
    at: usize,
    line: usize,
    column: usize,
}

/// Returns every key that has a line.
fn keys(text: &str) -> Vec<Key<'_>> {
    let mut start = 0;
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start_matches([' ', '-']);
        let indentation = line.len() - content.len();
        if let Some((name, _)) = content.split_once(':').filter(|_| !content.starts_with('#')) {
            let quoted = usize::from(name.starts_with('\''));
            let name = name.trim_matches('\'');
            let at = start + indentation + quoted;
            keys.push(Key { name, at, line: index + 1, column: indentation + 1 });
        }
        start += line.len() + 1;
    }
    keys
}

/// Swaps the second and the third letter, or removes the second when they are the same.
fn mistyped(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters[1] == letters[2] {
        letters.remove(1);
    } else {
        letters.swap(1, 2);
    }
    letters.into_iter().collect()
}

/// Mistypes each key in turn; `told` is everything a person is told of a text.
fn every_slip_is_told(file: &str, text: &str, told: impl Fn(&str) -> String) -> usize {
    let mut count = 0;
    for key in keys(text).iter().filter(|key| !FREE.contains(&key.name)) {
        let wrong = mistyped(key.name);
        let (before, rest) = text.split_at(key.at);
        let text = format!("{before}{wrong}{}", rest.strip_prefix(key.name).unwrap());
        let told = told(&text);
        let place = format!("{file}:{}:{}", key.line, key.column);
        let line = told.lines().find(|line| {
            let names = |name: &str| {
                line.contains(&format!("`{name}`")) || line.contains(&format!(".{name}`"))
            };
            line.contains(&place) && names(&wrong) && names(key.name)
        });
        assert!(line.is_some(), "{key:?} → {wrong} is told as:\n{told}");
        count += 1;
    }
    count
}

#[test]
fn every_mistyped_key_of_app_config_is_told_with_its_place_and_what_was_meant() {
    let environment = Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "backstage"),
        ("CODER_OAUTH_CLIENT_SECRET", "s"),
        ("CODER_DEPLOYMENT_URL", "https://coder.example.com"),
        ("GITHUB_TOKEN", "t"),
    ]);
    let count = every_slip_is_told("app-config.yaml", APP_CONFIG, |text| {
        let files = BTreeMap::from([("app-config.yaml".to_owned(), text.to_owned())]);
        let loaded = ConfigSources::new(&files, &environment).load().unwrap();
        let (errors, notices) = match AppConfig::from_loaded(&loaded) {
            Ok(config) => (Vec::new(), config.notices().to_vec()),
            Err(errors) => {
                let notices = errors.notices().to_vec();
                (errors.iter().map(ToString::to_string).collect(), notices)
            }
        };
        let notices = notices.iter().map(ToString::to_string);
        errors.into_iter().chain(notices).collect::<Vec<_>>().join("\n")
    });
    assert!(count > 40, "{count}");
}

#[test]
fn every_mistyped_key_of_catalog_info_is_told_with_its_place_and_what_was_meant() {
    let count = every_slip_is_told("catalog-info.yaml", CATALOG_INFO, |text| {
        let node = yaml::document("catalog-info.yaml", text).unwrap();
        let mut told: Vec<String> = entity_notices(&node).iter().map(ToString::to_string).collect();
        told.extend(check_entity(&node).err().map(|error| error.to_string()));
        match Entity::from_node(&node) {
            Ok(entity) => {
                let notices = entity.coder_spec().map(|spec| spec.notices).unwrap_or_default();
                told.extend(notices.iter().map(ToString::to_string));
            }
            Err(error) => told.push(error.to_string()),
        }
        told.join("\n")
    });
    assert!(count >= 12, "{count}");
}

#[test]
fn the_right_keys_are_told_nothing() {
    let node = yaml::document("catalog-info.yaml", CATALOG_INFO).unwrap();
    assert_eq!(entity_notices(&node), []);
    let user = "{ apiVersion: v1, kind: User, metadata: { name: n, annotations: { a: b } }, \
                spec: { profile: {}, memberOf: [], order: 1 } }";
    assert_eq!(entity_notices(&yaml::document("x", user).unwrap()), []);
}
