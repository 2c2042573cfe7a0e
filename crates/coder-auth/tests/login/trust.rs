//! The rules of trust: whom an answer is for, what a logout ends, and what is handed out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_auth::{
    AuthOptions, CoderAuth, EnvironmentOptions, LogoutScope, SessionOptions, SignIn,
    UsernameMatchingUserEntityName,
};
use coder_client::operations::GetUser;
use coder_core::{Body, Clock, Transport, TransportError, World};
use coder_testkit::{FakeApp, FakeCoder, FakeUser, Fault};
use futures_util::future::join;
use http::{Request, Response, StatusCode};
use url::Url;

use crate::sign_in::catalog;
use crate::support::{Answer, Browser, House, PORTAL, base_options, message, read};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Lets the other side run until it waits for something.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Makes a house where a logout signs out everywhere.
fn house_of_grants() -> House {
    let mut house = House::current();
    let session = SessionOptions::default().logout(LogoutScope::Grant);
    let options = base_options().environment("development", house.environment()).session(session);
    house.auth = house.portal(options);
    house
}

#[tokio::test(start_paused = true)]
async fn signing_out_everywhere_is_not_undone_by_the_next_login() {
    let house = house_of_grants();
    let alice = house.coder.add_user("alice");
    let (mut phone, laptop) = (house.signed_in(&alice).await, house.signed_in(&alice).await);
    assert_eq!(phone.log_out(&house).await.status(), StatusCode::OK);
    assert_eq!(laptop.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    phone.sign_in(&house, &house.coder, &alice).await;
    assert_eq!(laptop.refresh(&house).await.status(), StatusCode::UNAUTHORIZED, "the lost laptop");
    assert_eq!(phone.refresh(&house).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn only_a_logout_signs_out_everywhere_and_no_login_or_idle_session_does() {
    let house = house_of_grants();
    let alice = house.coder.add_user("alice");
    let (mut phone, laptop) = (house.signed_in(&alice).await, house.signed_in(&alice).await);
    // A login in a browser that is signed in already.
    phone.sign_in(&house, &house.coder, &alice).await;
    let refreshed = phone.refresh(&house).await;
    assert!(house.coder.is_live(refreshed.access_token()));
    assert_eq!(laptop.refresh(&house).await.status(), StatusCode::OK);
    // One browser is idle for too long.
    for _ in 0..8 {
        house.advance(DAY);
        assert_eq!(phone.refresh(&house).await.status(), StatusCode::OK);
    }
    house.auth.sweep().await.unwrap();
    assert_eq!(laptop.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(phone.refresh(&house).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_logout_beside_a_rotation_is_final() {
    for scope in [LogoutScope::Session, LogoutScope::Grant] {
        let mut house = House::current();
        let session = SessionOptions::default().logout(scope);
        let options =
            base_options().environment("development", house.environment()).session(session);
        house.auth = house.portal(options);
        let alice = house.coder.add_user("alice");
        let browser = house.signed_in(&alice).await;
        house.advance(DAY - 5 * MINUTE);
        let let_go = house.hold_answer("/oauth2/tokens");
        let logout = async {
            settle().await;
            let ended = browser.clone().log_out(&house).await;
            let_go.send(()).unwrap();
            ended
        };
        let (refreshed, ended) = join(browser.refresh(&house), logout).await;
        assert_eq!(ended.status(), StatusCode::OK);
        assert_eq!(refreshed.status(), StatusCode::UNAUTHORIZED, "{scope:?}: {refreshed:?}");
        assert_eq!(browser.refresh(&house).await.status(), StatusCode::UNAUTHORIZED, "{scope:?}");
        // Nothing that the rotation has got is alive.
        assert_eq!(house.coder.count("POST", "/oauth2/revoke"), 2, "{scope:?}: old and new pair");
        assert!(house.coder.count_pairs(&alice) == 0, "{scope:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_began_before_a_logout_does_not_touch_the_next_login() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&alice).await;
    house.advance(11 * MINUTE);
    let let_go = house.hold_answer("/api/v2/users/me");
    let old = browser.clone();
    let meanwhile = async {
        settle().await;
        browser.log_out(&house).await;
        browser.sign_in(&house, &house.coder, &alice).await;
        let_go.send(()).unwrap();
    };
    join(old.refresh(&house), meanwhile).await;
    let answer = browser.refresh(&house).await;
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    assert!(house.coder.is_live(answer.access_token()));
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_another_replica_has_stored_is_handed_out_only_when_coder_confirms_it() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let replica = house.replica();
    house.advance(DAY - 5 * MINUTE);
    // The first replica has stored the new pair, and waits for `/users/me`.
    let let_go = house.hold_answer("/oauth2/tokens");
    let suspended = async {
        settle().await;
        house.coder.suspend(&alice);
        let_go.send(()).unwrap();
    };
    let (first, (second, ())) =
        join(browser.refresh(&house), join(browser.refresh(&replica), suspended)).await;
    assert_eq!(first.status(), StatusCode::UNAUTHORIZED, "{first:?}");
    assert_eq!(second.status(), StatusCode::UNAUTHORIZED, "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_coder_has_forgotten_is_not_handed_out() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.coder.suspend(&alice);
    house.advance(Duration::from_secs(31));
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::UNAUTHORIZED);
    house.coder.activate(&alice);
    // A person who is activated again goes on with the same pair.
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn when_coder_does_not_answer_its_answer_of_the_last_ten_minutes_counts() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.advance(9 * MINUTE);
    house.coder.fail_next(Fault::bad_gateway().on("/api/v2/users/me").times(1000));
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
    house.advance(2 * MINUTE);
    let late = browser.refresh(&house).await;
    assert_eq!(late.status(), StatusCode::SERVICE_UNAVAILABLE, "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_another_user_is_not_taken_for_this_session() {
    let house = House::current();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
    let browser = house.signed_in(&alice).await;
    house.advance(MINUTE);
    let client = coder_client::Client::new(house.world(), house.coder.url().clone())
        .with_credential(coder_client::Credential::SessionToken(bob.session_token.clone()));
    let of_bob = serde_json::to_string(&client.send(&GetUser::me()).await.unwrap()).unwrap();
    house.coder.fail_next(
        Fault::answer(StatusCode::OK, "application/json", of_bob).on("/api/v2/users/me").times(1),
    );
    let mixed = browser.refresh(&house).await;
    assert_eq!(mixed.status(), StatusCode::SERVICE_UNAVAILABLE, "{mixed:?}");
    let answer = browser.refresh(&house).await;
    assert_eq!(answer.json()["profile"]["email"], "alice@example.com", "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_login_whose_popup_was_closed_leaves_no_living_pair() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let (browser, callback) = house.consented(&alice).await;
    let let_go = house.hold_answer("/api/v2/users/me");
    {
        // The browser goes away while Coder is asked who it is.
        let mut gone = browser.clone();
        let calling = Box::pin(gone.call_back(&house.auth, &callback));
        let waited = futures_util::future::select(calling, Box::pin(settle())).await;
        assert!(matches!(waited, futures_util::future::Either::Right(_)));
    }
    let_go.send(()).unwrap();
    settle().await;
    assert!(house.coder.count_pairs(&alice) == 0);
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_is_in_a_grant_is_not_revoked_by_the_sweeper() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    for _ in 0..5 {
        house.advance(6 * MINUTE);
        house.auth.sweep().await.unwrap();
    }
    assert!(house.coder.is_live(browser.refresh(&house).await.access_token()));
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_coder_did_not_revoke_is_revoked_by_a_later_sweep() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&alice).await;
    house.coder.fail_next(Fault::bad_gateway().on("/oauth2/revoke").times(10));
    assert_eq!(browser.log_out(&house).await.status(), StatusCode::OK);
    assert!(house.coder.count_pairs(&alice) == 1, "the test's own premise");
    for _ in 0..10 {
        house.advance(6 * MINUTE);
        house.auth.sweep().await.unwrap();
    }
    assert!(house.coder.count_pairs(&alice) == 0);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_makes_no_confirmation_younger() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    house.coder.suspend(&alice);
    // One replica's clock is a day behind.
    let behind: Arc<dyn Clock> = {
        let clock = house.clock.clone();
        Arc::new(move || clock.now() - jiff::SignedDuration::from_hours(24))
    };
    let answer = browser.refresh(&house.portal_at(behind)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_logout_ends_the_session_of_the_cookie_whichever_environment_it_names() {
    let house = House::current();
    let options = base_options()
        .environment("development", house.environment())
        .environment("production", house.environment());
    let auth = house.portal(options);
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let started = browser.start_with(&auth, &format!("env=development&origin={PORTAL}")).await;
    let callback = house.coder.approve(started.location(), &alice).unwrap();
    browser.call_back(&auth, &callback).await;
    let request = browser
        .request("POST", "/api/auth/coder/logout?env=production")
        .header("x-requested-with", "XMLHttpRequest")
        .header("origin", PORTAL)
        .body(Bytes::new())
        .unwrap();
    assert_eq!(read(auth.logout(&request)).await.status(), StatusCode::OK);
    assert_eq!(browser.refresh(&auth).await.status(), StatusCode::UNAUTHORIZED);
}

/// A portal with two deployments, whose operators need not trust each other.
struct TwoDeployments {
    honest: FakeCoder,
    other: FakeCoder,
    auth: CoderAuth,
}

struct Both(FakeCoder, FakeCoder);

#[async_trait::async_trait]
impl Transport for Both {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let coders = [&self.0, &self.1];
        let coder = coders.into_iter().find(|coder| coder.url().as_str().contains(&host));
        coder.unwrap().send(request).await
    }
}

fn callback_of(environment: &str) -> String {
    format!("{PORTAL}/api/auth/coder/handler/frame/{environment}")
}

fn at(coder: &FakeCoder, app: &FakeApp) -> EnvironmentOptions {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let client_id = app.client_id.clone();
    EnvironmentOptions::new(coder.url().clone(), client_id, app.client_secret.clone())
        .sign_in(sign_in)
}

impl TwoDeployments {
    fn new() -> Self {
        let house = House::current();
        let coder =
            |url: &str| FakeCoder::builder().url(url).clock(Arc::new(house.clock.clone())).build();
        let (honest, other) = (coder("https://honest.test"), coder("https://other.test"));
        let options: AuthOptions = base_options()
            .environment(
                "production",
                at(&honest, &honest.add_oauth2_app("backstage", &callback_of("production"))),
            )
            .environment(
                "staging",
                at(&other, &other.add_oauth2_app("backstage", &callback_of("staging"))),
            );
        let transport = Arc::new(Both(honest.clone(), other.clone()));
        let world = World { transport, ..house.world().clone() };
        let keys = coder_auth::SealingKeys::ephemeral(&*world.random).unwrap();
        let auth = CoderAuth::new(&world, house.storage.open(), keys, options);
        Self { honest, other, auth }
    }

    async fn authorize_url(&self, browser: &mut Browser, environment: &str) -> Url {
        let query = format!("env={environment}&origin={PORTAL}");
        browser.start_with(&self.auth, &query).await.location()
    }

    async fn sign_in(&self, environment: &str, user: &FakeUser) -> Browser {
        let mut browser = Browser::new();
        let authorize = self.authorize_url(&mut browser, environment).await;
        let coder = if environment == "production" { &self.honest } else { &self.other };
        let callback = coder.approve(&authorize, user).unwrap();
        let told = message(&browser.call_back(&self.auth, &callback).await);
        assert_eq!(told.get("error"), None, "{told}");
        browser
    }

    async fn refresh(&self, browser: &Browser, environment: &str) -> Answer {
        let request = browser
            .request("GET", &format!("/api/auth/coder/refresh?env={environment}"))
            .header("x-requested-with", "XMLHttpRequest")
            .header("origin", PORTAL)
            .body(Bytes::new())
            .unwrap();
        read(self.auth.refresh(&request)).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_of_one_deployment_is_never_sent_to_another() {
    let two = TwoDeployments::new();
    let alice = two.honest.add_user("alice");
    // Mallory runs the other Coder. She sends alice, who has begun a login there, to the honest
    // one, and alice's browser brings the honest code back with the state of her own attempt.
    let mut victim = Browser::new();
    let at_other = two.authorize_url(&mut victim, "staging").await;
    let mut mallory = Browser::new();
    let at_honest = two.authorize_url(&mut mallory, "production").await;
    let value = |url: &Url, name: &str| {
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    let mut callback = two.honest.approve(&at_honest, &alice).unwrap();
    let code = value(&callback, "code");
    let state = value(&at_other, "state");
    callback.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", &state);
    two.other.forget_requests();
    let told = message(&victim.call_back(&two.auth, &callback).await);
    assert!(told["error"]["message"].as_str().unwrap().contains("not from the Coder"), "{told}");
    assert_eq!(two.other.count("POST", "/oauth2/tokens"), 0, "mallory gets no code");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_names_another_issuer_is_refused() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    for (issuer, is_taken) in [("https://evil.example", false), (house.coder.url().as_str(), true)]
    {
        let mut browser = Browser::new();
        let authorize = browser.start(&house).await;
        let mut callback = house.coder.approve(&authorize, &alice).unwrap();
        let mut pairs: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
        pairs.retain(|(name, _)| name != "iss");
        callback.query_pairs_mut().clear().extend_pairs(pairs).append_pair("iss", issuer);
        let told = message(&browser.call_back(&house.auth, &callback).await);
        assert_eq!(told.get("error").is_none(), is_taken, "{issuer}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_identity_token_opens_the_grant_it_was_issued_for_and_no_other() {
    let two = TwoDeployments::new();
    let (alice, mallory) = (two.honest.add_user("alice"), two.other.add_user("alice"));
    let identity =
        |answer: &Answer| answer.json()["backstageIdentity"]["token"].as_str().unwrap().to_owned();
    let mallorys = two.sign_in("staging", &mallory).await;
    let mallorys_token = identity(&two.refresh(&mallorys, "staging").await);
    // The same user entity ref signs in at the honest deployment, last.
    let alices = two.sign_in("production", &alice).await;
    let alices_token = identity(&two.refresh(&alices, "production").await);
    let caller = async |token: &str, environment: Option<&str>| {
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        two.auth.caller(&headers, environment).await
    };
    let own = caller(&mallorys_token, None).await.unwrap();
    assert_eq!(own.environment(), "staging");
    assert_eq!(own.user_entity_ref(), Some("user:default/alice"));
    let refused = caller(&mallorys_token, Some("production")).await.unwrap_err();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(caller(&alices_token, None).await.unwrap().environment(), "production");
    // Nor does it show, use or delete what alice has linked at the honest deployment.
    let path = |environment| format!("/api/coder/v1/link?env={environment}");
    let body = format!(r#"{{"token":"{}"}}"#, mallory.session_token.expose());
    let ask = |method: &str, token: &str, body: String| {
        Request::builder()
            .method(method)
            .uri(path("staging"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .unwrap()
    };
    let linked = read(two.auth.link(&ask("POST", &alices_token, body))).await;
    assert_eq!(linked.status(), StatusCode::OK, "{:?}", linked.body());
    let shown = read(two.auth.show_link(&ask("GET", &mallorys_token, String::new()))).await;
    assert_eq!(shown.json()["username"], serde_json::Value::Null, "{shown:?}");
    read(two.auth.unlink(&ask("DELETE", &mallorys_token, String::new()))).await;
    let shown = read(two.auth.show_link(&ask("GET", &alices_token, String::new()))).await;
    assert_eq!(shown.json()["username"], "alice", "{shown:?}");
}
