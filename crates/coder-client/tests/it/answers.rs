//! The answers of real Coders that stand in `coder-conformance/recorded`.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::support::{Answer, answer};

/// An answer that a release of Coder gave.
pub(crate) struct Recorded {
    /// Like `2.36.0/api: keys/make-dup`.
    pub(crate) name: String,
    pub(crate) release: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// Returns the answer as it came.
    pub(crate) fn answer(&self) -> Answer {
        let version = format!("v{}+f00", self.release);
        let mut headers = vec![("x-coder-build-version", version.as_str())];
        headers.extend(self.content_type.as_deref().map(|value| ("content-type", value)));
        answer(self.status, &headers, self.body.clone())
    }
}

/// A sequence of requests: `api.json` and its neighbours.
#[derive(Deserialize)]
struct Sequence {
    version: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    label: String,
    request: Sent,
    status: u16,
    kind: String,
    body: Value,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
}

/// One answer to an operation: `operations/…`, `live/…`.
#[derive(Deserialize)]
struct Single {
    method: String,
    path: String,
    status: u16,
    content_type: Option<String>,
    body: Value,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../coder-conformance/recorded")
}

/// Returns every answer of every release.
pub(crate) fn all() -> Vec<Recorded> {
    let mut all = Vec::new();
    for release in list(&directory()).into_iter().filter(|path| path.is_dir()) {
        for path in list(&release) {
            if path.is_dir() {
                all.extend(list(&path).iter().map(|path| single(path)));
            } else {
                all.extend(sequence(&path));
            }
        }
    }
    all
}

/// Returns the answer to one operation, like `2.24.6/operations/GetUser.none`.
pub(crate) fn one(name: &str) -> Recorded {
    single(&directory().join(format!("{name}.json")))
}

/// Returns an answer in one of the sequences, like `2.36.0/api` and `keys/make-dup`.
pub(crate) fn labelled(sequence_name: &str, label: &str) -> Recorded {
    let name = format!("{sequence_name}: {label}");
    let all = sequence(&directory().join(format!("{sequence_name}.json")));
    all.into_iter().find(|recorded| recorded.name == name).expect(label)
}

fn list(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn single(path: &Path) -> Recorded {
    let name = name(path);
    let Single { method, path, status, content_type, body } = read(path);
    let release = name.split('/').next().unwrap().to_owned();
    let is_json = content_type.as_deref().is_none_or(|value| value.contains("json"));
    let body = if is_json { serde_json::to_vec(&body).unwrap() } else { text(&body) };
    Recorded { name, release, method, path, status, content_type, body }
}

fn sequence(path: &Path) -> Vec<Recorded> {
    let file = name(path);
    let Sequence { version, entries } = read(path);
    let release = version.trim_start_matches('v').to_owned();
    let recorded = |entry: Entry| {
        let (content_type, body) = match entry.kind.as_str() {
            "json" => (Some("application/json"), serde_json::to_vec(&entry.body).unwrap()),
            "html" => (Some("text/html"), b"<!doctype html>".to_vec()),
            "empty" => (None, Vec::new()),
            "text" | "ws" | "sse" => (Some("text/plain"), text(&entry.body)),
            kind => panic!("{kind}"),
        };
        Recorded {
            name: format!("{file}: {}", entry.label),
            release: release.clone(),
            method: entry.request.method,
            path: entry.request.path,
            status: entry.status,
            content_type: content_type.map(str::to_owned),
            body,
        }
    };
    entries.into_iter().map(recorded).collect()
}

fn text(body: &Value) -> Vec<u8> {
    body.as_str().unwrap_or_default().as_bytes().to_vec()
}

fn name(path: &Path) -> String {
    let name = path.strip_prefix(directory()).unwrap().with_extension("");
    name.to_str().unwrap().to_owned()
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> T {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
