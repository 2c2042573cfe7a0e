//! Mistakes about a real PostgreSQL, and administration on one.
//!
//! Left out of a plain `cargo test` (`test = false`), since not every machine has a PostgreSQL;
//! `cargo xtask test` installs one and runs it.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[path = "../../coder-auth-sqlx/tests/support/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "other tests use more of it")]
mod serving;

use std::path::Path;
use std::process::{Command, Stdio};

use cluster::{Cluster, WITH_PASSWORD};
use coder_testkit::FakeCoder;
use http::StatusCode;
use serving::{House, Process};

const KEY: &str = "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga";
const PASSWORD: &str = "swordfish";

/// Writes a portal whose sessions are kept at this URL.
fn configure(house: &House, directory: &Path, url: &str) {
    let coder =
        format!("{{ session: {{ keys: [{KEY}], store: {{ type: postgres, url: '{url}' }} }} }}");
    house.configure(directory, &coder);
}

/// Runs a command to its end; returns whether it succeeds, and all that it prints and logs.
fn run(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coder-backstage"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    for variable in ["STATE_DIRECTORY", "RUST_LOG", "BACKSTAGE_ENV", "NODE_EXTRA_CA_CERTS"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    assert!(!told.contains(PASSWORD), "the password is told: {told}");
    (output.status.success(), told)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_about_postgresql_is_told_by_the_check_with_what_to_do() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let mut connection = database.connection().await;
    let roles = format!(
        "CREATE ROLE {WITH_PASSWORD} LOGIN PASSWORD 'another';
         CREATE ROLE powerless LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(roles)).execute(&mut connection).await.unwrap();
    let address = database.tcp_address();
    let right = database.tcp_url("127.0.0.1", "").expose().trim_end_matches('?').to_owned();
    let user = |name: &str| right.replace("portal@", &format!("{name}@"));
    let name = right.rsplit('/').next().unwrap().to_owned();
    let certificate = cluster.certificate().expect("`openssl` makes the server's certificate");
    let verified = database.tcp_url("localhost", "sslmode=verify-full").expose().to_owned();

    let house = House::new(FakeCoder::builder()).await;
    let directory = tempfile::tempdir().unwrap();
    let check = |url: &str| {
        configure(&house, directory.path(), url);
        run(directory.path(), &["check"])
    };
    let wrong_password = user(&format!("{WITH_PASSWORD}:{PASSWORD}"));
    for (row, url, words) in [
        ("16, the password", &wrong_password, ["password authentication failed", "`pg_hba.conf`"]),
        ("16, the database", &right.replace(&name, "nowhere"), ["does not exist", "`createdb`"]),
        ("16, the rights", &user("powerless"), ["permission denied", "`coder-backstage migrate`"]),
        (
            "16, the port",
            &right.replace(&address, "127.0.0.1:9"),
            ["refused", "correct host and port"],
        ),
        ("16b", &verified, ["certificate", "`sslrootcert=`"]),
    ] {
        let (is_good, told) = check(url);
        let line = told.lines().find(|line| words.iter().all(|word| line.contains(word)));
        assert!(!is_good && line.is_some(), "{row}: {told}");
        assert!(line.unwrap().contains("coder.session.store"), "{row}: {told}");
    }
    let (_, told) = check(&format!("{verified}&sslrootcert={}", certificate.display()));
    assert!(told.contains("PostgreSQL opens"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_ends_sessions_and_forgets_a_person_beside_two_replicas() {
    let cluster = Cluster::shared();
    let house = House::new(FakeCoder::builder()).await;
    let directory = tempfile::tempdir().unwrap();
    configure(&house, directory.path(), cluster.schema().await.expose());
    let [one, two] = [(), ()].map(|()| Process::start(directory.path(), |_| {}));
    let (alice, bob) = (house.coder().add_user("alice"), house.coder().add_user("bob"));
    let of_alice = house.signed_in(&one, &alice).await;
    let of_bob = house.signed_in(&two, &bob).await;

    let (is_good, told) = run(directory.path(), &["sessions", "end", "--user", "alice", "--yes"]);
    assert!(is_good && told.contains("1 session ended"), "{told}");
    assert_eq!(of_alice.refresh(&two).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&alice), 0);
    assert_eq!(of_bob.refresh(&one).await.status(), StatusCode::OK);
    let (is_good, told) = run(directory.path(), &["people", "forget", "bob", "--yes"]);
    assert!(is_good && told.contains("`bob` is forgotten: 1 session ended"), "{told}");
    assert_eq!(of_bob.refresh(&one).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&bob), 0);
}
