//! What must hold for every callback and every cookie that a browser sends to `coder-auth`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_auth::{
    AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, MemoryAuthStore, SealingKeys,
};
use coder_core::{
    Body, BoxFuture, Clock, Random, RandomError, Runtime, Secret, TransportError, World,
};
use futures_util::FutureExt as _;
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, Request, Response, StatusCode};

const PORTAL: &str = "https://portal.example.com";
const CODER: &str = "https://coder.example.com";
const TOKEN: &str = "the-access-token";

/// Sends the query of a callback, in which `STATE` is that of a login the browser has begun. Only
/// that one signs in, and nothing that comes in becomes markup or leads away.
pub fn callback_query(query: &str) {
    let portal = portal();
    let (state, attempt) = begun(&portal);
    let query = query.replace("STATE", &state);
    let path = format!("/api/auth/coder/handler/frame?{query}");
    let Ok(request) = Request::get(path).header(COOKIE, attempt).body(Bytes::new()) else {
        return;
    };
    let response = read(portal.callback(&request));
    let signed_in = is_signed_in(&response);
    assert!(!signed_in || query.contains(&state), "{query}");
    assert!(signed_in || query != format!("code=code&state={state}"), "{query}");
    assert!(!signed_in || query.contains("code="), "{query}");
    assert_harmless(&response, signed_in);
    // Whatever came of it, the attempt is over.
    let path = format!("/api/auth/coder/handler/frame?code=code&state={state}");
    let again = Request::get(path).header(COOKIE, begun(&portal).1).body(Bytes::new()).unwrap();
    assert!(!is_signed_in(&read(portal.callback(&again))), "another attempt's cookie");
}

/// Sends a `Cookie` header, in which `ATTEMPT` is that of a login the browser has begun, name and
/// value, and `SESSION` the handle of a person who is signed in. Only these two open anything.
pub fn cookies(text: &str) {
    let portal = portal();
    let (state, attempt) = begun(&portal);
    let callback = format!("/api/auth/coder/handler/frame?code=code&state={state}");
    let request = Request::get(&callback).header(COOKIE, &attempt).body(Bytes::new()).unwrap();
    let signed_in = read(portal.callback(&request));
    assert!(is_signed_in(&signed_in), "{:?}", signed_in.body());
    let session = set_cookie(&signed_in, "__Host-coder-session=");
    let handle = session.split_once('=').unwrap().1;
    let (state, attempt) = begun(&portal);

    let header = text.replace("ATTEMPT", &attempt).replace("SESSION", handle);
    let Ok(header) = HeaderValue::from_str(&header) else { return };
    let request = |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).header(COOKIE, &header);
        request.header("x-requested-with", "XMLHttpRequest").body(Bytes::new()).unwrap()
    };
    let start = read(portal.start(&request("GET", "/api/auth/coder/start?env=production")));
    assert_eq!(start.status(), StatusCode::FOUND, "{text}");
    assert_harmless(&start, false);
    let refresh = request("GET", "/api/auth/coder/refresh?env=production");
    let refreshed = read(portal.refresh(&refresh));
    assert!(refreshed.status() != StatusCode::OK || text.contains("SESSION"), "{text}");
    assert_harmless(&refreshed, refreshed.status() == StatusCode::OK);
    let path = format!("/api/auth/coder/handler/frame?code=code&state={state}");
    let called_back = read(portal.callback(&request("GET", &path)));
    let signed_in = is_signed_in(&called_back);
    assert!(!signed_in || text.contains("ATTEMPT"), "{text}");
    assert_harmless(&called_back, signed_in);
    let logout = request("POST", "/api/auth/coder/logout?env=production");
    assert_eq!(read(portal.logout(&logout)).status(), StatusCode::OK, "{text}");
    assert_ne!(read(portal.refresh(&refresh)).status(), StatusCode::OK, "{text}");
}

/// Checks that the page has one script, that a redirect leads to the portal or to Coder, and that
/// only who is signed in gets the token.
fn assert_harmless(response: &Response<Bytes>, signed_in: bool) {
    let body = std::str::from_utf8(response.body()).unwrap();
    if body.starts_with("<!DOCTYPE html>") {
        assert_eq!(body.matches("<script").count(), 1, "{body}");
        assert_eq!(body.matches("</script").count(), 1, "{body}");
        assert_eq!(body.matches('\'').count(), 8, "{body}");
    }
    assert_eq!(body.contains(TOKEN), signed_in, "{body}");
    if let Some(location) = response.headers().get(LOCATION) {
        let location = location.to_str().unwrap();
        let (portal, coder) = (format!("{PORTAL}/"), format!("{CODER}/"));
        assert!(location.starts_with(&portal) || location.starts_with(&coder), "{location}");
    }
    for cookie in response.headers().get_all(SET_COOKIE) {
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.contains("; HttpOnly"), "{cookie}");
    }
}

fn is_signed_in(response: &Response<Bytes>) -> bool {
    !set_cookie(response, "__Host-coder-session=").is_empty()
}

/// Returns the cookie of this kind that is set, not cleared: `name=value`.
fn set_cookie(response: &Response<Bytes>, prefix: &str) -> String {
    let cookies = response.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str());
    let mut set = cookies.map(Result::unwrap).filter(|cookie| !cookie.contains("Max-Age=0"));
    let found = set.find(|cookie| cookie.starts_with(prefix)).unwrap_or_default();
    found.split(';').next().unwrap_or_default().to_owned()
}

/// Starts a login, and returns its `state` and the attempt's cookie.
fn begun(portal: &CoderAuth) -> (String, String) {
    let request = Request::get("/api/auth/coder/start?env=production").body(Bytes::new()).unwrap();
    let response = read(portal.start(&request));
    let location = response.headers()[LOCATION].to_str().unwrap();
    let query = location.split_once('?').unwrap().1;
    let state = query.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap();
    (state.to_owned(), set_cookie(&response, "__Host-coder-attempt-"))
}

fn portal() -> CoderAuth {
    let world = World {
        transport: Arc::new(async |request: Request<Bytes>| {
            Ok::<_, TransportError>(coder(request.uri().path()))
        }),
        clock: Arc::new(Still),
        random: Arc::new(Counting::default()),
        runtime: Arc::new(Immediate),
    };
    let keys = SealingKeys::from_secrets(&[Secret::new("k".repeat(32))]).unwrap();
    let origins = AllowedOrigins::new(PORTAL.parse().unwrap(), []);
    let environment =
        EnvironmentOptions::new(CODER.parse().unwrap(), "client-id", Secret::new("secret"));
    let options = AuthOptions::new(format!("{PORTAL}/api/auth").parse().unwrap(), origins)
        .environment("production", environment);
    CoderAuth::new(&world, Arc::new(MemoryAuthStore::new()), keys, options)
}

/// Answers as a Coder that lets everybody in.
fn coder(path: &str) -> Response<Body> {
    let json = match path {
        "/api/v2/buildinfo" => r#"{"version":"v2.38.0+1a2b3c4","external_url":""}"#.to_owned(),
        "/oauth2/tokens" => format!(
            r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":86400,"refresh_token":"r"}}"#
        ),
        "/api/v2/users/me" => r#"{"id":"7f1b2a3c-0000-4000-8000-000000000001","username":"alice",
            "email":"alice@example.com","created_at":"2026-01-01T00:00:00Z",
            "updated_at":"2026-01-01T00:00:00Z","last_seen_at":"2026-01-01T00:00:00Z",
            "status":"active","login_type":"password","organization_ids":[],"roles":[]}"#
            .to_owned(),
        _ => "{}".to_owned(),
    };
    let mut answer = Response::new(Body::from(json));
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert("content-type", kind);
    answer
}

/// Reads a response that waits for nobody, with its body.
fn read(response: impl Future<Output = Response<Body>>) -> Response<Bytes> {
    let (head, body) = at_once(response).into_parts();
    Response::from_parts(head, at_once(body.collect(1 << 20)).unwrap())
}

/// Returns what a future gives that waits for nobody.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

/// Tasks end where they are spawned, and no time passes.
struct Immediate;

impl Runtime for Immediate {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        at_once(task);
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

#[derive(Default)]
struct Counting(std::sync::atomic::AtomicU8);

impl Random for Counting {
    fn fill(&self, destination: &mut [u8]) -> Result<(), RandomError> {
        destination.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        Ok(())
    }
}
