//! The adapter, asked over real sockets.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use axum::extract::{FromRef, State};
use axum::response::IntoResponse;
use axum::{Router, middleware, routing::get};
use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::{
    AllowedOrigins, AuthOptions, CoderAuth, EnvironmentOptions, MemoryAuthStore, SealingKeys,
};
use coder_axum::{SignedIn, SignedInPage};
use coder_client::operations::GetUser;
use coder_config::{AppConfig, AuthConfig, BackendConfig, CoderEnvironment, WorkspacesConfig};
use coder_core::{ReqwestTransport, Transport as _};
use coder_portal::{Part, Portal};
use coder_testkit::{Cookies, FakeCoder, Fault};
use http::{Request, Response, StatusCode};
use serde_json::Value;

/// Makes a portal whose configuration no file has seen.
fn portal(coder: &FakeCoder) -> Portal {
    let environment = CoderEnvironment::new(coder.url().clone(), "id", "secret");
    let auth = AuthConfig::new("development".parse().unwrap(), environment);
    let backend = BackendConfig::new("http://localhost:7007".parse().unwrap());
    let pages = "http://localhost:7007".parse().unwrap();
    let workspaces = WorkspacesConfig::new(coder.url().clone());
    let config = AppConfig::new(pages, backend, auth, workspaces);
    Portal::from_config(&config, &coder.world(), MemoryCatalog::default(), MemoryAuthStore::new())
        .unwrap()
}

/// Makes a login without any portal, below `/tools/api/auth` of an app of one's own.
fn login(coder: &FakeCoder) -> CoderAuth {
    let base = "http://localhost:7007/tools/api/auth";
    let app = coder.add_oauth2_app("tools", &format!("{base}/coder/handler/frame"));
    let environment =
        EnvironmentOptions::new(coder.url().clone(), app.client_id, app.client_secret);
    let origins = AllowedOrigins::new("http://localhost:7007".parse().unwrap(), []);
    let options =
        AuthOptions::new(base.parse().unwrap(), origins).environment("development", environment);
    let world = coder.world();
    let keys = SealingKeys::ephemeral(&*world.random).unwrap();
    CoderAuth::new(&world, MemoryAuthStore::new(), keys, options)
}

/// Starts a server with these routes, and returns its address; it ends with the test.
async fn served(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn send(request: http::request::Builder, body: impl Into<Bytes>) -> Response<Bytes> {
    let transport = ReqwestTransport::new("test/1.0").unwrap();
    let (head, body) =
        transport.send(request.body(body.into()).unwrap()).await.unwrap().into_parts();
    Response::from_parts(head, body.collect(1 << 20).await.unwrap())
}

fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn the_portal_answers_with_its_length_and_its_own_404() {
    let server = served(coder_axum::router(portal(&FakeCoder::new()))).await;

    let url = format!("{server}/.backstage/health/v1/readiness");
    let health = send(Request::get(url), "").await;
    assert_eq!(health.status(), StatusCode::OK);
    assert_eq!(json(&health)["status"], "ok");
    assert_eq!(health.headers()["content-length"], health.body().len().to_string());

    let nowhere = send(Request::get(format!("{server}/nowhere")), "").await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(&nowhere)["error"]["name"], "NotFoundError");
}

/// Adds a header to every answer, as a layer of the embedder's own.
async fn signed(request: axum::extract::Request, next: middleware::Next) -> impl IntoResponse {
    ([("x-served-by", "our-portal")], next.run(request).await)
}

#[tokio::test]
async fn each_part_is_mounted_alone_under_any_path_within_layers_of_ones_own() {
    let portal = portal(&FakeCoder::new());
    let part = |part| coder_axum::part(&portal, part).layer(middleware::from_fn(signed));
    let routes = Router::new()
        .nest("/tools/sign-in", part(Part::Auth))
        .nest("/tools/coder/live", part(Part::Live))
        .nest("/tools/coder", part(Part::Workspaces))
        .nest("/status", part(Part::Health))
        .route("/tools/own", get(async || "ours"));
    let server = served(routes).await;
    let status = async |path: &str| send(Request::get(format!("{server}{path}")), "").await;

    for (path, expected) in [
        ("/status/readiness", StatusCode::OK),
        ("/tools/sign-in/.well-known/jwks.json", StatusCode::OK),
        ("/tools/coder/entities", StatusCode::UNAUTHORIZED),
        (
            "/tools/coder/live?workspaces=10000000-0000-4000-8000-000000000000",
            StatusCode::UNAUTHORIZED,
        ),
        // Another part's routes are not there, by whichever path.
        ("/tools/coder/nowhere", StatusCode::NOT_FOUND),
        ("/tools/coder/live/nowhere", StatusCode::NOT_FOUND),
        ("/status/../api/coder/v1/entities", StatusCode::NOT_FOUND),
        ("/tools/sign-in/coder/v1/entities", StatusCode::NOT_FOUND),
        ("/api/coder/v1/entities", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(status(path).await.status(), expected, "{path}");
    }
    let health = status("/status/readiness").await;
    assert_eq!(health.headers()["x-served-by"], "our-portal");
    assert_eq!(status("/tools/own").await.body(), "ours");
}

#[tokio::test]
async fn the_workspaces_part_leaves_the_stream_to_its_own_part() {
    let portal = portal(&FakeCoder::new());
    let routes = Router::new().nest("/coder", coder_axum::part(&portal, Part::Workspaces));
    let server = served(routes).await;
    let live = format!("{server}/coder/live?workspaces=10000000-0000-4000-8000-000000000000");
    assert_eq!(send(Request::get(live), "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_posted_form_reaches_the_portal_and_a_large_one_is_refused() {
    let server = served(coder_axum::router(portal(&FakeCoder::new()))).await;
    let post = || {
        let url = format!("{server}/api/auth/coder/handler/frame");
        Request::post(url).header("content-type", "application/x-www-form-urlencoded")
    };

    let read = send(post(), "state=forged&code=x").await;
    assert_eq!(read.status(), StatusCode::FORBIDDEN);
    assert!(json(&read)["error"]["message"].as_str().unwrap().contains("state is invalid"));

    let large = send(post(), vec![b'x'; 64 * 1024 + 1]).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(json(&large)["response"]["statusCode"], 413);
}

#[tokio::test]
async fn a_connection_with_an_unread_body_is_closed_and_another_one_is_kept() {
    let server = served(coder_axum::router(portal(&FakeCoder::new()))).await;
    let form = "application/x-www-form-urlencoded";

    let start = Request::get(format!("{server}/api/auth/coder/start?env=development"));
    let unread = send(start.header("content-type", form), "scope=all").await;
    assert_eq!(unread.status(), StatusCode::BAD_REQUEST);
    assert_eq!(unread.headers()["connection"], "close");

    let frame = Request::post(format!("{server}/api/auth/coder/handler/frame"));
    let read = send(frame.header("content-type", form), "state=forged&code=x").await;
    assert_eq!(read.headers().get("connection"), None);
}

#[tokio::test]
async fn a_route_of_ones_own_knows_who_asks() {
    async fn me(SignedIn(caller): SignedIn) -> String {
        let user = caller.client().send(&GetUser::me()).await.unwrap();
        format!("{} in {}", user.username, caller.environment())
    }
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let portal = portal(&coder);
    let routes = Router::new()
        .route("/api/me", get(me))
        .with_state(portal.auth().clone())
        .merge(coder_axum::router(portal));
    let url = format!("{}/api/me", served(routes).await);

    let token = Request::get(&url).header("coder-session-token", alice.session_token.expose());
    let known = send(token, "").await;
    assert_eq!(known.body(), "alice in development");

    let stranger = Request::get(&url).header("x-requested-with", "XMLHttpRequest");
    let stranger = send(stranger, "").await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json(&stranger)["error"]["message"], "Missing session cookie");
    assert_eq!(json(&stranger)["request"]["url"], "/api/me");
}

/// A state of one's own that has a login among other things.
#[derive(Clone)]
struct AppState {
    auth: CoderAuth,
    greeting: &'static str,
}

impl FromRef<AppState> for CoderAuth {
    fn from_ref(state: &AppState) -> Self {
        state.auth.clone()
    }
}

/// Makes an app below `/tools`, with the login nested in it.
fn tools(coder: &FakeCoder) -> Router {
    async fn page(State(state): State<AppState>, SignedInPage(caller): SignedInPage) -> String {
        format!("{} {}", state.greeting, caller.profile().username)
    }
    async fn home(caller: Option<SignedInPage>) -> String {
        caller
            .map_or("sign in".to_owned(), |SignedInPage(caller)| caller.profile().username.clone())
    }
    async fn me(caller: Option<SignedIn>) -> String {
        caller.map_or("nobody".to_owned(), |SignedIn(caller)| caller.profile().username.clone())
    }
    let auth = login(coder);
    let app = Router::new()
        .route("/page", get(page))
        .route("/home", get(home))
        .route("/me", get(me))
        .nest("/api/auth", coder_axum::login(auth.clone()))
        .with_state(AppState { auth, greeting: "hello" });
    Router::new().nest("/tools", app)
}

/// Opens a page as a browser does from this site.
async fn open(server: &str, path: &str, site: &str, cookies: &Cookies) -> Response<Bytes> {
    let request = Request::get(format!("{server}{path}"))
        .header("sec-fetch-site", site)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    let request = match cookies.header() {
        Some(header) => request.header("cookie", header),
        None => request,
    };
    send(request, "").await
}

#[tokio::test]
async fn a_login_nested_in_an_app_of_ones_own_sends_strangers_there_and_back() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let server = served(tools(&coder)).await;
    let mut cookies = Cookies::default();
    assert_eq!(open(&server, "/tools/home", "none", &cookies).await.body(), "sign in");

    let page = open(&server, "/tools/page?week=3", "none", &cookies).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    let start = page.headers()["location"].to_str().unwrap();
    let start = start.strip_prefix("http://localhost:7007").unwrap();
    assert!(start.starts_with("/tools/api/auth/coder/start?"), "{start}");

    let start = open(&server, start, "none", &cookies).await;
    cookies.keep(start.headers());
    let callback = coder.approve(start.headers()["location"].to_str().unwrap(), &alice).unwrap();
    let callback = format!("{}?{}", callback.path(), callback.query().unwrap());
    let back = open(&server, &callback, "cross-site", &cookies).await;
    cookies.keep(back.headers());
    assert_eq!(back.headers()["location"], "http://localhost:7007/tools/page?week=3");

    let arrival = open(&server, "/tools/page?week=3", "cross-site", &cookies).await;
    assert!(String::from_utf8_lossy(arrival.body()).contains("http-equiv"), "{arrival:?}");
    let page = open(&server, "/tools/page?week=3", "same-origin", &cookies).await;
    assert_eq!(page.body(), "hello alice");
    assert_eq!(open(&server, "/tools/home", "same-origin", &cookies).await.body(), "alice");
}

#[tokio::test]
async fn the_login_alone_has_its_own_404_and_bounds() {
    let server = served(tools(&FakeCoder::new())).await;
    let nowhere = send(Request::get(format!("{server}/tools/api/auth/nowhere")), "").await;
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(&nowhere)["error"]["name"], "NotFoundError");
    assert_eq!(nowhere.headers()["referrer-policy"], "no-referrer");

    let frame = Request::post(format!("{server}/tools/api/auth/coder/handler/frame"));
    let form = frame.header("content-type", "application/x-www-form-urlencoded");
    let large = send(form, vec![b'x'; 64 * 1024 + 1]).await;
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_route_that_takes_anybody_knows_nobody_from_an_outage() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    let server = served(tools(&coder)).await;
    let me = || Request::get(format!("{server}/tools/me"));
    let token = || me().header("coder-session-token", alice.session_token.expose());
    assert_eq!(send(me(), "").await.body(), "nobody");
    coder.fail_next(Fault::connection_refused().times(100));
    assert_eq!(send(token(), "").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let forged = me().header("authorization", "Bearer a.b.c");
    assert_eq!(send(forged, "").await.status(), StatusCode::UNAUTHORIZED);
}
