//! What the tests of the fake share: a client that speaks plain HTTP to it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use coder_testkit::{FakeApp, FakeCoder, FakeUser, Version};
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

pub(crate) const CALLBACK: &str = "https://portal.test/api/auth/coder/handler/frame";
pub(crate) const VERIFIER: &str = "a-verifier-of-fifty-characters-0123456789-abcdefgh";

/// An answer of the fake.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the cookie of the session that the answer sets, with its attributes.
    pub(crate) fn session_cookie(&self) -> &str {
        let cookies = self.headers.get_all("set-cookie").iter();
        let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
        cookies.find(|cookie| cookie.starts_with("coder_session_token=")).unwrap_or_default()
    }

    /// Returns `error` of the OAuth dialect or `message` of the API's, with the status.
    pub(crate) fn error(&self) -> (u16, String) {
        let json = self.json();
        let text = json["error"].as_str().or(json["message"].as_str()).unwrap_or_default();
        (self.status.as_u16(), text.to_owned())
    }

    pub(crate) fn description(&self) -> String {
        self.json()["error_description"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn send(coder: &FakeCoder, request: Request<Bytes>) -> Answer {
    let (head, body) = coder.respond(request).into_parts();
    let body = body.collect(usize::MAX).now_or_never().expect("ready").expect("whole");
    Answer {
        status: head.status,
        headers: head.headers,
        text: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) fn get(coder: &FakeCoder, path: &str, token: &str) -> Answer {
    let request = Request::get(path).header("coder-session-token", token);
    send(coder, request.body(Bytes::new()).unwrap())
}

pub(crate) fn call(
    coder: &FakeCoder,
    method: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> Answer {
    let request = Request::builder().method(method).uri(path).header("coder-session-token", token);
    send(coder, request.body(body.to_string().into()).unwrap())
}

pub(crate) fn post_form(coder: &FakeCoder, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(coder, request.body(body.into()).unwrap())
}

pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Makes an authorization URL with the parameters that every release from 2.25 takes.
pub(crate) fn authorize_url(coder: &FakeCoder, app: &FakeApp, more: &[(&str, &str)]) -> Url {
    let mut url = coder.url().endpoint(["oauth2", "authorize"]);
    url.query_pairs_mut()
        .append_pair("client_id", &app.client_id)
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("state", "some-state")
        .append_pair("code_challenge", &challenge(VERIFIER))
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(more);
    url
}

/// Returns `url` without one of its parameters.
pub(crate) fn without(url: &Url, name: &str) -> Url {
    with(url, name, None)
}

/// Returns `url` with another value of one of its parameters.
pub(crate) fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let kept: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(value.map(|value| (name, value)));
    url
}

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A deployment with one person and one application.
pub(crate) struct Setting {
    pub(crate) coder: FakeCoder,
    pub(crate) alice: FakeUser,
    pub(crate) app: FakeApp,
}

pub(crate) fn setting(version: Version) -> Setting {
    let coder = FakeCoder::builder().version(version).build();
    let alice = coder.add_user("alice");
    let app = coder.add_oauth2_app("Backstage", CALLBACK);
    Setting { coder, alice, app }
}

/// Returns every release that a login works on.
pub(crate) fn releases() -> impl Iterator<Item = Version> {
    Version::ALL.into_iter().filter(|version| *version > Version::V2_24)
}

impl Setting {
    pub(crate) fn authorize_url(&self) -> Url {
        authorize_url(&self.coder, &self.app, &[])
    }

    pub(crate) fn code(&self) -> String {
        let callback = self.coder.approve(self.authorize_url(), &self.alice).unwrap();
        parameter(&callback, "code").unwrap_or_else(|| panic!("no code in {callback}"))
    }

    pub(crate) fn exchange(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", self.app.client_secret.expose()),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        post_form(&self.coder, "/oauth2/tokens", &fields)
    }

    pub(crate) fn refresh(&self, refresh_token: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", self.app.client_id.as_str()),
            ("client_secret", self.app.client_secret.expose()),
            ("refresh_token", refresh_token),
        ];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        post_form(&self.coder, "/oauth2/tokens", &fields)
    }

    /// Signs in; access and refresh token.
    pub(crate) fn pair(&self) -> (String, String) {
        pair_of(&self.exchange(&self.code(), &[]))
    }

    pub(crate) fn me(&self, token: &str) -> Answer {
        get(&self.coder, "/api/v2/users/me", token)
    }
}

pub(crate) fn pair_of(answer: &Answer) -> (String, String) {
    let json = answer.json();
    let text = |name: &str| {
        json[name].as_str().unwrap_or_else(|| panic!("no {name} in {json}")).to_owned()
    };
    (text("access_token"), text("refresh_token"))
}
