//! PostgreSQL keeps what the trait promises, and replicas share it.
//!
//! Ignored by a plain `cargo test`, since not every machine has a PostgreSQL; `cargo xtask test`
//! installs one and runs it.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test may panic anywhere"
)]

#[path = "support/cluster.rs"]
mod cluster;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use cluster::{Cluster, Database};
use coder_auth::CoderAuth;
use coder_auth::store::AuthStore;
use coder_auth_sqlx::{PostgresAuthStore, PostgresSnapshot, SqlStoreError};
use coder_core::{Body, Secret, Transport, TransportError};
use coder_testkit::{Browser, FakeCoder, TestPortal};
use coder_workspaces::index::{IndexStore, IndexStoreError};
use futures_util::future::{join, join_all, pending};
use http::{Request, Response, StatusCode};
use jiff::SignedDuration;
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

const DAY: Duration = Duration::from_secs(24 * 3600);

coder_testkit::auth_store_tests!(
    tokio::test, ignore = "needs PostgreSQL: cargo xtask test --only postgres" => {
        let cluster = Cluster::shared();
        let url = cluster.database().await.url();
        async move || {
            let _running = &cluster;
            Arc::new(PostgresAuthStore::connect(url.clone(), 5).await.unwrap()) as Arc<dyn AuthStore>
        }
    }
);

/// Connects a pool of its own, as every process has.
async fn connect(database: &Database<'_>, max_connections: u32) -> Arc<dyn AuthStore> {
    Arc::new(PostgresAuthStore::connect(database.url(), max_connections).await.unwrap())
}

/// Makes a portal process like the others.
async fn replica(house: &TestPortal, name: &str, database: &Database<'_>) -> CoderAuth {
    house.process(name, connect(database, 2).await, house.coder.clone())
}

fn token_requests(house: &TestPortal) -> usize {
    house.coder.count("POST", "/oauth2/tokens")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn fifty_refreshes_at_two_replicas_cause_one_rotation_and_fifty_good_answers() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let house = TestPortal::default();
    let replicas =
        [replica(&house, "one", &database).await, replica(&house, "two", &database).await];
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&replicas[0], &alice).await;
    house.clock.advance(DAY);
    let before = token_requests(&house);
    let refreshes = (0..50).map(|n| {
        let (browser, replica) = (browser.clone(), replicas[n % 2].clone());
        tokio::spawn(async move { browser.refresh(&replica).await })
    });
    let answers = join_all(refreshes).await;
    let tokens: Vec<String> =
        answers.into_iter().map(|answer| answer.unwrap().access_token().to_owned()).collect();
    assert_eq!(token_requests(&house) - before, 1);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "one pair for everybody");
    assert!(house.coder.is_live(&tokens[0]));
}

/// Door to Coder that asks the store something before every request.
struct StoreIsFree {
    coder: FakeCoder,
    store: Arc<dyn AuthStore>,
}

#[async_trait::async_trait]
impl Transport for StoreIsFree {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        self.store.signing_keys().await.unwrap();
        self.coder.send(request).await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn no_connection_is_held_while_coder_is_asked() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let house = TestPortal::default();
    // Whoever held the one connection would wait for themselves.
    let store = connect(&database, 1).await;
    let transport = StoreIsFree { coder: house.coder.clone(), store: store.clone() };
    let portal = house.process("portal", store, transport);
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&portal, &alice).await;
    house.clock.advance(DAY);
    let before = token_requests(&house);
    assert_eq!(browser.refresh(&portal).await.status(), StatusCode::OK);
    assert_eq!(token_requests(&house) - before, 1);
}

/// A network behind which the process dies as soon as Coder has answered with new tokens.
struct DiesAfterRotation {
    coder: FakeCoder,
    rotated: Arc<Notify>,
}

#[async_trait::async_trait]
impl Transport for DiesAfterRotation {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let rotates = request.uri().path() == "/oauth2/tokens";
        let answer = self.coder.send(request).await;
        if rotates {
            self.rotated.notify_one();
            pending::<()>().await;
        }
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn when_a_replica_dies_with_coders_answer_the_next_login_revives_every_session() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let house = TestPortal::default();
    let survivor = replica(&house, "survivor", &database).await;
    let alice = house.coder.add_user("alice");
    let browsers =
        [house.signed_in(&survivor, &alice).await, house.signed_in(&survivor, &alice).await];
    house.clock.advance(DAY);

    // A runtime of its own, with everything on it, is as good as a process.
    let process = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let rotated = Arc::new(Notify::new());
    let transport = DiesAfterRotation { coder: house.coder.clone(), rotated: rotated.clone() };
    let store = Arc::new(PostgresAuthStore::connect(database.url(), 2).await.unwrap());
    let portal = {
        let _inside = process.enter();
        house.process("victim", store, transport)
    };
    let browser = browsers[0].clone();
    process.spawn(async move { browser.refresh(&portal).await });
    rotated.notified().await;
    process.shutdown_background();

    // The dead process' lease expires; nobody has the new pair, and the old one is dead.
    house.clock.advance(Duration::from_secs(60));
    for browser in &browsers {
        assert_eq!(browser.refresh(&survivor).await.status(), StatusCode::UNAUTHORIZED);
    }
    let revived = house.signed_in(&survivor, &alice).await;
    let token = revived.refresh(&survivor).await.access_token().to_owned();
    for browser in &browsers {
        assert_eq!(browser.refresh(&survivor).await.access_token(), token);
    }
    assert!(house.coder.is_live(&token));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn a_login_that_one_replica_has_started_another_one_finishes() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let house = TestPortal::default();
    let one = replica(&house, "one", &database).await;
    let two = replica(&house, "two", &database).await;
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let authorize = browser.start(&one).await;
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    let thief = browser.clone();
    browser.call_back(&two, &callback).await;
    let token = browser.refresh(&one).await.access_token().to_owned();

    // The attempt is used, wherever it is tried again.
    let mut replay = thief;
    replay.call_back(&one, &callback).await;
    assert_eq!(replay.refresh(&one).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(browser.refresh(&two).await.access_token(), token);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn replicas_that_start_at_once_make_one_schema() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let starts = (0..8).map(|_| PostgresAuthStore::connect(database.url(), 1));
    for started in join_all(starts).await {
        started.unwrap();
    }
    let versions: Vec<i64> = sqlx::query_scalar("SELECT version FROM coder_auth_schema")
        .fetch_all(&mut database.connection().await)
        .await
        .unwrap();
    assert_eq!(versions, [1, 2, 3]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn a_server_that_ended_all_connections_is_connected_to_again() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let store = connect(&database, 2).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..3 {
        store.signing_keys().await.unwrap();
        sqlx::raw_sql(end).execute(&mut database.connection().await).await.unwrap();
    }
    store.signing_keys().await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn what_somebody_else_has_locked_is_not_waited_for_without_end() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let store = connect(&database, 1).await;
    let mut other = database.connection().await;
    let mut transaction = other.begin().await.unwrap();
    let lock = "LOCK TABLE coder_auth_signing_keys";
    sqlx::raw_sql(lock).execute(&mut *transaction).await.unwrap();
    let error = store.signing_keys().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("lock timeout"), "{source}");
    transaction.commit().await.unwrap();
    store.signing_keys().await.unwrap();
}

/// Passes one connection after the other on to `server`, until it `is_ending`: the next statement
/// then gets no answer, although the connection stays.
async fn pass_on(
    door: TcpListener,
    server: String,
    is_ending: Arc<AtomicBool>,
    stands_still: Arc<Notify>,
) {
    // What the pool asks before it gives a connection away is no statement.
    const PING: usize = 5;
    loop {
        let (mut client, _) = door.accept().await.unwrap();
        let mut server = TcpStream::connect(&server).await.unwrap();
        let (mut asks, mut answers) = ([0; 8192], [0; 8192]);
        loop {
            let passed = tokio::select! {
                asked = client.read(&mut asks) => {
                    let asked = asked.unwrap();
                    if is_ending.load(Ordering::Relaxed) && asked > PING {
                        stands_still.notify_one();
                        pending::<()>().await;
                    }
                    server.write_all(&asks[..asked]).await.unwrap();
                    asked
                }
                answered = server.read(&mut answers) => {
                    let answered = answered.unwrap();
                    client.write_all(&answers[..answered]).await.unwrap();
                    answered
                }
            };
            if passed == 0 {
                break;
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn a_server_that_stands_still_is_not_waited_for_without_end() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let (is_ending, stands_still) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    tokio::spawn(pass_on(door, database.tcp_address(), is_ending.clone(), stands_still.clone()));
    let url = database.tcp_url("127.0.0.1", "sslmode=disable").expose().to_owned();
    let through = url.replace(&database.tcp_address(), &format!("127.0.0.1:{port}"));
    let store = PostgresAuthStore::connect(Secret::new(through), 1).await.unwrap();
    store.signing_keys().await.unwrap();

    is_ending.store(true, Ordering::Relaxed);
    let seconds_later = async {
        stands_still.notified().await;
        tokio::time::pause();
    };
    let (answer, ()) = join(store.signing_keys(), seconds_later).await;
    let error = answer.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the server did not answer in time");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn the_servers_certificate_is_checked_where_the_url_says_so() {
    let cluster = Cluster::shared();
    let certificate = cluster.certificate().expect("`openssl` makes the server's certificate");
    let database = cluster.database().await;
    let trusted = format!("sslmode=verify-full&sslrootcert={}", certificate.display());
    let connect = async |host: &str, parameters: &str| {
        PostgresAuthStore::connect(database.tcp_url(host, parameters), 1).await.map(drop)
    };
    connect("localhost", &trusted).await.unwrap();
    for (host, parameters) in [
        ("localhost", "sslmode=verify-full"),
        ("localhost", "sslmode=verify-ca"),
        ("127.0.0.1", &trusted),
    ] {
        let error = connect(host, parameters).await.unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("certificate"), "{host} {parameters}: {source}");
    }
    // Over its socket the server has no TLS.
    let refused = Secret::new(format!("{}&sslmode=require", database.url().expose()));
    let error = PostgresAuthStore::connect(refused, 1).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("server does not support TLS"), "{source}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn what_refuses_says_why_and_no_password_is_in_it() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let url = database.url().expose().replace("portal@", "nobody:swordfish@");
    let error = PostgresAuthStore::connect(Secret::new(url), 1).await.unwrap_err();
    assert!(error.to_string().contains("user `nobody`"), "{error}");
    assert!(!error.is_temporary(), "waiting makes no user");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("role \"nobody\" does not exist"), "{source}");
    assert!(!format!("{error:?}").contains("swordfish"), "{error:?}");

    let store = PostgresAuthStore::connect(database.url(), 1).await.unwrap();
    assert_eq!(format!("{store:?}"), "PostgresAuthStore");
    let newer = "INSERT INTO coder_auth_schema (version) VALUES (17)";
    sqlx::raw_sql(newer).execute(&mut database.connection().await).await.unwrap();
    let error = PostgresAuthStore::connect(database.url(), 1).await.unwrap_err();
    assert!(matches!(error, SqlStoreError::NewerSchema { found: 17, known: 3 }), "{error:?}");
}

/// Snapshot of an index, as the server uses it.
struct Index(PostgresSnapshot);

#[async_trait::async_trait]
impl IndexStore for Index {
    async fn load(&self) -> Result<Option<Vec<u8>>, IndexStoreError> {
        Ok(self.0.load().await?)
    }

    async fn save(&self, index: Vec<u8>) -> Result<(), IndexStoreError> {
        Ok(self.0.save(index).await?)
    }

    async fn lease(&self, duration: SignedDuration) -> Result<bool, IndexStoreError> {
        Ok(self.0.lease(duration).await?)
    }
}

mod snapshot {
    use super::*;

    coder_testkit::index_store_tests!(
        tokio::test, ignore = "needs PostgreSQL: cargo xtask test --only postgres" => {
            let cluster = Cluster::shared();
            let url = cluster.schema().await;
            let processes = AtomicUsize::default();
            async move || {
                let _running = &cluster;
                let holder = processes.fetch_add(1, Ordering::SeqCst).to_string();
                let snapshot = PostgresSnapshot::connect(&url, "index", holder).await;
                Arc::new(Index(snapshot.unwrap())) as Arc<dyn IndexStore>
            }
        }
    );

    #[tokio::test]
    #[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
    async fn a_lease_is_over_by_the_clock_of_the_database_whoever_is_gone() {
        let cluster = Cluster::shared();
        let url = cluster.schema().await;
        let connect =
            async |holder: &str| PostgresSnapshot::connect(&url, "index", holder).await.unwrap();
        let (gone, next) = join(connect("gone"), connect("next")).await;
        assert!(gone.lease(SignedDuration::from_millis(300)).await.unwrap());
        while !next.lease(SignedDuration::from_mins(2)).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        gone.save(b"too late".to_vec()).await.unwrap_err();
        next.save(b"next".to_vec()).await.unwrap();
        assert_eq!(gone.load().await.unwrap().as_deref(), Some(&b"next"[..]));
    }
}

/// Makes a user who may read and write the tables that `owner` makes in this database, and no more.
async fn add_runtime_user(database: &Database<'_>) -> Secret {
    let statements = "DO $$ BEGIN CREATE ROLE runtime LOGIN; \
         EXCEPTION WHEN duplicate_object THEN NULL; END $$; \
         REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
         ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO runtime";
    sqlx::raw_sql(statements).execute(&mut database.connection().await).await.unwrap();
    Secret::new(database.url().expose().replace("portal@", "runtime@"))
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn a_user_who_may_make_no_tables_is_served_once_another_one_has_migrated() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let runtime = add_runtime_user(&database).await;
    let error = PostgresAuthStore::connect(runtime.clone(), 1).await.unwrap_err();
    assert!(matches!(error, SqlStoreError::OlderSchema { found: 0, .. }), "{error:?}");
    assert!(error.to_string().contains("coder-backstage migrate"), "{error}");
    assert!(!error.is_temporary());

    let upgrade = PostgresAuthStore::migrate(database.url()).await.unwrap();
    assert!(upgrade.from == 0 && upgrade.to > 0, "{upgrade:?}");
    let again = PostgresAuthStore::migrate(runtime.clone()).await.unwrap();
    assert_eq!((again.from, again.to), (upgrade.to, upgrade.to), "nothing to do needs no right");
    let house = TestPortal::default();
    let store = Arc::new(PostgresAuthStore::connect(runtime, 2).await.unwrap());
    let portal = house.process("portal", store, house.coder.clone());
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&portal, &alice).await;
    assert_eq!(browser.refresh(&portal).await.status(), StatusCode::OK);
    browser.log_out(&portal).await;
    portal.sweep().await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test --only postgres"]
async fn a_dead_database_costs_a_call_two_seconds_and_the_error_names_it() {
    let cluster = Cluster::shared();
    let database = cluster.database().await;
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = door.local_addr().unwrap().port();
    let never = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let server = tokio::spawn(pass_on(door, database.tcp_address(), never.0, never.1));
    let url = database.tcp_url("127.0.0.1", "sslmode=disable").expose().to_owned();
    let through = url.replace(&database.tcp_address(), &format!("127.0.0.1:{port}"));
    let store = PostgresAuthStore::connect(Secret::new(through), 1).await.unwrap();
    store.signing_keys().await.unwrap();

    // With its connection, and its port.
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = store.signing_keys().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains(&format!("`127.0.0.1` (port {port}, user `portal`)")), "{source}");
    assert!(source.ends_with("gives no connection in time"), "{source}");
}
