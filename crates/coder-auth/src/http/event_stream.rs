//! Streams of events to a page (server-sent events, WHATWG HTML §9.2).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, BoxFuture, BoxStream, MaybeSend, Runtime, World};
use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _, stream};
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use serde::Serialize;

use crate::error::BugError;

/// The time without an event after which a comment keeps the connection open. Proxies close one
/// that is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The time after which a stream ends, so that its caller is known anew. A page opens another one.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The header that tells nginx to pass on each event at once.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// An event for a page that listens with `EventSource`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    id: Option<String>,
    name: Option<String>,
    data: String,
    retry: Option<Duration>,
}

impl Event {
    /// Creates an event with this data, which may have several lines.
    pub fn new(data: impl Into<String>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// Creates an event whose data is JSON.
    ///
    /// # Errors
    ///
    /// When `data` cannot be written as JSON.
    pub fn json(data: &impl Serialize) -> Result<Self, BugError> {
        Ok(Self::new(serde_json::to_string(data).map_err(BugError::unwritable)?))
    }

    /// Sets the id, which a browser sends as `Last-Event-ID` when it opens the stream again.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the name of the event: `message` by default.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the time after which a browser opens a stream again that has ended.
    #[must_use]
    pub fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }

    /// Writes the event as it goes over the wire.
    fn to_text(&self) -> String {
        let mut text = String::new();
        for (field, value) in [("event", &self.name), ("id", &self.id)] {
            if let Some(value) = value {
                push_field(&mut text, field, &in_one_line(value));
            }
        }
        if let Some(retry) = self.retry {
            push_field(&mut text, "retry", &retry.as_millis().to_string());
        }
        // `\r\n`, `\n` and `\r` end a line of the data as they end a line of the stream.
        for line in self.data.replace("\r\n", "\n").split(['\n', '\r']) {
            push_field(&mut text, "data", line);
        }
        text.push('\n');
        text
    }
}

fn push_field(text: &mut String, field: &str, value: &str) {
    text.push_str(field);
    text.push_str(": ");
    text.push_str(value);
    text.push('\n');
}

/// Leaves out the characters that end a field, and NUL, with which a browser ignores an id.
fn in_one_line(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, '\r' | '\n' | '\0')).collect()
}

/// A response that sends events for as long as they come.
///
/// Dropping the response's body, as a server does when the page has gone, drops the events.
///
/// ```
/// use coder_auth::http::{Event, EventStream};
/// use coder_core::{Body, World};
/// use futures_util::stream;
/// use http::Response;
///
/// fn changes(world: &World) -> Response<Body> {
///     let events = stream::iter([Event::new("building"), Event::new("running")]);
///     EventStream::new(world, events).into_response()
/// }
/// ```
pub struct EventStream {
    events: BoxStream<'static, Event>,
    runtime: Arc<dyn Runtime>,
    keep_alive: Duration,
    max_age: Duration,
}

impl EventStream {
    /// Creates a stream of these events.
    pub fn new(world: &World, events: impl Stream<Item = Event> + MaybeSend + 'static) -> Self {
        Self {
            events: Box::pin(events),
            runtime: Arc::clone(&world.runtime),
            keep_alive: KEEP_ALIVE,
            max_age: MAX_AGE,
        }
    }

    /// Sets the time without an event after which a comment is sent: 15 seconds by
    /// default.
    #[must_use]
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.keep_alive = interval;
        self
    }

    /// Sets the time after which the stream ends: 1 hour by default.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Makes the response that sends the events.
    pub fn into_response(self) -> Response<Body> {
        let age = self.runtime.sleep(self.max_age);
        let chunks = stream::unfold((self, age), async |(mut stream, age)| {
            let (chunk, age) = stream.next_chunk(age).await?;
            Some((Ok(Bytes::from(chunk)), (stream, age)))
        });
        let mut response = Response::new(Body::from_stream(chunks));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(BUFFERING, HeaderValue::from_static("no"));
        response
    }

    /// Waits for the next event, or for the time of a comment; `None` when the stream ends.
    async fn next_chunk(
        &mut self,
        age: BoxFuture<'static, ()>,
    ) -> Option<(String, BoxFuture<'static, ()>)> {
        let silence = self.runtime.sleep(self.keep_alive);
        let chunk = async {
            match select(self.events.next(), silence).await {
                Either::Left((event, _)) => event.map(|event| event.to_text()),
                Either::Right(((), _)) => Some(": keep-alive\n\n".to_owned()),
            }
        };
        match select(age, Box::pin(chunk)).await {
            Either::Left(((), _)) => None,
            Either::Right((chunk, age)) => Some((chunk?, age)),
        }
    }
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EventStream")
            .field("keep_alive", &self.keep_alive)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use coder_core::{OsRandom, SystemClock, TokioRuntime, TransportError};

    use super::*;

    fn world() -> World {
        World {
            transport: Arc::new(async |_: http::Request<Bytes>| {
                Err::<Response<Body>, _>(TransportError::new(
                    coder_core::TransportErrorKind::Connect,
                ))
            }),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            runtime: Arc::new(TokioRuntime::current().unwrap()),
        }
    }

    async fn chunk(body: &mut Body) -> Option<String> {
        let chunk = body.next().await?.unwrap();
        Some(String::from_utf8(chunk.to_vec()).unwrap())
    }

    #[test]
    fn an_event_has_an_id_a_name_and_data_of_several_lines() {
        let event = Event::new("one\ntwo\r\nthree\rfour").id("7").event("build");
        assert_eq!(
            event.to_text(),
            "event: build\nid: 7\ndata: one\ndata: two\ndata: three\ndata: four\n\n"
        );
        let event = Event::json(&serde_json::json!({ "a": "b\nc" })).unwrap();
        assert_eq!(
            event.retry(Duration::from_secs(2)).to_text(),
            "retry: 2000\ndata: {\"a\":\"b\\nc\"}\n\n"
        );
    }

    #[test]
    fn no_id_and_no_name_can_add_a_field_or_an_event() {
        let event = Event::new("").id("1\n\ndata: forged\0").event("a\rid: 2");
        assert_eq!(event.to_text(), "event: aid: 2\nid: 1data: forged\ndata: \n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_says_that_it_is_there_until_it_is_too_old() {
        let events = EventStream::new(&world(), stream::pending())
            .keep_alive(Duration::from_secs(10))
            .max_age(Duration::from_secs(25));
        let mut body = events.into_response().into_body();
        assert_eq!(chunk(&mut body).await.as_deref(), Some(": keep-alive\n\n"));
        assert_eq!(chunk(&mut body).await.as_deref(), Some(": keep-alive\n\n"));
        assert_eq!(chunk(&mut body).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn each_event_is_sent_at_once_and_the_stream_ends_with_its_events() {
        let events = stream::iter(["one", "two"]).map(Event::new);
        let response = EventStream::new(&world(), events).into_response();
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let mut body = response.into_body();
        assert_eq!(chunk(&mut body).await.as_deref(), Some("data: one\n\n"));
        assert_eq!(chunk(&mut body).await.as_deref(), Some("data: two\n\n"));
        assert_eq!(chunk(&mut body).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_goes_away_ends_what_its_events_are_made_of() {
        let alive = Arc::new(());
        let held = Arc::clone(&alive);
        let events = stream::pending().map(move |event: Event| {
            let _ = &held;
            event
        });
        let mut body = EventStream::new(&world(), events).into_response().into_body();
        chunk(&mut body).await;
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(body);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}
