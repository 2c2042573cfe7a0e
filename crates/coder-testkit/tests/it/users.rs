//! People, their tokens and their accounts elsewhere.

use std::time::Duration;

use bytes::Bytes;
use coder_testkit::{FakeCoder, Version};
use http::Request;
use serde_json::{Value, json};

use crate::common::{call, get, send};

const TOKENS: &str = "/api/v2/users/me/keys/tokens";

#[test]
fn a_fresh_deployment_has_no_first_user() {
    let coder = FakeCoder::new();
    assert_eq!(get(&coder, "/api/v2/users/first", "").status, 404);
    coder.add_user("alice");
    assert_eq!(get(&coder, "/api/v2/users/first", "").status, 200);
}

#[test]
fn the_same_name_is_the_same_user() {
    let coder = FakeCoder::new();
    let one = coder.add_user("alice");
    let again = coder.add_user("Alice");
    assert_eq!(one.id, again.id);
    let bob = coder.add_user_with_email("bob", "Bob@Acme.test");
    assert_eq!(coder.user(&bob).email, "Bob@Acme.test");
}

#[test]
fn a_deleted_user_is_forgotten_and_the_name_is_free_again() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let dev = coder.add_workspace(&alice, "dev").create();
    coder.delete_user(&alice);
    assert!(!coder.is_live(alice.session_token.expose()));
    let again = coder.add_user("alice");
    assert_ne!(alice.id, again.id);
    let path = format!("/api/v2/workspaces/{dev}");
    assert_eq!(get(&coder, &path, again.session_token.expose()).status, 404);
}

#[test]
fn members_see_themselves_and_owners_everybody() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let root = coder.add_owner("root");
    let names = |token: &str, query: &str| -> Vec<String> {
        let json = get(&coder, &format!("/api/v2/users{query}"), token).json();
        let users = json["users"].as_array().unwrap().iter();
        users.map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(alice.session_token.expose(), ""), ["alice"]);
    assert_eq!(names(root.session_token.expose(), ""), ["alice", "root"]);
    assert_eq!(names(root.session_token.expose(), "?q=ROO"), ["root"]);
    assert_eq!(names(root.session_token.expose(), "?q=status:suspended"), [""; 0]);
    for (segment, status) in [("me", 200), ("alice", 200), ("root", 404), ("nobody", 404)] {
        let path = format!("/api/v2/users/{segment}");
        assert_eq!(get(&coder, &path, alice.session_token.expose()).status, status, "{segment}");
    }
    let path = format!("/api/v2/users/{}", alice.id);
    assert_eq!(get(&coder, &path, root.session_token.expose()).json()["username"], "alice");
}

#[test]
fn a_parameter_that_is_checked_may_stand_once() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let alice = alice.session_token.expose();
    let id = "3f9f6d3c-1111-4222-8333-944445555666";
    let autofill = "/api/v2/users/me/autofill-parameters?template_id";
    for (path, field) in [
        ("/api/v2/users?limit=1&limit=1".to_owned(), "limit"),
        ("/api/v2/users?offset=0&offset=".to_owned(), "offset"),
        (format!("/api/v2/users?after_id={id}&after_id={id}"), "after_id"),
        (format!("{autofill}={id}&template_id={id}"), "template_id"),
    ] {
        let answer = get(&coder, &path, alice);
        assert_eq!(answer.status, 400, "{path}");
        let detail = format!(
            "Query param \"{field}\" provided more than once, found 2 times. Only provide 1 \
             instance of this query param."
        );
        let expected = json!([{ "field": field, "detail": detail }]);
        assert_eq!(answer.json()["validations"], expected, "{path}");
    }
    // An empty first value is none at all, whatever follows.
    assert_eq!(get(&coder, "/api/v2/users?limit=&limit=x", alice).status, 200);
}

#[test]
fn why_a_token_is_refused_stands_in_the_detail() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let good = alice.session_token.expose();
    let wrong_secret = format!("{}-{}", good.split('-').next().unwrap(), "x".repeat(22));
    for (token, detail) in [
        ("", "Cookie \"coder_session_token\" or query parameter must be provided."),
        ("nonsense", "Invalid API key format: incorrect amount of API key parts, expected 2 got 1"),
        ("0123456789-0123456789012345678901", "API key is invalid."),
        (&wrong_secret, "API key secret is invalid."),
    ] {
        let answer = get(&coder, "/api/v2/users/me", token);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["detail"], detail);
        assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"coder\""));
    }
}

#[test]
fn people_make_tokens_of_their_own() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let session = alice.session_token.expose();
    assert_eq!(get(&coder, TOKENS, session).json(), Value::Null, "no tokens are null");
    let body = json!({ "token_name": "portal", "lifetime": 3_600_000_000_000_u64 });
    let made = call(&coder, "POST", TOKENS, session, &body);
    assert_eq!(made.status, 201, "{}", made.text);
    let token = made.json()["key"].as_str().unwrap().to_owned();
    let taken = call(&coder, "POST", TOKENS, session, &body);
    assert_eq!(taken.error(), (409, "A token with name \"portal\" already exists.".to_owned()));
    let bad = call(&coder, "POST", TOKENS, session, &json!({ "scopes": ["openid"] }));
    assert_eq!(bad.status, 400);
    let long = call(&coder, "POST", TOKENS, session, &json!({ "lifetime": u64::MAX }));
    assert_eq!(long.status, 400);

    let listed = get(&coder, TOKENS, session).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["token_name"], "portal");
    assert_eq!(listed[0]["lifetime_seconds"], 3600);
    assert_eq!(listed[0]["username"], "alice");

    for _ in 0..3 {
        coder.advance(Duration::from_secs(1100));
        assert_eq!(get(&coder, "/api/v2/users/me", &token).status, 200);
    }
    coder.advance(Duration::from_secs(400));
    assert_eq!(get(&coder, "/api/v2/users/me", &token).status, 401, "a token does not slide");
}

#[test]
fn tokens_can_be_expired_and_deleted() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let session = alice.session_token.expose();
    let make = |name: &str| {
        let made = call(&coder, "POST", TOKENS, session, &json!({ "token_name": name }));
        made.json()["key"].as_str().unwrap().to_owned()
    };
    let (one, two) = (make("one"), make("two"));
    let path = |token: &str| format!("/api/v2/users/me/keys/{}", token.split('-').next().unwrap());
    let expire = format!("{}/expire", path(&one));
    assert_eq!(call(&coder, "PUT", &expire, session, &Value::Null).status, 204);
    assert!(!coder.is_live(&one));
    assert_eq!(call(&coder, "DELETE", &path(&two), session, &Value::Null).status, 204);
    assert_eq!(get(&coder, &path(&two), session).status, 404);
    let all = get(&coder, &format!("{TOKENS}?include_expired=true"), session).json();
    assert_eq!(all[0]["token_name"], "one");
    assert_eq!(get(&coder, TOKENS, session).json(), Value::Null);
}

#[test]
fn accounts_elsewhere_can_be_linked_and_unlinked() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_template("go").external_auth("gh", "GitHub");
    let token = alice.session_token.expose();
    let is_linked =
        || get(&coder, "/api/v2/external-auth/gh", token).json()["authenticated"].clone();
    assert_eq!(is_linked(), false);
    coder.link_external_auth(&alice, "gh");
    assert_eq!(is_linked(), true);
    let all = get(&coder, "/api/v2/external-auth", token).json();
    assert_eq!(all["providers"][0]["id"], "gh");
    assert_eq!(all["links"][0]["provider_id"], "gh");
    call(&coder, "DELETE", "/api/v2/external-auth/gh", token, &Value::Null);
    assert_eq!(is_linked(), false);
}

#[test]
fn a_cookie_alone_writes_nothing() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let ask = |method: &str, header: &str| {
        let token = alice.session_token.expose();
        let value =
            if header == "cookie" { format!("coder_session_token={token}") } else { token.into() };
        let request =
            Request::builder().method(method).uri("/api/v2/users/me/keys").header(header, value);
        send(&coder, request.body(Bytes::new()).unwrap())
    };
    assert_eq!(ask("POST", "coder-session-token").status, 201);
    let refused = ask("POST", "cookie");
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("CSRF"));
}

#[test]
fn bodies_of_many_mebibytes_are_read() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let body = json!({ "checks": { "a".repeat(5 * 1024 * 1024): {} } });
    let answer = call(&coder, "POST", "/api/v2/authcheck", alice.session_token.expose(), &body);
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("must be defined for key"), "read, and refused for what it says");
}

#[test]
fn a_password_signs_in_and_logging_out_takes_the_cookie_away() {
    let coder = FakeCoder::builder().password("correct horse").build();
    let alice = coder.add_user("alice");
    let login = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        call(&coder, "POST", "/api/v2/users/login", "", &body)
    };
    let refused = (401, "Incorrect email or password.".to_owned());
    assert_eq!(login("alice@example.com", "wrong").error(), refused);
    assert_eq!(login("nobody@example.com", "correct horse").error(), refused);
    let signed_in = login("alice@example.com", "correct horse");
    assert_eq!(signed_in.status, 201);
    let token = signed_in.json()["session_token"].as_str().unwrap().to_owned();
    let cookie = format!("coder_session_token={token}; Path=/");
    assert!(signed_in.session_cookie().starts_with(&cookie));
    assert_eq!(get(&coder, "/api/v2/users/me", &token).json()["username"], "alice");
    let out = call(&coder, "POST", "/api/v2/users/logout", &token, &Value::Null);
    assert!(out.session_cookie().starts_with("coder_session_token=; Path=/; Max-Age=0"));
    assert_eq!(get(&coder, "/api/v2/users/me", &token).status, 401);
    coder.set_password(&alice, "another");
    assert_eq!(login("alice@example.com", "correct horse").error(), refused);
}

#[test]
fn a_path_knows_its_methods_before_it_says_that_it_does_not_exist() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let ask = |method: &str, path: &str, token: &str| {
        call(&coder, method, &format!("/api/v2{path}"), token, &Value::Null)
    };
    let token = alice.session_token.expose();
    for (method, path, status, allowed) in [
        ("POST", "/buildinfo", 405, "GET"),
        ("DELETE", "/organizations", 405, "GET"),
        ("DELETE", "/users/me/keys", 405, "POST"),
        ("GET", "/nope", 404, ""),
        ("GET", "/users/me/nope", 404, ""),
        ("GET", "/buildinfo/", 404, ""),
        ("GET", "/users/me/", 200, ""),
    ] {
        let answer = ask(method, path, token);
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
    let unknown = format!("/workspaces/{}", alice.id);
    assert_eq!(ask("POST", &unknown, token).status, 404, "what is not there has no methods");
    assert_eq!(ask("POST", "/workspaces", "").status, 401, "strangers do not learn them");
    assert_eq!(ask("GET", "/users/login", "").status, 401, "a user may be called that");
}

#[test]
fn a_token_is_limited_to_its_scopes() {
    for (version, me) in [(Version::V2_24, 200), (Version::V2_29, 404), (Version::V2_36, 404)] {
        let coder = FakeCoder::builder().version(version).build();
        let alice = coder.add_user("alice");
        coder.add_template("go");
        let body = json!({ "token_name": "limited", "scopes": ["workspace:read"] });
        let made = call(&coder, "POST", TOKENS, alice.session_token.expose(), &body);
        let token = made.json()["key"].as_str().unwrap().to_owned();
        assert_eq!(get(&coder, "/api/v2/users/me", &token).status, me, "{version}");
        let templates = get(&coder, "/api/v2/templates", &token).json();
        assert_eq!(templates.as_array().unwrap().is_empty(), me == 404, "{version}");
    }
}

#[test]
fn what_a_token_may_touch_and_when_it_was_used_is_told() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let session = alice.session_token.expose();
    let made = call(&coder, "POST", TOKENS, session, &json!({ "token_name": "portal" }));
    let token = get(&coder, &format!("{TOKENS}/portal"), session).json();
    assert_eq!(token["allow_list"], json!(["*:*"]));
    assert_eq!(token["last_used"], "1970-01-01T00:00:00Z");
    assert_eq!(token["lifetime_seconds"], 7 * 24 * 3600);
    get(&coder, "/api/v2/users/me", made.json()["key"].as_str().unwrap());
    let token = get(&coder, &format!("{TOKENS}/portal"), session).json();
    assert_eq!(token["last_used"], "2026-08-20T09:30:00Z");
}
