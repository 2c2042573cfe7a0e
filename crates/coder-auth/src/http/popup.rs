//! The page at the end of a popup login: Backstage's web message.
//!
//! The page posts two messages to the window that opened it: `config_info`, to anyone, so that a
//! wrongly configured app can say so, and `authorization_response`, to the app's origin alone.
//! Then it closes itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use coder_core::{Body, Origin, with_causes, without_causes};
use http::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::error::BugError;

/// The characters that `encodeURIComponent` leaves alone, without the apostrophe, because the text
/// stands between two.
const LITERAL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'(')
    .remove(b')');

/// The message that a popup posts: Backstage's `WebMessageResponse`.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome<T> {
    Success { response: T },
    Failure { error: Failure },
}

#[derive(Serialize)]
pub(crate) struct Failure {
    pub(crate) name: String,
    pub(crate) message: String,
}

#[derive(Serialize)]
struct Message<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    outcome: &'a Outcome<T>,
}

/// Makes the page that posts `outcome` to the page of `origin` that opened it.
///
/// An outcome that cannot be written is posted as a failure, so that no page waits for ever.
pub(crate) fn page<T: Serialize>(outcome: &Outcome<T>, origin: &Origin) -> Response<Body> {
    const TYPE: &str = "authorization_response";
    let message = serde_json::to_string(&Message { r#type: TYPE, outcome });
    let message = message.unwrap_or_else(|error| {
        let error = BugError::unwritable(error);
        tracing::error!(error = with_causes(&error), "a popup's message was not written");
        let told = json!({ "name": "Error", "message": without_causes(&error) });
        json!({ "type": TYPE, "error": told }).to_string()
    });
    // Both values are percent-encoded whole, so nothing in them can end the literal or the script.
    let script = format!(
        "(function () {{\n\
         \x20 var message = decodeURIComponent('{}');\n\
         \x20 var origin = decodeURIComponent('{}');\n\
         \x20 var portal = window.opener || window.parent;\n\
         \x20 if (portal && portal !== window) {{\n\
         \x20   portal.postMessage({{ type: 'config_info', targetOrigin: origin }}, '*');\n\
         \x20   portal.postMessage(JSON.parse(message), origin);\n\
         \x20 }}\n\
         \x20 setTimeout(function () {{ window.close(); }}, 100);\n\
         }})();\n",
        utf8_percent_encode(&message, LITERAL),
        utf8_percent_encode(origin.as_str(), LITERAL),
    );
    let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Signing in</title></head>\n\
         <body>\n<p>You can close this window.</p>\n<script>{script}</script>\n</body>\n</html>\n"
    );
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'self'"
    );
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        // Base64 and constants: always a valid header.
        HeaderValue::from_str(&policy)
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")),
    );
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("sameorigin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn text(body: Body) -> String {
        let bytes = body.collect(1 << 20).now_or_never().unwrap().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn no_text_can_leave_its_literal() {
        let hostile = "'</script><script>alert(1)</script>\u{2028}\\'\"\n☃";
        let outcome = Outcome::<()>::Failure {
            error: Failure { name: "Error".to_owned(), message: hostile.to_owned() },
        };
        let response = page(&outcome, &"https://portal.example.com".parse().unwrap());
        let html = text(response.into_body());
        assert_eq!(html.matches("<script").count(), 1);
        assert_eq!(html.matches("</script").count(), 1);
        assert!(!html.contains("alert(1)</"), "{html}");
        let literal =
            html.split("decodeURIComponent('").nth(1).unwrap().split('\'').next().unwrap();
        let decoded = percent_encoding::percent_decode_str(literal).decode_utf8().unwrap();
        let message: serde_json::Value = serde_json::from_str(&decoded).unwrap();
        assert_eq!(message["error"]["message"], hostile);
        assert_eq!(message["type"], "authorization_response");
    }

    #[test]
    fn an_outcome_that_cannot_be_written_is_told_to_the_page_that_waits() {
        // A key that is no string cannot stand in JSON.
        let unwritable = std::collections::BTreeMap::from([(vec![1], "x")]);
        let outcome = Outcome::Success { response: unwritable };
        let response = page(&outcome, &"https://portal.example.com".parse().unwrap());
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let html = text(response.into_body());
        assert!(html.contains("authorization_response"), "{html}");
        assert!(html.contains("fault%20of%20its%20own"), "{html}");
    }

    #[test]
    fn only_this_very_script_may_run() {
        let outcome = Outcome::Success { response: "x" };
        let response = page(&outcome, &"https://portal.example.com".parse().unwrap());
        let headers = response.headers().clone();
        let html = text(response.into_body());
        let script = html.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
        let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(&format!("script-src 'sha256-{hash}'")), "{policy}");
        assert!(!headers.contains_key("cross-origin-opener-policy"));
    }

    #[test]
    fn the_page_reads_as_backstages_client_expects() {
        let outcome = Outcome::Success { response: serde_json::json!({"profile": {}}) };
        let response = page(&outcome, &"https://portal.example.com".parse().unwrap());
        insta::assert_snapshot!(text(response.into_body()));
    }
}
