//! The adapter, asked over real sockets.
#![expect(clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::sync::Arc;

use axum::{Router, routing::get};
use backstage_catalog::MemoryCatalog;
use bytes::Bytes;
use coder_auth::MemoryAuthStore;
use coder_axum::SignedIn;
use coder_client::operations::GetUser;
use coder_config::{AppConfig, ConfigSources, Environment};
use coder_core::{ReqwestTransport, Transport as _, World};
use coder_portal::Portal;
use coder_testkit::FakeCoder;
use http::{Request, Response, StatusCode};
use serde_json::Value;

const APP_CONFIG: &str = "
app: { baseUrl: http://localhost:7007 }
backend: { baseUrl: http://localhost:7007 }
auth:
  providers:
    coder:
      development: { clientId: id, clientSecret: secret, deploymentUrl: https://coder.test }
";

fn portal(coder: &FakeCoder) -> Portal {
    let files = |path: &str| match path {
        "app-config.yaml" => Ok(APP_CONFIG.to_owned()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    let environment = Environment::default();
    let loaded = ConfigSources::new(&files, &environment).load().unwrap();
    let config = AppConfig::from_loaded(&loaded).unwrap();
    let world = World { clock: coder.clock(), ..World::native(coder.clone()).unwrap() };
    let catalog = Arc::new(MemoryCatalog::default());
    Portal::from_config(&config, &world, catalog, Arc::new(MemoryAuthStore::new())).unwrap()
}

/// The address of a server with these routes; it ends with the test.
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
        .with_state(portal.clone())
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
