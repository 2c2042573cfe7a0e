//! The manual, the dashboard and the alert rules name the metrics that there are.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use coder_auth::store::{StoreConnections, StoreCounts};
use coder_auth::{AuthEvent, AuthEventKind};
use coder_core::{RequestName, TransportErrorKind};
use coder_portal::IndexState;
use http::{Method, StatusCode};
use jiff::Timestamp;

use super::Metrics;
use super::scrape::Now;
use crate::telemetry::outgoing::Outgoing;

/// Returns the text of a server that has done everything once.
fn text() -> String {
    let metrics = Metrics::new();
    for kind in AuthEventKind::ALL {
        metrics.count(&AuthEvent::new(kind).environment("production"));
    }
    drop(metrics.begin_request(&Method::GET));
    metrics.answered(&Method::GET, None, StatusCode::NOT_FOUND, Duration::from_millis(2));
    let outgoing = Outgoing {
        method: Method::GET,
        host: "coder.example.com".to_owned(),
        name: Some(RequestName::new("GetUser")),
    };
    metrics.asked(&outgoing, Err(TransportErrorKind::Timeout), Duration::from_secs(5));
    let now = Now {
        streams: 0,
        counts: Some(Some(StoreCounts::default())),
        connections: Some(StoreConnections::default()),
        index: Some(IndexState {
            is_answered: true,
            workspaces: 3,
            waiting: 2,
            unread: 1,
            listed_at: Some(Timestamp::UNIX_EPOCH),
        }),
    };
    metrics.text(now).unwrap()
}

/// Returns the names of all series, as a query spells them.
fn series(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

/// Returns the words of a file that look like names of metrics.
fn named(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let begins = ["coder_backstage_", "http_server_", "http_client_", "db_client_"];
    let is_metric = |word: &&str| begins.iter().any(|begin| word.starts_with(begin));
    // Labels are no metrics.
    words
        .filter(is_metric)
        .filter(|word| *word != "db_client_connection_state")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_text_is_that_of_open_metrics() {
    let text = text();
    // The order of the series of one metric is by chance.
    let described: String =
        text.lines().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(described);
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_there_are() {
    let known = series(&text());
    for file in ["monitoring/grafana.json", "monitoring/alerts.yaml"] {
        let named = named(file);
        assert!(named.len() > 5, "{file}: {named:?}");
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn the_manual_describes_each_metric_and_no_other() {
    let known: BTreeSet<String> = series(&text())
        .into_iter()
        .map(|name| {
            let of_histogram = ["_bucket", "_count", "_sum"];
            let is_duration = name.contains("_duration_seconds");
            let base = of_histogram.into_iter().find_map(|end| name.strip_suffix(end));
            base.filter(|_| is_duration).map_or(name.clone(), str::to_owned)
        })
        .collect();
    let described = named("operating.md");
    let missing: Vec<_> = known.difference(&described).collect();
    assert!(missing.is_empty(), "docs/operating.md does not describe {missing:?}");
    let unknown: Vec<_> = described.difference(&known).collect();
    assert!(unknown.is_empty(), "docs/operating.md describes {unknown:?}");
}

#[test]
fn dashboard_and_alerts_can_be_read_and_the_manual_says_what_to_do_about_each_alert() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring");
    let dashboard = std::fs::read_to_string(docs.join("grafana.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() >= 10);
    let alerts = std::fs::read_to_string(docs.join("alerts.yaml")).unwrap();
    let alerts = coder_config::yaml::document("alerts.yaml", &alerts).unwrap().to_json();
    let manual = std::fs::read_to_string(docs.join("../operating.md")).unwrap();
    let rules = alerts["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 8);
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(rule["expr"].is_string() && rule["labels"]["severity"].is_string(), "{rule}");
        assert!(rule["annotations"]["summary"].is_string(), "{rule}");
        assert!(manual.contains(&format!("`{name}`")), "the manual says nothing about {name}");
    }
}
