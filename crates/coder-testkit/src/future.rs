//! Answers of a Coder newer than any that is known.

use serde_json::{Map, Value};

/// Fields whose value is one of a few words, where another word changes nothing else.
const WORDS: [&str; 6] =
    ["reason", "sharing_level", "open_in", "automatic_updates", "provisioner", "form_type"];

/// Adds a field that nobody knows to every object, and gives words that nobody knows to fields
/// that hold one of a few.
pub(crate) fn estrange(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                if WORDS.contains(&name.as_str()) && value.is_string() {
                    *value = "from_the_future".into();
                } else {
                    estrange(value);
                }
            }
            if !is_map(members) {
                members.insert("from_the_future".to_owned(), Value::from(vec![1, 2]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(estrange),
        _ => {}
    }
}

/// Tells whether an object's keys are data, so that no fields can be added to the object.
fn is_map(members: &Map<String, Value>) -> bool {
    let fields = members
        .keys()
        .all(|key| key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'));
    !fields || members.contains_key("owner") && members.contains_key("scope")
}
