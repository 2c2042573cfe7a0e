//! The callers of requests that are passed on to Coder: which token such a request gets, and from
//! whom.

use std::time::Duration;

use coder_auth::identity::TrustedIssuer;
use coder_auth::{
    AccessTokenPolicy, AuthError, Caller, EnvironmentOptions, SignIn,
    UsernameMatchingUserEntityName,
};
use http::StatusCode;

use crate::foreign_tokens::{Beside, headers};
use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Browser, House, NEIGHBOUR, PORTAL, base_options};

const ENVIRONMENTS: &[&str] = &["development"];

/// Makes a portal whose pages get no token of Coder, and whose logins sign in to Backstage.
fn keeping_tokens() -> House {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let mut house = with_sign_in(&sign_in);
    let environment = house.environment().sign_in(sign_in);
    house.auth = house.portal(on_the_server(environment));
    house
}

fn on_the_server(environment: EnvironmentOptions) -> coder_auth::AuthOptions {
    base_options().environment("development", environment).access_token(AccessTokenPolicy::Server)
}

/// What a page holds after a refresh: an identity token and the access token or what stands for it.
struct Page {
    bearer: String,
    token: String,
    cookie: String,
}

async fn page(house: &House, browser: &Browser) -> Page {
    let answer = browser.refresh(house).await;
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
    let identity = answer.json().pointer("/backstageIdentity/token");
    let identity = identity.and_then(|token| token.as_str()).unwrap_or_default();
    Page {
        bearer: format!("Bearer {identity}"),
        token: answer.access_token().to_owned(),
        cookie: browser.cookies.header().unwrap(),
    }
}

async fn asked(house: &House, pairs: &[(&'static str, &str)]) -> Result<Caller, AuthError> {
    house.auth.proxy_caller(&headers(pairs), ENVIRONMENTS).await
}

fn is_live(house: &House, caller: &Caller) -> bool {
    house.coder.is_live(caller.access_token().expose())
}

fn refused(result: Result<Caller, AuthError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "{error}");
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_stands_for_the_token_of_the_person_who_is_identified_beside_it() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let page = page(&house, &browser).await;
    assert!(!house.coder.is_live(&page.token), "no token of Coder reaches the page");
    for identity in [
        &[("authorization", &*page.bearer)][..],
        &[("cookie", &*page.cookie), ("origin", PORTAL)],
        &[("cookie", &*page.cookie), ("sec-fetch-site", "same-origin")],
    ] {
        let mut sent = vec![("coder-session-token", &*page.token)];
        sent.extend(identity);
        let caller = asked(&house, &sent).await.unwrap();
        assert_eq!(caller.profile().username, "alice", "{identity:?}");
        assert!(is_live(&house, &caller), "{identity:?}");
    }
    // The other routes know it as well.
    let sent = [("coder-session-token", &*page.token), ("authorization", &*page.bearer)];
    let caller = house.auth.caller(&headers(&sent), None).await.unwrap();
    assert_eq!(caller.profile().username, "alice");
    let seen = house.coder.requests();
    let told = seen.iter().filter_map(|request| request.headers.get("coder-session-token"));
    assert!(told.into_iter().all(|token| *token != *page.token), "Coder never sees it");
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_opens_nothing_alone_forged_or_beside_somebody_else() {
    let house = keeping_tokens();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("twin-1"));
    let hers = page(&house, &house.signed_in(&alice).await).await;
    let his = page(&house, &house.signed_in(&bob).await).await;
    let forged = format!("{}A", hers.token);
    let asked_before = house.coder.requests().len();
    let placeholder = ("coder-session-token", &*hers.token);
    for sent in [
        &[placeholder][..],
        &[placeholder, ("authorization", &*his.bearer)],
        &[placeholder, ("authorization", "Bearer made-up")],
        &[placeholder, ("cookie", &*his.cookie), ("origin", PORTAL)],
        &[("coder-session-token", &*forged), ("authorization", &*hers.bearer)],
        &[("coder-session-token", "coder-session."), ("authorization", &*hers.bearer)],
    ] {
        let told = refused(asked(&house, sent).await);
        assert!(told.contains("reload the page") || told.contains("Backstage token"), "{told}");
    }
    let foreign = [placeholder, ("cookie", &*hers.cookie), ("origin", "https://evil.example")];
    assert_eq!(asked(&house, &foreign).await.unwrap_err().status(), StatusCode::FORBIDDEN);
    assert_eq!(house.coder.requests().len(), asked_before, "Coder was not asked");
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_ends_with_the_grant() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let mut browser = house.signed_in(&alice).await;
    let page = page(&house, &browser).await;
    browser.log_out(&house).await;
    let sent = [("coder-session-token", &*page.token), ("authorization", &*page.bearer)];
    refused(asked(&house, &sent).await);
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_ends_with_its_session_though_the_login_lives_on_elsewhere() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let mut leaving = house.signed_in(&alice).await;
    let staying = house.signed_in(&alice).await;
    let (ended, living) = (page(&house, &leaving).await, page(&house, &staying).await);
    leaving.log_out(&house).await;
    let asked_before = house.coder.requests().len();
    for identity in [
        &[("authorization", &*ended.bearer)][..],
        &[("authorization", &*living.bearer)],
        &[("cookie", &*ended.cookie), ("origin", PORTAL)],
        &[("cookie", &*living.cookie), ("origin", PORTAL)],
    ] {
        let mut sent = vec![("coder-session-token", &*ended.token)];
        sent.extend(identity);
        let told = refused(asked(&house, &sent).await);
        assert!(told.contains("reload the page"), "{identity:?}: {told}");
        sent.push(("x-requested-with", "XMLHttpRequest"));
        let told = refused(house.auth.caller(&headers(&sent), None).await);
        assert!(told.contains("reload the page"), "{identity:?}: {told}");
    }
    assert_eq!(house.coder.requests().len(), asked_before, "Coder was not asked");
    let sent = [("coder-session-token", &*living.token), ("authorization", &*living.bearer)];
    assert!(is_live(&house, &asked(&house, &sent).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_placeholder_ends_when_its_session_was_not_used_for_too_long() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let idle = page(&house, &house.signed_in(&alice).await).await;
    house.advance(Duration::from_secs(8 * 24 * 3600));
    let used = page(&house, &house.signed_in(&alice).await).await;
    let sent = [("coder-session-token", &*idle.token), ("authorization", &*used.bearer)];
    refused(asked(&house, &sent).await);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_grant_used_to_have_is_replaced_by_the_living_one() {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let house = with_sign_in(&sign_in);
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let old = page(&house, &browser).await;
    // A login elsewhere, and a rotation.
    house.signed_in(&alice).await;
    house.advance(Duration::from_secs(24 * 3600 - 300));
    let now = page(&house, &browser).await;
    assert!(!house.coder.is_live(&old.token) && house.coder.is_live(&now.token));
    let sent = [("coder-session-token", &*old.token), ("cookie", &*old.cookie), ("origin", PORTAL)];
    let caller = asked(&house, &sent).await.unwrap();
    assert_eq!(caller.access_token().expose(), now.token);
    // Nothing is replaced for those who are not that person.
    refused(asked(&house, &sent[..1]).await);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_account_is_passed_on_as_it_is() {
    let house = keeping_tokens();
    let (alice, bob) = (house.coder.add_user("alice"), house.coder.add_user("bob"));
    let page = page(&house, &house.signed_in(&alice).await).await;
    let own = bob.session_token.clone();
    let sent = [("coder-session-token", own.expose()), ("authorization", &*page.bearer)];
    let caller = asked(&house, &sent).await.unwrap();
    assert_eq!(caller.profile().username, "bob");
    assert!(caller.access_token().matches(&own));
    let unknown = [("coder-session-token", "made-up-0123"), ("authorization", &*page.bearer)];
    let told = refused(asked(&house, &unknown).await);
    assert!(told.contains("does not accept this Coder-Session-Token"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_identity_alone_gives_the_living_one() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let page = page(&house, &house.signed_in(&alice).await).await;
    let caller = asked(&house, &[("authorization", &*page.bearer)]).await.unwrap();
    assert!(is_live(&house, &caller));
    // A cookie alone could be sent by a link.
    let told = refused(asked(&house, &[("cookie", &*page.cookie)]).await);
    assert!(told.contains("X-Requested-With"), "{told}");
    refused(asked(&house, &[]).await);
}

#[tokio::test(start_paused = true)]
async fn a_person_of_another_backstage_uses_the_placeholder_of_the_own_session_only() {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let mut beside = Beside::with_sign_in();
    let environment = beside.house.environment().sign_in(sign_in);
    let trusted = || TrustedIssuer::new(&NEIGHBOUR.parse().unwrap()).unwrap();
    beside.house.auth = beside.house.portal(on_the_server(environment).trusted_issuer(trusted()));
    let house = &beside.house;
    let alice = house.coder.add_user("alice");
    let page = page(house, &house.signed_in(&alice).await).await;
    let bearer = |user: &str| format!("Bearer {}", beside.token(user));
    let (hers, his) = (bearer("user:default/alice"), bearer("user:default/bob"));
    let placeholder = ("coder-session-token", &*page.token);
    let caller = asked(house, &[placeholder, ("authorization", &*hers)]).await.unwrap();
    assert!(is_live(house, &caller));
    refused(asked(house, &[placeholder, ("authorization", &*his)]).await);

    // Where a login signs nobody in, nobody can tell whose session it is, unless it is the browser's.
    let environment = beside.house.environment();
    beside.house.auth = beside.house.portal(on_the_server(environment).trusted_issuer(trusted()));
    let house = &beside.house;
    refused(asked(house, &[placeholder, ("authorization", &*hers)]).await);
    let with_cookie = [
        placeholder,
        ("authorization", &*hers),
        ("cookie", &*page.cookie),
        ("sec-fetch-site", "same-origin"),
    ];
    assert!(asked(house, &with_cookie).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_token_of_an_unknown_backstage_does_not_hide_the_cookie() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let page = page(&house, &house.signed_in(&alice).await).await;
    let sent = [
        ("coder-session-token", &*page.token),
        ("authorization", "Bearer of.another.backstage"),
        ("cookie", &*page.cookie),
        ("sec-fetch-site", "same-origin"),
    ];
    assert!(asked(&house, &sent).await.is_ok());
    let told = refused(asked(&house, &sent[..2]).await);
    assert!(told.contains("Backstage token"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_web_socket_is_opened_by_a_page_of_an_allowed_origin_and_by_nobody_else() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let page = page(&house, &house.signed_in(&alice).await).await;
    let opened = async |pairs: &[(&'static str, &str)]| {
        house.auth.web_socket_caller(&headers(pairs), ENVIRONMENTS).await
    };
    let cookie = ("cookie", &*page.cookie);
    assert!(opened(&[cookie, ("origin", PORTAL)]).await.is_ok());
    let bearer = ("authorization", &*page.bearer);
    for refused in [
        &[cookie][..],
        &[cookie, ("sec-fetch-site", "same-origin")],
        &[cookie, ("origin", "https://evil.example")],
        &[cookie, ("origin", "null")],
        &[bearer],
        &[bearer, ("origin", "https://evil.example")],
    ] {
        let error = opened(refused).await.unwrap_err();
        // 400 for an origin that is none.
        let told = [StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST].contains(&error.status());
        assert!(told, "{refused:?}: {error}");
    }
    assert_eq!(opened(&[("origin", PORTAL)]).await.unwrap_err().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_caller_of_a_deployment_is_one_of_its_environments() {
    let house = keeping_tokens();
    let alice = house.coder.add_user("alice");
    let page = page(&house, &house.signed_in(&alice).await).await;
    let sent = headers(&[("authorization", &page.bearer)]);
    let here = house.auth.proxy_caller(&sent, &["other", "development"]).await.unwrap();
    assert_eq!(here.environment(), "development");
    let elsewhere = house.auth.proxy_caller(&sent, &["other"]).await.unwrap_err();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND, "{elsewhere}");
}
