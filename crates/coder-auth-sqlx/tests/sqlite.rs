//! SQLite keeps what the trait promises, in a file for its owner only, from one process to the next.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::fs;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use coder_auth::SealingKeys;
use coder_auth::store::AuthStore;
use coder_auth_sqlx::{KeyFile, SqlStoreError, SqliteAuthStore};
use coder_testkit::{Browser, SeededRandom, TestPortal};
use futures_util::future::join_all;
use http::StatusCode;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::timeout;

coder_testkit::auth_store_tests!(tokio::test, {
    // In memory, where there is such a directory: the suite commits some thousand times.
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    async move || open(&directory.path().join("auth.sqlite")).await
});

async fn open(path: &Path) -> Arc<dyn AuthStore> {
    Arc::new(SqliteAuthStore::open(path).await.unwrap())
}

/// Makes an empty file, as the store makes it: for its owner only.
fn private_file(path: &Path) {
    let mut private = fs::OpenOptions::new();
    private.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut private, 0o600);
    private.open(path).unwrap();
}

#[tokio::test]
async fn a_restart_signs_nobody_out() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("auth.sqlite");
    let house = TestPortal::default();
    let process = async |name: &str| {
        let key = KeyFile::beside(&database, &SeededRandom::new(name)).unwrap().key;
        let keys = SealingKeys::from_secrets(&[key]).unwrap();
        let house = TestPortal { keys, ..house.clone() };
        house.process(name, open(&database).await, house.coder.clone())
    };
    let alice = house.coder.add_user("alice");

    let before = process("before").await;
    let (one, two) =
        (house.signed_in(&before, &alice).await, house.signed_in(&before, &alice).await);
    let mut three = Browser::new();
    let authorize = three.start(&before).await;
    let callback = house.coder.approve(&authorize, &alice).unwrap();
    drop(before);

    let after = process("after").await;
    let token = one.refresh(&after).await.access_token().to_owned();
    assert_eq!(two.refresh(&after).await.access_token(), token);
    // The login that was under way ends as well.
    three.call_back(&after, &callback).await;
    let token = three.refresh(&after).await.access_token().to_owned();
    assert_eq!(one.refresh(&after).await.access_token(), token);
    assert!(house.coder.is_live(&token));

    house.clock.advance(Duration::from_secs(24 * 3600));
    let rotated = two.refresh(&after).await.access_token().to_owned();
    assert_ne!(rotated, token);
    assert!(house.coder.is_live(&rotated));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_open_a_new_file_at_once_all_can() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.sqlite");
    let opened = (0..8).map(|_| tokio::spawn(SqliteAuthStore::open(path.clone())));
    for opened in join_all(opened).await {
        opened.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_file_that_another_process_is_writing_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.sqlite");
    let options = SqliteConnectOptions::new().filename(&path);
    private_file(&path);
    let mut connection = options.connect().await.unwrap();
    let writing = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut opening = pin!(SqliteAuthStore::open(&path));
    assert!(timeout(Duration::from_millis(100), &mut opening).await.is_err(), "it waits");
    writing.commit().await.unwrap();
    opening.await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn the_database_and_what_sqlite_puts_beside_it_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.sqlite");
    let store = open(&path).await;
    store.delete_signing_keys_before(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let mut files = Vec::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        files.push(format!("{} {mode:o}", entry.file_name().display()));
    }
    files.sort();
    assert_eq!(files, ["auth.sqlite 600", "auth.sqlite-shm 600", "auth.sqlite-wal 600"]);
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("no/such/directory/auth.sqlite");
    let error = SqliteAuthStore::open(&missing).await.unwrap_err();
    assert!(error.to_string().contains("no/such/directory`"), "{error}");
    let error = key_file(&missing, "key").unwrap_err();
    assert!(error.to_string().contains("no/such/directory/auth.sqlite.key"), "{error}");

    let no_database = directory.path().join("notes.txt");
    fs::write(&no_database, "not a database, although longer than one's header".repeat(9)).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&no_database, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let error = SqliteAuthStore::open(&no_database).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("not a database"), "{source}");
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.sqlite");
    open(&path).await;
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = options.connect().await.unwrap();
    let newer = "INSERT INTO coder_auth_schema (version) VALUES (17)";
    sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let error = SqliteAuthStore::open(&path).await.unwrap_err();
    assert!(matches!(error, SqlStoreError::NewerSchema { found: 17, known: 3 }), "{error:?}");
}

#[tokio::test]
async fn a_database_of_a_preview_is_emptied_and_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.sqlite");
    private_file(&path);
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = options.connect().await.unwrap();
    let preview = "CREATE TABLE coder_auth_schema (version BIGINT NOT NULL); \
                   INSERT INTO coder_auth_schema (version) VALUES (1); \
                   CREATE TABLE coder_auth_grants (generation INTEGER NOT NULL); \
                   CREATE TABLE coder_auth_leases (holder TEXT NOT NULL); \
                   INSERT INTO coder_auth_grants VALUES (1)";
    sqlx::raw_sql(preview).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = open(&path).await;
    assert_eq!(store.person("user:default/alice").await.unwrap(), None);
    open(&path).await;
}

/// Makes a key file as two processes would have it, from different random numbers.
fn key_file(database: &Path, random: &str) -> Result<KeyFile, SqlStoreError> {
    KeyFile::beside(database, &SeededRandom::new(random))
}

#[test]
fn a_key_file_is_made_once_and_then_read() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("auth.sqlite");
    let made = key_file(&database, "first").unwrap();
    assert!(made.is_new);
    assert_eq!(made.path, directory.path().join("auth.sqlite.key"));
    assert_eq!(made.key.expose().len(), 64);
    let read = key_file(&database, "second").unwrap();
    assert!(!read.is_new);
    assert!(read.key.matches(&made.key));
    assert!(!format!("{made:?}").contains(made.key.expose()));
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "no draft is left: {files:?}");
}

#[test]
fn of_many_who_make_a_key_file_at_once_all_get_the_same_key() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("auth.sqlite");
    let files: Vec<KeyFile> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let database = &database;
                scope.spawn(move || key_file(database, &n.to_string()).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(files.iter().filter(|file| file.is_new).count(), 1);
    assert!(files.iter().all(|file| file.key.matches(&files[0].key)));
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_refused_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("auth.sqlite");
    let made = key_file(&database, "key").unwrap();
    let mode = made.path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&made.path, fs::Permissions::from_mode(mode)).unwrap();
        let error = key_file(&database, "key").unwrap_err().to_string();
        assert!(error.contains(&format!("mode {mode:o}")), "{error}");
        assert!(error.contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&made.path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(key_file(&database, "key").is_ok(), "a read-only one is as good");
}

#[test]
fn a_file_without_a_key_is_refused_and_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("auth.sqlite");
    let path = key_file(&database, "key").unwrap().path;
    for content in [&b""[..], b"\n", b"too short", b"\xff\xfe not text, though it is long enough"] {
        fs::write(&path, content).unwrap();
        let error = key_file(&database, "key").unwrap_err();
        assert!(matches!(error, SqlStoreError::NotAKeyFile { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_or_key_that_others_may_touch_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("auth.sqlite");
    drop(open(&database).await);
    let key = KeyFile::beside(&database, &SeededRandom::new("key")).unwrap().path;
    for mode in [0o666, 0o640, 0o602] {
        for path in [&database, &key] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = if path == &key {
                KeyFile::beside(&database, &SeededRandom::new("key")).err()
            } else {
                SqliteAuthStore::open(&database).await.err()
            };
            let message = refused.unwrap().to_string();
            assert!(message.contains(path.to_str().unwrap()), "{message}");
            assert!(message.contains(&format!("(mode {mode:o})")), "{message}");
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    open(&database).await;
}

#[tokio::test]
async fn a_place_for_a_store_is_checked_without_touching_it() {
    use coder_auth_sqlx::PlaceNotice;
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    assert_eq!(SqliteAuthStore::check_place(at("new.sqlite")).unwrap(), None);
    assert!(!at("new.sqlite").exists(), "nothing is made");
    drop(open(&at("old.sqlite")).await);
    assert_eq!(SqliteAuthStore::check_place(at("old.sqlite")).unwrap(), None);
    private_file(&at("empty"));
    assert_eq!(SqliteAuthStore::check_place(at("empty")).unwrap(), None);
    let notice = SqliteAuthStore::check_place(at("missing/x.sqlite")).unwrap();
    assert_eq!(notice, Some(PlaceNotice::NoDirectory { path: at("missing") }));

    private_file(&at("short"));
    fs::write(at("short"), "SQLite").unwrap();
    let error = SqliteAuthStore::check_place(at("short")).unwrap_err();
    assert!(matches!(error, SqlStoreError::NotADatabase { .. }), "{error:?}");
    // Opening one says the same of what is no file.
    for place in [directory.path(), Path::new("/dev/null"), Path::new("/dev/zero")] {
        let error = SqliteAuthStore::check_place(place).unwrap_err();
        assert!(matches!(error, SqlStoreError::NotAFile { .. }), "{error:?}");
        let error = SqliteAuthStore::open(place).await.unwrap_err();
        assert!(matches!(error, SqlStoreError::NotAFile { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_logout_whose_commit_fails_says_so_and_the_session_lives_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("auth.sqlite");
    let house = TestPortal::default();
    let portal = house.process("portal", open(&path).await, house.coder.clone());
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&portal, &alice).await;
    // As on a full disk: each statement succeeds, and the commit does not.
    let refuses = "CREATE TABLE nobody (id TEXT PRIMARY KEY);
        CREATE TABLE refused (id TEXT REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER refuses AFTER DELETE ON coder_auth_sessions
        BEGIN INSERT INTO refused VALUES ('this'); END";
    let mut beside = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    sqlx::raw_sql(refuses).execute(&mut beside).await.unwrap();
    let signed_in = browser.clone();
    let answer = browser.log_out(&portal).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(signed_in.refresh(&portal).await.status(), StatusCode::OK);

    sqlx::raw_sql("DROP TRIGGER refuses").execute(&mut beside).await.unwrap();
    assert_eq!(browser.log_out(&portal).await.status(), StatusCode::OK);
    assert_eq!(signed_in.refresh(&portal).await.status(), StatusCode::UNAUTHORIZED);
}
