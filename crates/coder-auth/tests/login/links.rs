//! Linked session tokens: for people who are signed in to Backstage, and not to Coder.

use std::time::Duration;

use bytes::Bytes;
use coder_auth::store::AuthStore as _;
use coder_auth::{CoderAuth, EnvironmentOptions, SignIn, UsernameMatchingUserEntityName};
use coder_client::operations::GetUser;
use coder_core::Secret;
use coder_testkit::{FakeUser, Fault};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};

use crate::foreign_tokens::{Beside, caller, headers};
use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Answer, Browser, House, PORTAL, base_options, read};
use crate::wire::shown;

const PATH: &str = "/api/coder/v1/link";

/// A request for one of the routes.
struct Ask {
    method: &'static str,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Ask {
    fn new(method: &'static str, pairs: &[(&'static str, &str)]) -> Self {
        Self { method, query: String::new(), headers: headers(pairs), body: Vec::new() }
    }

    /// Asks with an identity token.
    fn by(method: &'static str, token: &str) -> Self {
        Self::new(method, &[("authorization", &format!("Bearer {token}"))])
    }

    /// Asks as a page of the portal does, in this browser.
    fn in_browser(method: &'static str, browser: &Browser) -> Self {
        Self::new(method, &from_page(&cookie(browser), PORTAL))
    }

    fn with_token(mut self, token: &Secret) -> Self {
        self.headers.insert("content-type", "application/json".parse().unwrap());
        self.body = json!({ "token": token.expose() }).to_string().into_bytes();
        self
    }

    fn in_environment(mut self, name: &str) -> Self {
        self.query = format!("?env={name}");
        self
    }

    async fn at(&self, auth: &CoderAuth) -> Answer {
        let mut request =
            Request::builder().method(self.method).uri(format!("{PATH}{}", self.query));
        *request.headers_mut().unwrap() = self.headers.clone();
        let request = request.body(Bytes::from(self.body.clone())).unwrap();
        let response = match self.method {
            "GET" => read(auth.show_link(&request)).await,
            "POST" => read(auth.link(&request)).await,
            _ => read(auth.unlink(&request)).await,
        };
        assert_eq!(response.headers()["cache-control"], "no-store");
        let text = String::from_utf8_lossy(response.body());
        if let Ok(Value::Object(sent)) = serde_json::from_slice(&self.body)
            && let Some(token) = sent.get("token").and_then(Value::as_str)
        {
            assert!(token.is_empty() || !text.contains(token), "the token is told: {text}");
        }
        response
    }
}

fn cookie(browser: &Browser) -> String {
    format!("__Host-coder-session={}", browser.cookies["__Host-coder-session"])
}

fn from_page<'a>(cookie: &'a str, origin: &'a str) -> [(&'static str, &'a str); 3] {
    [("cookie", cookie), ("x-requested-with", "XMLHttpRequest"), ("origin", origin)]
}

/// Returns whom the holder of this token is to Coder.
async fn at_coder(house: &House, token: &str) -> Option<String> {
    let caller = caller(house, token).await.ok()?;
    Some(caller.client().send(&GetUser::me()).await.unwrap().username)
}

/// Makes Coder forget the token.
fn delete_token(house: &House, user: &FakeUser) {
    let token = user.session_token.expose();
    let id = token.split('-').next().unwrap();
    let request = Request::delete(
        house.coder.url().endpoint(["api", "v2", "users", "me", "keys", id]).as_str(),
    )
    .header("coder-session-token", token)
    .body(Bytes::new())
    .unwrap();
    assert!(house.coder.respond(request).status().is_success());
}

const ALICE: &str = "user:default/alice";

#[tokio::test(start_paused = true)]
async fn a_person_known_elsewhere_links_a_token_and_is_answered_with_it() {
    let beside = Beside::new();
    let (house, token) = (&beside.house, beside.token(ALICE));
    let alice = house.coder.add_user("alice-at-coder");
    let nothing = json!({
        "environment": "development",
        "deploymentUrl": house.coder.url().as_str(),
        "tokenUrl": format!("{}/cli-auth", house.coder.url()),
        "username": null,
    });
    assert_eq!(*Ask::by("GET", &token).at(&house.auth).await.json(), nothing);
    assert_eq!(at_coder(house, &token).await, None);

    let linked = Ask::by("POST", &token).with_token(&alice.session_token).at(&house.auth).await;
    assert_eq!(linked.status(), StatusCode::OK, "{linked:?}");
    assert_eq!(linked.json()["username"], "alice-at-coder");
    assert_eq!(Ask::by("GET", &token).at(&house.auth).await.json(), linked.json());
    assert_eq!(at_coder(house, &token).await.as_deref(), Some("alice-at-coder"));
    assert_eq!(at_coder(house, &beside.token("user:default/bob")).await, None, "only alice");

    let unlinked = Ask::by("DELETE", &token).at(&house.auth).await;
    assert_eq!(unlinked.status(), StatusCode::NO_CONTENT);
    assert_eq!(at_coder(house, &token).await, None);
    assert_eq!(*Ask::by("GET", &token).at(&house.auth).await.json(), nothing);
    let again = Ask::by("DELETE", &token).at(&house.auth).await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT, "it is gone either way");
    assert!(house.coder.is_live(alice.session_token.expose()), "at Coder it is the person's own");
}

#[tokio::test(start_paused = true)]
async fn a_link_is_another_persons_when_another_issuer_says_the_same_name() {
    let beside = Beside::with_sign_in();
    let house = &beside.house;
    let alice = house.coder.add_user("alice");
    let foreign = beside.token(ALICE);
    let linked = Ask::by("POST", &foreign).with_token(&alice.session_token).at(&house.auth).await;
    assert_eq!(linked.status(), StatusCode::OK, "{linked:?}");
    let browser = house.signed_in(&alice).await;
    let shown = Ask::in_browser("GET", &browser).at(&house.auth).await;
    assert_eq!(shown.json()["username"], Value::Null, "this portal's alice has linked nothing");
}

#[tokio::test(start_paused = true)]
async fn a_link_ends_with_the_erasure_of_its_holder_and_stays_for_others() {
    let beside = Beside::with_sign_in();
    let house = &beside.house;
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("twin-1"));
    let (of_alice, of_bob) = (beside.token(ALICE), beside.token("user:default/twin-1"));
    for (token, user) in [(&of_alice, &alice), (&of_bob, &bob)] {
        Ask::by("POST", token).with_token(&user.session_token).at(&house.auth).await;
    }
    let browser = house.signed_in(&alice).await;
    let own = Ask::in_browser("POST", &browser).with_token(&alice.session_token);
    assert_eq!(own.at(&house.auth).await.status(), StatusCode::OK);
    // By the id alone, which finds what is left after a sign-out.
    let administration = house.auth.administration();
    administration.end_all().await.unwrap();
    let erased = administration.erase(&alice.id.to_string().parse().unwrap()).await.unwrap();
    assert_eq!((erased.sessions, erased.links), (0, 1));
    let erased = administration.erase(&ALICE.parse().unwrap()).await.unwrap();
    assert_eq!((erased.sessions, erased.links), (0, 1));
    for (token, linked) in [(&of_alice, Value::Null), (&of_bob, json!("twin-1"))] {
        assert_eq!(Ask::by("GET", token).at(&house.auth).await.json()["username"], linked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_ends_when_coder_does_not_accept_the_token_any_more() {
    let beside = Beside::new();
    let (house, token) = (&beside.house, beside.token(ALICE));
    let alice = house.coder.add_user("alice");
    Ask::by("POST", &token).with_token(&alice.session_token).at(&house.auth).await;
    let used = caller(house, &token).await.unwrap();
    delete_token(house, &alice);
    let error = house.auth.renew(&used).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(Ask::by("GET", &token).at(&house.auth).await.json()["username"], Value::Null);
    assert_eq!(house.coder.count("POST", "/oauth2/tokens"), 0, "there is nothing to rotate");

    let bob = house.coder.add_user("bob");
    let token = beside.token("user:default/bob");
    Ask::by("POST", &token).with_token(&bob.session_token).at(&house.auth).await;
    delete_token(house, &bob);
    house.advance(Duration::from_secs(600));
    let shown = Ask::by("GET", &token).at(&house.auth).await;
    assert_eq!(shown.json()["username"], Value::Null, "it is asked after every ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_stumbles_ends_no_link() {
    let beside = Beside::new();
    let (house, token) = (&beside.house, beside.token(ALICE));
    let alice = house.coder.add_user("alice");
    let fault = || Fault::bad_gateway().on("/api/v2/users/me").times(10);
    house.coder.fail_next(fault());
    let refused = Ask::by("POST", &token).with_token(&alice.session_token).at(&house.auth).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.retry_after().is_some());
    while house.coder.count("GET", "/api/v2/users/me") < 10 {
        let _ = Ask::by("POST", &token).with_token(&alice.session_token).at(&house.auth).await;
    }
    Ask::by("POST", &token).with_token(&alice.session_token).at(&house.auth).await;
    let used = caller(house, &token).await.unwrap();
    house.coder.fail_next(
        Fault::answer(StatusCode::UNAUTHORIZED, "text/html", "who are you?").on("/api/v2/users/me"),
    );
    assert!(house.auth.renew(&used).await.is_err());
    assert_eq!(at_coder(house, &token).await.as_deref(), Some("alice"), "a proxy is not Coder");
    house.coder.suspend(&alice);
    house.advance(Duration::from_secs(600));
    assert_eq!(caller(house, &token).await.unwrap_err().status(), StatusCode::UNAUTHORIZED);
    house.coder.activate(&alice);
    assert_eq!(at_coder(house, &token).await.as_deref(), Some("alice"), "back again");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_none_is_not_linked() {
    let beside = Beside::new();
    let (house, token) = (&beside.house, beside.token(ALICE));
    let alice = house.coder.add_user("alice");
    let refused = Ask::by("POST", &token)
        .with_token(&Secret::new("AAAAAAAAAA-nonsense"))
        .at(&house.auth)
        .await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "401 would end the session of the page");
    assert!(refused.message().contains("/cli-auth"), "{refused:?}");
    let good = alice.session_token.expose();
    for (content_type, body) in [
        ("application/json", String::new()),
        ("application/json", "{}".to_owned()),
        ("application/json", json!({ "token": "" }).to_string()),
        ("application/json", json!({ "token": 7 }).to_string()),
        ("application/json", json!({ "token": format!("{good}\r\nX: y") }).to_string()),
        ("application/json", json!({ "token": "x".repeat(2000) }).to_string()),
        ("text/plain", json!({ "token": good }).to_string()),
        ("application/x-www-form-urlencoded", format!("token={good}")),
        ("application/json-but-not-quite", json!({ "token": good }).to_string()),
    ] {
        let mut ask = Ask::by("POST", &token);
        ask.headers.insert("content-type", content_type.parse().unwrap());
        ask.body = body.clone().into_bytes();
        let answer = ask.at(&house.auth).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{content_type} {body}");
    }
    assert_eq!(at_coder(house, &token).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_grant_of_a_login_counts_before_a_link() {
    let beside = Beside::new();
    let (house, token) = (&beside.house, beside.token(ALICE));
    let (alice, other) = (house.coder.add_user("alice"), house.coder.add_user("other"));
    Ask::by("POST", &token).with_token(&other.session_token).at(&house.auth).await;
    let mut browser = house.signed_in(&alice).await;
    let bearer = format!("Bearer {token}");
    let asks = async |browser: &Browser| {
        let cookie = cookie(browser);
        let mut sent = from_page(&cookie, PORTAL).to_vec();
        sent.push(("authorization", &bearer));
        let caller = house.auth.caller(&headers(&sent), None).await.unwrap();
        caller.client().send(&GetUser::me()).await.unwrap().username
    };
    assert_eq!(asks(&browser).await, "alice");
    let was = browser.clone();
    browser.log_out(house).await;
    assert_eq!(asks(&was).await, "other", "the login is over, the link is not");
}

/// Makes two environments. In the first one people sign in to Backstage.
fn two_environments() -> House {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let mut house = with_sign_in(&sign_in);
    let options = base_options()
        .environment("development", house.environment().sign_in(sign_in))
        .environment("production", house.environment());
    house.auth = house.portal(options);
    house
}

#[tokio::test(start_paused = true)]
async fn who_is_signed_in_here_links_a_token_of_another_environment() {
    let house = two_environments();
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let message = browser.sign_in(&house, &house.coder, &alice).await;
    let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
    let cookie = cookie(&browser);
    let page = headers(&from_page(&cookie, PORTAL));
    let error = house.auth.caller(&page, Some("production")).await.unwrap_err();
    assert!(error.to_string().contains("another environment"), "{error}");
    assert!(error.to_string().contains("link a Coder token"), "{error}");

    let ask = Ask::in_browser("POST", &browser).in_environment("production");
    let linked = ask.with_token(&alice.session_token).at(&house.auth).await;
    assert_eq!(linked.json()["environment"], "production", "{linked:?}");
    let caller = house.auth.caller(&page, Some("production")).await.unwrap();
    assert_eq!(caller.environment(), "production");
    let bearer = headers(&[("authorization", &format!("Bearer {token}"))]);
    assert!(house.auth.caller(&bearer, Some("production")).await.is_ok(), "the same person");
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_token_is_refused_where_that_can_be_told() {
    let beside = Beside::with_sign_in();
    let house = &beside.house;
    let (alice, twin) = (house.coder.add_user("alice"), house.coder.add_user("twin-1"));
    let stranger = house.coder.add_user("stranger");
    let browser = house.signed_in(&alice).await;
    for other in [&twin, &stranger] {
        let ask = Ask::in_browser("POST", &browser).with_token(&other.session_token);
        let refused = ask.at(&house.auth).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "she is signed in as alice");
        assert!(refused.message().contains("who is not you"), "{refused:?}");
    }
    // Of a person from elsewhere it is not known who she is at Coder, but of the token it is.
    let foreign = beside.token(ALICE);
    let refused = Ask::by("POST", &foreign).with_token(&twin.session_token).at(&house.auth).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let ask = Ask::by("POST", &foreign).with_token(&stranger.session_token);
    let refused = ask.at(&house.auth).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "nobody's, as far as is known");
    assert!(refused.message().contains("know nobody"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn where_people_sign_in_the_resolvers_say_whose_an_account_of_another_deployment_is() {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let mut house = with_sign_in(&sign_in);
    let elsewhere = "https://other-coder.example.com".parse().unwrap();
    let production = EnvironmentOptions::new(elsewhere, "id", Secret::new("secret"))
        .internal_url(house.coder.url().clone())
        .sign_in(sign_in.clone());
    let callback = format!("{PORTAL}/api/auth/coder/handler/frame").parse().unwrap();
    let options = base_options()
        .environment("development", house.environment().callback_url(callback).sign_in(sign_in))
        .environment("production", production);
    house.auth = house.portal(options);
    let (alice, stranger) = (house.coder.add_user("alice"), house.coder.add_user("stranger"));
    let browser = house.signed_in(&alice).await;
    for (user, status) in [(&stranger, StatusCode::FORBIDDEN), (&alice, StatusCode::OK)] {
        let ask = Ask::in_browser("POST", &browser).in_environment("production");
        let answer = ask.with_token(&user.session_token).at(&house.auth).await;
        assert_eq!(answer.status(), status, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_site_cannot_link_show_or_unlink() {
    let house =
        with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()));
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let cookie = cookie(&browser);
    let ajax = ("x-requested-with", "XMLHttpRequest");
    for (pairs, status) in [
        (vec![("cookie", &*cookie)], StatusCode::UNAUTHORIZED),
        (vec![("cookie", &*cookie), ("origin", PORTAL)], StatusCode::UNAUTHORIZED),
        (
            vec![("cookie", &*cookie), ajax, ("origin", "https://evil.example")],
            StatusCode::FORBIDDEN,
        ),
        (vec![("cookie", &*cookie), ajax, ("origin", "null")], StatusCode::BAD_REQUEST),
        (vec![("cookie", &*cookie), ajax, ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (vec![("cookie", &*cookie), ajax, ("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (vec![ajax, ("origin", PORTAL)], StatusCode::UNAUTHORIZED),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let ask = Ask::new(method, &pairs).with_token(&alice.session_token);
            assert_eq!(ask.at(&house.auth).await.status(), status, "{method} {:?}", &pairs[1..]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_coder_token_is_no_identity() {
    let house =
        with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()));
    let alice = house.coder.add_user("alice");
    let token = alice.session_token.expose();
    for pairs in [
        vec![("coder-session-token", token)],
        vec![
            ("coder-session-token", token),
            ("x-requested-with", "XMLHttpRequest"),
            ("origin", PORTAL),
        ],
        vec![("authorization", token)],
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let ask = Ask::new(method, &pairs).with_token(&alice.session_token);
            assert_eq!(ask.at(&house.auth).await.status(), StatusCode::UNAUTHORIZED, "{method}");
        }
    }
    let bearer = format!("Bearer {token}");
    let ask = Ask::new("POST", &[("authorization", &bearer)]).with_token(&alice.session_token);
    assert_eq!(ask.at(&house.auth).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_names_nobody_links_nothing() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let ask = Ask::in_browser("POST", &browser).with_token(&alice.session_token);
    let refused = ask.at(&house.auth).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.message().contains("signed in to Backstage"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_link_is_the_persons_and_not_the_browsers() {
    let house = two_environments();
    let (alice, twin) = (house.coder.add_user("alice"), house.coder.add_user("twin-1"));
    let mut browser = house.signed_in(&alice).await;
    let ask = Ask::in_browser("POST", &browser).in_environment("production");
    assert_eq!(ask.with_token(&alice.session_token).at(&house.auth).await.status(), StatusCode::OK);
    let shown = async |browser: &Browser| {
        let ask = Ask::in_browser("GET", browser).in_environment("production");
        ask.at(&house.auth).await.json()["username"].clone()
    };
    // Whoever used the browser before leaves nothing behind for the next one.
    let before = browser.clone();
    browser.sign_in(&house, &house.coder, &twin).await;
    assert_eq!(shown(&browser).await, Value::Null);
    assert_eq!(shown(&before).await, Value::Null, "the handle of before has ended");
    // And has it in every browser.
    assert_eq!(shown(&house.signed_in(&alice).await).await, "alice");
}

#[tokio::test(start_paused = true)]
async fn a_linked_token_is_sealed_for_its_person() {
    let beside = Beside::new();
    let house = &beside.house;
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
    for (user, token) in [(ALICE, &alice), ("user:default/bob", &bob)] {
        let ask = Ask::by("POST", &beside.token(user)).with_token(&token.session_token);
        assert_eq!(ask.at(&house.auth).await.status(), StatusCode::OK);
    }
    let stored = format!("{:?}", house.storage.0);
    assert!(!stored.contains(alice.session_token.expose()));
    let caller_of = async |user: &str| at_coder(house, &beside.token(user)).await;
    assert_eq!(caller_of(ALICE).await.as_deref(), Some("alice"));
    // Whoever writes to the store cannot give bob's to alice.
    let key = |user: &str| coder_auth::store::LinkKey {
        deployment: house.coder.url().clone(),
        holder: format!("issuer {} {user}", crate::support::NEIGHBOUR),
    };
    let record = house.storage.0.link(&key("user:default/bob")).await.unwrap().unwrap();
    let of_alice = house.storage.0.link(&key(ALICE)).await.unwrap().unwrap();
    let swapped = coder_auth::store::LinkRecord { key: key(ALICE), ..record };
    let expected = of_alice.version;
    assert!(house.storage.0.update_link(&key(ALICE), expected, Some(swapped)).await.unwrap());
    assert_eq!(caller_of(ALICE).await, None);
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_held_to_the_letter() {
    let beside = Beside::new();
    let (house, token) = (&beside.house, beside.token(ALICE));
    let alice = house.coder.add_user("alice-at-coder");
    let dead = Secret::new("0123456789-0123456789012345678901");
    let mut answers = String::new();
    for (what, ask) in [
        ("nothing is linked", Ask::by("GET", &token)),
        ("nobody asks", Ask::new("GET", &[])),
        ("another site asks", Ask::new("GET", &from_page("x=y", "https://evil.example"))),
        ("there is no such environment", Ask::by("GET", &token).in_environment("staging")),
        ("no token is sent", Ask::by("POST", &token)),
        ("Coder does not know the token", Ask::by("POST", &token).with_token(&dead)),
        ("linked", Ask::by("POST", &token).with_token(&alice.session_token)),
        ("this is linked", Ask::by("GET", &token)),
        ("taken back", Ask::by("DELETE", &token)),
    ] {
        let response = ask.at(&house.auth).await;
        answers += &format!("# {} {what}\n{}\n", ask.method, shown(&response));
    }
    insta::assert_snapshot!(answers);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_tries_made_up_tokens_does_not_make_this_server_ask_without_end() {
    let beside = Beside::with_sign_in();
    let token = beside.token("user:default/alice");
    beside.house.coder.forget_requests();
    let mut last = None;
    for number in 0..200 {
        let made_up = Secret::new(format!("made-up-{number}"));
        last = Some(Ask::by("POST", &token).with_token(&made_up).at(&beside.house.auth).await);
    }
    assert_eq!(last.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(beside.house.coder.count("GET", "/api/v2/users/me"), 120);
}
