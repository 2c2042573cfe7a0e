//! How often one may ask.

use std::time::Duration;

use crate::common::{get, post_form};
use bytes::Bytes;
use coder_testkit::FakeCoder;
use http::Request;

fn limited() -> FakeCoder {
    FakeCoder::builder().rate_limits(true).build()
}

#[test]
fn a_user_may_ask_one_path_512_times_a_minute() {
    let coder = limited();
    let (alice, bob) = (coder.add_user("alice"), coder.add_user("bob"));
    let ask =
        |user: &coder_testkit::FakeUser, path: &str| get(&coder, path, user.session_token.expose());
    let first = ask(&alice, "/api/v2/users/me");
    assert_eq!(first.header("x-ratelimit-limit"), "512");
    assert_eq!(first.header("x-ratelimit-remaining"), "511");
    for _ in 1..512 {
        assert_eq!(ask(&alice, "/api/v2/users/me?q").status, 200);
    }
    let refused = ask(&alice, "/api/v2/users/me");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(ask(&alice, "/api/v2/organizations").status, 200, "another path");
    assert_eq!(ask(&bob, "/api/v2/users/me").status, 200, "another user");

    coder.advance(Duration::from_secs(75));
    let quarter = ask(&alice, "/api/v2/users/me");
    assert_eq!(quarter.header("x-ratelimit-remaining"), "127", "the window slides");
    coder.advance(Duration::from_secs(60));
    assert_eq!(ask(&alice, "/api/v2/users/me").status, 200);
}

#[test]
fn credentials_are_checked_60_times_a_minute_and_the_refusal_speaks_both_dialects() {
    let coder = limited();
    let nonsense = [("grant_type", "refresh_token")];
    for _ in 0..60 {
        assert_eq!(post_form(&coder, "/oauth2/tokens", &nonsense).status, 400);
    }
    let refused = post_form(&coder, "/oauth2/tokens", &nonsense);
    assert_eq!(refused.error(), (429, "temporarily_unavailable".to_owned()));
    assert_eq!(refused.json()["message"], refused.json()["error_description"]);
}

#[test]
fn an_owner_may_pass_by() {
    let coder = limited();
    let root = coder.add_owner("root");
    for _ in 0..600 {
        let request = Request::get("/api/v2/users/me")
            .header("coder-session-token", root.session_token.expose())
            .header("x-coder-bypass-ratelimit", "true");
        assert_eq!(coder.respond(request.body(Bytes::new()).unwrap()).status(), 200);
    }
}

#[test]
fn nothing_is_limited_unless_the_test_wants_it() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    for _ in 0..600 {
        assert_eq!(get(&coder, "/api/v2/users/me", alice.session_token.expose()).status, 200);
    }
}
