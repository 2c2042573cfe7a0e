//! Where two answers differ.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::answer::{Answer, BodyKind, HEADERS};

/// One place where an answer is another one than the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Where: `status`, `header location`, `$.workspaces[0].name`.
    pub place: String,
    /// The value that was recorded.
    pub recorded: String,
    /// The value that was answered here.
    pub answered: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, recorded, answered } = self;
        write!(formatter, "{place}: recorded {recorded}, here {answered}")
    }
}

/// Numbers that mean something; others differ from run to run.
const COUNTED: &[&str] = &[
    "frames",
    "op",
    "close",
    "expires_in",
    "build_number",
    "count",
    "max_token_lifetime",
    "lifetime_seconds",
    "daily_cost",
    "connection_timeout_seconds",
    "ttl_ms",
];

/// Headers that are recorded and not compared.
const NOT_COMPARED: &[&str] =
    &["vary", "x-ratelimit-limit", "x-content-type-options", "content-security-policy"];

/// Returns where `ours` differs from `recorded`; `None` stands for no answer at all.
pub fn differences(recorded: &Answer, ours: Option<&Answer>) -> Vec<Difference> {
    let mut found = Found(Vec::new());
    let Some(ours) = ours else {
        found.add("answer", "there", "none");
        return found.0;
    };
    if recorded.status != ours.status {
        found.add("status", recorded.status, ours.status);
    }
    let (theirs, mine) = (compared(recorded), compared(ours));
    for name in HEADERS {
        let (a, b) = (theirs.get(*name), mine.get(*name));
        if a != b {
            let shown = |value: Option<&&str>| value.copied().unwrap_or("(none)").to_owned();
            found.add(&format!("header {name}"), shown(a), shown(b));
        }
    }
    if recorded.kind != ours.kind {
        found.add("kind", format!("{:?}", recorded.kind), format!("{:?}", ours.kind));
    } else if recorded.kind == BodyKind::Html {
        for part in ["forms", "inputs"] {
            let of = |answer: &Answer| answer.body.get(part).cloned().unwrap_or_default();
            found.compare(&of(recorded), &of(ours), &format!("html.{part}"), None);
        }
    } else {
        found.compare(&recorded.body, &ours.body, "$", None);
    }
    found.0
}

/// Returns the headers that count, with the names and attributes of all cookies.
fn compared(answer: &Answer) -> BTreeMap<&str, &str> {
    let headers = answer.headers.iter();
    let counts = headers.filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str()));
    counts.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

struct Found(Vec<Difference>);

/// A side of a difference, as it is shown.
struct Shown(String);

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<u16> for Shown {
    fn from(number: u16) -> Self {
        Self(number.to_string())
    }
}

impl From<usize> for Shown {
    fn from(number: usize) -> Self {
        Self(number.to_string())
    }
}

impl Found {
    fn add(&mut self, place: &str, recorded: impl Into<Shown>, answered: impl Into<Shown>) {
        let place = place.to_owned();
        let (recorded, answered) = (recorded.into().0, answered.into().0);
        self.0.push(Difference { place, recorded, answered });
    }

    fn compare(&mut self, recorded: &Value, ours: &Value, place: &str, name: Option<&str>) {
        // A text that was cut says no more.
        if recorded.as_str().is_some_and(|text| text.ends_with('…')) {
            return;
        }
        match (recorded, ours) {
            (Value::Object(theirs), Value::Object(mine)) => {
                for (key, value) in theirs {
                    let place = format!("{place}.{key}");
                    match mine.get(key) {
                        Some(own) => self.compare(value, own, &place, Some(key)),
                        None => self.add(&place, short(value), "(absent)"),
                    }
                }
                for (key, value) in mine.iter().filter(|(key, _)| !theirs.contains_key(*key)) {
                    self.add(&format!("{place}.{key}"), "(absent)", short(value));
                }
            }
            (Value::Array(theirs), Value::Array(mine)) => self.compare_lists(theirs, mine, place),
            (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => {
                if recorded != ours {
                    self.add(place, short(recorded), short(ours));
                }
            }
            (Value::Number(_), Value::Number(_)) => {
                if name.is_some_and(|name| COUNTED.contains(&name)) && recorded != ours {
                    self.add(place, short(recorded), short(ours));
                }
            }
            (Value::Null, Value::Null) => {}
            _ => self.add(place, short(recorded), short(ours)),
        }
    }

    fn compare_lists(&mut self, recorded: &[Value], ours: &[Value], place: &str) {
        let (recorded, ours) = in_one_order(recorded, ours);
        let cut =
            recorded.last().and_then(Value::as_str).is_some_and(|text| text.starts_with("… "));
        let count = recorded.len() - usize::from(cut);
        if !cut && count != ours.len() {
            self.add(&format!("{place}.len"), count, ours.len());
        }
        for (index, (a, b)) in recorded.iter().take(count).zip(&ours).enumerate() {
            self.compare(a, b, &format!("{place}[{index}]"), None);
        }
    }
}

/// Sorts the build parameters of both sides, which Coder gives in any order.
fn in_one_order(recorded: &[Value], ours: &[Value]) -> (Vec<Value>, Vec<Value>) {
    let (mut recorded, mut ours) = (recorded.to_vec(), ours.to_vec());
    let is_parameter = |item: &Value| item.get("name").is_some() && item.get("value").is_some();
    if !recorded.is_empty() && recorded.iter().chain(&ours).all(is_parameter) {
        let name =
            |item: &Value| item.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        recorded.sort_by_key(name);
        ours.sort_by_key(name);
    }
    (recorded, ours)
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() < 160 {
        return text;
    }
    text.chars().take(157).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &Value) -> Answer {
        serde_json::from_value(json!({
            "label": "x", "status": 200, "headers": {}, "kind": "json", "body": body,
        }))
        .unwrap()
    }

    fn places(recorded: &Value, ours: &Value) -> Vec<String> {
        let found = differences(&answer(recorded), Some(&answer(ours)));
        found.into_iter().map(|difference| difference.place).collect()
    }

    #[test]
    fn keys_types_texts_and_numbers_that_mean_something_are_compared() {
        assert_eq!(places(&json!({ "a": 1 }), &json!({ "a": 2 })), [""; 0]);
        assert_eq!(places(&json!({ "count": 1 }), &json!({ "count": 2 })), ["$.count"]);
        assert_eq!(
            places(&json!({ "a": 1, "b": "x" }), &json!({ "c": 1, "b": "y" })),
            ["$.a", "$.b", "$.c"]
        );
        assert_eq!(places(&json!({ "a": null }), &json!({ "a": "" })), ["$.a"]);
        assert_eq!(places(&json!([1, 2]), &json!([1])), ["$.len"]);
    }

    #[test]
    fn what_was_cut_is_not_compared() {
        assert_eq!(places(&json!(["a", "… 12 more"]), &json!(["a", "b", "c"])), [""; 0]);
        assert_eq!(places(&json!("begins…"), &json!("begins and ends")), [""; 0]);
    }

    #[test]
    fn every_cookie_is_compared_with_its_attributes() {
        let answer = |cookie: &str| -> Answer {
            serde_json::from_value(json!({
                "label": "x", "status": 200, "headers": { "set-cookie": cookie }, "kind": "empty",
                "body": null,
            }))
            .unwrap()
        };
        let (lax, none) = (answer("csrf_token={v}; SameSite=Lax"), answer("csrf_token={v}"));
        assert_eq!(differences(&lax, Some(&lax)), []);
        let [found] = &differences(&lax, Some(&none))[..] else { panic!("one place differs") };
        assert_eq!(found.place, "header set-cookie");
    }

    #[test]
    fn build_parameters_have_no_order() {
        let (a, b) = (json!({ "name": "a", "value": "1" }), &json!({ "name": "b", "value": "2" }));
        assert_eq!(places(&json!([a, b]), &json!([b, a])), [""; 0]);
    }
}
