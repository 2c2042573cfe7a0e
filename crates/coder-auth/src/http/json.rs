//! JSON in the body of a request.

use bytes::Bytes;
use coder_core::without_causes;
use http::Request;
use serde::de::DeserializeOwned;

use crate::http::error::RequestError;
use crate::http::headers::has_media_type;

/// The greatest size of a request's body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Reads the JSON body of a request, of at most 64 kB.
///
/// The request must name `application/json` as its content type. A form of another site cannot do
/// that, so a route that reads JSON is safe from such forms.
///
/// # Errors
///
/// Fails when the body is of another type, too large, or does not hold a `T`. The error names the
/// place of the mistake and nothing of the body, which may hold a secret.
pub fn read_json<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<T, RequestError> {
    if !has_media_type(request.headers(), "application/json") {
        return Err(RequestError::NotJson);
    }
    if request.body().len() > MAX_BODY {
        return Err(RequestError::BodyTooLarge);
    }
    serde_json::from_slice(request.body()).map_err(|error| RequestError::UnreadableJson {
        expected: expected(&error),
        line: error.line(),
        column: error.column(),
    })
}

/// Returns what the route takes at the place of a mistake, without a word of the body.
///
/// The end of serde's messages is about the type that is read. Their beginning may hold text of the
/// body, so only the name of a missing field is taken from there, which is the type's own as well.
fn expected(error: &serde_json::Error) -> Option<String> {
    const TELLING: [&str; 5] = [
        "unknown field `",
        "unknown variant `",
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
    ];
    let message = without_causes(error);
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    if message.starts_with("missing field `") {
        return Some(message.to_owned());
    }
    let is_telling = TELLING.iter().any(|start| message.starts_with(start));
    let (_, expected) = message.rsplit_once(", expected ").filter(|_| is_telling)?;
    Some(format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(content_type: &str, body: &str) -> Result<Value, RequestError> {
        let request = Request::post("/").header("content-type", content_type);
        read_json(&request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap())
    }

    #[test]
    fn json_is_read_only_where_the_request_says_that_it_is_json() {
        assert_eq!(read("application/JSON; charset=utf-8", "1"), Ok(1.into()));
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
            assert_eq!(read(other, "1"), Err(RequestError::NotJson), "{other}");
        }
    }

    #[test]
    fn a_mistake_in_json_is_told_by_its_place_and_without_a_word_of_it() {
        let error = read("application/json", "{\"token\":\n CANARY}").unwrap_err();
        assert_eq!(error, RequestError::UnreadableJson { expected: None, line: 2, column: 2 });
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }

    #[test]
    fn a_body_of_another_form_is_told_which_field_the_route_takes_and_without_a_word_of_it() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only the mistakes are looked at")]
        struct Body {
            name: String,
            minutes: Option<u32>,
        }
        let told = |body: &str| {
            let request = Request::post("/").header("content-type", "application/json");
            let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
            read_json::<Body>(&request).unwrap_err().to_string()
        };
        let cases = [
            ("{}", "missing field `name`"),
            (r#"{"CANARY":1}"#, "expected `name` or `minutes`"),
            (r#"{"CANARY, expected `CANARY`":1}"#, "expected `name` or `minutes`"),
            (r#"{"name":["CANARY"]}"#, "expected a string"),
            (r#"{"name":"x","minutes":"CANARY, expected CANARY"}"#, "expected u32"),
            (r#""CANARY""#, "expected struct Body"),
        ];
        for (body, expected) in cases {
            let told = told(body);
            assert!(told.contains(&format!("takes: {expected} (line 1, column ")), "{told}");
            assert!(!told.contains("CANARY"), "{told}");
        }
    }

    #[test]
    fn json_of_more_than_64_kilobytes_is_not_read() {
        let fits = format!("\"{}\"", "a".repeat(MAX_BODY - 2));
        assert!(read("application/json", &fits).is_ok());
        let larger = format!("{fits} ");
        assert_eq!(read("application/json", &larger), Err(RequestError::BodyTooLarge));
    }
}
