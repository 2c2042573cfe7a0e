//! The recorded answers, as files that everybody may read.

use std::fs;

use coder_conformance::replay::recorded_folder;
use coder_conformance::sections::Part;
use serde_json::Value;

/// Fields of a request that hold a secret. A code verifier is none without its code.
const SECRET_FIELDS: [&str; 5] = ["password", "client_secret", "code", "refresh_token", "token"];

/// Returns whether a value opens no door: a placeholder, or a text that is wrong on purpose.
fn is_harmless(value: &str) -> bool {
    let is_placeholder = value.starts_with('{') && value.ends_with('}');
    let is_wrong = ["", "nope", "abc", "coder_abc"].contains(&value);
    is_placeholder || is_wrong
}

fn see(name: &str, value: &str, found: &mut Vec<(String, String)>) {
    if SECRET_FIELDS.contains(&name) && !is_harmless(value) {
        found.push((name.to_owned(), value.to_owned()));
    }
}

/// Collects the fields of a JSON body, of the pairs of a form and of a raw form that hold a secret.
fn secrets(body: &Value, found: &mut Vec<(String, String)>) {
    match body {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "raw" => {
                        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
                        pairs.for_each(|(name, value)| see(name, value, found));
                    }
                    Value::String(text) => see(name, text, found),
                    other => secrets(other, found),
                }
            }
        }
        Value::Array(items) => match &items[..] {
            [Value::String(name), Value::String(value)] => see(name, value, found),
            items => items.iter().for_each(|item| secrets(item, found)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_body_of_a_recorded_request_holds_no_secret() {
    let mut found = Vec::new();
    let mut bodies = 0;
    for folder in fs::read_dir(recorded_folder()).unwrap() {
        for part in Part::ALL {
            let file = folder.as_ref().unwrap().path().join(format!("{part}.json"));
            let Ok(text) = fs::read_to_string(&file) else { continue };
            let recording: Value = serde_json::from_str(&text).unwrap();
            for entry in recording["entries"].as_array().unwrap() {
                bodies += usize::from(entry["request"]["body"].is_object());
                let mut here = Vec::new();
                secrets(&entry["request"]["body"], &mut here);
                found.extend(here.into_iter().map(|secret| (file.clone(), secret)));
            }
        }
    }
    assert!(bodies > 0, "no recorded request has a body");
    assert!(found.is_empty(), "{found:#?}");
}
