//! A check from outside: what its ticket opens, and for how long.

use std::time::Duration;

use bytes::Bytes;
use coder_core::Body;
use futures_util::StreamExt as _;
use http::{Request, Response, StatusCode};

use crate::support::{Answer, House};

/// The number of streams that may be held at a time.
const MAX_HELD: usize = 16;

/// Asks for a stream that is held for a minute.
async fn hold(house: &House) -> Response<Body> {
    let ticket = house.portal.auth().check_ticket().unwrap();
    let request = Request::get("/api/coder/v1/live")
        .header("coder-backstage-check", ticket.expose())
        .header("coder-backstage-check-hold", "60");
    house.portal.handle(request.body(Bytes::new()).unwrap()).await
}

async fn next(body: &mut Body) -> Option<String> {
    Some(String::from_utf8(body.next().await?.unwrap().to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_held_stream_is_one_of_events_with_a_silence_between_two() {
    let house = House::new();
    let response = hold(&house).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let mut body = response.into_body();
    let first = next(&mut body).await.unwrap();
    assert!(first.starts_with("data: {\"path\":\"/api/coder/v1/live\""), "{first}");
    let began = tokio::time::Instant::now();
    assert_eq!(next(&mut body).await.as_deref(), Some("data: held\n\n"), "and no comment before");
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_held_stream_ends_when_the_server_stops() {
    let house = House::new();
    let mut body = hold(&house).await.into_body();
    next(&mut body).await.unwrap();
    let began = tokio::time::Instant::now();
    let (end, ()) = tokio::join!(next(&mut body), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        house.portal.close_streams();
    });
    assert_eq!((end, began.elapsed().as_secs()), (None, 3));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_a_ticket_holds_so_many_streams_and_no_more() {
    let house = House::new();
    let mut held = Vec::new();
    for _ in 0..MAX_HELD {
        let response = hold(&house).await;
        assert_eq!(response.status(), StatusCode::OK);
        held.push(response);
    }
    let refused = Answer::read(hold(&house).await).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        refused.message(),
        "too many checks hold a stream at this portal; try again in a while"
    );
    assert_eq!(refused.headers()["retry-after"], "120");
    held.pop();
    assert_eq!(hold(&house).await.status(), StatusCode::OK, "one has gone");
}
