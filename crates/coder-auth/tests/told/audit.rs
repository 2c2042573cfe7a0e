//! The audit log: each event of a person, through a real login.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::{
    AUDIT_TARGET, AuthEvent, AuthEventKind, EmailMatchingUserEntityProfileEmail, EmailOptions,
    PersonName, SignIn, UsernameMatchingUserEntityName,
};
use coder_testkit::{Answer, Fault, LogBuffer, Version};
use http::StatusCode;

use crate::support::{self, Browser, House};

/// Listens to the audit log alone, as the server prints it, without the time.
fn listening() -> (LogBuffer, tracing::subscriber::DefaultGuard) {
    let log = LogBuffer::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.writer())
        .with_ansi(false)
        .without_time()
        .with_env_filter(format!("{AUDIT_TARGET}=trace"))
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

/// Runs a snapshot with ids as placeholders.
macro_rules! assert_audited {
    ($log:expr, @$expected:literal) => {
        let told: String = $log.take().lines().map(|line| format!("{}\n", line.trim())).collect();
        insta::with_settings!({ filters => [
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
            (r#"session="[\w-]{8}""#, r#"session="<prefix>""#),
        ] }, {
            insta::assert_snapshot!(told, @$expected);
        });
    };
}

/// Returns a sign-in in which everybody is a user of their own name.
fn everybody() -> SignIn {
    let options = EmailOptions::default().dangerously_allow_sign_in_without_user_in_catalog(true);
    SignIn::new(Arc::new(MemoryCatalog::new(Vec::new())))
        .resolver(EmailMatchingUserEntityProfileEmail::new(options))
}

/// Makes a house in which everybody signs in to Backstage, too.
fn house() -> House {
    House::with(Version::default(), |coder| coder.sign_in(everybody()))
}

#[tokio::test(start_paused = true)]
async fn who_signs_in_refreshes_and_signs_out_is_audited() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let mut browser = house.signed_in(&alice).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: signed in event="signed_in" environment="development" username="alice" user_id=<uuid> entity=user:default/alice@example.com session="<prefix>""#);
    browser.refresh(&house).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: a session was refreshed event="refreshed" environment="development" username="alice" user_id=<uuid> entity=user:default/alice@example.com session="<prefix>""#);
    browser.log_out(&house).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: signed out event="signed_out" environment="development" username="alice" user_id=<uuid> session="<prefix>""#);
    browser.log_out(&house).await;
    assert_audited!(log, @"");
}

#[tokio::test(start_paused = true)]
async fn one_session_has_one_prefix_in_all_its_events() {
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let (log, _listening) = listening();
    let mut browser = house.signed_in(&alice).await;
    browser.refresh(&house).await;
    browser.log_out(&house).await;
    let told = log.take();
    let prefixes: Vec<&str> =
        told.split("session=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(prefixes.len(), 3, "{told}");
    assert!(prefixes.iter().all(|prefix| *prefix == prefixes[0]), "{told}");
    assert_eq!(prefixes[0].len(), 8);
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_is_audited_with_the_resolvers_that_were_tried() {
    let (log, _listening) = listening();
    let sign_in = SignIn::new(Arc::new(MemoryCatalog::new(Vec::new())))
        .resolver(EmailMatchingUserEntityProfileEmail::default())
        .named_resolver("employeeId", Arc::new(UsernameMatchingUserEntityName::default()));
    for version in Version::ALL.into_iter().filter(|version| *version >= Version::V2_25) {
        let house = House::with(version, |coder| coder.sign_in(sign_in.clone()));
        let stranger = house.coder.add_user("stranger");
        let (mut browser, callback) = house.consented(&stranger).await;
        browser.call_back(&house.auth, &callback).await;
        let told = log.take();
        for said in [
            "event=\"sign_in_refused\"",
            "username=\"stranger\"",
            &format!("user_id={}", stranger.id),
            "resolvers=\"emailMatchingUserEntityProfileEmail, employeeId\"",
            "reason=\"Failed to sign-in, unable to resolve user identity.",
        ] {
            assert!(told.contains(said), "{version}: {told}");
        }
        assert_eq!(told.lines().count(), 1, "{version}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn why_a_login_was_refused_before_its_user_was_known_is_audited() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user("alice");
    let mut declining = Browser::new();
    let authorize = declining.start(&house).await;
    let back = house.coder.deny(&authorize, &alice).unwrap();
    declining.call_back(&house.auth, &back).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: a sign-in was refused event="sign_in_refused" environment="development" reason="Authentication rejected, The resource owner or authorization server denied the request""#);
    let (mut late, callback) = house.consented(&alice).await;
    house.advance(Duration::from_secs(600));
    late.call_back(&house.auth, &callback).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: a sign-in was refused event="sign_in_refused" environment="development" reason="this login attempt took longer than 10 minutes; start the login again from the portal""#);
    let (mut unlucky, callback) = house.consented(&alice).await;
    house.coder.fail_next(Fault::connection_refused().on("/oauth2/tokens").times(9));
    unlucky.call_back(&house.auth, &callback).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: a sign-in has failed event="sign_in_failed" environment="development" reason="Authentication failed, Coder could not be reached; try again in a moment: coder could not be reached: could not connect: the fake was told to break it""#);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_user_is_audited_by_name() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let browser = house.signed_in(&alice).await;
    log.take();
    house.coder.suspend(&alice);
    house.advance(Duration::from_secs(601));
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    assert_audited!(log, @r#"INFO coder_backstage::audit: a session was not refreshed event="refresh_refused" environment="development" username="alice" user_id=<uuid> session="<prefix>" reason="Authentication failed, User is not active (status = \"suspended\"). Contact an admin to reactivate your account.""#);
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_does_not_answer_is_audited_as_a_failure_and_not_as_a_refusal() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let browser = house.signed_in(&alice).await;
    log.take();
    house.coder.fail_next(Fault::connection_refused().times(9));
    house.advance(Duration::from_secs(601));
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_audited!(log, @r#"INFO coder_backstage::audit: the refresh of a session has failed event="refresh_failed" environment="development" username="alice" user_id=<uuid> session="<prefix>" reason="Authentication failed, Coder could not be reached; try again in a moment: coder could not be reached: could not connect: the fake was told to break it""#);
}

/// Sends a request to the link routes.
async fn link(house: &House, browser: &Browser, method: &str, token: Option<&str>) -> Answer {
    let request = browser
        .request(method, "/api/coder/v1/link")
        .header("x-requested-with", "XMLHttpRequest")
        .header("content-type", "application/json");
    let body = token.map(|token| serde_json::json!({ "token": token }).to_string());
    let request = request.body(Bytes::from(body.unwrap_or_default())).unwrap();
    if method == "POST" {
        support::read(house.auth.link(&request)).await
    } else {
        support::read(house.auth.unlink(&request)).await
    }
}

#[tokio::test(start_paused = true)]
async fn who_links_and_unlinks_a_token_is_audited() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let mallory = house.coder.add_user_with_email("mallory", "mallory@example.com");
    let browser = house.signed_in(&alice).await;
    log.take();
    let linked = link(&house, &browser, "POST", Some(alice.session_token.expose())).await;
    assert_eq!(linked.status(), StatusCode::OK);
    assert_audited!(log, @r#"INFO coder_backstage::audit: a token was linked event="linked" environment="development" username="alice" user_id=<uuid> entity=user:default/alice@example.com"#);
    link(&house, &browser, "DELETE", None).await;
    assert_audited!(log, @r#"INFO coder_backstage::audit: the link was removed event="unlinked" environment="development" entity=user:default/alice@example.com"#);
    link(&house, &browser, "DELETE", None).await;
    assert_audited!(log, @"");
    let unknown = "tokentoken-secretsecretsecretsecret";
    assert_ne!(link(&house, &browser, "POST", Some(unknown)).await.status(), StatusCode::OK);
    assert_audited!(log, @r#"INFO coder_backstage::audit: a token to be linked was refused event="link_refused" environment="development" entity=user:default/alice@example.com reason="Authentication failed, Coder does not accept the token it issued; sign in again: coder answered 401: You are signed out or your session has expired. Please sign in again to continue: Invalid API key format: wrong length of a part""#);
    let foreign = link(&house, &browser, "POST", Some(mallory.session_token.expose())).await;
    assert_ne!(foreign.status(), StatusCode::OK);
    assert_audited!(log, @r#"INFO coder_backstage::audit: a token to be linked was refused event="link_refused" environment="development" username="mallory" user_id=<uuid> entity=user:default/alice@example.com reason="this token belongs to the Coder user 'mallory', who is not you; link one of your own""#);
}

/// Sends `DELETE /connection`.
async fn disconnect(house: &House, request: http::request::Builder) -> StatusCode {
    let request = request.header("x-requested-with", "XMLHttpRequest");
    house.auth.disconnect(&request.body(Bytes::new()).unwrap()).await.status()
}

#[tokio::test(start_paused = true)]
async fn who_disconnects_is_audited_with_what_has_ended() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let browser = house.signed_in(&alice).await;
    link(&house, &browser, "POST", Some(alice.session_token.expose())).await;
    log.take();
    let by_cookie = || browser.request("DELETE", "/api/coder/v1/connection");
    assert_eq!(disconnect(&house, by_cookie()).await, StatusCode::NO_CONTENT);
    assert_audited!(log, @r#"
    INFO coder_backstage::audit: the link was removed event="unlinked" environment="development" entity=user:default/alice@example.com
    INFO coder_backstage::audit: signed out event="signed_out" environment="development" username="alice" user_id=<uuid> session="<prefix>"
    "#);
    assert_eq!(disconnect(&house, by_cookie()).await, StatusCode::UNAUTHORIZED);
    assert_audited!(log, @"");

    let (again, also) = (house.signed_in(&alice).await, house.signed_in(&alice).await);
    let token = again.refresh(&house).await.identity_token().to_owned();
    log.take();
    let by_token = || {
        let request = http::Request::delete("/api/coder/v1/connection");
        request.header("authorization", format!("Bearer {token}"))
    };
    for told in [true, false] {
        assert_eq!(disconnect(&house, by_token()).await, StatusCode::NO_CONTENT);
        let audited = log.take();
        assert_eq!(audited.contains("event=\"signed_out\""), told, "{audited}");
        assert_eq!(audited.contains("entity=user:default/alice@example.com"), told, "{audited}");
        assert_eq!(audited.lines().count(), usize::from(told), "nothing was linked: {audited}");
    }
    assert_eq!(also.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_logins_rotations_and_sweeps() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let house = House::current();
    let observed = Arc::clone(&heard);
    let options = support::options(house.environment(), |environment| environment)
        .observer(move |event: &AuthEvent| observed.lock().unwrap().push(event.clone()));
    let auth = house.portal(options);
    let alice = house.coder.add_user("alice");
    house.coder.set_session_lifetime(Duration::from_secs(3600));
    let mut browser = Browser::new();
    browser.sign_in(&auth, &house.coder, &alice).await;
    house.advance(Duration::from_secs(3590));
    assert_eq!(browser.refresh(&auth).await.status(), StatusCode::OK);
    auth.sweep().await.unwrap();
    browser.log_out(&auth).await;
    let heard = heard.lock().unwrap();
    let kinds: Vec<_> = heard.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            AuthEventKind::SignedIn,
            AuthEventKind::Rotated,
            AuthEventKind::Refreshed,
            AuthEventKind::Swept,
            AuthEventKind::SignedOut,
        ]
    );
    for event in heard.iter().filter(|event| event.kind != AuthEventKind::Swept) {
        assert_eq!(event.username.as_deref(), Some("alice"), "{event:?}");
        assert_eq!(event.user_id.unwrap().to_string(), alice.id.to_string(), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_administrator_ends_is_audited_like_what_persons_do() {
    let (log, _listening) = listening();
    let house = house();
    let alice = house.coder.add_user_with_email("alice", "alice@example.com");
    let bob = house.coder.add_user_with_email("bob", "bob@example.com");
    for user in [&alice, &alice, &bob] {
        house.signed_in(user).await;
    }
    log.take();
    let replica = house.replica();
    let administration = replica.administration();
    let sessions = administration.sessions().await.unwrap();
    let of_alice: Vec<_> =
        sessions.into_iter().filter(|it| it.user_name.as_deref() == Some("alice")).collect();
    administration.end_session(&of_alice[0]).await.unwrap();
    administration.end_grants(&of_alice[1..]).await.unwrap();
    // Each has ended already, so nothing is told again.
    administration.end_session(&of_alice[0]).await.unwrap();
    administration.end_grants(&of_alice).await.unwrap();
    assert_audited!(log, @r#"
    INFO coder_backstage::audit: an administrator has ended a session event="ended_by_administrator" environment="development" username="alice" user_id=<uuid> entity=user:default/alice@example.com session="<prefix>"
    INFO coder_backstage::audit: an administrator has ended a session event="ended_by_administrator" environment="development" username="alice" user_id=<uuid> entity=user:default/alice@example.com session="<prefix>"
    "#);
    administration.erase(&PersonName::UserName("bob".to_owned())).await.unwrap();
    assert_audited!(log, @r#"INFO coder_backstage::audit: an administrator has erased a person event="erased_by_administrator" username="bob""#);
    administration.end_all().await.unwrap();
    assert_audited!(log, @r#"INFO coder_backstage::audit: an administrator has ended all sessions event="all_ended_by_administrator""#);
}
