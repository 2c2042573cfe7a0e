//! What strangers send is bounded before it is worked on.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{Request, StatusCode};

use crate::support::{Browser, House, PORTAL, posted, read};

fn scopes(count: usize) -> String {
    (0..count).map(|number| format!("s{number}+")).collect()
}

#[tokio::test(start_paused = true)]
async fn more_than_fifty_scopes_or_a_kilobyte_of_them_are_refused() {
    let house = House::current();
    for (scope, is_good) in [
        (scopes(50), true),
        (scopes(51), false),
        ("a".repeat(1024), true),
        ("a".repeat(1025), false),
        ("s+".repeat(500), true),
    ] {
        let query = format!("env=development&scope={scope}");
        let response = Browser::new().start_with(&house.auth, &query).await;
        let status = if is_good { StatusCode::FOUND } else { StatusCode::OK };
        assert_eq!(response.status(), status, "{} bytes", scope.len());
        if !is_good {
            let (message, origin) = posted(&response);
            assert_eq!(origin, PORTAL);
            assert_eq!(message["error"]["name"], "InputError");
            let text = message["error"]["message"].as_str().unwrap();
            assert!(text.contains("at most 50 scopes"), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_of_a_redirect_flow_is_told_that_it_asked_for_too_many_scopes() {
    let house = House::current();
    let query = format!("env=development&flow=redirect&redirectUrl={PORTAL}/page&scope=");
    let told = Browser::new().start_with(&house.auth, &(query + &scopes(51))).await.location();
    assert!(told.as_str().starts_with("https://portal.example.com/page?error="), "{told}");
    let elsewhere = "env=development&flow=redirect&redirectUrl=https://evil.example.com/";
    let refused = Browser::new().start_with(&house.auth, elsewhere).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "nobody is sent to a bad redirectUrl");
    assert!(refused.message().contains("redirectUrl"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_too_long_is_refused() {
    let house = House::current();
    let query = format!("env=development&x={}", "x".repeat(32 * 1024));
    let refused = Browser::new().start_with(&house.auth, &query).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let back = format!("/api/auth/coder/handler/frame?{query}");
    let request = Request::get(back).body(Bytes::new()).unwrap();
    let refused = read(house.auth.callback(&request)).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_as_parameters_only_where_coder_may_post_it() {
    let house = House::current();
    let with_form = |method: &str, path: &str, form: String| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.body(Bytes::from(form)).unwrap()
    };
    let start = with_form("GET", "/api/auth/coder/start?env=development", "scope=a".to_owned());
    let url = read(house.auth.start(&start)).await.location();
    assert!(url.query_pairs().all(|(name, _)| name != "scope"), "{url}");
    let frame = "/api/auth/coder/handler/frame";
    let get = with_form("GET", frame, "state=x".to_owned());
    assert!(read(house.auth.callback(&get)).await.message().contains("missing the OAuth state"));

    let alice = house.coder.add_user("alice");
    let (browser, callback) = house.consented(&alice).await;
    let mut post = browser.request("POST", frame).body(Bytes::new()).unwrap();
    *post.body_mut() = Bytes::from(callback.query().unwrap().to_owned());
    let form = "application/x-www-form-urlencoded;charset=UTF-8".parse().unwrap();
    post.headers_mut().insert(CONTENT_TYPE, form);
    let (message, _) = posted(&read(house.auth.callback(&post)).await);
    assert_eq!(message.get("error"), None, "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_request_full_of_cookies_does_not_get_more_of_them_back() {
    let house = House::current();
    let mut browser = Browser::new();
    for number in 0..2000 {
        browser.cookies.insert(format!("__Host-coder-attempt-{number}"), "forged".to_owned());
        browser.cookies.insert(format!("coder-refresh-token-{number}"), "former".to_owned());
    }
    let started = browser.clone().start_with(&house.auth, "env=development").await;
    let cookies = started.headers().get_all(SET_COOKIE).iter().count();
    assert!(cookies <= 11, "{cookies}");
    let alice = house.coder.add_user("alice");
    let (mut honest, callback) = house.consented(&alice).await;
    honest.cookies.extend(browser.cookies);
    let back = honest.call_back(&house.auth, &callback).await;
    let cookies = back.headers().get_all(SET_COOKIE).iter().count();
    assert!(cookies <= 12, "{cookies}");
}

#[tokio::test(start_paused = true)]
async fn requested_scopes_count_as_granted_where_coder_enforces_none() {
    for version in crate::support::versions().filter(|v| *v < coder_testkit::Version::V2_38) {
        let house = House::new(version);
        let alice = house.coder.add_user("alice");
        let mut browser = Browser::new();
        let query = "env=development&scope=workspace:read";
        let authorize = browser.start_with(&house.auth, query).await.location();
        assert!(authorize.query_pairs().all(|(name, _)| name != "scope"), "{version}");
        let callback = house.coder.approve(&authorize, &alice).unwrap();
        let message = crate::support::message(&browser.call_back(&house.auth, &callback).await);
        assert_eq!(message["response"]["providerInfo"]["scope"], "workspace:read", "{version}");
        let refreshed = browser.refresh(&house).await;
        assert_eq!(refreshed.json()["providerInfo"]["scope"], "workspace:read", "{version}");
    }
}
