//! An answer, with placeholders: what is recorded, and what is compared.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::page;
use crate::placeholders::Placeholders;

/// The answer to one request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// The name of the request.
    pub label: String,
    /// The status; 0 when there was no answer.
    pub status: u16,
    /// The headers that are looked at, repeats joined.
    pub headers: BTreeMap<String, String>,
    /// The form of the body.
    pub kind: BodyKind,
    /// The body of the answer.
    pub body: Value,
    /// The request that it answers.
    #[serde(default)]
    pub request: Request,
}

/// A request, as it is shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method of the request.
    pub method: String,
    /// Path and query, with placeholders.
    pub path: String,
}

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BodyKind {
    /// A document of JSON.
    Json,
    /// A page: of it there are forms and inputs.
    Html,
    /// A text of another form.
    Text,
    /// The messages of a WebSocket.
    Ws,
    /// A stream of server-sent events.
    Sse,
    /// An answer without a body.
    Empty,
    /// There was no answer.
    Broken,
}

/// The headers that are looked at.
pub(crate) const HEADERS: &[&str] = &[
    "content-type",
    "www-authenticate",
    "cache-control",
    "pragma",
    "set-cookie",
    "location",
    "content-security-policy",
    "x-frame-options",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "retry-after",
    "x-content-type-options",
    "referrer-policy",
    "x-ratelimit-limit",
    "x-accel-buffering",
    "vary",
    "upgrade",
    "clear-site-data",
];

/// Texts that are longer are cut.
const TEXT: usize = 400;

/// Returns the headers that are looked at, with placeholders.
pub(crate) fn headers(
    headers: &HeaderMap,
    placeholders: &Placeholders,
) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    for name in HEADERS {
        let mut values: Vec<String> = headers
            .get_all(*name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        if values.is_empty() {
            continue;
        }
        match *name {
            "set-cookie" => values.iter_mut().for_each(|value| *value = without_value(value)),
            "allow" => values.sort(),
            _ => {}
        }
        let mut text = placeholders.text(&values.join(" || "));
        if *name == "content-security-policy" {
            let mut parts: Vec<&str> =
                text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
            parts.sort_unstable();
            text = parts.join("; ");
        }
        shown.insert((*name).to_owned(), text);
    }
    shown
}

/// Returns a `Set-Cookie` with its value left out.
fn without_value(cookie: &str) -> String {
    match cookie.split_once('=') {
        Some((name, rest)) => {
            let attributes = rest.find(';').and_then(|end| rest.get(end..)).unwrap_or_default();
            format!("{name}={{v}}{attributes}")
        }
        None => cookie.to_owned(),
    }
}

/// Reads a body by its content type, with placeholders.
pub(crate) fn body(
    bytes: &[u8],
    content_type: &str,
    placeholders: &Placeholders,
) -> (BodyKind, Value) {
    if bytes.is_empty() {
        return (BodyKind::Empty, Value::Null);
    }
    let text = String::from_utf8_lossy(bytes);
    let cut = || Value::String(placeholders.text(&text.chars().take(TEXT).collect::<String>()));
    if content_type.contains("json") {
        return match serde_json::from_str::<Value>(&text) {
            Ok(json) => (BodyKind::Json, placeholders.json(&json)),
            Err(_) => (BodyKind::Text, cut()),
        };
    }
    if content_type.contains("html") {
        let page = page::read(&text);
        let shown = json!({ "forms": placeholders.json(&page.forms), "inputs": placeholders.json(&page.inputs) });
        return (BodyKind::Html, shown);
    }
    (BodyKind::Text, cut())
}
