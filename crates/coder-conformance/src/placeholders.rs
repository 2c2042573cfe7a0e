//! Placeholders for what differs from run to run: ids, secrets, times.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// A client id, workspace id and so on that no Coder has.
pub(crate) const UNKNOWN_ID: &str = "3f9f6d3c-1111-4222-8333-944445555666";

/// Placeholders for what differs from run to run.
#[derive(Clone, Debug)]
pub struct Placeholders {
    base: String,
    host: String,
    encoded_base: String,
    run: String,
    names: HashMap<String, String>,
}

impl Placeholders {
    /// Starts with the deployment's URL and a text that is part of every name this run makes.
    pub fn new(base: &str, run: &str) -> Self {
        let host = base.split_once("//").map_or(base, |(_, host)| host);
        Self {
            base: base.to_owned(),
            host: host.to_owned(),
            encoded_base: form_urlencoded::byte_serialize(base.as_bytes()).collect(),
            run: run.to_owned(),
            names: HashMap::new(),
        }
    }

    /// Returns host and port of the deployment.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Shows a value as `{name}` from now on. An empty value is not replaced.
    pub fn name(&mut self, value: &str, name: &str) {
        if !value.is_empty() {
            self.names.insert(value.to_owned(), name.to_owned());
        }
    }

    /// Puts the values back in the place of `{name}`s: the opposite of [`Placeholders::text`].
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut text = text.replace("{run}", &self.run);
        for (value, name) in self.names.iter().filter(|(_, name)| name.starts_with('{')) {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), value);
            }
        }
        text
    }

    /// Replaces everything in a text.
    pub fn text(&self, text: &str) -> String {
        let mut text = text
            .replace(&self.base, "{base}")
            .replace(&self.host, "{host}")
            .replace(&self.encoded_base, "{base-enc}");
        // Most texts are a word or two, and most values are ids.
        let mut names: Vec<_> =
            self.names.iter().filter(|(value, _)| value.len() <= text.len()).collect();
        names.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| b.cmp(a)));
        for (value, name) in names {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), name);
            }
        }
        text = text.replace(&self.run, "{run}").replace(&self.run.to_uppercase(), "{RUN}");
        text = text.replace(NIL, "{nil}");
        text = PATTERNS.uuid.replace_all(&text, "{uuid}").into_owned();
        text = PATTERNS.secret.replace_all(&text, "{secret}").into_owned();
        text = PATTERNS.key.replace_all(&text, "{key}").into_owned();
        if is_key_id(&text) {
            return "{id10}".to_owned();
        }
        PATTERNS.time.replace_all(&text, |found: &regex::Captures<'_>| time(found)).into_owned()
    }

    /// Replaces everything in a JSON value.
    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(object) => {
                let mut shown = Map::new();
                for (name, value) in object {
                    shown.insert(self.text(name), self.field(name, value));
                }
                Value::Object(shown)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn field(&self, name: &str, value: &Value) -> Value {
        match name {
            "registration_access_token" => "{random40}".into(),
            "client_id_issued_at" => "{unix}".into(),
            "client_secret_truncated" => {
                let stars = value.as_str().is_some_and(|text| text.starts_with('*'));
                if stars { "{stars+6}".into() } else { "{last6}".into() }
            }
            _ => self.json(value),
        }
    }
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

struct Patterns {
    uuid: Regex,
    secret: Regex,
    key: Regex,
    time: Regex,
}

#[expect(clippy::unwrap_used, reason = "the patterns are constants, and a test uses each")]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    uuid: Regex::new(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b").unwrap(),
    secret: Regex::new(r"\bcoder_[A-Za-z0-9]{10}_[A-Za-z0-9]{40}\b").unwrap(),
    key: Regex::new(r"\b[A-Za-z0-9]{10}-[A-Za-z0-9]{22}\b").unwrap(),
    time: Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)").unwrap(),
});

/// Tells whether a text is the id of an API key: ten letters and digits of both cases.
fn is_key_id(text: &str) -> bool {
    text.len() == 10
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn time(found: &regex::Captures<'_>) -> String {
    let whole = found.get(0).map_or("", |whole| whole.as_str());
    if whole.starts_with("0001-01-01") {
        return "{zero-time}".to_owned();
    }
    let fraction = if found.get(1).is_some() { ".f" } else { "" };
    let zone = if whole.ends_with('Z') { "Z" } else { "+off" };
    format!("{{time{fraction}{zone}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let mut placeholders = Placeholders::new("http://127.0.0.1:4000", "a1b2c3");
        placeholders.name("5c5a5b1e-0000-4000-8000-000000000001", "{ada.id}");
        for (given, shown) in [
            ("http://127.0.0.1:4000/x at 127.0.0.1:4000", "{base}/x at {host}"),
            ("to=http%3A%2F%2F127.0.0.1%3A4000", "to={base-enc}"),
            ("app-a1b2c3 A1B2C3", "app-{run} {RUN}"),
            ("5c5a5b1e-0000-4000-8000-000000000001", "{ada.id}"),
            ("5c5a5b1e-0000-4000-8000-000000000002", "{uuid}"),
            ("00000000-0000-0000-0000-000000000000", "{nil}"),
            ("Abcdefghi1", "{id10}"),
            ("abcdefghi1", "abcdefghi1"),
            ("Abcdefghi1-abcdefghijklmnopqrstuv", "{key}"),
            ("2026-01-02T03:04:05.678Z", "{time.fZ}"),
            ("2026-01-02T03:04:05+02:00", "{time+off}"),
            ("0001-01-01T00:00:00Z", "{zero-time}"),
        ] {
            assert_eq!(placeholders.text(given), shown);
        }
        let secret = format!("coder_{}_{}", "a".repeat(10), "b".repeat(40));
        assert_eq!(placeholders.text(&secret), "{secret}");
    }

    #[test]
    fn the_values_of_named_things_are_put_back() {
        let mut placeholders = Placeholders::new("http://127.0.0.1:4000", "a1b2c3");
        placeholders.name("5c5a5b1e-0000-4000-8000-000000000001", "{ada.id}");
        placeholders.name("ivan-a1b2c3", "ivan");
        for (given, filled) in [
            ("/users/{ada.id}/x", "/users/5c5a5b1e-0000-4000-8000-000000000001/x"),
            ("app-{run}", "app-a1b2c3"),
            ("{nobody.id} and ivan", "{nobody.id} and ivan"),
        ] {
            assert_eq!(placeholders.fill(given), filled);
        }
    }
}
