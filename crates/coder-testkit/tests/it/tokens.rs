//! `/oauth2/tokens` and `/oauth2/revoke`: pairs are made, rotate and die.

use std::time::Duration;

use crate::common::{
    CALLBACK, VERIFIER, authorize_url, call, get, pair_of, parameter, post_form, releases, send,
    setting, without,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use coder_testkit::{FakeCoder, Version};
use http::Request;
use serde_json::Value;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_code_becomes_a_pair_that_acts_for_the_person() {
    for version in releases() {
        let setting = setting(version);
        let answer = setting.exchange(&setting.code(), &[]);
        assert_eq!(answer.status, 200, "{version}: {}", answer.text);
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert_eq!(answer.json()["expiry"], "2026-08-21T09:30:00Z");
        assert_eq!(answer.json()["expires_in"], 86399);
        assert_eq!(answer.json()["scope"].is_string(), version >= Version::V2_38);
        let no_store = if version >= Version::V2_37 { "no-store" } else { "" };
        assert_eq!(answer.header("cache-control"), no_store);

        let (access, _) = pair_of(&answer);
        let me = setting.me(&access);
        assert_eq!(me.json()["username"], "alice", "{version}");
        assert_eq!(me.header("x-coder-build-version"), version.build());
        assert_eq!(me.header("x-coder-request-id").len(), 36);
    }
}

#[test]
fn the_answer_has_the_shape_of_the_newest_release() {
    let setting = setting(Version::V2_38);
    let mut json = setting.exchange(&setting.code(), &[]).json();
    assert_eq!(json["access_token"].as_str().unwrap().len(), 33);
    assert_eq!(json["refresh_token"].as_str().unwrap().len(), 57);
    json["access_token"] = "…".into();
    json["refresh_token"] = "…".into();
    assert_eq!(
        json,
        serde_json::json!({
            "access_token": "…",
            "token_type": "Bearer",
            "expires_in": 86399,
            "refresh_token": "…",
            "scope": "coder:all",
            "expiry": "2026-08-21T09:30:00Z",
        })
    );
}

#[test]
fn a_code_works_once_and_for_ten_minutes() {
    let setting = setting(Version::V2_38);
    let bad = (400, "invalid_grant".to_owned());
    let code = setting.code();
    assert_eq!(setting.exchange(&code, &[]).status, 200);
    assert_eq!(setting.exchange(&code, &[]).error(), bad);

    let code = setting.code();
    setting.coder.advance(10 * MINUTE);
    assert_eq!(setting.exchange(&code, &[]).error(), bad);

    let first = setting.code();
    let second = setting.code();
    assert_eq!(setting.exchange(&first, &[]).error(), bad, "a new code ends the earlier one");
    assert_eq!(setting.exchange(&second, &[]).status, 200);
}

#[test]
fn a_wrong_verifier_burns_the_code_since_2_37() {
    for version in releases() {
        let setting = setting(version);
        let code = setting.code();
        let wrong = setting.exchange(&code, &[("code_verifier", &"x".repeat(50))]);
        assert_eq!(wrong.description(), "The PKCE code verifier is invalid", "{version}");
        let again = setting.exchange(&code, &[]);
        assert_eq!(again.status == 200, version < Version::V2_37, "{version}: {}", again.text);
    }
}

#[test]
fn a_secret_or_a_refresh_token_is_not_bound_to_its_application_until_2_36() {
    for version in releases() {
        let setting = setting(version);
        let bound = version >= Version::V2_37;
        let other = setting.coder.add_oauth2_app("Other", CALLBACK);
        let other_secret = ("client_secret", other.client_secret.expose());
        let exchanged = setting.exchange(&setting.code(), &[other_secret]);
        assert_eq!(exchanged.status, if bound { 401 } else { 200 }, "{version}");

        let (access, refresh) = setting.pair();
        let by_other = [("client_id", other.client_id.as_str()), other_secret];
        let refreshed = setting.refresh(&refresh, &by_other);
        assert_eq!(refreshed.status, if bound { 400 } else { 200 }, "{version}");
        assert_eq!(setting.coder.is_live(&access), bound, "{version}");
    }
}

#[test]
fn a_revocation_may_name_the_token_in_the_query() {
    let setting = setting(Version::V2_36);
    let (access, refresh) = setting.pair();
    let path = format!("/oauth2/revoke?token={refresh}&client_id={}", setting.app.client_id);
    assert_eq!(post_form(&setting.coder, &path, &[]).status, 200);
    assert!(!setting.coder.is_live(&access));
}

#[test]
fn what_is_unknown_to_coder_is_a_page_of_the_dashboard() {
    let setting = setting(Version::V2_36);
    for path in ["/oauth2/userinfo", "/oauth2/token", "/.well-known/openid-configuration"] {
        let answer = get(&setting.coder, path, "");
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[test]
fn a_missing_verifier_is_a_bad_grant_or_since_2_37_a_bad_request() {
    for version in releases() {
        let setting = setting(version);
        let error = setting.exchange(&setting.code(), &[("code_verifier", "")]).error().1;
        let expected = if version >= Version::V2_37 { "invalid_request" } else { "invalid_grant" };
        assert_eq!(error, expected, "{version}");
    }
}

#[test]
fn the_redirect_uri_is_repeated_exactly() {
    let setting = setting(Version::V2_38);
    let missing = setting.exchange(&setting.code(), &[("redirect_uri", "")]);
    assert_eq!(missing.error().1, "invalid_grant");
    let other = setting.exchange(&setting.code(), &[("redirect_uri", "https://portal.test/x")]);
    assert_eq!(other.error().1, "invalid_request");

    let url = without(&setting.authorize_url(), "redirect_uri");
    let callback = setting.coder.approve(url, &setting.alice).unwrap();
    let code = parameter(&callback, "code").unwrap();
    let without = setting.exchange(&code, &[("redirect_uri", "")]);
    assert_eq!(without.status, 200, "what was not sent need not be repeated");
}

#[test]
fn what_is_wrong_with_a_request_has_its_own_answer() {
    let setting = setting(Version::V2_34);
    let exchange = |more: &[(&str, &str)]| {
        let answer = setting.exchange("coder_x_y", more);
        (answer.status.as_u16(), answer.json()["error"].clone(), answer.description())
    };
    let malformed = "The request is missing required parameters or is otherwise malformed";
    type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str, &'a str);
    let cases: [Case<'_>; 9] = [
        (&[("client_id", "")], 400, "invalid_request", "Missing client_id parameter"),
        (&[("client_id", "x")], 401, "invalid_client", "The client credentials are invalid"),
        (&[("client_secret", "x")], 401, "invalid_client", "The client credentials are invalid"),
        (
            &[("client_secret", "")],
            400,
            "invalid_request",
            "Missing required parameter: client_secret",
        ),
        (&[("code", "")], 400, "invalid_request", "Missing required parameter: code"),
        (
            &[("grant_type", "magic")],
            400,
            "unsupported_grant_type",
            "The grant type is missing or unsupported",
        ),
        (
            &[("grant_type", "password")],
            400,
            "unsupported_grant_type",
            "The grant type \"password\" is not supported",
        ),
        (&[("audience", "x")], 400, "invalid_request", malformed),
        (&[], 400, "invalid_grant", "The authorization code is invalid or expired"),
    ];
    for (more, status, error, description) in cases {
        assert_eq!(exchange(more), (status, error.into(), description.to_owned()), "{more:?}");
    }
}

#[test]
fn invalid_client_asks_for_basic_since_basic_is_taken() {
    for version in releases() {
        let setting = setting(version);
        let answer = setting.exchange("coder_x_y", &[("client_secret", "x")]);
        assert_eq!(answer.status, 401);
        let expected = if version >= Version::V2_31 { "Basic realm=\"coder\"" } else { "" };
        assert_eq!(answer.header("www-authenticate"), expected, "{version}");
    }
}

#[test]
fn credentials_come_in_the_body_or_since_2_31_1_by_basic_but_not_both_ways() {
    let exchange = |version, basic_user: &str, more: &[(&str, &str)]| {
        let setting = setting(version);
        let code = setting.code();
        let secret = setting.app.client_secret.expose();
        let user = if basic_user.is_empty() { &setting.app.client_id } else { basic_user };
        let basic = STANDARD.encode(format!("{user}:{secret}"));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", &code)
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("code_verifier", VERIFIER)
            .extend_pairs(more);
        for name in ["client_id"] {
            if !basic_user.is_empty() {
                form.append_pair(name, &setting.app.client_id);
            }
        }
        let request = Request::post("/oauth2/tokens")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {basic}"))
            .body(form.finish().into())
            .unwrap();
        send(&setting.coder, request)
    };
    assert_eq!(exchange(Version::V2_31, "", &[]).status, 200);
    let old = exchange(Version::V2_29, "", &[]);
    assert_eq!(old.description(), "Missing client_id parameter");
    let conflict = exchange(Version::V2_38, "someone-else", &[]);
    assert_eq!(
        conflict.description(),
        "Conflicting client credentials between Authorization header and request body"
    );
}

#[test]
fn rotation_kills_the_old_pair_at_once() {
    for version in releases() {
        let setting = setting(version);
        let (access, refresh) = setting.pair();
        let rotated = setting.refresh(&refresh, &[]);
        assert_eq!(rotated.status, 200, "{version}: {}", rotated.text);
        let (new_access, new_refresh) = pair_of(&rotated);

        let dead = setting.me(&access);
        assert_eq!(dead.status, 401);
        assert_eq!(dead.json()["detail"], "API key is invalid.");
        assert_eq!(setting.refresh(&refresh, &[]).error(), (400, "invalid_grant".to_owned()));
        assert!(!setting.coder.is_live(&access) && !setting.coder.is_live(&refresh));
        assert!(setting.coder.is_live(&new_access) && setting.coder.is_live(&new_refresh));
        assert_eq!(setting.me(&new_access).status, 200, "reuse does not end the family");
    }
}

#[test]
fn a_second_login_kills_the_first_ones_tokens() {
    for version in releases() {
        let setting = setting(version);
        let (first, first_refresh) = setting.pair();
        let (second, _) = setting.pair();
        assert_eq!(setting.me(&first).status, 401, "{version}");
        assert_eq!(setting.refresh(&first_refresh, &[]).error().1, "invalid_grant");
        assert_eq!(setting.me(&second).status, 200);
    }
}

#[test]
fn another_user_or_another_application_is_not_disturbed() {
    let setting = setting(Version::V2_38);
    let (alices, _) = setting.pair();
    let bob = setting.coder.add_user("bob");
    let callback = setting.coder.approve(setting.authorize_url(), &bob).unwrap();
    let bobs = setting.exchange(&parameter(&callback, "code").unwrap(), &[]);
    assert_eq!(bobs.status, 200);
    assert_eq!(setting.me(&alices).status, 200);

    let other = setting.coder.add_oauth2_app("Other", CALLBACK);
    let url = authorize_url(&setting.coder, &other, &[]);
    let callback = setting.coder.approve(url, &setting.alice).unwrap();
    let stolen = setting.exchange(&parameter(&callback, "code").unwrap(), &[]);
    assert_eq!(stolen.error().1, "invalid_grant", "the code is another application's");
}

#[test]
fn refresh_and_revoke_need_the_secret_since_2_38() {
    for version in releases().filter(|version| *version >= Version::V2_29) {
        let setting = setting(version);
        let (_, refresh) = setting.pair();
        let revoked = post_form(
            &setting.coder,
            "/oauth2/revoke",
            &[("token", "coder_unknown_token"), ("client_id", &setting.app.client_id)],
        );
        let refreshed = setting.refresh(&refresh, &[("client_secret", "")]);
        let expected = if version >= Version::V2_38 { 401 } else { 200 };
        assert_eq!(
            (revoked.status.as_u16(), refreshed.status.as_u16()),
            (expected, expected),
            "{version}"
        );
    }
}

#[test]
fn a_secret_in_the_query_is_refused_since_2_38() {
    for version in releases() {
        let setting = setting(version);
        let code = setting.code();
        let query = format!("/oauth2/tokens?client_secret={}", setting.app.client_secret.expose());
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", setting.app.client_id.as_str()),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let status = post_form(&setting.coder, &query, &fields).status;
        assert_eq!(status, if version >= Version::V2_38 { 400 } else { 200 }, "{version}");
    }
}

#[test]
fn use_slides_the_expiry_and_disuse_ends_it() {
    let setting = setting(Version::V2_38);
    let (access, _) = setting.pair();
    for _ in 0..3 {
        setting.coder.advance(20 * HOUR);
        assert_eq!(setting.me(&access).status, 200);
    }
    setting.coder.advance(24 * HOUR);
    let expired = setting.me(&access);
    assert_eq!(expired.status, 401);
    assert_eq!(expired.json()["detail"], "API key expired at \"2026-08-23 21:30:00 +0000 UTC\".");
    assert!(expired.header("www-authenticate").contains("The access token has expired"));
}

#[test]
fn an_idle_grant_ends_a_week_after_its_access_token() {
    let setting = setting(Version::V2_38);
    let (_, refresh) = setting.pair();
    setting.coder.advance(7 * 24 * HOUR);
    let rotated = setting.refresh(&refresh, &[]);
    assert_eq!(rotated.status, 200);
    setting.coder.advance(8 * 24 * HOUR);
    let (_, refresh) = pair_of(&rotated);
    assert_eq!(setting.refresh(&refresh, &[]).error().1, "invalid_grant");
}

#[test]
fn before_2_27_the_refresh_token_dies_with_the_access_token() {
    for version in [Version::V2_25, Version::V2_29] {
        let setting = setting(version);
        let (_, refresh) = setting.pair();
        setting.coder.advance(25 * HOUR);
        let alive = setting.refresh(&refresh, &[]).status == 200;
        assert_eq!(alive, version >= Version::V2_29, "{version}");
    }
}

#[test]
fn revoking_either_half_ends_both_and_unknown_tokens_are_a_success() {
    for version in releases().filter(|version| *version >= Version::V2_29) {
        for half in [0, 1] {
            let setting = setting(version);
            let (access, refresh) = setting.pair();
            let revoke = |token: &str| {
                let fields = [
                    ("token", token),
                    ("client_id", &setting.app.client_id),
                    ("client_secret", setting.app.client_secret.expose()),
                ];
                post_form(&setting.coder, "/oauth2/revoke", &fields)
            };
            let answer = revoke(if half == 0 { &access } else { &refresh });
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
            assert!(!setting.coder.is_live(&access) && !setting.coder.is_live(&refresh));
            assert_eq!(revoke(&refresh).status, 200);
            assert_eq!(revoke("nonsense").error(), (400, "invalid_request".to_owned()));
            assert_eq!(revoke("").error(), (400, "invalid_request".to_owned()));
            let path = format!("/oauth2/revoke?client_id={}", setting.app.client_id);
            assert_eq!(get(&setting.coder, &path, "").status, 405);
        }
    }
}

#[test]
fn another_clients_token_is_not_revoked() {
    let setting = setting(Version::V2_38);
    let (access, refresh) = setting.pair();
    let other = setting.coder.add_oauth2_app("Other", CALLBACK);
    for token in [&access, &refresh] {
        let fields = [
            ("token", token.as_str()),
            ("client_id", &other.client_id),
            ("client_secret", other.client_secret.expose()),
        ];
        assert_eq!(post_form(&setting.coder, "/oauth2/revoke", &fields).status, 200);
        assert!(setting.coder.is_live(token));
    }
}

#[test]
fn the_user_disconnects_an_application() {
    let setting = setting(Version::V2_25);
    let (access, refresh) = setting.pair();
    let path = format!("/oauth2/tokens?client_id={}", setting.app.client_id);
    let answer = call(&setting.coder, "DELETE", &path, &access, &Value::Null);
    assert_eq!(answer.status, 204);
    assert!(!setting.coder.is_live(&access) && !setting.coder.is_live(&refresh));
    let no_endpoint = get(&setting.coder, "/oauth2/revoke", "");
    assert!(no_endpoint.header("content-type").starts_with("text/html"), "2.25 cannot revoke");
}

#[test]
fn deleting_the_secret_or_the_application_ends_its_tokens() {
    let setting = setting(Version::V2_38);
    let (access, _) = setting.pair();
    setting.coder.delete_app_secret(&setting.app);
    assert!(!setting.coder.is_live(&access));
    assert_eq!(setting.exchange(&setting.code(), &[]).error(), (401, "invalid_client".to_owned()));
    setting.coder.delete_app(&setting.app);
    assert_eq!(setting.exchange("coder_x_y", &[]).error(), (401, "invalid_client".to_owned()));
}

#[test]
fn a_suspended_user_gets_nothing_until_active_again() {
    let setting = setting(Version::V2_38);
    let (access, _) = setting.pair();
    setting.coder.suspend(&setting.alice);
    let answer = setting.me(&access);
    assert_eq!(answer.status, 401);
    assert!(answer.json()["message"].as_str().unwrap().contains("status = \"suspended\""));
    setting.coder.activate(&setting.alice);
    assert_eq!(setting.me(&access).status, 200);
}

#[test]
fn scopes_bind_the_token_since_2_38_and_a_refresh_may_narrow_them() {
    let setting = setting(Version::V2_38);
    let asked = "coder:workspaces.operate user:read_personal";
    let url = authorize_url(&setting.coder, &setting.app, &[("scope", asked)]);
    let callback = setting.coder.approve(url, &setting.alice).unwrap();
    let answer = setting.exchange(&parameter(&callback, "code").unwrap(), &[]);
    assert_eq!(answer.json()["scope"], asked);
    let (access, refresh) = pair_of(&answer);
    assert_eq!(setting.me(&access).status, 200);

    let more = setting.refresh(&refresh, &[("scope", "workspace:delete")]);
    assert_eq!(more.error(), (400, "invalid_scope".to_owned()));
    let narrowed = setting.refresh(&refresh, &[("scope", "workspace:read")]);
    assert_eq!(narrowed.json()["scope"], "workspace:read");
    let (access, refresh) = pair_of(&narrowed);
    assert_eq!(setting.me(&access).status, 404, "the scope is missing");
    assert_eq!(setting.refresh(&refresh, &[]).json()["scope"], asked, "the grant stays whole");
}

#[test]
fn a_lowered_ceiling_ends_the_grant() {
    let setting = setting(Version::V2_38);
    let (_, refresh) = setting.pair();
    setting.coder.set_app_scope(&setting.app, "workspace:read");
    let refused = setting.refresh(&refresh, &[]);
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned()));
    assert!(refused.description().contains("coder:all"), "{}", refused.description());
}

#[test]
fn a_resource_is_repeated_and_binds_the_token_to_the_deployment() {
    let setting = setting(Version::V2_37);
    let sign_in = |resource: &str, repeated: &str| {
        let url = authorize_url(&setting.coder, &setting.app, &[("resource", resource)]);
        let callback = setting.coder.approve(url, &setting.alice).unwrap();
        setting.exchange(&parameter(&callback, "code").unwrap(), &[("resource", repeated)])
    };
    let differs = sign_in("https://coder.test", "https://other.test");
    assert_eq!(differs.error(), (400, "invalid_target".to_owned()));
    let (ours, _) = pair_of(&sign_in("https://coder.test/", "https://coder.test/"));
    assert_eq!(setting.me(&ours).status, 200);
    let (others, _) = pair_of(&sign_in("https://other.test", "https://other.test"));
    let refused = setting.me(&others);
    assert_eq!(refused.error(), (403, "Token audience validation failed".to_owned()));
}

#[test]
fn the_bearer_header_is_taken_since_2_25_and_the_first_place_decides() {
    for version in Version::ALL {
        let setting = setting(version);
        let token = setting.alice.session_token.expose();
        let request = Request::get("/api/v2/users/me")
            .header("authorization", format!("bearer {token}"))
            .body(Bytes::new())
            .unwrap();
        let status = send(&setting.coder, request).status;
        assert_eq!(status == 200, version >= Version::V2_25, "{version}");

        let request = Request::get("/api/v2/users/me")
            .header("cookie", "coder_session_token=bad")
            .header("coder-session-token", token)
            .body(Bytes::new())
            .unwrap();
        assert_eq!(send(&setting.coder, request).status, 401, "the cookie is bad and decides");
    }
}

#[test]
fn metadata_says_what_the_release_can() {
    for version in Version::ALL {
        let coder = FakeCoder::builder().version(version).build();
        let answer = get(&coder, "/.well-known/oauth-authorization-server/anything", "");
        if version == Version::V2_24 {
            assert_eq!(answer.status, 200);
            assert!(answer.header("content-type").starts_with("text/html"));
            continue;
        }
        let json = answer.json();
        assert_eq!(json["issuer"], "https://coder.test");
        assert_eq!(json["token_endpoint"], "https://coder.test/oauth2/tokens");
        assert_eq!(json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(json["revocation_endpoint"].is_string(), version >= Version::V2_29);
        assert_eq!(json["registration_endpoint"].is_string(), version < Version::V2_37);
        let methods = json["token_endpoint_auth_methods_supported"].as_array().unwrap().len();
        let expected = match version {
            Version::V2_25 | Version::V2_29 => 1,
            Version::V2_38 => 3,
            _ => 2,
        };
        assert_eq!(methods, expected, "{version}");
    }
}

#[test]
fn buildinfo_names_the_release_and_since_2_38_the_provider() {
    for version in Version::ALL {
        let coder = FakeCoder::builder().version(version).oauth2_provider(false).build();
        let info = get(&coder, "/api/v2/buildinfo", "").json();
        assert_eq!(info["version"], version.build());
        assert_eq!(info["dashboard_url"], "https://coder.test");
        let expected = if version >= Version::V2_38 { Value::from(false) } else { Value::Null };
        assert_eq!(info["oauth2_provider"], expected, "{version}");
    }
}
