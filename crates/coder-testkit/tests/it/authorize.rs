//! `/oauth2/authorize`: who sees the consent page, and what the release makes of a bad request.

use crate::common::{
    CALLBACK, authorize_url, get, parameter, releases, send, setting, with, without,
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
    let set = answer.header("set-cookie").to_owned();
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
fn a_denial_carries_state_since_2_33() {
    for version in releases() {
        let setting = setting(version);
        let callback = setting.coder.deny(setting.authorize_url(), &setting.alice).unwrap();
        assert_eq!(parameter(&callback, "error").unwrap(), "access_denied");
        assert_eq!(
            parameter(&callback, "error_description").unwrap(),
            "The resource owner or authorization server denied the request"
        );
        assert_eq!(parameter(&callback, "state").is_some(), version >= Version::V2_34, "{version}");
    }
}

#[test]
fn a_request_that_rides_on_the_cookie_alone_is_refused() {
    let setting = setting(Version::V2_31);
    let cookie = cookie(&setting.coder, &setting.alice);
    let post = |headers: &[(&str, &str)]| {
        let mut request = Request::post(setting.authorize_url().as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&setting.coder, request.body(Bytes::new()).unwrap())
    };
    let refused = post(&[("cookie", &cookie)]);
    assert_eq!(refused.status, 400);
    assert!(refused.header("content-type").starts_with("text/plain"));

    let by_token = post(&[("coder-session-token", setting.alice.session_token.expose())]);
    assert_eq!(by_token.status, 302);
}

#[test]
fn pkce_is_unknown_then_optional_then_mandatory() {
    for version in Version::ALL {
        let setting = setting(version);
        let with_pkce = setting.authorize_url();
        let plain = without(&without(&with_pkce, "code_challenge"), "code_challenge_method");
        let accepts = |url| match setting.coder.approve(url, &setting.alice) {
            Ok(callback) => parameter(&callback, "code").is_some(),
            Err(_) => false,
        };
        let expected = match version {
            Version::V2_24 => (false, true),
            Version::V2_25 | Version::V2_29 => (true, true),
            _ => (true, false),
        };
        assert_eq!((accepts(with_pkce), accepts(plain)), expected, "{version}");
    }
}

#[test]
fn the_too_old_release_names_the_parameter_it_does_not_know() {
    let setting = setting(Version::V2_24);
    let page = setting.coder.approve(setting.authorize_url(), &setting.alice).unwrap_err();
    assert_eq!(page.status, 400);
    assert!(page.page.contains("&quot;code_challenge&quot; is not a valid query param"));
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
        for other in ["https://evil.test/", "https://portal.test/", "not a url"] {
            let url = with(&setting.authorize_url(), "redirect_uri", Some(other));
            let page = setting.coder.approve(url, &setting.alice).unwrap_err();
            assert_eq!(page.status, 400, "{version} {other}");
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
