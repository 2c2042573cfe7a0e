//! Probes of orchestrators, and the mark of the route that has answered.

use std::time::Duration;

use coder_portal::MatchedRoute;
use coder_testkit::Fault;
use http::{Request, StatusCode};
use serde_json::json;

use crate::support::{House, ask};

const READINESS: &str = "/.backstage/health/v1/readiness";
const LIVENESS: &str = "/.backstage/health/v1/liveness";

/// Asks for readiness; gives the status and the body.
async fn readiness(house: &House) -> (StatusCode, serde_json::Value) {
    let answer = ask(&house.portal, Request::get(READINESS)).await;
    (answer.status(), answer.json().clone())
}

#[tokio::test(start_paused = true)]
async fn a_coder_that_does_not_answer_is_a_detail_of_readiness_and_nobody_waits_for_it() {
    let house = House::new();
    let told =
        |coder: &str| json!({ "status": "ok", "store": "ok", "coder": { "production": coder } });
    assert_eq!(readiness(&house).await, (StatusCode::OK, told("unknown")));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(readiness(&house).await, (StatusCode::OK, told("ok")));
    house.coder.fail_next(Fault::connection_refused().times(100));
    house.coder.advance(Duration::from_secs(11));
    readiness(&house).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(readiness(&house).await, (StatusCode::OK, told("unreachable")));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_drains_is_alive_and_not_ready_and_answers_as_before() {
    let house = House::new();
    house.portal.drain();
    let (status, told) = readiness(&house).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told["status"], "error");
    assert_eq!(told["message"], "the server is shutting down");
    for path in [LIVENESS, "/api/coder/v1/openapi.json"] {
        assert_eq!(ask(&house.portal, Request::get(path)).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_names_the_template_of_its_route_and_never_a_path() {
    let house = House::new();
    for (path, template) in [
        (READINESS, Some("/.backstage/health/v1/readiness")),
        ("/api/auth/coder/refresh", Some("/api/auth/coder/refresh")),
        ("/API/Auth/coder/handler/frame/production", Some("/api/auth/coder/handler/frame")),
        (
            "/api/coder/v1/entities/component/default/secret-project/workspaces",
            Some("/api/coder/v1/entities/{kind}/{namespace}/{name}/workspaces"),
        ),
        ("/api/coder/v1/live", Some("/api/coder/v1/live")),
        ("/api/unknown/secret", None),
    ] {
        let request = Request::get(path).body(coder_core::Body::empty()).unwrap();
        let answer = house.portal.handle(request).await;
        let matched = answer.extensions().get::<MatchedRoute>().map(ToString::to_string);
        assert_eq!(matched.as_deref(), template, "{path}");
    }
}
