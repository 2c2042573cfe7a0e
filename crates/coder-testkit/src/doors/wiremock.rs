//! The door through wiremock: the fake answers what a mock server receives.

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::StatusCode;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate, matchers};

use crate::wire::fault::Outcome;
use crate::{FakeCoder, FakeCoderBuilder};

/// wiremock asks the mocks with a smaller number first: stubs go before the fake.
const AFTER_STUBS: u8 = 200;

impl FakeCoderBuilder {
    /// Builds the fake behind a wiremock server: its URL is the server's, and it answers
    /// everything that no other mock of the server does.
    ///
    /// Scoped mocks of the same server must be mounted before: wiremock forgets which is which when
    /// a mock with another priority comes in between.
    ///
    /// wiremock cannot break connections, be slow by the fake's clock, or stop in the middle of a body: a [`Fault`](crate::Fault)
    /// that would is answered with 501 and an explanation. Use the transport or `FakeServer` then.
    ///
    /// ```
    /// use coder_testkit::FakeCoder;
    /// use wiremock::MockServer;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # runtime.block_on(async {
    /// let server = MockServer::start().await;
    /// let coder = FakeCoder::builder().mount_on(&server).await;
    /// assert_eq!(coder.url().as_str(), server.uri());
    /// # });
    /// ```
    pub async fn mount_on(self, server: &MockServer) -> FakeCoder {
        let coder = self.url(&server.uri()).build();
        Mock::given(matchers::any())
            .respond_with(coder.clone())
            .with_priority(AFTER_STUBS)
            .named("the fake Coder")
            .mount(server)
            .await;
        coder
    }
}

impl Respond for FakeCoder {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let mut target = http::Request::new(Bytes::from(request.body.clone()));
        *target.method_mut() = request.method.clone();
        *target.headers_mut() = request.headers.clone();
        // A URL that was received is a URI.
        *target.uri_mut() = request.url.as_str().parse().unwrap_or_default();
        let Outcome::Answered(mut reply) = self.exchange(target) else {
            return cannot("break a connection, leave it silent or be slow");
        };
        if reply.take_web_socket().is_some() {
            return cannot("open a web socket");
        }
        let (head, body) = reply.into_response().into_parts();
        let Some(Ok(body)) = body.collect(usize::MAX).now_or_never() else {
            return cannot("stop in the middle of a body or stream one");
        };
        let template = ResponseTemplate::new(head.status).set_body_bytes(body);
        let headers = head.headers.iter();
        headers.fold(template, |template, (name, value)| template.append_header(name, value))
    }
}

fn cannot(what: &str) -> ResponseTemplate {
    ResponseTemplate::new(StatusCode::NOT_IMPLEMENTED).set_body_string(format!(
        "wiremock cannot {what}: reach the fake as a transport, or start a FakeServer"
    ))
}
