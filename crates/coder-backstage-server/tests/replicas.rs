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
use coder_testkit::{Answer, FakeCoder, FakeUser, Fault, Version};
use futures_util::future::join_all;
use http::header::HeaderName;
use serde_json::Value;
use serving::{House, Process};
use sqlx::PgConnection;
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
        let setting = Self { house, directory };
        setting.configure(database, "");
        setting
    }

    /// Writes the configuration of all processes, with this part of the section `coder`.
    fn configure(&self, database: &Secret, part: &str) {
        let (key, url) = ("6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga", database.expose());
        let store = format!("{{ type: postgres, url: '{url}' }}");
        let coder = format!("{{ session: {{ keys: [{key}], store: {store} }}, {part} }}");
        self.house.configure(self.directory.path(), &coder);
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

const TOKEN_HEADER: HeaderName = HeaderName::from_static("coder-session-token");

/// Asks a process for the workspaces of its index until there are so many, and it has read them all.
async fn workspaces(process: &Process, user: &FakeUser, count: usize) {
    let whole = async {
        loop {
            let request = http::Request::get("/api/coder/v1/index/workspaces")
                .header(TOKEN_HEADER, user.session_token.expose());
            let answer = Answer::to(process, request, bytes::Bytes::new()).await;
            let list: &Value = answer.json();
            if list["count"] == count && list["partial"] == false {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Long, for a busy machine.
    tokio::time::timeout(Duration::from_secs(60), whole).await.unwrap();
}

/// Waits until the index that processes share has a workspace of this name.
async fn saved(database: &mut PgConnection, name: &str) {
    let saved = async {
        loop {
            let query = "SELECT saved FROM coder_auth_snapshots WHERE saved IS NOT NULL";
            let row = sqlx::query_scalar::<_, Vec<u8>>(query).fetch_optional(&mut *database);
            let saved = String::from_utf8(row.await.unwrap().unwrap_or_default()).unwrap();
            if saved.contains(&format!("\"name\":\"{name}\"")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), saved).await.unwrap();
}

/// Lets the time of a lease go by: two minutes, by the clock of the database.
async fn end_lease(database: &mut PgConnection) {
    let end = "UPDATE coder_auth_snapshots SET leased_until = leased_until - INTERVAL '2 minutes'";
    sqlx::raw_sql(end).execute(database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_reads_the_index_for_both_and_when_it_is_gone_the_other_one_does() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let setting = Setting::on(&database.url()).await;
    let coder = setting.house.coder();
    let (service, alice) = (coder.add_owner("service"), coder.add_user("alice"));
    let token = service.session_token.expose();
    let index = format!("index: {{ token: '{token}', visibility: everyone }}");
    setting.configure(&database.url(), &index);
    let mut connection = database.connection().await;
    let add = |name: &str| {
        coder.add_workspace(&alice, name).running().create();
    };
    // What the service account asks is what the index costs.
    let asked = |path: &str| {
        let requests = coder.requests();
        let of_index = requests
            .iter()
            .filter(|request| request.headers.get(TOKEN_HEADER).is_some_and(|sent| sent == token));
        of_index.filter(|request| request.path.ends_with(path)).count()
    };

    add("one");
    let reader = setting.process();
    workspaces(&reader, &alice, 1).await;
    assert_eq!((asked("/workspaces"), asked("/parameters")), (1, 1));
    saved(&mut connection, "one").await;
    let other = setting.process();
    workspaces(&other, &alice, 1).await;
    assert_eq!((asked("/workspaces"), asked("/parameters")), (1, 1), "the other one has loaded it");

    reader.kill();
    add("two");
    assert_eq!(asked("/workspaces"), 1, "the lease of the dead lasts");
    end_lease(&mut connection).await;
    workspaces(&other, &alice, 2).await;
    assert_eq!((asked("/workspaces"), asked("/parameters")), (2, 2), "no build is read again");

    // A process that is asked to stop gives its lease back.
    saved(&mut connection, "two").await;
    let next = setting.process();
    workspaces(&next, &alice, 2).await;
    add("three");
    other.terminate();
    other.ended();
    workspaces(&next, &alice, 3).await;
    assert_eq!(asked("/parameters"), 3);
}
