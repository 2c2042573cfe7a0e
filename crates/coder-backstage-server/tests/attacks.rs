//! What strangers, other browsers and odd Coders try at the running server.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[expect(dead_code, reason = "each test of the server uses its part")]
mod serving;

use std::sync::Arc;
use std::time::Duration;

use coder_core::SystemClock;
use coder_testkit::{FakeCoder, Fault};
use http::StatusCode;
use reqwest::Method;
use reqwest::header::{COOKIE, HeaderValue, ORIGIN};
use serving::{
    Browser, House, PEOPLE, Process, SIGN_IN, Serves as _, access_token, change, parameter, until,
    user_of, write_people,
};
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
    let stranger = Browser::new();
    for (name, value) in [
        ("coder-session-token", "made-up-0123456789"),
        ("authorization", "Bearer made-up"),
        ("cookie", "coder-session=made-up"),
    ] {
        let request = stranger.request(Method::GET, &server, "/api/coder/v1/entities");
        let answer = request.header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_line_of_the_log_stays_within_its_own() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = Browser::new();
    const FORGED: &str = "x%0d%0a2026-01-01%20INFO%20forged%1b%5b2J%e2%80%ae";
    let long = "x".repeat(20_000);
    for path in [
        format!("/api/auth/coder/start?env={FORGED}"),
        format!("/api/coder/v1/entities?env={FORGED}"),
        format!("/api/coder/v1/entities/component/default/{FORGED}/workspaces"),
        format!("/api/auth/coder/start?env={long}"),
        format!("/api/coder/v1/entities/component/default/{long}/workspaces"),
    ] {
        let request = browser.request(Method::GET, &server, &path);
        let request = request.header("coder-session-token", alice.session_token.expose());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
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
    let phone = Browser::signed_in(&house, &server, &alice).await;
    let laptop = Browser::signed_in(&house, &server, &alice).await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = phone.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(laptop.refresh_until_refused(&server).await.status(), StatusCode::UNAUTHORIZED);
    let phone = Browser::signed_in(&house, &server, &alice).await;
    let token = access_token(phone.refresh(&server).await).await;
    assert!(house.coder().is_live(&token));
    assert_eq!(laptop.refresh_until_refused(&server).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_login_of_a_browser_keeps_itself() {
    let (house, directory) = house("{ session: { logout: grant } }").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let mut browser = Browser::signed_in(&house, &server, &alice).await;
    let authorize = browser.start(&server).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    browser.call_back(&server, &callback).await;
    let token = access_token(browser.refresh(&server).await).await;
    assert!(house.coder().is_live(&token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_names_another_person_gives_nobody_that_persons_session() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let (alice, bob) = (house.coder().add_user("alice"), house.coder().add_user("bob"));
    // So short that a refresh rotates at once, and asks Coder whose the new pair is.
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let bobs = user_of(&bob.id.to_string(), "bob");
    let answer = Fault::answer(StatusCode::OK, "application/json", bobs.to_string());
    house.coder().fail_next(answer.on("/api/v2/users/me").times(usize::MAX));
    let answer = browser.refresh_until_refused(&server).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let told = answer.text().await.unwrap();
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
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let logout = "/api/auth/coder/logout?env=staging";
    let answer = browser.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    // With the cookie that it was told to forget.
    assert_eq!(browser.refresh_until_refused(&server).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.coder().count_pairs(&alice), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_beside_a_rotation_is_final() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    house.coder().set_session_lifetime(Duration::from_secs(1));
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let rotating = tokio::spawn(browser.refresh_until_refused(&server));
    held.reached().await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = browser.request(Method::POST, &server, logout).send().await.unwrap();
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
    let answer = Browser::new().request(Method::GET, &server, start).send().await.unwrap();
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
    let (mut victim, mut mallory) = (Browser::new(), Browser::new());
    let at_other = victim.start_in("staging", &server).await;
    let at_honest = mallory.start_in("development", &server).await;
    let mut callback = two.honest.coder().approve(&at_honest, &alice).unwrap();
    let (code, state) = (parameter(&callback, "code"), parameter(&at_other, "state"));
    callback.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", &state);
    two.other.coder().forget_requests();
    let page = victim.come_back(&server, &callback).await;
    assert_eq!(two.other.coder().count("POST", "/oauth2/tokens"), 0, "mallory gets no code");
    assert!(page.contains("not%20from%20the%20Coder") && !victim.is_signed_in(), "{page}");
}

/// Returns the identity token of a signed-in browser.
async fn identity_token(response: reqwest::Response) -> String {
    let json: serde_json::Value = response.json().await.unwrap();
    let token = json["backstageIdentity"]["token"].as_str();
    token.unwrap_or_else(|| panic!("{json}")).to_owned()
}

/// Asks for the catalog, in this environment, with an identity token.
async fn status_of(
    browser: &Browser,
    server: &Process,
    environment: &str,
    token: &str,
) -> StatusCode {
    let path = format!("/api/coder/v1/entities?env={environment}");
    let request = browser.request(Method::GET, server, &path).bearer_auth(token);
    request.send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_token_opens_the_grant_it_was_issued_for_and_no_other() {
    let two = TwoDeployments::new().await;
    let server = serve(&two.directory);
    // Mallory runs the other Coder, and calls a user there like alice.
    let (alice, mallory) =
        (two.honest.coder().add_user("alice"), two.other.coder().add_user("alice"));
    let mut browser = Browser::new();
    let authorize = browser.start_in("staging", &server).await;
    let callback = two.other.coder().approve(&authorize, &mallory).unwrap();
    browser.call_back(&server, &callback).await;
    let refresh = "/api/auth/coder/refresh?env=staging";
    let answer = browser.request(Method::GET, &server, refresh).send().await.unwrap();
    let token = identity_token(answer).await;
    let alices = Browser::signed_in(&two.honest, &server, &alice).await;
    identity_token(alices.refresh(&server).await).await;
    let stranger = Browser::new();
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
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let rotating = tokio::spawn(browser.refresh_until_refused(&server));
    held.reached().await;
    let logout = "/api/auth/coder/logout?env=development";
    let answer = browser.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    let again = Browser::signed_in(&house, &server, &alice).await;
    held.release();
    assert_eq!(rotating.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let token = access_token(again.refresh(&server).await).await;
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
    let alices = Browser::signed_in(&house, &server, &alice).await;
    for (user, status) in [("alice", StatusCode::OK), ("bob", StatusCode::UNAUTHORIZED)] {
        let user = neighbours.coder().add_user(user);
        let browser = Browser::signed_in(&neighbours, &neighbour, &user).await;
        let token = identity_token(browser.refresh(&neighbour).await).await;
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
        let mut browser = Browser::new();
        let authorize = browser.start(&server).await;
        let callback = house.coder().approve(&authorize, &alice).unwrap();
        let user = user_of(id, "alice").to_string();
        let answer = Fault::answer(StatusCode::OK, "application/json", user);
        house.coder().fail_next(answer.on("/api/v2/users/me"));
        let page = browser.come_back(&server, &callback).await;
        assert_eq!(browser.is_signed_in(), may_sign_in, "{id}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_no_browser_writes_is_nobodys() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let refresh = async |origins: &[&str]| {
        let headers = origins.iter().map(|origin| (ORIGIN, origin.parse().unwrap()));
        let path = "/api/auth/coder/refresh?env=development";
        let request = browser.request(Method::GET, &server, path);
        // In the place of its own.
        request.headers(headers.collect()).send().await.unwrap().status()
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
    Browser::signed_in(&house, &server, &alice).await;
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
    let browser = Browser::signed_in(&house, &one, &alice).await;
    house.coder().set_session_lifetime(Duration::from_secs(3600));
    let (fault, rotated) = Fault::hold();
    house.coder().fail_next(fault.on("/oauth2/tokens"));
    let (fault, confirmed) = Fault::hold();
    house.coder().fail_next(fault.on("/api/v2/users/me"));
    let rotating = tokio::spawn(browser.refresh_until_refused(&one));
    rotated.reached().await;
    house.coder().suspend(&alice);
    let waiting = tokio::spawn(browser.request(Method::GET, &two, REFRESH).send());
    rotated.release();
    confirmed.reached().await;
    // The new pair is stored now, and nobody has confirmed it.
    let answer = browser.request(Method::GET, &two, REFRESH).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::UNAUTHORIZED);
    confirmed.release();
    assert_eq!(rotating.await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_login_whose_window_was_closed_leaves_no_living_pair() {
    let (house, directory) = house("{}").await;
    let server = serve(&directory);
    let alice = house.coder().add_user("alice");
    let mut browser = Browser::new();
    let authorize = browser.start(&server).await;
    let callback = house.coder().approve(&authorize, &alice).unwrap();
    let (fault, held) = Fault::hold();
    house.coder().fail_next(fault.on("/api/v2/users/me"));
    browser.come_back_and_leave(&server, &callback, held.reached()).await;
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
        let mut browser = Browser::new();
        let authorize = browser.start_in(environment, &server).await;
        let callback = house.coder().approve(&authorize, user).unwrap();
        let (fault, held) = Fault::hold();
        house.coder().fail_next(fault.on("/api/v2/users/me"));
        browser.come_back_and_leave(&server, &callback, held.reached()).await;
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
    let browser = Browser::signed_in(&house, &server, &alice).await;
    let path = "/api/auth/coder/refresh?env=development";
    let mut request = browser.request(Method::GET, &server, path).build().unwrap();
    let mut cookies = "name=Zoë; ".as_bytes().to_vec();
    cookies.extend(request.headers()[COOKIE].as_bytes());
    request.headers_mut().insert(COOKIE, HeaderValue::from_bytes(&cookies).unwrap());
    let answer = reqwest::Client::new().execute(request).await.unwrap();
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
    let (phone, laptop) = (
        Browser::signed_in(&house, &server, &alice).await,
        Browser::signed_in(&house, &server, &alice).await,
    );
    let of_the_laptop = identity_token(laptop.refresh(&server).await).await;
    let status =
        async |token: &str| status_of(&Browser::new(), &server, "development", token).await;
    // A login of another browser goes on with the grant.
    Browser::signed_in(&house, &server, &alice).await;
    assert_eq!(status(&of_the_laptop).await, StatusCode::OK);
    let logout = "/api/auth/coder/logout?env=development";
    phone.request(Method::POST, &server, logout).send().await.unwrap();
    assert_eq!(status(&of_the_laptop).await, StatusCode::UNAUTHORIZED);
    let phone = Browser::signed_in(&house, &server, &alice).await;
    assert_eq!(status(&of_the_laptop).await, StatusCode::UNAUTHORIZED);
    let of_the_phone = identity_token(phone.refresh(&server).await).await;
    assert_eq!(status(&of_the_phone).await, StatusCode::OK);
}
