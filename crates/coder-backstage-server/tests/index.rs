//! The server reads the index of a service account, and has it again after a restart.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{Answer, FakeCoder, FakeUser, Fault};
use serde_json::Value;
use serving::{House, Process};

const FILE: &str = "coder-backstage-index.json";

struct Setting {
    house: House,
    directory: tempfile::TempDir,
    alice: FakeUser,
    token: String,
}

impl Setting {
    async fn new() -> Self {
        let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
        let coder = house.coder();
        let (service, alice) = (coder.add_owner("service"), coder.add_user("alice"));
        coder.add_workspace(&alice, "hers").running().create();
        coder.add_workspace(&service, "other").running().create();
        let directory = tempfile::tempdir().unwrap();
        let token = service.session_token.expose().to_owned();
        std::fs::write(directory.path().join("token.txt"), &token).unwrap();
        house.configure(
            directory.path(),
            "{ index: { token: { $file: token.txt }, requestsPerMinute: 100 } }",
        );
        Self { house, directory, alice, token }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn start(&self) -> Process {
        Process::start(self.path(), |_| {})
    }

    /// Asks for the list until the answer is as it should be.
    async fn list(&self, process: &Process, is_right: impl Fn(&Value) -> bool) -> Value {
        loop {
            let request = http::Request::get("/api/coder/v1/index/workspaces")
                .header("coder-session-token", self.alice.session_token.expose());
            let answer = Answer::to(process, request, bytes::Bytes::new()).await;
            if is_right(answer.json()) {
                return answer.json().clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_warm_while_coder_is_away_and_no_file_or_log_holds_the_token() {
    let setting = Setting::new().await;
    let first = setting.start();
    let is_whole = |list: &Value| list["partial"] == false;
    let list = setting.list(&first, is_whole).await;
    assert_eq!((&list["count"], &list["scope"]), (&1.into(), &"own".into()));
    let saved = setting.path().join(FILE);
    serving::until(|| saved.exists()).await;
    let log = first.log();
    first.kill();
    let text = std::fs::read_to_string(&saved).unwrap();
    assert!(!text.contains(&setting.token) && !log.contains(&setting.token));

    let away = Fault::rate_limited(3_000).times(1_000).on("/api/v2/workspaces");
    setting.house.coder().fail_next(away);
    let second = setting.start();
    let list = setting.list(&second, |list| list["count"] == 1).await;
    assert_eq!(list["notices"][0], "coder does not tell its workspaces at present");
    assert!(second.log().contains("the index of workspaces is not kept up to date"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_told_to_the_log_and_read_anew() {
    let setting = Setting::new().await;
    let first = setting.start();
    setting.list(&first, |list| list["partial"] == false).await;
    let saved = setting.path().join(FILE);
    serving::until(|| saved.exists()).await;
    first.kill();
    let mut text = std::fs::read(&saved).unwrap();
    text.truncate(text.len() - 5);
    std::fs::write(&saved, text).unwrap();
    let second = setting.start();
    let list = setting.list(&second, |list| list["partial"] == false).await;
    assert_eq!(list["count"], 1);
    assert!(second.log().contains("the saved index cannot be read"), "{}", second.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_tells_whether_coder_takes_the_token_and_whose_workspaces_it_reads() {
    let setting = Setting::new().await;
    let told = || {
        let mut check = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
        check.args(["check", "--json"]).current_dir(setting.path());
        for variable in ["RUST_LOG", "BACKSTAGE_ENV", "NODE_EXTRA_CA_CERTS"] {
            check.env_remove(variable);
        }
        let output = check.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        let of_index = findings.into_iter().find(|finding| finding["question"] == "index").unwrap();
        let text = |key: &str| of_index[key].as_str().unwrap().to_owned();
        (text("verdict"), text("text"))
    };
    let (verdict, text) = told();
    assert_eq!(verdict, "good");
    assert_eq!(text, "the user `service` reads the workspaces of everybody");
    let token = setting.path().join("token.txt");
    std::fs::write(&token, setting.alice.session_token.expose()).unwrap();
    let (verdict, text) = told();
    assert_eq!(verdict, "notice", "{text}");
    std::fs::write(&token, "wrong-wrong").unwrap();
    let (verdict, text) = told();
    assert_eq!(verdict, "wrong", "{text}");
    assert!(!text.contains("wrong-wrong"), "{text}");
}
