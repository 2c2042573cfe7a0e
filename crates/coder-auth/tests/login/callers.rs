use coder_auth::{CredentialKind, MemoryAuthStore, SignIn, UsernameMatchingUserEntityName};
use coder_client::operations::GetUser;
use coder_testkit::{Fault, TestPortal};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode};

use crate::sign_in::{catalog, with_sign_in};
use crate::support::{Browser, House, PORTAL, base_options};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn cookie(browser: &Browser) -> String {
    format!("__Host-coder-session={}", browser.cookies["__Host-coder-session"])
}

#[tokio::test(start_paused = true)]
async fn a_callers_own_token_is_passed_through() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let headers = headers(&[("coder-session-token", alice.session_token.expose())]);
    let caller = house.auth.caller(&headers, None).await.unwrap();
    let user = caller.client().send(&GetUser::me()).await.unwrap();
    assert_eq!(user.username, "alice");
    assert_eq!(caller.environment(), "development");
}

#[tokio::test(start_paused = true)]
async fn the_kind_of_credential_is_that_of_the_one_that_counts_whatever_it_is_worth() {
    let house = House::current();
    let (token, bearer) = (("coder-session-token", "made-up"), ("authorization", "Bearer made-up"));
    let cookie = ("cookie", "__Host-coder-session=made-up");
    for (pairs, kind) in [
        (vec![token, bearer, cookie], CredentialKind::CoderToken),
        (vec![bearer, cookie], CredentialKind::IdentityToken),
        (vec![("authorization", "Basic made-up"), cookie], CredentialKind::Session),
        (vec![("cookie", "theme=dark")], CredentialKind::Nothing),
    ] {
        assert_eq!(house.auth.credential_kind(&headers(&pairs)), kind, "{pairs:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_session_cookie_needs_a_page_of_the_portal_even_to_read() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let cookie = cookie(&house.signed_in(&alice).await);
    let ajax = ("x-requested-with", "XMLHttpRequest");
    for (pairs, status) in [
        (vec![("cookie", &*cookie)], Some(StatusCode::UNAUTHORIZED)),
        (
            vec![("cookie", &*cookie), ajax, ("origin", "https://evil.example")],
            Some(StatusCode::FORBIDDEN),
        ),
        (
            vec![("cookie", &*cookie), ajax, ("sec-fetch-site", "cross-site")],
            Some(StatusCode::FORBIDDEN),
        ),
        (vec![ajax, ("origin", PORTAL)], Some(StatusCode::UNAUTHORIZED)),
        (vec![("cookie", &*cookie), ajax, ("origin", PORTAL)], None),
    ] {
        let result = house.auth.caller(&headers(&pairs), None).await;
        assert_eq!(result.err().map(|error| error.status()), status, "{:?}", &pairs[1..]);
    }
}

#[tokio::test(start_paused = true)]
async fn our_identity_token_leads_to_the_grant_of_the_sign_in() {
    let house =
        with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()));
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let message = browser.sign_in(&house, &house.coder, &alice).await;
    let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
    let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
    let caller = house.auth.caller(&headers, None).await.unwrap();
    assert_eq!(caller.user_entity_ref(), Some("user:default/alice"));
    assert_eq!(caller.client().send(&GetUser::me()).await.unwrap().username, "alice");
    browser.log_out(&house).await;
    let error = house.auth.caller(&headers, None).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "the grant ended with the session");
}

#[tokio::test(start_paused = true)]
async fn every_caller_knows_who_it_is_without_asking_coder() {
    let house =
        with_sign_in(&SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default()));
    let alice = house.coder.add_user("alice");
    let mut browser = Browser::new();
    let message = browser.sign_in(&house, &house.coder, &alice).await;
    let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
    let (cookie, bearer) = (cookie(&browser), format!("Bearer {token}"));
    for pairs in [
        vec![("coder-session-token", alice.session_token.expose())],
        vec![("authorization", &*bearer)],
        vec![("cookie", &*cookie), ("x-requested-with", "XMLHttpRequest")],
    ] {
        let caller = house.auth.caller(&headers(&pairs), None).await.unwrap();
        house.coder.forget_requests();
        assert_eq!(caller.user_id(), alice.id, "{}", pairs[0].0);
        assert_eq!(caller.profile().username, "alice");
        assert_eq!(caller.profile().email.as_deref(), Some("alice@example.com"));
        let identity = caller.identity().await.unwrap().unwrap();
        assert_eq!(identity.user.to_string(), "user:default/alice");
        let groups = ["group:default/team-a", "group:default/team-b"];
        let owned: Vec<String> = identity.ownership.iter().map(ToString::to_string).collect();
        assert_eq!(owned[1..], groups);
        assert!(house.coder.requests().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_login_does_not_sign_in_to_backstage_has_no_identity() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let headers = headers(&[("coder-session-token", alice.session_token.expose())]);
    let caller = house.auth.caller(&headers, None).await.unwrap();
    assert_eq!(caller.identity().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_told_that_nobody_is_signed_in_and_not_of_a_header() {
    let house = House::current();
    let error = house.auth.caller(&HeaderMap::new(), None).await.unwrap_err();
    assert_eq!(error.to_string(), "Missing session cookie");
    assert!(error.needs_login());
}

#[tokio::test(start_paused = true)]
async fn two_portals_of_one_host_keep_their_logins_apart_by_the_names_of_their_cookies() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let options = base_options()
        .environment("development", house.environment())
        .cookie_name("tools-session".parse().unwrap());
    let tools = house.portal(options);
    let mut browser = house.signed_in(&alice).await;
    // A login that is under way at one survives that of the other.
    let waiting = browser.start(&house).await;
    browser.sign_in(&tools, &house.coder, &alice).await;
    browser.call_back(&house, &house.coder.approve(&waiting, &alice).unwrap()).await;
    assert!(browser.cookies.iter().any(|(name, _)| name == "__Host-tools-session"));
    browser.log_out(&tools).await;
    assert_eq!(browser.refresh(&house).await.status(), StatusCode::OK);
    assert_eq!(browser.refresh(&tools).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_sweeper_sweeps_by_itself_and_ends_with_its_login() {
    let portal = TestPortal::default();
    let auth = portal.process("portal", MemoryAuthStore::new(), portal.coder.clone());
    let alice = portal.coder.add_user("alice");
    portal.signed_in(&auth, &alice).await;
    let sweeper = tokio::spawn(auth.sweeper());
    portal.clock.advance(std::time::Duration::from_secs(400 * 24 * 3600));
    tokio::time::sleep(std::time::Duration::from_secs(301)).await;
    assert_eq!(portal.coder.count("POST", "/oauth2/revoke"), 1, "the session is over");
    drop(auth);
    sweeper.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_ours_is_refused() {
    let house = House::current();
    for token in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let headers = headers(&[("authorization", &format!("Bearer {token}"))]);
        let error = house.auth.caller(&headers, None).await.unwrap_err();
        assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_token_died_is_renewed_after_users_me_agrees() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let cookie = cookie(&browser);
    let headers = headers(&[("cookie", &cookie), ("x-requested-with", "XMLHttpRequest")]);
    let caller = house.auth.caller(&headers, None).await.unwrap();
    house.coder.forget_requests();
    let same = house.auth.renew(&caller).await.unwrap();
    assert!(same.client().send(&GetUser::me()).await.is_ok());
    assert_eq!(house.coder.count("POST", "/oauth2/tokens"), 0, "the token was alive");
    house.advance(std::time::Duration::from_secs(25 * 3600));
    assert!(caller.client().send(&GetUser::me()).await.unwrap_err().is_unauthorized());
    let renewed = house.auth.renew(&caller).await.unwrap();
    assert!(renewed.client().send(&GetUser::me()).await.is_ok());
    assert_eq!(house.coder.count("POST", "/oauth2/tokens"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_client_renews_its_token_by_itself() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let browser = house.signed_in(&alice).await;
    let cookie = cookie(&browser);
    let headers = headers(&[("cookie", &cookie), ("x-requested-with", "XMLHttpRequest")]);
    let caller = house.auth.caller(&headers, None).await.unwrap();
    let client = house.auth.renewing_client(&caller);
    house.coder.forget_requests();
    for rotations in 1..=2 {
        house.advance(std::time::Duration::from_secs(25 * 3600));
        assert_eq!(client.send(&GetUser::me()).await.unwrap().username, "alice");
        assert_eq!(client.send(&GetUser::me()).await.unwrap().username, "alice");
        assert_eq!(house.coder.count("POST", "/oauth2/tokens"), rotations);
    }
    house.coder.suspend(&alice);
    let error = client.send(&GetUser::me()).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_passed_through_token_cannot_be_renewed() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let headers = headers(&[("coder-session-token", alice.session_token.expose())]);
    let caller = house.auth.caller(&headers, None).await.unwrap();
    assert_eq!(house.auth.renew(&caller).await.unwrap_err().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_made_up_coder_token_is_nobody_and_coder_is_asked_once_a_minute() {
    let house = House::current();
    let made_up = headers(&[("coder-session-token", "AAAAAAAAAA-BBBBBBBBBBBBBBBBBBBBBB")]);
    for _ in 0..5 {
        let error = house.auth.caller(&made_up, None).await.unwrap_err();
        assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "{error}");
    }
    assert_eq!(house.coder.count("GET", "/api/v2/users/me"), 1);
    let alice = house.coder.add_user("alice");
    let good = headers(&[("coder-session-token", alice.session_token.expose())]);
    house.coder.forget_requests();
    for _ in 0..5 {
        house.auth.caller(&good, None).await.unwrap();
    }
    assert_eq!(house.coder.count("GET", "/api/v2/users/me"), 1);
    house.coder.suspend(&alice);
    house.advance(std::time::Duration::from_secs(61));
    let error = house.auth.caller(&good, None).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "suspended meanwhile: {error}");
}

#[tokio::test(start_paused = true)]
async fn strangers_with_made_up_tokens_do_not_make_this_server_ask_without_end() {
    let house = House::current();
    let alice = house.coder.add_user("alice");
    let known = headers(&[("coder-session-token", alice.session_token.expose())]);
    house.auth.caller(&known, None).await.unwrap();
    house.advance(std::time::Duration::from_secs(61));
    house.coder.forget_requests();
    let mut last = None;
    for number in 0..200 {
        let token = format!("AAAAAAAAAA-BBBBBBBBBBBBBBBBBBB{number:03}");
        let headers = headers(&[("coder-session-token", token.as_str())]);
        last = house.auth.caller(&headers, None).await.err();
    }
    let last = last.unwrap();
    assert_eq!(last.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(last.to_string().contains("try again in a minute"), "{last}");
    assert_eq!(last.retry_after(), Some(std::time::Duration::from_secs(60)));
    assert_eq!(house.coder.count("GET", "/api/v2/users/me"), 120);
    // A token that Coder has accepted before is tried all the same.
    house.auth.caller(&known, None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn strangers_who_go_away_before_the_answer_are_counted_all_the_same() {
    let house = House::current();
    house.coder.fail_next(Fault::silence().on("/api/v2/users/me").times(usize::MAX));
    for number in 0..200 {
        let token = format!("AAAAAAAAAA-BBBBBBBBBBBBBBBBBBB{number:03}");
        let headers = headers(&[("coder-session-token", token.as_str())]);
        assert!(house.auth.caller(&headers, None).now_or_never().is_none_or(|who| who.is_err()));
    }
    assert_eq!(house.coder.count("GET", "/api/v2/users/me"), 120);
}

#[tokio::test(start_paused = true)]
async fn made_up_tokens_that_come_all_at_once_are_counted_before_coder_is_asked() {
    let house = House::current();
    let (fault, held) = Fault::hold();
    house.coder.fail_next(fault.on("/api/v2/users/me").times(usize::MAX));
    let strangers = (0..200).map(async |number| {
        let token = format!("AAAAAAAAAA-BBBBBBBBBBBBBBBBBBB{number:03}");
        let headers = headers(&[("coder-session-token", token.as_str())]);
        house.auth.caller(&headers, None).await.unwrap_err().status()
    });
    let released = async {
        held.reached().await;
        held.release();
    };
    let (statuses, ()) = futures_util::join!(join_all(strangers), released);
    let refused = statuses.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    assert_eq!((refused, house.coder.count("GET", "/api/v2/users/me")), (120, 120));
}

#[tokio::test(start_paused = true)]
async fn an_identity_token_from_before_a_logout_does_not_open_the_grant_of_the_next_login() {
    let sign_in = SignIn::new(catalog()).resolver(UsernameMatchingUserEntityName::default());
    let house = with_sign_in(&sign_in);
    let alice = house.coder.add_user("alice");
    let sign_in = async || {
        let mut browser = Browser::new();
        let message = browser.sign_in(&house, &house.coder, &alice).await;
        let token = message["response"]["backstageIdentity"]["token"].as_str().unwrap();
        (browser, headers(&[("authorization", &format!("Bearer {token}"))]))
    };
    let (mut first, before) = sign_in().await;
    let (mut second, beside) = sign_in().await;
    first.log_out(&house).await;
    for token in [&before, &beside] {
        house.auth.caller(token, None).await.unwrap();
    }
    second.log_out(&house).await;
    let (_third, after) = sign_in().await;
    for token in [&before, &beside] {
        let error = house.auth.caller(token, None).await.unwrap_err();
        assert_eq!(error.status(), StatusCode::UNAUTHORIZED, "{error}");
    }
    house.auth.caller(&after, None).await.unwrap();
}
