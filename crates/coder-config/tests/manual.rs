//! The manual's page about configuration tells of every key, and nothing that is not so.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use coder_config::{
    AppConfig, ConfigSources, Environment, app_config_schema, check_entity, entity_notices, yaml,
};
use serde_json::Value;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

fn page() -> String {
    std::fs::read_to_string(Path::new(HERE).join("../../docs/configuration.md")).unwrap()
}

/// Returns the blocks of code in this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    page.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Finds the keys below a schema that have no keys of their own.
fn leaves(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let mut inner = Vec::new();
    inner.extend(schema["oneOf"].as_array().into_iter().flatten().map(|it| (path.to_owned(), it)));
    inner.push((format!("{path}[]"), &schema["items"]));
    inner.push((format!("{path}.<name>"), &schema["additionalProperties"]));
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        inner.push((format!("{path}.{key}").trim_start_matches('.').to_owned(), property));
    }
    inner.retain(|(_, schema)| schema.is_object());
    let before = found.len();
    // The units of a duration are told once.
    if schema["properties"]["milliseconds"].is_null() {
        inner.into_iter().for_each(|(path, schema)| leaves(schema, &path, found));
    }
    if found.len() == before && !path.ends_with(['>', ']']) && !path.is_empty() {
        found.insert(path.to_owned());
    }
}

#[test]
fn the_page_tells_of_every_key_in_the_schema() {
    let page = page().replace("[]", "");
    let mut keys = BTreeSet::new();
    leaves(&app_config_schema(), "", &mut keys);
    assert!(keys.len() > 80, "{keys:?}");
    for key in keys {
        let below_environment = key.strip_prefix("auth.providers.coder.<name>.");
        let told = below_environment.unwrap_or(&key).replace("[]", "");
        // Backstage's former place has the same keys.
        let told = told.replace("proxy./coder", "proxy.endpoints./coder");
        assert!(page.contains(&format!("`{told}`")), "`{told}`");
    }
}

#[test]
fn the_page_tells_of_no_key_that_is_not_in_the_schema() {
    let mut keys = BTreeSet::new();
    leaves(&app_config_schema(), "", &mut keys);
    let known = |key: &str| {
        let plain = |key: &str| key.replace("[]", "");
        let nested = format!("auth.providers.coder.<name>.{key}");
        [key, &nested].iter().any(|key| {
            let (key, inside) = (plain(key), format!("{}.", plain(key)));
            keys.iter().any(|known| plain(known) == key || plain(known).starts_with(&inside))
        })
    };
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let first_cells = rows.map(|row| row.split(" | ").next().unwrap());
    let cells = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let told: Vec<_> = cells.filter(|cell| !cell.starts_with("spec.coder.")).collect();
    assert!(told.len() > 60, "{told:?}");
    for key in told {
        assert!(known(key), "`{key}`");
    }
}

#[test]
fn the_examples_of_the_page_are_read_without_a_word() {
    let page = page();
    let examples = blocks(&page, "yaml");
    let [app_config, parts @ .., entity] = &examples[..] else { panic!("{examples:?}") };
    for part in parts {
        assert!(yaml::document("app-config.yaml", part).is_ok(), "{part}");
    }
    let environment = Environment::from_iter([
        ("CODER_OAUTH_CLIENT_ID", "id"),
        ("CODER_OAUTH_CLIENT_SECRET", "s"),
        ("CODER_SESSION_KEY", "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga"),
        ("DATABASE_URL", "postgres://db/portal"),
    ]);
    let files = BTreeMap::from([("app-config.yaml".to_owned(), (*app_config).to_owned())]);
    let loaded = ConfigSources::new(&files, &environment).load().unwrap();
    assert_eq!(AppConfig::from_loaded(&loaded).unwrap().notices(), []);
    let entity = yaml::document("catalog-info.yaml", entity).unwrap();
    assert!(check_entity(&entity).is_ok());
    assert_eq!(entity_notices(&entity), []);
}

#[test]
fn the_messages_of_the_page_are_those_that_people_get() {
    let mut snapshots = String::new();
    for file in std::fs::read_dir(Path::new(HERE).join("tests/snapshots")).unwrap() {
        snapshots += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    let page = page();
    let messages: Vec<_> = blocks(&page, "text").into_iter().flat_map(str::lines).collect();
    assert!(messages.len() > 20, "{messages:?}");
    for message in messages {
        assert!(snapshots.contains(message), "{message}");
    }
}
