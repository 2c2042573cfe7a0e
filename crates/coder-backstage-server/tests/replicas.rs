//! Two server processes on one PostgreSQL are one portal.
//!
//! Left out of a plain `cargo test` (`test = false`), since not every machine has a PostgreSQL;
//! `cargo xtask test` installs one and runs it.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "other tests use more of it")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use cluster::Cluster;
use coder_core::{Secret, SystemClock};
use coder_testkit::{FakeCoder, Fault, Version};
use futures_util::future::join_all;
use serving::{House, Process};
use tempfile::TempDir;

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECONDS: Duration = Duration::from_secs(3);

/// A Coder whose tokens live for seconds, until its administrator lets them live for a day.
struct Setting {
    house: House,
    directory: TempDir,
}

impl Setting {
    async fn on(database: &Secret) -> Self {
        let coder = FakeCoder::builder().version(Version::V2_29).session_lifetime(SECONDS);
        let house = House::new(coder.clock(Arc::new(SystemClock))).await;
        let directory = tempfile::tempdir().unwrap();
        let (key, url) = ("6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga", database.expose());
        let store = format!("{{ type: postgres, url: '{url}' }}");
        let coder = format!("{{ session: {{ keys: [{key}], store: {store} }} }}");
        house.configure(directory.path(), &coder);
        Self { house, directory }
    }

    fn process(&self) -> Process {
        Process::start(self.directory.path(), |_| {})
    }

    /// Lets tokens that Coder makes from now on live for a day, and waits until the one that
    /// somebody holds has died.
    async fn lengthen_sessions(&self, token: &str) {
        self.house.coder().set_session_lifetime(DAY);
        while self.house.coder().is_live(token) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn token_requests(&self) -> usize {
        self.house.coder().count("POST", "/oauth2/tokens")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_refreshes_at_two_processes_cause_one_rotation_and_fifty_good_answers() {
    let cluster = Cluster::shared();
    let setting = Setting::on(&cluster.schema().await).await;
    let (one, two) = (setting.process(), setting.process());
    let alice = setting.house.coder().add_user("alice");
    let browser = setting.house.signed_in(&one, &alice).await;
    let token = browser.refresh(&one).await.access_token().to_owned();
    setting.lengthen_sessions(&token).await;
    let before = setting.token_requests();
    let refreshes = (0..50).map(|n| {
        let process = if n % 2 == 0 { &one } else { &two };
        async { browser.refresh(process).await.access_token().to_owned() }
    });
    let tokens = join_all(refreshes).await;
    assert_eq!(setting.token_requests() - before, 1);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "one pair for everybody");
    assert!(setting.house.coder().is_live(&tokens[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_process_is_killed_with_coders_answer_the_next_login_revives_every_session() {
    let cluster = Cluster::shared();
    let setting = Setting::on(&cluster.schema().await).await;
    let (victim, survivor) = (setting.process(), setting.process());
    let house = &setting.house;
    let alice = house.coder().add_user("alice");
    let browsers =
        [house.signed_in(&victim, &alice).await, house.signed_in(&survivor, &alice).await];
    let token = browsers[0].refresh(&victim).await.access_token().to_owned();
    setting.lengthen_sessions(&token).await;

    // Coder has made a new pair and killed the old one; half of its answer has arrived.
    house.coder().fail_next(Fault::body_stalls().on("/oauth2/tokens"));
    let before = setting.token_requests();
    let refresh = browsers[0].refresh(&victim);
    let rotated = async {
        while setting.token_requests() == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = refresh => panic!("there is nothing to answer with"),
        () = rotated => {}
    }
    victim.kill();

    let revived = house.signed_in(&survivor, &alice).await;
    let token = revived.refresh(&survivor).await.access_token().to_owned();
    for browser in &browsers {
        assert_eq!(browser.refresh(&survivor).await.access_token(), token);
    }
    assert!(house.coder().is_live(&token));
}
