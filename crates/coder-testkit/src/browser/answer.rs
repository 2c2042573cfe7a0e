//! What a browser gets.

use std::ops::Deref;

use bytes::Bytes;
use coder_core::Body;
use http::header::{LOCATION, RETRY_AFTER};
use http::{Response, request};
use serde_json::Value;
use url::Url;

use super::popup::PopupMessage;
use super::site::Site;
use crate::misuse::misuse;

/// No answer to a browser is longer, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Response with its whole body, and what tests look at in it.
///
/// The methods fail the test when the answer does not have what they return.
#[derive(Clone, Debug)]
pub struct Answer {
    response: Response<Bytes>,
    json: Value,
}

impl Answer {
    /// Reads a response to its end.
    pub async fn read(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        match body.collect(MAX_BODY).await {
            Ok(body) => {
                let json = serde_json::from_slice(&body).unwrap_or_default();
                Self { response: Response::from_parts(head, body), json }
            }
            Err(error) => misuse(&format!("the body breaks off: {error}")),
        }
    }

    /// Sends a request to `site` and reads the answer.
    pub async fn to(site: &impl Site, request: request::Builder, body: impl Into<Bytes>) -> Self {
        match request.body(body.into()) {
            Ok(request) => Self::read(site.answer(request).await).await,
            Err(error) => misuse(&format!("this is no request: {error}")),
        }
    }

    /// Returns the body as JSON; null if it is none.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// Returns the message of an error answer.
    #[track_caller]
    pub fn message(&self) -> &str {
        self.text_at("/error/message")
    }

    /// Returns the access token that a refresh hands out.
    #[track_caller]
    pub fn access_token(&self) -> &str {
        self.text_at("/providerInfo/accessToken")
    }

    /// Returns the identity token that a refresh hands out.
    #[track_caller]
    pub fn identity_token(&self) -> &str {
        self.text_at("/backstageIdentity/token")
    }

    #[track_caller]
    fn text_at(&self, pointer: &str) -> &str {
        match self.json.pointer(pointer).and_then(Value::as_str) {
            Some(text) => text,
            None => misuse(&format!("no text at {pointer}: {self:?}")),
        }
    }

    /// Returns the URL that the browser is sent to.
    #[track_caller]
    pub fn location(&self) -> Url {
        let location = self.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        match location.and_then(|location| Url::parse(location).ok()) {
            Some(url) => url,
            None => misuse(&format!("it leads nowhere: {self:?}")),
        }
    }

    /// Returns the `Retry-After` header.
    pub fn retry_after(&self) -> Option<&str> {
        self.headers().get(RETRY_AFTER)?.to_str().ok()
    }

    /// Returns the message that the page of a popup posts.
    #[track_caller]
    pub fn posted(&self) -> PopupMessage {
        match PopupMessage::from_page(&self.text()) {
            Some(posted) => posted,
            None => misuse(&format!("it posts no message: {self:?}")),
        }
    }
}

impl Deref for Answer {
    type Target = Response<Bytes>;

    fn deref(&self) -> &Self::Target {
        &self.response
    }
}
