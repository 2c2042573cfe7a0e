//! Backstage's own readers of repository URLs, `git-url-parse` and `@backstage/integration`, agree
//! with ours, but for the texts that `repositories.deviations` lists with its reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use coder_config::{ConfigSources, Environment, Repository, ScmIntegrations};
use serde_json::Value;
use url::Url;

use crate::{PACKAGES, directory};

/// Reasons, each a line that begins with `# `, and below each the oracle and the text of every
/// answer that differs for it.
const DEVIATIONS: &str = include_str!("repositories.deviations");

#[test]
#[ignore = "needs Node.js 20 or newer with npm: cargo xtask test --only backstage"]
fn backstages_readers_of_repository_urls_agree_with_ours_but_for_the_listed_texts() {
    LazyLock::force(&PACKAGES);
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("../coder-config/tests/repositories");
    let integrations = integrations(&tables.join("integrations.json"));
    let answers = answers(&tables);
    assert!(answers.len() > 300, "{} texts", answers.len());
    let found: BTreeMap<_, _> =
        answers.iter().flat_map(|answer| differences(answer, &integrations)).collect();
    let listed: BTreeSet<_> = DEVIATIONS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(str::to_owned)
        .collect();
    let unlisted: Vec<_> = found
        .iter()
        .filter(|(line, _)| !listed.contains(*line))
        .map(|(line, answer)| format!("{line}\n    is {answer}"))
        .collect();
    assert!(unlisted.is_empty(), "these differ without a reason:\n{}", unlisted.join("\n"));
    let stale: Vec<_> = listed.iter().filter(|line| !found.contains_key(*line)).collect();
    assert!(stale.is_empty(), "these do not differ any more: {stale:#?}");
}

fn integrations(file: &Path) -> ScmIntegrations {
    let text = format!("integrations: {}", std::fs::read_to_string(file).unwrap());
    let files = BTreeMap::from([("app-config.yaml".to_owned(), text)]);
    let loaded = ConfigSources::new(&files, &Environment::default()).load().unwrap();
    ScmIntegrations::from_loaded(&loaded).unwrap()
}

/// Returns what Backstage's packages say about each text of the table.
fn answers(tables: &Path) -> Vec<Value> {
    let mut node = Command::new("node");
    node.arg("repositories.js").current_dir(directory());
    node.args(["table.txt", "integrations.json"].map(|file| tables.join(file)));
    let output = node.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the oracle and the text of each answer that is not ours, with the answer.
fn differences(answer: &Value, integrations: &ScmIntegrations) -> Vec<(String, String)> {
    let text = answer["text"].as_str().unwrap();
    let ours = Repository::from_url(text, integrations).unwrap();
    let is_ours = |url: &str| {
        let theirs = Repository::from_url(url, integrations);
        theirs.is_ok_and(|theirs| theirs == ours && ours.matches(url))
    };
    let mut differences = Vec::new();
    let mut told = |oracle: &str, answer: &Value, agrees: bool| {
        if !agrees {
            differences.push((format!("{oracle} {text}"), answer.to_string()));
        }
    };
    let parsed = &answer["gitUrlParse"];
    told("git-url-parse", parsed, parsed.as_str().is_some_and(is_ours));
    // An integration answers only for files.
    let read = &answer["integration"];
    told("integration", read, read.as_str().is_none_or(is_ours));
    // It knows the hosts of pages, of which SSH may have others.
    if let Ok(url) = Url::parse(text)
        && url.scheme().starts_with("http")
    {
        let ours = integrations.integration_of(&url).map(coder_config::Scm::config_key);
        told("system", &answer["system"], answer["system"].as_str() == ours);
    }
    differences
}
