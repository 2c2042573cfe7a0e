//! Secrets of a request, which a peer may send back.

use bytes::Bytes;
use coder_core::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, Response};

use crate::client::SESSION_TOKEN;

/// Text that stands in a text of a peer where a secret stood.
const REDACTED: &str = "[redacted]";

/// Fields of a form that hold a secret (RFC 6749 §4.1.3, §6; RFC 7009 §2.1; RFC 7636 §4.5).
const SECRET_FIELDS: [&str; 5] =
    ["client_secret", "code", "code_verifier", "refresh_token", "token"];

/// The length of the shortest secret that is looked for, in bytes. A shorter one stands in many
/// texts by chance.
const MIN_LENGTH: usize = 6;

/// The secrets that a request carries in its headers or its form.
///
/// A proxy or a debugging endpoint may answer with the request that it got. An error holds the
/// beginning of such an answer, so the secrets are taken out before the answer is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnSecrets(Vec<Secret>);

impl OwnSecrets {
    /// Collects the secrets of a request.
    pub(crate) fn from_request(request: &Request<Bytes>) -> Self {
        let headers = [SESSION_TOKEN, AUTHORIZATION];
        let headers = headers.iter().filter_map(|name| request.headers().get(name)?.to_str().ok());
        let mut secrets: Vec<Secret> = headers
            .map(|value| value.split_once(' ').map_or(value, |(_scheme, secret)| secret))
            .map(Secret::new)
            .collect();
        if is_form(request.headers()) {
            for pair in request.body().split(|byte| *byte == b'&') {
                // As it is on the wire, and as a peer reads it.
                let written = pair.splitn(2, |byte| *byte == b'=').nth(1).unwrap_or_default();
                for (name, value) in url::form_urlencoded::parse(pair) {
                    if SECRET_FIELDS.contains(&&*name) {
                        secrets.push(Secret::new(String::from_utf8_lossy(written)));
                        secrets.push(Secret::new(value));
                    }
                }
            }
        }
        secrets.retain(|secret| secret.expose().len() >= MIN_LENGTH);
        Self(secrets)
    }

    /// Takes the secrets out of an answer of which an error may tell the text.
    ///
    /// A successful JSON document stays as it is: an error tells no value of it.
    pub(crate) fn redact(&self, mut answer: Response<Bytes>) -> Response<Bytes> {
        if answer.status().is_success() && is_json(&answer) {
            return answer;
        }
        for value in answer.headers_mut().values_mut() {
            if self.occur_in(value.as_bytes()) {
                *value = HeaderValue::from_static(REDACTED);
            }
        }
        if self.occur_in(answer.body()) {
            let text = self.redact_text(String::from_utf8_lossy(answer.body()).into_owned());
            *answer.body_mut() = text.into();
        }
        answer
    }

    /// Takes the secrets out of a text.
    pub(crate) fn redact_text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret.expose()) {
                text.replace(secret.expose(), REDACTED)
            } else {
                text
            }
        })
    }

    fn occur_in(&self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text);
        self.0.iter().any(|secret| text.contains(secret.expose()))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let form = b"application/x-www-form-urlencoded";
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(form))
}

fn is_json(answer: &Response<Bytes>) -> bool {
    let content_type = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let content_type = content_type.map(String::from_utf8_lossy);
    let first = answer.body().iter().find(|byte| !byte.is_ascii_whitespace());
    content_type.is_none_or(|value| value.contains("json"))
        && first.is_none_or(|byte| matches!(byte, b'{' | b'['))
}
