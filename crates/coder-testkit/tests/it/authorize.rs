//! `/oauth2/authorize`: who sees the consent page, and what the release makes of a bad request.

use crate::common::{
    CALLBACK, authorize_url, call, get, parameter, post_form, releases, send, setting, with,
    without,
};
use bytes::Bytes;
use coder_testkit::{FakeCoder, Version};
use http::Request;

fn cookie(coder: &FakeCoder, user: &coder_testkit::FakeUser) -> String {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("user", &user.id.to_string())
        .finish();
    let request = Request::post("/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap();
    let answer = send(coder, request);
    let set = answer.session_cookie().to_owned();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[test]
fn someone_without_a_session_signs_in_first() {
    let setting = setting(Version::V2_38);
    let url = setting.authorize_url();
    let answer = send(&setting.coder, Request::get(url.as_str()).body(Bytes::new()).unwrap());
    assert_eq!(answer.status, 303);
    let location = answer.header("location");
    assert!(location.starts_with("/login?message=You+are+signed+out"), "{location}");
    assert!(location.contains("&redirect=%2Foauth2%2Fauthorize%3Fclient_id%3D"), "{location}");
}

#[test]
fn the_consent_page_names_the_application_and_may_not_be_framed() {
    let setting = setting(Version::V2_38);
    let token = setting.alice.session_token.expose();
    let answer = get(&setting.coder, setting.authorize_url().as_str(), token);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("content-security-policy"), "frame-ancestors 'none'");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert!(answer.text.contains("<strong>Backstage</strong>"));
    assert!(answer.text.contains("<form id=\"allow-form\" method=\"POST\">"));
}

#[test]
fn consent_leads_to_the_callback_with_code_and_state() {
    for version in releases() {
        let setting = setting(version);
        let callback = setting.coder.approve(setting.authorize_url(), &setting.alice).unwrap();
        assert!(callback.as_str().starts_with(&format!("{CALLBACK}?code=coder_")), "{version}");
        assert_eq!(parameter(&callback, "state").unwrap(), "some-state");
    }
}

#[test]
fn a_denial_carries_state_and_a_description_since_2_33() {
    for version in releases() {
        let setting = setting(version);
        let callback = setting.coder.deny(setting.authorize_url(), &setting.alice).unwrap();
        assert_eq!(parameter(&callback, "error").unwrap(), "access_denied");
        let told = version >= Version::V2_34;
        assert_eq!(
            parameter(&callback, "error_description").as_deref(),
            told.then_some("The resource owner or authorization server denied the request"),
            "{version}"
        );
        assert_eq!(parameter(&callback, "state").is_some(), told, "{version}");
    }
}

#[test]
fn consent_by_cookie_needs_the_token_its_cookie_and_an_origin_of_ours() {
    let setting = setting(Version::V2_36);
    let session = cookie(&setting.coder, &setting.alice);
    let url = setting.authorize_url();
    let ask =
        |request: http::request::Builder| send(&setting.coder, request.body(Bytes::new()).unwrap());
    let page = ask(Request::get(url.as_str()).header("cookie", &session));
    let csrf = page.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(csrf.starts_with("csrf_token="), "{csrf}");
    let token = page.text.split("name=\"csrf_token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let both = format!("{session}; {csrf}");
    let post = |cookies: &str, token: &str, origin: (&str, &str)| {
        let request = Request::post(url.as_str())
            .header("cookie", cookies)
            .header("x-csrf-token", token)
            .header(origin.0, origin.1);
        ask(request).status
    };
    let same_site = ("sec-fetch-site", "same-origin");
    let ours = ("origin", "https://coder.test");
    assert_eq!(post(&both, token, same_site), 302);
    assert_eq!(post(&both, token, ours), 302);
    assert_eq!(post(&session, token, ours), 400, "the cookie is missing");
    assert_eq!(post(&both, "nope", ours), 400, "the token is wrong");
    assert_eq!(post(&both, token, ("origin", "https://evil.test")), 400);
    assert_eq!(post(&both, token, ("origin", "http://coder.test")), 400, "plain http");
    assert_eq!(post(&both, token, ("sec-fetch-site", "cross-site")), 400);

    let no_session = Request::post(url.as_str()).header("cookie", "coder_session_token=abc");
    let refused = ask(no_session);
    assert_eq!(refused.status, 400, "a cookie that is no session");
    assert!(refused.text.starts_with("Something is wrong with your CSRF token."));
    let token = setting.alice.session_token.expose();
    let by_token = ask(Request::post(url.as_str()).header("coder-session-token", token));
    assert_eq!(by_token.status, 302);
}

#[test]
fn consent_is_not_protected_before_2_31() {
    let setting = setting(Version::V2_29);
    let session = cookie(&setting.coder, &setting.alice);
    let request = Request::post(setting.authorize_url().as_str()).header("cookie", session);
    let answer = send(&setting.coder, request.body(Bytes::new()).unwrap());
    assert_eq!(answer.status, 302);
}

#[test]
fn pages_of_another_origin_are_told_what_they_may_do_when_they_ask() {
    let setting = setting(Version::V2_36);
    let plain = post_form(&setting.coder, "/oauth2/tokens", &[]);
    assert_eq!(plain.header("access-control-allow-origin"), "");
    let ask = |more: &[(&str, &str)]| {
        let mut request = Request::options("/oauth2/tokens").header("origin", "https://a.test");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        send(&setting.coder, request.body(Bytes::new()).unwrap())
    };
    let preflight = ask(&[
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ]);
    assert_eq!((preflight.status.as_u16(), preflight.text.as_str()), (200, ""));
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-methods"), "POST");
    assert_eq!(preflight.header("access-control-allow-headers"), "Authorization, Content-Type");
    assert_eq!(preflight.header("access-control-max-age"), "86400");
    let no_preflight = ask(&[]);
    assert_eq!(no_preflight.description(), "Missing client_id parameter");
    assert_eq!(no_preflight.header("access-control-allow-origin"), "*");
}

#[test]
fn pkce_is_optional_until_2_30_and_mandatory_since() {
    for version in releases() {
        let setting = setting(version);
        let with_pkce = setting.authorize_url();
        let plain = without(&without(&with_pkce, "code_challenge"), "code_challenge_method");
        let accepts = |url| match setting.coder.approve(url, &setting.alice) {
            Ok(callback) => parameter(&callback, "code").is_some(),
            Err(_) => false,
        };
        let expected = (true, version < Version::V2_31);
        assert_eq!((accepts(with_pkce), accepts(plain)), expected, "{version}");
    }
}

#[test]
fn the_too_old_release_has_no_provider_that_can_be_used() {
    let setting = setting(Version::V2_24);
    setting.coder.set_oauth2_provider(true);
    let refused = setting.coder.approve(setting.authorize_url(), &setting.alice).unwrap_err();
    assert_eq!(refused.status, 403);
    assert!(refused.page.contains("OAuth2 provider is under development."), "{refused}");
}

#[test]
fn methods_are_looked_at_after_the_client() {
    let setting = setting(Version::V2_36);
    let ask = |path: &str| {
        let token = setting.alice.session_token.expose();
        call(&setting.coder, "PUT", path, token, &serde_json::Value::Null)
    };
    for path in ["/oauth2/authorize", "/oauth2/tokens", "/oauth2/revoke"] {
        assert_eq!(ask(path).description(), "Missing client_id parameter", "{path}");
        let known = ask(&format!("{path}?client_id={}", setting.app.client_id));
        assert_eq!(known.status, 405, "{path}");
    }
}

#[test]
fn repeated_parameters_and_all_other_faults_are_told_at_once() {
    let setting = setting(Version::V2_36);
    let url = authorize_url(&setting.coder, &setting.app, &[("state", "x"), ("prompt", "none")]);
    let token = setting.alice.session_token.expose();
    let answer = call(&setting.coder, "POST", url.as_str(), token, &serde_json::Value::Null);
    assert_eq!(
        answer.description(),
        "Invalid query params: field: state detail: Query param \"state\" provided more than once, \
         found 2 times. Only provide 1 instance of this query param., field: prompt detail: \
         \"prompt\" is not a valid query param"
    );
}

#[test]
fn errors_stay_on_coder_until_2_37_and_go_to_the_callback_since() {
    for version in releases().filter(|version| *version >= Version::V2_31) {
        let setting = setting(version);
        let url = without(&setting.authorize_url(), "code_challenge");
        match setting.coder.approve(url, &setting.alice) {
            Ok(callback) => {
                assert_eq!(version, Version::V2_38);
                assert_eq!(parameter(&callback, "error").unwrap(), "invalid_request");
                assert_eq!(parameter(&callback, "state").unwrap(), "some-state");
                assert_eq!(
                    parameter(&callback, "error_description").unwrap(),
                    "Invalid query params: code_challenge: Query param 'code_challenge' is \
                     required and cannot be empty"
                );
            }
            Err(page) => {
                assert!(version < Version::V2_38);
                assert_eq!(page.status, 400);
                assert!(page.page.contains("<h1>Invalid Query Parameters</h1>"));
                assert!(page.page.contains(
                    "Query param &quot;code_challenge&quot; is required and cannot be empty"
                ));
            }
        }
    }
}

#[test]
fn an_unknown_parameter_is_refused_until_2_37_and_ignored_since() {
    for version in releases() {
        let setting = setting(version);
        let url = authorize_url(&setting.coder, &setting.app, &[("prompt", "consent")]);
        let approved = setting.coder.approve(url, &setting.alice);
        assert_eq!(approved.is_ok(), version >= Version::V2_38, "{version}");
    }
}

#[test]
fn a_repeated_parameter_is_refused_by_every_release() {
    for version in releases() {
        let setting = setting(version);
        let url = authorize_url(&setting.coder, &setting.app, &[("state", "another")]);
        let code = setting.coder.approve(url, &setting.alice).ok();
        assert!(code.and_then(|callback| parameter(&callback, "code")).is_none(), "{version}");
    }
}

#[test]
fn another_redirect_uri_is_never_redirected_to() {
    for version in releases() {
        let setting = setting(version);
        for other in ["https://evil.test/", "https://portal.test/", "not a url", "::"] {
            let url = with(&setting.authorize_url(), "redirect_uri", Some(other));
            let page = setting.coder.approve(url, &setting.alice).unwrap_err();
            let breaks = other == "::" && version < Version::V2_38;
            assert_eq!(page.status, if breaks { 500 } else { 400 }, "{version} {other}");
        }
        let deeper = with(&setting.authorize_url(), "redirect_uri", Some(&format!("{CALLBACK}/x")));
        let accepted = setting.coder.approve(deeper, &setting.alice).is_ok();
        assert_eq!(accepted, version < Version::V2_31, "{version}");
    }
}

#[test]
fn a_client_that_is_not_known_gets_json_even_in_a_browser() {
    let setting = setting(Version::V2_38);
    let token = setting.alice.session_token.expose();
    let ask = |url: url::Url| get(&setting.coder, url.as_str(), token).error();
    let url = setting.authorize_url();
    assert_eq!(ask(without(&url, "client_id")), (400, "invalid_request".to_owned()));
    for unknown in ["no-uuid", "4f6dcbce-80de-434d-a649-da0260640a83"] {
        let url = with(&url, "client_id", Some(unknown));
        assert_eq!(ask(url), (401, "invalid_client".to_owned()), "{unknown}");
    }
}

#[test]
fn implicit_and_plain_are_refused() {
    let setting = setting(Version::V2_37);
    let implicit = with(&setting.authorize_url(), "response_type", Some("token"));
    let page = setting.coder.approve(implicit, &setting.alice).unwrap_err();
    assert!(page.page.contains("<h1>Unsupported Response Type</h1>"));

    // The page does not notice the method; the button does.
    let plain = with(&setting.authorize_url(), "code_challenge_method", Some("plain"));
    let token = setting.alice.session_token.expose();
    assert_eq!(get(&setting.coder, plain.as_str(), token).status, 200);
    let refused = setting.coder.approve(plain, &setting.alice).unwrap_err();
    assert!(refused.page.contains("code_challenge_method 'plain' is not supported; use 'S256'"));
}

#[test]
fn a_provider_that_is_off_is_forbidden_before_2_38_and_absent_since() {
    for version in releases() {
        let setting = setting(version);
        let (access, _) = setting.pair();
        setting.coder.set_oauth2_provider(false);
        let page = setting.coder.approve(setting.authorize_url(), &setting.alice).unwrap_err();
        if version >= Version::V2_38 {
            assert_eq!(page.status, 404);
            assert!(page.page.contains("Route not found."));
        } else {
            assert_eq!(page.status, 403);
            assert!(page.page.contains("'oauth2' experiment"));
        }
        assert_eq!(setting.me(&access).status, 200, "tokens issued before keep working");
    }
}

#[test]
fn a_suspended_user_cannot_consent() {
    let setting = setting(Version::V2_38);
    setting.coder.suspend(&setting.alice);
    let page = setting.coder.approve(setting.authorize_url(), &setting.alice).unwrap_err();
    assert_eq!(page.status, 303);
    assert!(page.page.starts_with("/login?"), "{page}");
    let token = setting.alice.session_token.expose();
    let answer = get(&setting.coder, setting.authorize_url().as_str(), token);
    assert!(answer.header("location").starts_with("/login?message=User+is+not+active"));
}

#[test]
fn scopes_are_shown_and_negotiated_since_2_38() {
    for version in releases() {
        let setting = setting(version);
        let openid = authorize_url(&setting.coder, &setting.app, &[("scope", "openid profile")]);
        let callback = setting.coder.approve(openid, &setting.alice).unwrap();
        if version >= Version::V2_38 {
            assert_eq!(parameter(&callback, "error").unwrap(), "invalid_scope");
        } else {
            assert!(parameter(&callback, "code").is_some(), "{version} ignores scopes");
        }
    }
    let setting = setting(Version::V2_38);
    let url = authorize_url(&setting.coder, &setting.app, &[("scope", "workspace:read")]);
    let token = setting.alice.session_token.expose();
    let page = get(&setting.coder, url.as_str(), token).text;
    assert!(page.contains("<code>workspace:read</code>"));
}
