//! What the person reads and what the operator's log says, for every way a login goes wrong.
//!
//! A process of its own: who listens to the log of one thread can miss what another thread logs for
//! the first time.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "the login suite uses more of it")]
#[path = "../login/storage.rs"]
mod storage;
#[expect(dead_code, reason = "the login suite uses more of it")]
#[path = "../login/support.rs"]
mod support;

mod audit;
mod forged;

use std::time::Duration;

use coder_testkit::{FakeUser, Fault, LogBuffer, Version};
use http::StatusCode;

use support::{Browser, House};

/// Something that is wrong at Coder, and how it comes about.
type Wrong = (&'static str, fn(&House));

/// Listens to everything from `info` on, as the server prints it, without the time.
fn listening() -> (LogBuffer, tracing::subscriber::DefaultGuard) {
    let log = LogBuffer::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.writer())
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

/// Returns what was logged since the last time.
fn logged(log: &LogBuffer) -> String {
    log.take().lines().map(|line| format!("  log: {}\n", line.trim())).collect()
}

/// Tells of a login during which this happens once the browser is at Coder.
async fn login(house: &House, user: &FakeUser, happens: impl FnOnce(&House)) -> String {
    let (mut browser, callback) = house.consented(user).await;
    happens(house);
    let message = support::message(&browser.call_back(&house.auth, &callback).await);
    format!("  read: {}: {}\n", message["error"]["name"], message["error"]["message"])
}

/// Tells of a refresh, ten minutes after this has happened.
async fn refresh(house: &House, browser: &Browser, happens: impl FnOnce(&House)) -> String {
    happens(house);
    house.advance(Duration::from_secs(601));
    let answer = browser.refresh(house).await;
    assert_ne!(answer.status(), StatusCode::OK);
    let wait = answer.retry_after().map(|wait| format!(", again in {wait} s"));
    let (status, wait) = (answer.status().as_u16(), wait.unwrap_or_default());
    format!("  refresh: {status}{wait}: {}\n", answer.message())
}

#[tokio::test(start_paused = true)]
async fn every_failure_tells_the_person_and_the_operator_what_to_do() {
    let (log, _listening) = listening();
    let mut told = String::new();
    let mut tell = |what: &str, read: String| {
        told += &format!("{what}\n{read}{}\n", logged(&log));
    };

    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut declining = Browser::new();
    let authorize = declining.start(&house).await;
    let back = house.coder.deny(&authorize, &alice).unwrap();
    let message = support::message(&declining.call_back(&house.auth, &back).await);
    tell("the person says no at Coder", format!("  read: {}\n", message["error"]["message"]));
    let late = |house: &House| house.advance(Duration::from_secs(600));
    tell("the person takes too long", login(&house, &alice, late).await);

    for (what, fault) in [
        ("nobody answers", Fault::connection_refused()),
        ("the answer is lost", Fault::answer_lost()),
        ("a proxy answers for a Coder that is down", Fault::bad_gateway()),
        ("a proxy wants a login of its own", Fault::login_page()),
        ("a single sign-on takes the request away", Fault::sso_redirect()),
        ("Coder is asked too often", Fault::rate_limited(30)),
    ] {
        for path in ["/oauth2/tokens", "/api/v2/users/me"] {
            let house = House::current();
            let alice = house.coder.add_user("alice");
            let happens = |house: &House| house.coder.fail_next(fault.clone().on(path).times(9));
            tell(&format!("{what}: login, {path}"), login(&house, &alice, happens).await);
        }
        let house = House::current();
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        logged(&log);
        let happens = |house: &House| house.coder.fail_next(fault.clone().times(9));
        tell(&format!("{what}: refresh"), refresh(&house, &browser, happens).await);
    }

    for version in [Version::V2_37, Version::V2_38] {
        let wrong: [Wrong; 3] = [
            ("the provider is switched off", |house| house.coder.set_oauth2_provider(false)),
            ("the app is deleted", |house| house.coder.delete_app(&house.app)),
            ("the secret is deleted", |house| house.coder.delete_app_secret(&house.app)),
        ];
        for (what, happens) in wrong {
            let house = House::new(version);
            let alice = house.coder.add_user("alice");
            tell(&format!("{what}, {version}: login"), login(&house, &alice, happens).await);
        }
        for (what, happens) in &wrong[1..] {
            let house = House::new(version);
            let alice = house.coder.add_user("alice");
            let browser = house.signed_in(&alice).await;
            logged(&log);
            let read = refresh(&house, &browser, happens).await;
            tell(&format!("{what}, {version}: refresh"), read);
        }
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        logged(&log);
        let suspended = |house: &House| house.coder.suspend(&alice);
        let read = refresh(&house, &browser, suspended).await;
        tell(&format!("the user is suspended, {version}: refresh"), read);
    }

    let house = House::new(Version::V2_24);
    let too_old =
        support::message(&Browser::new().start_with(&house.auth, "env=development").await);
    tell(
        "Coder is too old",
        format!("  read: {}: {}\n", too_old["error"]["name"], too_old["error"]["message"]),
    );
    let house = House::current();
    house.coder.set_oauth2_provider(false);
    let off = support::message(&Browser::new().start_with(&house.auth, "env=development").await);
    tell(
        "the provider says that it is off",
        format!("  read: {}: {}\n", off["error"]["name"], off["error"]["message"]),
    );
    insta::with_settings!({ filters => [(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>")] }, {
        insta::assert_snapshot!(told);
    });
}

/// Checks that the tries before are no warnings: each of many pairs would make one every ten
/// minutes.
#[tokio::test(start_paused = true)]
async fn the_log_warns_once_of_a_pair_that_coder_refuses_to_revoke() {
    let (log, _listening) = listening();
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&alice).await;
    let refusal = "{\"error\":\"invalid_client\",\"error_description\":\"no such secret\"}";
    let refused = Fault::answer(StatusCode::UNAUTHORIZED, "application/json", refusal);
    house.coder.fail_next(refused.on("/oauth2/revoke").times(100_000));
    logged(&log);
    browser.log_out(&house).await;
    for _ in 0..2 * 24 * 6 {
        house.advance(Duration::from_secs(600));
        house.auth.sweep().await.unwrap();
    }
    let logged = logged(&log);
    let warnings: Vec<_> = logged.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("a token pair was given up"), "{warnings:?}");
    assert!(warnings[0].contains("no such secret") && warnings[0].contains("tries=144"));
}
