//! JSON in the body of a request.

use bytes::Bytes;
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
        line: error.line(),
        column: error.column(),
    })
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
        assert_eq!(error, RequestError::UnreadableJson { line: 2, column: 2 });
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }

    #[test]
    fn json_of_more_than_64_kilobytes_is_not_read() {
        let fits = format!("\"{}\"", "a".repeat(MAX_BODY - 2));
        assert!(read("application/json", &fits).is_ok());
        let larger = format!("{fits} ");
        assert_eq!(read("application/json", &larger), Err(RequestError::BodyTooLarge));
    }
}
