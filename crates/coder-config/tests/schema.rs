//! The JSON Schema says what the reader reads.
#![cfg(test)]

use std::collections::BTreeMap;

use coder_config::{AppConfig, ConfigError, ConfigSources, Environment, Notice, app_config_schema};
use serde_json::{Map, Value, json};

#[test]
fn the_checked_in_schema_is_this_version_s() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/app-config.schema.json");
    let current = format!("{:#}\n", app_config_schema());
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert_eq!(checked_in, current, "run this test with UPDATE_SCHEMA=1 to write the file anew");
}

/// Finds every mapping of the schema that allows no other keys: the way to it, and its keys.
fn closed(schema: &Value, way: &[&str], found: &mut Vec<(Vec<String>, Map<String, Value>)>) {
    let owned = |way: &[&str]| way.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    for branch in schema["oneOf"].as_array().into_iter().flatten() {
        closed(branch, way, found);
    }
    if schema["items"].is_object() {
        closed(&schema["items"], &[way, &["[]"]].concat(), found);
    }
    if schema["additionalProperties"].is_object() {
        closed(&schema["additionalProperties"], &[way, &["development"]].concat(), found);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    if schema["additionalProperties"] == json!(false) {
        found.push((owned(way), properties.clone()));
    }
    for (key, property) in properties {
        closed(property, &[way, &[key]].concat(), found);
    }
}

/// Returns what a configuration with this value at the end of the way has noticed about unknown
/// keys.
fn unknown(way: &[String], value: Value) -> Vec<String> {
    let root = way.iter().rev().fold(value, |value, key| match key.as_str() {
        "[]" => json!([value]),
        // Keys in files are read only where they are asked for.
        "static" => json!({ "provider": "static", "static": value }),
        key => Value::Object(Map::from_iter([(key.to_owned(), value)])),
    });
    let files = BTreeMap::from([("app-config.yaml".to_owned(), root.to_string())]);
    let loaded = ConfigSources::new(&files, &Environment::default()).load().unwrap();
    let told = |notice: &Notice| notice.message.clone();
    let told: Vec<String> = match AppConfig::from_loaded(&loaded) {
        Ok(config) => config.notices().iter().map(told).collect(),
        Err(errors) => {
            let problems = errors.iter().map(ConfigError::problem);
            errors.notices().iter().map(told).chain(problems).collect()
        }
    };
    told.into_iter().filter(|text| text.contains("not known")).collect()
}

#[test]
fn the_reader_knows_the_keys_of_the_schema_and_no_others() {
    let mut sections = Vec::new();
    closed(&app_config_schema(), &[], &mut sections);
    // Lengths of time are checked by another rule.
    sections.retain(|(_, keys)| !keys.contains_key("milliseconds"));
    assert!(sections.len() >= 9, "{sections:?}");
    for (way, properties) in sections {
        // A key of few words has one of them, since others may allow other keys.
        let word = |schema: &Value| match &schema["enum"][0] {
            Value::Null => json!("x"),
            word => word.clone(),
        };
        let all = || properties.iter().map(|(key, schema)| (key.clone(), word(schema)));
        let all = || all().collect::<Map<_, _>>();
        let keys: Vec<_> = properties.keys().cloned().collect();
        let notices = unknown(&way, Value::Object(all()));
        assert!(notices.is_empty(), "{way:?}: {notices:?}");
        let mut with_stranger = all();
        with_stranger.insert("zzzzzzzzzz".to_owned(), json!("x"));
        let notices = unknown(&way, Value::Object(with_stranger));
        assert_eq!(notices.len(), 1, "{way:?}");
        if let Some((_, known)) = notices[0].split_once("known are ") {
            let mut known: Vec<_> = known.split(", ").map(|key| key.trim_matches('`')).collect();
            known.sort_unstable();
            assert_eq!(known, keys, "{way:?}");
        }
    }
}

#[test]
fn a_url_may_be_a_variable_in_an_editor_too() {
    fn formats(schema: &Value, alternatives: &Value) {
        if schema["format"] == json!("uri") {
            assert_eq!(alternatives[1]["pattern"], json!(r"\$\{"));
        }
        for (key, inner) in schema.as_object().into_iter().flatten() {
            let inner_ones = inner.as_array().map_or(std::slice::from_ref(inner), Vec::as_slice);
            for one in inner_ones {
                formats(one, if key == "anyOf" { inner } else { &Value::Null });
            }
        }
    }
    let schema = app_config_schema();
    assert!(schema.to_string().contains(r#""format":"uri""#));
    formats(&schema, &Value::Null);
}
