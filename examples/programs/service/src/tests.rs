//! A person signs in at the service, with a browser between it and the fake Coder.

use axum::body::to_bytes;
use coder_auth::MemoryAuthStore;
use coder_client::bytes::Bytes;
use coder_client::http::{Request, Response};
use coder_core::Body;
use coder_testkit::{Answer, Browser, FakeCoder, Site};
use tower::ServiceExt as _;

use super::*;

const HERE: &str = "https://service.test";

/// The service in this process, with an application at this Coder.
fn service(coder: &FakeCoder) -> impl Site {
    let callback = format!("{HERE}/auth/coder/handler/frame");
    let oauth = coder.add_oauth2_app("my service", &callback);
    let coder_options =
        EnvironmentOptions::new(coder.url().clone(), oauth.client_id, oauth.client_secret);
    let world = coder.world();
    let keys = SealingKeys::ephemeral(&*world.random).unwrap();
    let options = options(HERE, coder_options).unwrap();
    let app = app(CoderAuth::new(&world, MemoryAuthStore::new(), keys, options));
    move |request: Request<Bytes>| {
        let app = app.clone();
        async move {
            let request = request.map(axum::body::Body::from);
            let (head, body) = app.oneshot(request).await.unwrap().into_parts();
            Response::from_parts(head, Body::from(to_bytes(body, 1 << 20).await.unwrap()))
        }
    }
}

async fn open(browser: &mut Browser, site: &impl Site, target: &str) -> Answer {
    let request = browser.request("GET", target).header("sec-fetch-site", "same-origin");
    browser.send(site, request, "").await
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_login_and_comes_back_to_the_page() {
    let coder = FakeCoder::new();
    let alice = coder.add_user("alice");
    coder.add_workspace(&alice, "payments").stopped().create();
    let service = service(&coder);
    let mut browser = Browser::new().origin(HERE);
    assert_eq!(browser.ajax(&service, "GET", "/api/workspaces").await.status(), 401);

    let start = open(&mut browser, &service, "/").await.location();
    let start = format!("{}?{}", start.path(), start.query().unwrap());
    let consent = open(&mut browser, &service, &start).await.location();
    let callback = coder.approve(consent, &alice).unwrap();
    let back = browser.call_back(&service, &callback).await;
    assert_eq!(back.location().as_str(), format!("{HERE}/"));

    let page = String::from_utf8(open(&mut browser, &service, "/").await.body().to_vec()).unwrap();
    assert!(page.contains("<h1>alice</h1>") && page.contains("/@alice/payments"), "{page}");

    let start = browser.ajax(&service, "POST", "/api/workspaces/payments/start").await;
    assert_eq!(start.status(), StatusCode::ACCEPTED);
    let unknown = browser.ajax(&service, "POST", "/api/workspaces/nowhere/start").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let list = browser.ajax(&service, "GET", "/api/workspaces").await;
    assert_eq!(list.body(), r#"[{"name":"payments","state":"Pending…"}]"#);
}
