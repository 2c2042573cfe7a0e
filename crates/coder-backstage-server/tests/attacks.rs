//! What strangers, other browsers and odd Coders try at the running server.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{Answer, Browser, FakeCoder, Fault};
use http::StatusCode;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue, ORIGIN};
use serving::browsing::{
    come_back_and_leave, finish_login, is_signed_in, refresh_until_refused, visitor,
};
use serving::{House, PEOPLE, Process, SIGN_IN, change, parameter, until, user_of, write_people};
use tempfile::TempDir;

/// Starts a Coder of the real time, and makes the directory of a portal with this `coder` section.
async fn house(coder: &str) -> (House, TempDir) {
    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), coder);
    (house, directory)
}

fn serve(directory: &TempDir) -> Process {
    Process::start(directory.path(), |_| {})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_credential_opens_nothing() {
    let (_house, directory) = house("{}").await;
    let server = serve(&directory);
    let stranger = visitor();
    for (name, value) in [
        ("coder-session-token", "made-up-0123456789"),
        ("authorization", "Bearer made-up"),
        ("cookie", "coder-session=made-up"),
    ] {
        let request = stranger.script_request("GET", "/api/coder/v1/entities");
        let answer = Answer::to(&server, request.header(name, value), "").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_line_of_the_log_stays_within_its_own() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = visitor();
    const FORGED: &str = "x%0d%0a2026-01-01%20INFO%20forged%1b%5b2J%e2%80%ae";
    let long = "x".repeat(20_000);
    for path in [
        format!("/api/auth/coder/start?env={FORGED}"),
        format!("/api/coder/v1/entities?env={FORGED}"),
        format!("/api/coder/v1/entities/component/default/{FORGED}/workspaces"),
        format!("/api/auth/coder/start?env={long}"),
        format!("/api/coder/v1/entities/component/default/{long}/workspaces"),
    ] {
        let request = browser.script_request("GET", &path);
        let request = request.header("coder-session-token", alice.session_token.expose());
        let answer = Answer::to(&server, request, "").await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let log = server.logged("forged").await;
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01 INFO")), "{log}");
    let unseen = |character: char| character.is_control() && character != '\n';
    assert!(!log.contains(unseen) && !log.contains('\u{202e}'), "{log:?}");
    assert!(log.lines().all(|line| line.chars().count() < 2000), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_everywhere_stays_signed_out_after_the_next_login() {
    let (house, directory) = house("{ session: { logout: grant } }").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let phone = house.signed_in(&server, &alice).await;
    let laptop = house.signed_in(&server, &alice).await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = phone.ajax(&server, "POST", logout).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        refresh_until_refused(&laptop, server.place()).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let phone = house.signed_in(&server, &alice).await;
    let token = phone.refresh(&server).await.access_token().to_owned();
    assert!(house.coder().is_live(&token));
    assert_eq!(
        refresh_until_refused(&laptop, server.place()).await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_of_a_browser_keeps_itself() {
    let (house, directory) = house("{ session: { logout: grant } }").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let mut browser = house.signed_in(&server, &alice).await;
    let authorize = browser.start(&server).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    finish_login(&mut browser, &server, &callback).await;
    let token = browser.refresh(&server).await.access_token().to_owned();
    assert!(house.coder().is_live(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_names_another_person_gives_nobody_that_persons_session() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let (alice, bob) = (house.coder().add_user("alice"), house.coder().add_user("bob"));
    // So short that a refresh rotates at once, and asks Coder whose the new pair is.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&server, &alice).await;
    let bobs = user_of(&bob.id.to_string(), "bob");
    let answer = Fault::answer(StatusCode::OK, "application/json", bobs.to_string());
    house.coder().fail_next(answer.on("/api/v2/users/me").times(usize::MAX));
    let answer = refresh_until_refused(&browser, server.place()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = answer.text();
    assert!(!told.contains("bob@example.com"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_what_the_cookie_names_whichever_environment_it_says() {
    let (house, directory) = house("{}").await;
    // Another application of the same deployment.
    let staging = format!(
        "auth: {{ providers: {{ coder: {{ staging: {{ clientId: id, clientSecret: s,
      deploymentUrl: '{}' }} }} }} }}\n",
        house.coder().url()
    );
    std::fs::write(directory.path().join("app-config.local.yaml"), staging).unwrap();
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = house.signed_in(&server, &alice).await;
    let logout = "/api/auth/coder/logout?env=staging";
    let answer = browser.ajax(&server, "POST", logout).await;
    assert_eq!(answer.status(), StatusCode::OK);
    // With the cookie that it was told to forget.
    assert_eq!(
        refresh_until_refused(&browser, server.place()).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(house.coder().count_pairs(&alice), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_beside_a_rotation_is_final() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&server, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let rotating = tokio::spawn(refresh_until_refused(&browser, server.place()));
    held.reached().await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = browser.ajax(&server, "POST", logout).await;
    assert_eq!(answer.status(), StatusCode::OK);
    held.release();
    assert_eq!(rotating.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&alice), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_may_read_answers_gets_no_login() {
    let (_house, directory) = house("{}").await;
    let cors = "backend: { cors: { origin: 'https://partner.example' } }\n";
    std::fs::write(directory.path().join("app-config.local.yaml"), cors).unwrap();
    let server = serve(&directory);
    let start = "/api/auth/coder/start?env=development&origin=https://partner.example";
    let answer = visitor().ajax(&server, "GET", start).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

/// Two Coders whose operators need not trust each other, and the directory of a portal of both:
/// `development` is the honest one's, `staging` the other one's.
struct TwoDeployments {
    honest: House,
    other: House,
    directory: TempDir,
}

impl TwoDeployments {
    async fn new() -> Self {
        let coder = || FakeCoder::builder().clock(Arc::new(SystemClock));
        let honest = House::beside_others(coder(), "development").await;
        let other = House::beside_others(coder(), "staging").await;
        let directory = tempfile::tempdir().unwrap();
        honest.configure(directory.path(), "{}");
        let environments = format!(
            "development: {{ {SIGN_IN} }}, staging: {{ {SIGN_IN}, {} }}",
            other.application()
        );
        let local = format!("auth: {{ providers: {{ coder: {{ {environments} }} }} }}\n{PEOPLE}");
        std::fs::write(directory.path().join("app-config.local.yaml"), local).unwrap();
        write_people(directory.path(), &["alice"]);
        Self { honest, other, directory }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_one_deployment_is_never_sent_to_another() {
    let two = TwoDeployments::new().await;
    let server = serve(&two.directory);
    let alice = two.honest.coder().add_user("alice");
    // Mallory runs the other Coder. She sends alice, who has begun a login there, to the honest
    // one, and alice's browser brings the honest code back with the state of her own attempt.
    let (mut victim, mut mallory) = (visitor().environment("staging"), visitor());
    let at_other = victim.start(&server).await;
    let at_honest = mallory.start(&server).await;
    let mut callback = two.honest.coder().approve(&at_honest, &alice).unwrap();
    let (code, state) = (parameter(&callback, "code"), parameter(&at_other, "state"));
    callback.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", &state);
    two.other.coder().forget_requests();
    let page = victim.call_back(&server, &callback).await.text();
    assert_eq!(two.other.coder().count("POST", "/oauth2/tokens"), 0, "mallory gets no code");
    assert!(page.contains("not%20from%20the%20Coder") && !is_signed_in(&victim), "{page}");
}

/// Asks for the catalog, in this environment, with an identity token.
async fn status_of(
    browser: &Browser,
    server: &Process,
    environment: &str,
    token: &str,
) -> StatusCode {
    let path = format!("/api/coder/v1/entities?env={environment}");
    let request = browser.script_request("GET", &path);
    let request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    Answer::to(server, request, "").await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_token_opens_the_grant_it_was_issued_for_and_no_other() {
    let two = TwoDeployments::new().await;
    let server = serve(&two.directory);
    // Mallory runs the other Coder, and calls a user there like alice.
    let (alice, mallory) =
        (two.honest.coder().add_user("alice"), two.other.coder().add_user("alice"));
    let mut browser = visitor().environment("staging");
    let authorize = browser.start(&server).await;
    let callback = two.other.coder().approve(&authorize, &mallory).unwrap();
    finish_login(&mut browser, &server, &callback).await;
    let token = browser.refresh(&server).await.identity_token().to_owned();
    two.honest.signed_in(&server, &alice).await;
    let stranger = visitor();
    let status = status_of(&stranger, &server, "staging", &token).await;
    assert_eq!(status, StatusCode::OK);
    let status = status_of(&stranger, &server, "development", &token).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_from_before_a_logout_does_not_touch_the_next_login() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&server, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let rotating = tokio::spawn(refresh_until_refused(&browser, server.place()));
    held.reached().await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = browser.ajax(&server, "POST", logout).await;
    assert_eq!(answer.status(), StatusCode::OK);
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    let again = house.signed_in(&server, &alice).await;
    held.release();
    assert_eq!(rotating.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let token = again.refresh(&server).await.access_token().to_owned();
    assert!(house.coder().is_live(&token));
    assert_eq!(house.coder().count_pairs(&alice), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_trusted_backend_and_the_cookie_of_somebody_else_do_not_add_up() {
    let sign_in =
        format!("auth: {{ providers: {{ coder: {{ development: {{ {SIGN_IN} }} }} }} }}\n{PEOPLE}");
    let portal = async |trusted: &str| {
        let (house, directory) = house(trusted).await;
        std::fs::write(directory.path().join("app-config.local.yaml"), &sign_in).unwrap();
        write_people(directory.path(), &["alice", "bob"]);
        let server = serve(&directory);
        (house, directory, server)
    };
    let (neighbours, _directory, neighbour) = portal("{}").await;
    let keys = neighbour.url("/api/auth/.well-known/jwks.json");
    let issuer = "http://localhost:7007/api/auth";
    let trusted = format!("{{ trustedIssuers: [{{ issuer: '{issuer}', jwksUrl: '{keys}' }}] }}");
    let (house, _directory, server) = portal(&trusted).await;

    let alice = house.coder().add_user("alice");
    let alices = house.signed_in(&server, &alice).await;
    for (user, status) in [("alice", StatusCode::OK), ("bob", StatusCode::UNAUTHORIZED)] {
        let user = neighbours.coder().add_user(user);
        let browser = neighbours.signed_in(&neighbour, &user).await;
        let token = browser.refresh(&neighbour).await.identity_token().to_owned();
        let answer = status_of(&alices, &server, "development", &token).await;
        assert_eq!(answer, status, "{}", user.username);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nil_user_signs_in_nowhere() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    for (id, may_sign_in) in [
        ("00000000-0000-0000-0000-000000000000", false),
        ("c0ffee00-0000-4000-8000-000000000000", true),
    ] {
        let mut browser = visitor();
        let authorize = browser.start(&server).await;
        let callback = house.coder().approve(&authorize, &alice).unwrap();
        let user = user_of(id, "alice").to_string();
        let answer = Fault::answer(StatusCode::OK, "application/json", user);
        house.coder().fail_next(answer.on("/api/v2/users/me"));
        let page = browser.call_back(&server, &callback).await.text();
        assert_eq!(is_signed_in(&browser), may_sign_in, "{id}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_no_browser_writes_is_nobodys() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = house.signed_in(&server, &alice).await;
    let refresh = async |origins: &[&str]| {
        let request = browser.request("GET", "/api/auth/coder/refresh?env=development");
        let request = request.header("x-requested-with", "XMLHttpRequest");
        let request = origins.iter().fold(request, |it, origin| it.header(ORIGIN, *origin));
        Answer::to(&server, request, "").await.status()
    };
    const PORTAL: &str = "http://localhost:7007";
    assert_eq!(refresh(&[PORTAL]).await, StatusCode::OK);
    for origins in [
        &[PORTAL, PORTAL][..],
        &["http://localhost:7007/"],
        &["http://x@localhost:7007"],
        &["HTTP://LOCALHOST:7007"],
    ] {
        assert_eq!(refresh(origins).await, StatusCode::BAD_REQUEST, "{origins:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_sees_nothing_of_a_login_at_a_coder_on_this_machine() {
    let (house, directory) = house("{}").await;
    let proxy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let server = Process::start(directory.path(), |command| {
        command.env("HTTP_PROXY", &address).env("http_proxy", &address).env_remove("NO_PROXY");
    });
    let alice = house.coder().add_user("alice");
    house.signed_in(&server, &alice).await;
    proxy.set_nonblocking(true).unwrap();
    assert_eq!(proxy.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_has_rotated_no_other_one_hands_out_before_coder_has_confirmed_it() {
    const REFRESH: &str = "/api/auth/coder/refresh?env=development";
    let (house, directory) = house("{}").await;
    let (one, two) = (serve(&directory), serve(&directory));
    let alice = house.coder().add_user("alice");
    // So short that a refresh rotates soon; the pair that it gets is to last.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = house.signed_in(&one, &alice).await;
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    let (fault, rotated) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let (fault, confirmed) = Fault::hold();
    house.coder().fail_next(fault.on("/api/v2/users/me"));
    let rotating = tokio::spawn(refresh_until_refused(&browser, one.place()));
    rotated.reached().await;
    house.coder().suspend(&alice);
    let (waiting, place) = (browser.clone(), two.place().clone());
    let waiting = tokio::spawn(async move { waiting.ajax(&place, "GET", REFRESH).await });
    rotated.release();
    confirmed.reached().await;
    // The new pair is stored now, and nobody has confirmed it.
    let answer = browser.ajax(&two, "GET", REFRESH).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(waiting.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    confirmed.release();
    assert_eq!(rotating.await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_window_was_closed_leaves_no_living_pair() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let mut browser = visitor();
    let authorize = browser.start(&server).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/api/v2/users/me"));
    come_back_and_leave(&browser, server.place(), &callback, held.reached()).await;
    held.release();
    // The login goes on to its end all the same.
    server.terminate();
    let log = server.ended();
    assert!(log.contains("signed in"), "{log}");
    assert_eq!(house.coder().count_pairs(&alice), 0, "nobody holds its session");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_revoked_holds_up_no_other_revocation() {
    let two = TwoDeployments::new().await;
    let server = serve(&two.directory);
    // A crash cuts off a login at each of them.
    let (alice, mallory) =
        (two.honest.coder().add_user("alice"), two.other.coder().add_user("mallory"));
    let mut under_way = Vec::new();
    for (house, environment, user) in
        [(&two.other, "staging", &mallory), (&two.honest, "development", &alice)]
    {
        let mut browser = visitor().environment(environment);
        let authorize = browser.start(&server).await;
        let callback = house.coder().approve(&authorize, user).unwrap();
        let (fault, held) = Fault::hold();
        house.coder().fail_next(fault.on("/api/v2/users/me"));
        come_back_and_leave(&browser, server.place(), &callback, held.reached()).await;
        under_way.push(held);
    }
    server.kill();
    // The first one cannot be read, the second one hangs, and the third one is alice's.
    let changes = "
        UPDATE coder_auth_revocations SET due_at = rowid;
        INSERT INTO coder_auth_revocations VALUES ('bad', 'nowhere', '', x'00', 0, 0, 0);";
    change(two.directory.path(), changes).await;
    two.other.coder().fail_next(Fault::silence().on("/oauth2/revoke"));
    let server = serve(&two.directory);
    until(|| two.other.coder().count("POST", "/oauth2/revoke") == 1).await;
    until(|| two.honest.coder().count_pairs(&alice) == 0).await;
    let log = server.log();
    assert!(!log.contains("could not be revoked"), "the other one hangs still: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_another_program_on_a_sibling_host_signs_nobody_out() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = house.signed_in(&server, &alice).await;
    let path = "/api/auth/coder/refresh?env=development";
    let mut request = browser.script_request("GET", path);
    let cookies = format!("name=Zoë; {}", browser.cookies.header().unwrap());
    let cookies = HeaderValue::from_bytes(cookies.as_bytes()).unwrap();
    request.headers_mut().unwrap().insert(COOKIE, cookies);
    let answer = Answer::to(&server, request, "").await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_token_from_before_a_logout_does_not_open_the_grant_of_the_next_login() {
    let (house, directory) = house("{ session: { logout: grant } }").await;
    let sign_in =
        format!("auth: {{ providers: {{ coder: {{ development: {{ {SIGN_IN} }} }} }} }}\n{PEOPLE}");
    std::fs::write(directory.path().join("app-config.local.yaml"), &sign_in).unwrap();
    write_people(directory.path(), &["alice"]);
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let (phone, laptop) =
        (house.signed_in(&server, &alice).await, house.signed_in(&server, &alice).await);
    let of_the_laptop = laptop.refresh(&server).await.identity_token().to_owned();
    let status = async |token: &str| status_of(&visitor(), &server, "development", token).await;
    // A login of another browser goes on with the grant.
    house.signed_in(&server, &alice).await;
    assert_eq!(status(&of_the_laptop).await, StatusCode::OK);
    let logout = "/api/auth/coder/logout?env=development";
    phone.ajax(&server, "POST", logout).await;
    assert_eq!(status(&of_the_laptop).await, StatusCode::UNAUTHORIZED);
    let phone = house.signed_in(&server, &alice).await;
    assert_eq!(status(&of_the_laptop).await, StatusCode::UNAUTHORIZED);
    let of_the_phone = phone.refresh(&server).await.identity_token().to_owned();
    assert_eq!(status(&of_the_phone).await, StatusCode::OK);
}
