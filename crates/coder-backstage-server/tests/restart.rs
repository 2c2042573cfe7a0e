//! A restart of the real server signs nobody out.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{Answer, FakeCoder, Fault};
use http::StatusCode;
use serving::ahead::Ahead;
use serving::browsing::{finish_login, is_signed_in, refresh_until_refused, visitor};
use serving::{House, PEOPLE, Process, SIGN_IN, change, count_rows, until, write_people};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_and_started_again_knows_everybody() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    // A directory of its own, as an operator gives it: by an argument, or through systemd.
    let data = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");

    let before = Process::start(directory.path(), |command| {
        command.arg("--data-dir").arg(data.path());
    });
    let (one, two) =
        (house.signed_in(&before, &alice).await, house.signed_in(&before, &alice).await);
    let mut three = visitor();
    let authorize = three.start(&before).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let (database, key) = (
        data.path().join("coder-backstage.sqlite"),
        data.path().join("coder-backstage.sqlite.key"),
    );
    let log = before.log();
    assert!(
        log.contains(&format!("sessions are kept in SQLite file={}", database.display())),
        "{log}"
    );
    assert!(log.contains("made a key") && log.contains(key.to_str().unwrap()), "{log}");
    before.kill();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    let after = Process::start(directory.path(), |command| {
        command.env("STATE_DIRECTORY", data.path());
    });
    let token = one.refresh(&after).await.access_token().to_owned();
    assert_eq!(two.refresh(&after).await.access_token(), token);
    // The login that was under way ends as well.
    finish_login(&mut three, &after, &callback).await;
    let token = three.refresh(&after).await.access_token().to_owned();
    assert_eq!(one.refresh(&after).await.access_token(), token);
    assert!(house.coder().is_live(&token));
    assert!(!after.log().contains("made a key"), "{}", after.log());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_under_way_is_finished_before_the_server_ends() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let before = Process::start(directory.path(), |_| {});
    // So short that the refresh rotates; the pair that it gets is to last.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&before, &alice).await;
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let gone = tokio::spawn(refresh_until_refused(&browser, before.place()));
    held.reached().await;
    gone.abort();
    before.terminate();
    before.logged("waiting for work that is under way").await;
    held.release();
    let log = before.ended();
    assert!(!log.contains("cut off"), "{log}");

    house.coder().forget_requests();
    let after = Process::start(directory.path(), |_| {});
    let token = browser.refresh(&after).await.access_token().to_owned();
    assert!(house.coder().is_live(&token));
    assert_eq!(house.coder().count("POST", "/oauth2/tokens"), 0, "the pair was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_a_crash_has_ended_holds_nobody_up_after_the_restart() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let before = Process::start(directory.path(), |_| {});
    // So short that the refresh rotates.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&before, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let gone = tokio::spawn(refresh_until_refused(&browser, before.place()));
    held.reached().await;
    gone.abort();
    before.kill();
    held.release();

    let after = Process::start(directory.path(), |_| {});
    let busy = refresh_until_refused(&browser, after.place()).await;
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE, "somebody may still rotate");
    assert!(busy.retry_after().is_some());
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    house.signed_in(&after, &alice).await;
    let token = browser.refresh(&after).await.access_token().to_owned();
    assert!(house.coder().is_live(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_token_outlives_a_restart_and_is_sealed_on_the_disk() {
    const LINK: &str = "/api/coder/v1/link";
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let sign_in =
        format!("auth: {{ providers: {{ coder: {{ development: {{ {SIGN_IN} }} }} }} }}\n{PEOPLE}");
    std::fs::write(directory.path().join("app-config.local.yaml"), sign_in).unwrap();
    write_people(directory.path(), &["alice"]);
    let data = tempfile::tempdir().unwrap();
    let start = || {
        Process::start(directory.path(), |command| {
            command.arg("--data-dir").arg(data.path());
        })
    };

    let before = start();
    let browser = house.signed_in(&before, &alice).await;
    let token = alice.session_token.expose();
    let request = browser.script_request("POST", LINK);
    let request = request.header("content-type", "application/json");
    let body = serde_json::json!({ "token": token }).to_string();
    assert_eq!(Answer::to(&before, request, body).await.json()["username"], "alice");
    assert!(!before.log().contains(token));
    before.kill();

    let mut files = 0;
    for entry in std::fs::read_dir(data.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
        files += 1;
    }
    assert!(files >= 2, "the database and its key");
    let after = start();
    assert_eq!(browser.ajax(&after, "GET", LINK).await.json()["username"], "alice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_configuration_is_below_the_data_directory() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    let keys = "6tDZ2sJ0xv9Q4mWkYp1rB8uHc3eLf7Ga";
    let coder =
        format!("{{ session: {{ keys: [{keys}], store: {{ type: sqlite, file: who.db }} }} }}");
    house.configure(directory.path(), &coder);
    Process::start(directory.path(), |_| {}).kill();
    assert!(directory.path().join("who.db").is_file());
    assert!(!directory.path().join("who.db.key").exists(), "the configured keys serve");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_the_store_broke_off_left_nothing_behind() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    house.configure(data, "{}");
    let before = Process::start(data, |_| {});
    let full = "CREATE TRIGGER full BEFORE INSERT ON coder_auth_sessions
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    change(data, full).await;
    let mut browser = visitor();
    let authorize = browser.start(&before).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let page = browser.call_back(&before, &callback).await.text();
    assert!(!is_signed_in(&browser), "{page}");
    before.kill();
    assert_eq!(count_rows(data, "coder_auth_grants").await, 0);

    // Time goes by.
    change(data, "DROP TRIGGER full; UPDATE coder_auth_revocations SET due_at = 0").await;
    let _after = Process::start(data, |_| {});
    until(|| house.coder().count_pairs(&alice) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_coder_from_before_the_clock_was_set_back_does_not_count() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let server = Process::start(directory.path(), |_| {});
    let browser = house.signed_in(&server, &alice).await;
    let ahead = Ahead::start(directory.path()).await;
    // Coder confirms her, a day ahead.
    let another = house.signed_in(&ahead, &alice).await;
    drop(ahead);
    house.coder().suspend(&alice);
    for browser in [&browser, &another] {
        let refresh = "/api/auth/coder/refresh?env=development";
        let answer = browser.ajax(&server, "GET", refresh).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    house.coder().activate(&alice);
    assert_eq!(browser.refresh(&server).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_from_before_the_clock_was_set_back_holds_nobody_up() {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let server = Process::start(directory.path(), |_| {});
    // So short that a refresh rotates soon.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browsers = [house.signed_in(&server, &alice).await, house.signed_in(&server, &alice).await];
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    let ahead = Ahead::start(directory.path()).await;
    house.coder().fail_next(Fault::silence().on("/oauth2/tokens"));
    house.coder().forget_requests();
    let gone = tokio::spawn(refresh_until_refused(&browsers[0], ahead.place()));
    until(|| house.coder().count("POST", "/oauth2/tokens") == 1).await;
    gone.abort();
    drop(ahead);
    while house.coder().count("POST", "/oauth2/tokens") == 1 {
        assert_eq!(browsers[1].refresh(&server).await.status(), StatusCode::OK);
    }
}
