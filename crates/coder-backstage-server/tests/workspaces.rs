//! `coder-backstage workspaces` prints who works on what, and what has no counterpart.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "other tests use more of it")]
mod serving;

use std::process::{Command, Stdio};

use coder_testkit::{FakeCoder, Fault};
use serde_json::Value;
use serving::House;
use tempfile::TempDir;

const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: { backstage.io/source-location: 'url:https://github.com/acme/payments' }
spec: { type: service, lifecycle: production, owner: pms }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ledger
  annotations: { backstage.io/source-location: 'url:https://github.com/acme/ledger' }
spec: { type: service, lifecycle: production, owner: pms }
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: { name: norepo }
spec: { type: service, lifecycle: production, owner: pms }
";

/// A portal whose Coder has one workspace of `payments`, and one with a slip in its repository.
struct Company {
    house: House,
    directory: TempDir,
    token: String,
}

impl Company {
    async fn new() -> Self {
        let house = House::new(FakeCoder::builder()).await;
        let dana = house.coder().add_user("dana");
        let now = house.coder().clock().now();
        for (name, repository) in
            [("pay", "git@github.com:acme/payments.git"), ("slip", "https://github.com/acme/leger")]
        {
            let new = house.coder().add_workspace(&dana, name).parameter("git_repo", repository);
            new.last_used_at(now).running().create();
        }
        let directory = tempfile::tempdir().unwrap();
        house.configure(directory.path(), "{ workspaces: { repoUrlParamKeys: [git_repo] } }");
        let catalog = "catalog: { locations: [{ type: file, target: ./catalog.yaml }] }\n";
        std::fs::write(directory.path().join("app-config.local.yaml"), catalog).unwrap();
        std::fs::write(directory.path().join("catalog.yaml"), CATALOG).unwrap();
        let token = dana.session_token.expose().to_owned();
        Self { house, directory, token }
    }

    /// Runs the command, and returns whether it succeeded, with its output and its errors.
    fn run(&self, arguments: &[&str], token: Option<&str>) -> (bool, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
        command.arg("workspaces").args(arguments).current_dir(&self.directory);
        for variable in ["RUST_LOG", "BACKSTAGE_ENV", "NODE_EXTRA_CA_CERTS", "CODER_SESSION_TOKEN"]
        {
            command.env_remove(variable);
        }
        if let Some(token) = token {
            command.env("CODER_SESSION_TOKEN", token);
        }
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    fn told(&self, arguments: &[&str]) -> String {
        let (succeeded, told, errors) = self.run(arguments, Some(&self.token));
        assert!(succeeded, "{errors}");
        told
    }
}

/// Returns the lines of a table, with one space between columns and without the times of use.
fn lines(table: &str) -> Vec<String> {
    let cells = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_moment = |word: &str| word.starts_with(|it: char| it.is_ascii_digit());
        words.into_iter().filter(|word| !is_moment(word)).collect::<Vec<_>>().join(" ")
    };
    table.lines().map(cells).filter(|line| !line.is_empty()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspaces_of_all_entities_are_a_table() {
    let company = Company::new().await;
    assert_eq!(
        lines(&company.told(&[])),
        [
            "ENTITY WORKSPACE STATUS TEMPLATE LAST USED (UTC)",
            "component:default/payments dana/pay running devcontainers",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_is_named_as_people_name_it_and_asked_for_alone() {
    let company = Company::new().await;
    company.house.coder().forget_requests();
    let json: Value = serde_json::from_str(&company.told(&["payments", "--json"])).unwrap();
    assert_eq!(json["workspaces"][0]["entity"], "component:default/payments");
    assert_eq!(json["workspaces"][0]["name"], "pay");
    assert_eq!(json["workspaces"].as_array().unwrap().len(), 1);
    assert_eq!(json["partial"], false);
    assert!(json["readAt"].is_string());
    assert_eq!(company.house.coder().requests().len(), 2, "a search, and the parameters");
    assert_eq!(lines(&company.told(&["Component:ledger"])).len(), 1, "nothing but the header");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_tells_what_has_no_counterpart_and_why() {
    let company = Company::new().await;
    assert_eq!(
        lines(&company.told(&["--report"])),
        [
            "ENTITIES WITHOUT WORKSPACES",
            "component:default/ledger",
            "WORKSPACES WITHOUT ENTITY REASON",
            "dana/slip no entity has the repository `https://github.com/acme/leger`; \
             `component:default/ledger` has `https://github.com/acme/ledger`: a name that is spelled \
             differently",
            "STALE WORKSPACES LAST USED (UTC)",
        ]
    );
    let json: Value = serde_json::from_str(&company.told(&["--report", "--json"])).unwrap();
    assert_eq!(json["workspacesWithoutEntity"][0]["nearMiss"]["difference"], "name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_told_with_what_to_do() {
    let company = Company::new().await;
    for (arguments, token, expected) in [
        (&["payments"][..], None, "set `CODER_SESSION_TOKEN` to a token of a user of Coder"),
        (
            &["nobody"],
            Some(company.token.as_str()),
            "the catalog has no entity `component:default/nobody`",
        ),
        (
            &["norepo"],
            Some(company.token.as_str()),
            "no workspace belongs to `component:default/norepo`",
        ),
        (&["a:b:c/d/e"], Some(company.token.as_str()), "the catalog has no entity `a:b:c/d/e`"),
        (
            &[],
            Some("wrong-token"),
            "Coder refuses the token in `CODER_SESSION_TOKEN`; set it to a token that is valid",
        ),
    ] {
        let (succeeded, told, errors) = company.run(arguments, token);
        assert!(!succeeded, "{told}");
        assert!(errors.contains(expected), "{errors}");
        assert!(!errors.contains("wrong-token"), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_does_not_answer_ends_the_command_with_the_reason() {
    let company = Company::new().await;
    company.house.coder().fail_next(Fault::rate_limited(3_000));
    let (succeeded, told, errors) = company.run(&[], Some(&company.token));
    assert!(!succeeded && told.is_empty(), "{told}");
    assert!(errors.contains("Coder does not tell its workspaces; try again later"), "{errors}");
    assert!(errors.contains("3000 seconds"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_is_part_of_the_json() {
    let company = Company::new().await;
    let broken = Fault::api_error(http::StatusCode::FORBIDDEN, "it is \u{9b}2J not yours");
    company.house.coder().fail_next(broken.on("/api/v2/workspacebuilds/").times(2));
    let told = company.told(&["--report", "--json"]);
    let json: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["partial"], true);
    assert!(json["notices"][0].as_str().unwrap().contains("could not be read"), "{told}");
    assert!(!told.contains('\u{9b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_reading_the_table_makes_no_mistake_but_other_output_must_arrive() {
    let company = Company::new().await;
    let run = |arguments: &[&str]| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
        command.args(arguments).current_dir(&company.directory);
        command.env("CODER_SESSION_TOKEN", &company.token).env_remove("BACKSTAGE_ENV");
        command.stdout(writer).stderr(Stdio::null()).status().unwrap().success()
    };
    assert!(run(&["workspaces"]));
    assert!(!run(&["config", "print"]));
}
