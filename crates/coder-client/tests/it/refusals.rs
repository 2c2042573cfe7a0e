//! Every refusal that was recorded at a real Coder means what it says.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use coder_client::{Client, ClientError, Operation};
use coder_core::{DeploymentUrl, RetryPolicy};
use futures_executor::block_on;
use http::{Method, Request, Response};

use crate::answers::{self, Recorded};
use crate::support::Script;

/// A request as it was recorded; its answer is read as JSON.
struct Sent<'a>(&'a Recorded);

impl Operation for Sent<'_> {
    type Output = serde_json::Value;

    fn request(&self, deployment: &DeploymentUrl) -> Result<Request<Bytes>, ClientError> {
        let path = self.0.path.split('?').next().unwrap();
        let url = deployment.endpoint(path.trim_start_matches('/').split('/'));
        let method = Method::from_bytes(self.0.method.as_bytes()).unwrap();
        Ok(Request::builder().method(method).uri(url.as_str()).body(Bytes::new()).unwrap())
    }

    fn parse(&self, response: Response<Bytes>) -> Result<serde_json::Value, ClientError> {
        coder_client::read_json(&response)
    }
}

fn client(recorded: &Recorded) -> Client {
    Script::new([recorded.answer()]).client().with_retry(RetryPolicy::NEVER)
}

pub(crate) fn error_of(recorded: &Recorded) -> ClientError {
    block_on(client(recorded).send(&Sent(recorded))).expect_err(&recorded.name)
}

/// Returns all that an error says about itself, in one line.
fn meaning(error: &ClientError) -> String {
    let conflict = error.conflict().map(|conflict| format!("{conflict:?}"));
    let predicates = [
        ("unauthorized", error.is_unauthorized()),
        ("forbidden", error.is_forbidden()),
        ("not found", error.is_not_found()),
        ("unsupported", error.is_unsupported()),
        ("gone", error.is_gone()),
        ("too late", error.is_too_late()),
        ("outcome unknown", error.is_outcome_unknown()),
    ];
    let said = predicates.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name.to_owned());
    said.chain(conflict).collect::<Vec<_>>().join(", ")
}

/// Returns what was said, without what differs from run to run.
fn text(recorded: &Recorded) -> String {
    let body: serde_json::Value = serde_json::from_slice(&recorded.body).unwrap_or_default();
    let of = |name: &str| body.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let said = match (of("message"), of("error")) {
        ("", "") => "(no JSON)",
        ("", code) => code,
        (message, _) => message,
    };
    let said = said.split(" (status = ").next().unwrap();
    // What a message quotes is of the run.
    let mut quoted = false;
    let unquoted = said.chars().filter(|character| {
        quoted ^= *character == '"';
        !quoted || *character == '"'
    });
    let detail = match of("detail") {
        detail if detail.contains("rbac: forbidden") => " [rbac: forbidden]",
        detail if detail.contains("sql: no rows") => " [sql: no rows]",
        _ => "",
    };
    unquoted.collect::<String>() + detail
}

#[test]
fn every_recorded_refusal_is_classified() {
    let mut kinds: BTreeMap<(u16, String), BTreeSet<String>> = BTreeMap::new();
    for recorded in answers::all().iter().filter(|recorded| recorded.status >= 400) {
        let error = error_of(recorded);
        kinds.entry((recorded.status, meaning(&error))).or_default().insert(format!(
            "{}{}",
            if recorded.method == "GET" { "GET " } else { "" },
            text(recorded)
        ));
    }
    let mut table = String::new();
    for ((status, meaning), said) in kinds {
        // A request that was wrong in itself: there are too many ways to tell them all.
        if status == 400 && meaning.is_empty() {
            continue;
        }
        table += &format!("{status} {meaning}\n");
        said.iter().for_each(|said| table += &format!("    {said}\n"));
    }
    insta::assert_snapshot!(table);
}
