//! Registering OAuth2 applications: by an owner, and dynamically.

use crate::common::{Answer, CALLBACK, VERIFIER, call, challenge, get, parameter, post_form, send};
use coder_testkit::{FakeCoder, Version};
use http::Request;
use serde_json::{Value, json};

const APPS: &str = "/api/v2/oauth2-provider/apps";

fn owner(version: Version) -> (FakeCoder, String) {
    let coder = FakeCoder::builder().version(version).build();
    let token = coder.add_owner("root").session_token.expose().to_owned();
    (coder, token)
}

fn register(coder: &FakeCoder, body: &Value) -> Answer {
    let request = Request::post("/oauth2/register").header("content-type", "application/json");
    send(coder, request.body(body.to_string().into()).unwrap())
}

#[test]
fn an_owner_registers_an_application_and_shows_its_secret_once() {
    let (coder, token) = owner(Version::V2_38);
    let body = json!({ "name": "Developer portal", "callback_url": CALLBACK });
    let app = call(&coder, "POST", APPS, &token, &body);
    assert_eq!(app.status, 201, "{}", app.text);
    assert_eq!(app.json()["redirect_uris"], json!([CALLBACK]));
    let path = format!("{APPS}/{}", app.json()["id"].as_str().unwrap());
    let secret = call(&coder, "POST", &format!("{path}/secrets"), &token, &Value::Null);
    assert_eq!(secret.status, 201);
    let full = secret.json()["client_secret_full"].as_str().unwrap().to_owned();
    let listed = get(&coder, &format!("{path}/secrets"), &token).json();
    let shown = listed[0]["client_secret_truncated"].as_str().unwrap();
    assert_eq!(shown.len(), 6);
    assert!(full.ends_with(shown));
    assert_eq!(listed[0]["last_used_at"], Value::Null);

    let secret_path = format!("{path}/secrets/{}", secret.json()["id"].as_str().unwrap());
    assert_eq!(call(&coder, "DELETE", &secret_path, &token, &Value::Null).status, 204);
    let again = call(&coder, "DELETE", &secret_path, &token, &Value::Null);
    let gone = "Resource not found or you do not have access to this resource";
    assert_eq!(again.error(), (404, gone.to_owned()));
    assert_eq!(call(&coder, "DELETE", &path, &token, &Value::Null).status, 204);
    assert_eq!(get(&coder, &path, &token).error().1, "OAuth2 application not found.");
}

#[test]
fn members_may_look_but_not_touch() {
    let (coder, _) = owner(Version::V2_38);
    let app = coder.add_oauth2_app("Portal", CALLBACK);
    let token = coder.add_user("alice").session_token;
    let path = format!("{APPS}/{}", app.client_id);
    assert_eq!(get(&coder, &path, token.expose()).json()["name"], "Portal");
    let body = json!({ "name": "mine", "callback_url": CALLBACK });
    for (method, path, reason) in [
        ("POST", APPS, "creating OAuth2 application"),
        ("PUT", &path, "updating OAuth2 application"),
        ("DELETE", &path, "deleting OAuth2 application"),
        ("GET", &format!("{path}/secrets"), "getting OAuth2 client secrets"),
        ("POST", &format!("{path}/secrets"), "creating OAuth2 client secret"),
    ] {
        let refused = call(&coder, method, path, token.expose(), &body);
        assert_eq!(refused.error(), (500, format!("Internal error {reason}.")));
        assert_eq!(refused.json()["detail"], "unauthorized: rbac: forbidden");
    }
}

#[test]
fn what_an_owner_may_register_depends_on_the_release() {
    for (body, before, since) in [
        (json!({ "name": "portal", "callback_url": CALLBACK }), 201, 201),
        (json!({ "name": "My Portal", "callback_url": CALLBACK }), 400, 201),
        (json!({ "name": "portal", "callback_url": "http://portal.internal/cb" }), 201, 400),
        (json!({ "name": "portal", "callback_url": "vscode://portal/cb" }), 400, 201),
        (json!({ "name": "portal", "callback_url": "not a url" }), 400, 400),
        (json!({ "name": "portal" }), 400, 400),
    ] {
        for (version, expected) in [(Version::V2_37, before), (Version::V2_38, since)] {
            let (coder, token) = owner(version);
            let answer = call(&coder, "POST", APPS, &token, &body);
            assert_eq!(answer.status, expected, "{version} {body}");
        }
    }
}

#[test]
fn an_update_keeps_what_it_leaves_out() {
    let (coder, token) = owner(Version::V2_38);
    let body = json!({
        "name": "portal",
        "redirect_uris": [CALLBACK, "http://localhost:7007/cb"],
        "scope": "workspace:read",
    });
    let app = call(&coder, "POST", APPS, &token, &body).json();
    let path = format!("{APPS}/{}", app["id"].as_str().unwrap());
    let updated = call(&coder, "PUT", &path, &token, &json!({ "name": "renamed" })).json();
    assert_eq!(updated["name"], "renamed");
    assert_eq!(updated["redirect_uris"], app["redirect_uris"]);
    assert_eq!(updated["scope"], "workspace:read");
    let refused = call(&coder, "PUT", &path, &token, &json!({ "name": "x", "scope": "openid" }));
    assert_eq!(refused.status, 400);
}

#[test]
fn an_application_that_does_not_fit_is_refused_field_by_field() {
    let (coder, token) = owner(Version::V2_36);
    let details = |body: &Value| {
        let answer = call(&coder, "POST", APPS, &token, body);
        assert_eq!(answer.error(), (400, "Validation failed.".to_owned()));
        let found = answer.json()["validations"].as_array().unwrap().clone();
        found.iter().map(|fault| fault["detail"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let required = "Validation failed for tag \"required\" with value: \"\"";
    assert_eq!(details(&json!({})), [required, required]);
    assert_eq!(
        details(&json!({ "name": "My App", "callback_url": CALLBACK })),
        ["Validation failed for tag \"oauth2_app_name\" with value: \"My App\""]
    );
    let typed = call(&coder, "POST", APPS, &token, &json!({ "name": 5 }));
    assert_eq!(
        typed.json()["detail"],
        "json: cannot unmarshal number into Go struct field PostOAuth2ProviderAppRequest.name of \
         type string"
    );
    let bad_id = get(&coder, &format!("{APPS}/abc"), &token);
    assert_eq!(bad_id.error(), (400, "Invalid UUID \"abc\".".to_owned()));
    assert_eq!(bad_id.json()["detail"], "invalid UUID length: 3");
}

#[test]
fn the_list_of_a_user_holds_what_they_have_authorized() {
    let setting = crate::common::setting(Version::V2_38);
    setting.coder.add_oauth2_app("Other", CALLBACK);
    setting.pair();
    let token = setting.alice.session_token.expose();
    let path = format!("{APPS}?user_id={}", setting.alice.id);
    let apps = get(&setting.coder, &path, token).json();
    assert_eq!(apps.as_array().unwrap().len(), 1);
    assert_eq!(apps[0]["id"], setting.app.client_id);
    let bad = get(&setting.coder, &format!("{APPS}?user_id=me"), token);
    assert_eq!(bad.error(), (400, "Invalid user UUID".to_owned()));
}

#[test]
fn dynamic_registration_is_open_until_2_36_and_behind_a_setting_since() {
    for version in Version::ALL {
        let (coder, token) = owner(version);
        let body = json!({ "redirect_uris": [CALLBACK], "client_name": "Portal" });
        let status = register(&coder, &body).status.as_u16();
        let expected = match version {
            Version::V2_24 => 403,
            Version::V2_37 | Version::V2_38 => 403,
            _ => 201,
        };
        assert_eq!(status, expected, "{version}");
        if version >= Version::V2_37 {
            let on = json!({ "dynamic_client_registration_enabled": true });
            let path = "/api/v2/oauth2-provider/settings";
            assert_eq!(call(&coder, "PUT", path, &token, &on).json(), on);
            assert_eq!(register(&coder, &body).status, 201, "{version}");
            let metadata = get(&coder, "/.well-known/oauth-authorization-server", "").json();
            assert_eq!(metadata["registration_endpoint"], "https://coder.test/oauth2/register");
        }
    }
}

#[test]
fn a_registered_client_can_sign_people_in_and_look_after_itself() {
    let (coder, _) = owner(Version::V2_34);
    let alice = coder.add_user("alice");
    let client = register(&coder, &json!({ "redirect_uris": [CALLBACK] })).json();
    let text = |name: &str| client[name].as_str().unwrap().to_owned();
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");

    let mut url = coder.url().endpoint(["oauth2", "authorize"]);
    url.query_pairs_mut()
        .append_pair("client_id", &text("client_id"))
        .append_pair("response_type", "code")
        .append_pair("code_challenge", &challenge(VERIFIER));
    let code = parameter(&coder.approve(url, &alice).unwrap(), "code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &text("client_id")),
        ("client_secret", &text("client_secret")),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(post_form(&coder, "/oauth2/tokens", &fields).status, 200);

    let manage = |method: &str, token: &str, body: Value| {
        let request = Request::builder()
            .method(method)
            .uri(format!("/oauth2/clients/{}", text("client_id")))
            .header("authorization", format!("Bearer {token}"));
        send(&coder, request.body(body.to_string().into()).unwrap())
    };
    let token = text("registration_access_token");
    assert_eq!(token.len(), 40);
    let read = manage("GET", &token, Value::Null).json();
    assert_eq!(read["client_id"], client["client_id"]);
    assert!(read.get("client_secret").is_none());
    assert!(read.get("registration_access_token").is_none());
    let other = json!({ "redirect_uris": [CALLBACK], "client_name": "Renamed" });
    assert_eq!(manage("PUT", &token, other).json()["client_name"], "Renamed");
    assert_eq!(manage("GET", "wrong", Value::Null).error(), (401, "invalid_token".to_owned()));
    assert_eq!(manage("DELETE", &token, Value::Null).status, 204);
    assert_eq!(manage("GET", &token, Value::Null).error(), (401, "invalid_token".to_owned()));
}

#[test]
fn a_public_client_has_no_secret_and_needs_none() {
    let (coder, token) = owner(Version::V2_38);
    let on = json!({ "dynamic_client_registration_enabled": true });
    call(&coder, "PUT", "/api/v2/oauth2-provider/settings", &token, &on);
    let alice = coder.add_user("alice");
    let body = json!({
        "redirect_uris": ["http://127.0.0.1:1234/cb"],
        "token_endpoint_auth_method": "none",
    });
    let client = register(&coder, &body).json();
    assert!(client.get("client_secret").is_none());
    let id = client["client_id"].as_str().unwrap();
    let mut url = coder.url().endpoint(["oauth2", "authorize"]);
    url.query_pairs_mut()
        .append_pair("client_id", id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", "http://127.0.0.1:55555/cb")
        .append_pair("code_challenge", &challenge(VERIFIER));
    let callback = coder.approve(url, &alice).unwrap();
    assert!(callback.as_str().starts_with("http://127.0.0.1:55555/cb?code="), "any port");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", id),
        ("code", &parameter(&callback, "code").unwrap()),
        ("redirect_uri", "http://127.0.0.1:55555/cb"),
        ("code_verifier", VERIFIER),
    ];
    let (_, refresh) = crate::common::pair_of(&post_form(&coder, "/oauth2/tokens", &fields));
    let fields = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", &refresh)];
    assert_eq!(post_form(&coder, "/oauth2/tokens", &fields).status, 200);
}

#[test]
fn bad_metadata_is_refused() {
    let (coder, _) = owner(Version::V2_34);
    for (body, reason) in [
        (json!({}), "redirect_uris is required"),
        (json!({ "redirect_uris": ["http://portal.internal/cb"] }), "must use https scheme"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "uses dangerous scheme javascript"),
        (json!({ "redirect_uris": ["https://a.test/#x"] }), "fragment"),
        (
            json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "magic" }),
            "token_endpoint_auth_method",
        ),
        (
            json!({ "redirect_uris": [CALLBACK], "grant_types": ["implicit"] }),
            "unsupported grant type: implicit",
        ),
    ] {
        let answer = register(&coder, &body);
        assert_eq!(answer.error(), (400, "invalid_client_metadata".to_owned()));
        assert!(answer.description().contains(reason), "{}", answer.description());
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[test]
fn a_client_that_wants_no_secret_gets_one_and_needs_it_until_2_36() {
    let (coder, _) = owner(Version::V2_36);
    let body = json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
    let client = register(&coder, &body).json();
    assert!(client["client_secret"].is_string());
    assert_eq!(client["client_name"], "Dynamically Registered Client");
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client["client_id"].as_str().unwrap()),
        ("code", "coder_x_y"),
    ];
    let answer = post_form(&coder, "/oauth2/tokens", &fields);
    assert_eq!(answer.description(), "Missing required parameter: client_secret");
}
