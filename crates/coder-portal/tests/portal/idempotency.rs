//! Requests that are sent again.

use bytes::Bytes;
use coder_testkit::Fault;
use http::StatusCode;

use crate::support::{House, Page, send};

const ENTITY: &str = "/entities/component/default/python-project";
const KEY: &str = "idempotency-key";

async fn open(page: &Page<'_>, key: &str, body: &'static str) -> crate::support::Answer {
    let request = page.request("POST", &format!("{ENTITY}/open")).header(KEY, key);
    send(&page.house.portal, request, Bytes::from_static(body.as_bytes())).await
}

#[tokio::test(start_paused = true)]
async fn the_same_request_with_the_same_key_gets_the_same_answer_and_does_nothing_again() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let first = open(&page, "k1", "{}").await;
    assert_eq!(first.status(), StatusCode::ACCEPTED, "{}", first.text());
    assert_eq!(first.json()["outcome"], "created");
    page.cost();
    let second = open(&page, "k1", "{}").await;
    assert_eq!((second.status(), second.json()), (first.status(), first.json()));
    assert!(page.cost().is_empty());
    // Without the key it is another request, which finds what the first one has made.
    let other = page.post(&format!("{ENTITY}/open"), &serde_json::json!({})).await;
    assert_eq!(other.json()["outcome"], "joined");
}

#[tokio::test(start_paused = true)]
async fn two_equal_requests_at_the_same_time_do_one_thing() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let (one, two) = tokio::join!(open(&page, "k1", "{}"), open(&page, "k1", "{}"));
    assert_eq!(one.json(), two.json());
    assert_eq!(house.coder.count("POST", "/api/v2/users/me/workspaces"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_given_to_another_request_is_refused() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let bob = house.coder.add_user("bob");
    let page = Page::open(&house, &alice).await;
    assert!(open(&page, "k1", "{}").await.status().is_success());
    let other = open(&page, "k1", r#"{"name":"other"}"#).await;
    assert_eq!(other.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        other.message(),
        "this `Idempotency-Key` was given to another request; choose a new key for each one"
    );
    // Another person's key is another key.
    let request = http::Request::post(format!("/api/coder/v1{ENTITY}/open"))
        .header("coder-session-token", bob.session_token.expose())
        .header("content-type", "application/json")
        .header(KEY, "k1");
    let theirs = send(&house.portal, request, Bytes::from_static(br#"{"name":"other"}"#)).await;
    assert_eq!(theirs.json()["workspace"]["owner"], "bob", "{}", theirs.text());
    // So is the key of another credential of the same person, which may be allowed less.
    let request = http::Request::post(format!("/api/coder/v1{ENTITY}/open"))
        .header("coder-session-token", alice.session_token.expose())
        .header("content-type", "application/json")
        .header(KEY, "k1");
    let own = send(&house.portal, request, Bytes::from_static(br#"{"name":"other"}"#)).await;
    assert!(own.status().is_success(), "{}", own.text());
}

#[tokio::test(start_paused = true)]
async fn what_has_failed_can_be_tried_again_with_the_same_key() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let refused = Fault::api_error(StatusCode::FORBIDDEN, "You may not.");
    house.coder.fail_next(refused.on("/api/v2/workspaces"));
    assert_eq!(open(&page, "k1", "{}").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(open(&page, "k1", "{}").await.json()["outcome"], "created");
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_on_when_its_sender_goes_away_and_a_retry_gets_its_answer() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder.fail_next(fault.on("/api/v2/users/me/workspaces"));
    {
        let gone = open(&page, "k1", "{}");
        let waited = tokio::time::timeout(std::time::Duration::from_secs(1), gone).await;
        assert!(waited.is_err(), "it is held");
    }
    held.release();
    let answer = open(&page, "k1", "{}").await;
    assert_eq!(answer.json()["outcome"], "created", "{}", answer.text());
    assert_eq!(house.coder.count("POST", "/api/v2/users/me/workspaces"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_nobody_has_waited_for_is_not_repeated() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let (fault, held) = Fault::hold();
    house.coder.fail_next(fault.on("/api/v2/workspaces"));
    {
        let gone = open(&page, "k1", "{}");
        let waited = tokio::time::timeout(std::time::Duration::from_secs(1), gone).await;
        assert!(waited.is_err(), "it is held");
    }
    let refused = Fault::api_error(StatusCode::FORBIDDEN, "You may not.");
    house.coder.fail_next(refused.on("/api/v2/users/me/workspaces"));
    held.release();
    // The paused clock goes on when the request has ended.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let answer = open(&page, "k1", "{}").await;
    assert_eq!(answer.json()["outcome"], "created", "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn a_form_changes_nothing_and_uses_no_key() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let templates = page.get("/templates").await;
    let template = templates.json()["templates"][0]["id"].as_str().unwrap();
    for target in [format!("{ENTITY}/form"), format!("/templates/{template}/form")] {
        let request = page.request("POST", &target).header(KEY, "k1");
        let form = send(&house.portal, request, Bytes::from_static(b"{}")).await;
        assert_eq!(form.status(), StatusCode::OK, "{}", form.text());
    }
    assert!(open(&page, "k1", "{}").await.status().is_success());
}

#[tokio::test(start_paused = true)]
async fn a_key_of_other_characters_or_two_keys_are_refused() {
    let house = House::new();
    let alice = house.coder.add_user("alice");
    let page = Page::open(&house, &alice).await;
    let long = "k".repeat(256);
    for keys in [vec!["a b"], vec![""], vec![long.as_str()], vec!["one", "two"]] {
        let request = page.request("POST", &format!("{ENTITY}/open"));
        let request = keys.iter().fold(request, |request, key| request.header(KEY, *key));
        let refused = send(&house.portal, request, Bytes::new()).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{keys:?}");
        assert!(refused.message().starts_with("`Idempotency-Key` must"), "{}", refused.message());
    }
}
