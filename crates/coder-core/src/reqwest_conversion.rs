//! reqwest's answers and errors, in our own types.

use http::Response;

use crate::{Body, TransportError, TransportErrorKind};

#[cfg(not(target_family = "wasm"))]
pub(crate) async fn convert_response(
    answer: reqwest::Response,
) -> Result<Response<Body>, TransportError> {
    use futures_util::TryStreamExt as _;
    let mut converted = Response::new(Body::empty());
    *converted.status_mut() = answer.status();
    *converted.version_mut() = answer.version();
    *converted.headers_mut() = answer.headers().clone();
    *converted.body_mut() = Body::from_stream(
        answer.bytes_stream().map_err(|error| convert(error, TransportErrorKind::Interrupted)),
    );
    Ok(converted)
}

// reqwest's `stream` feature would put classes of its own into every wasm package's types, so the
// body is read whole here.
#[cfg(target_family = "wasm")]
pub(crate) async fn convert_response(
    answer: reqwest::Response,
) -> Result<Response<Body>, TransportError> {
    let mut converted = Response::new(Body::empty());
    *converted.status_mut() = answer.status();
    *converted.headers_mut() = answer.headers().clone();
    let bytes =
        answer.bytes().await.map_err(|error| convert(error, TransportErrorKind::Interrupted))?;
    *converted.body_mut() = bytes.into();
    Ok(converted)
}

pub(crate) fn convert(error: reqwest::Error, otherwise: TransportErrorKind) -> TransportError {
    #[cfg(not(target_family = "wasm"))]
    let connect = error.is_connect();
    #[cfg(target_family = "wasm")]
    let connect = false;
    let kind = if connect {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else if error.is_request() || error.is_body() || error.is_decode() {
        TransportErrorKind::Interrupted
    } else {
        otherwise
    };
    // reqwest prints the whole URL unless told otherwise. On wasm its errors are not `Send`, so
    // the text is all that can be kept.
    TransportError::new(kind).with_source(error.without_url().to_string())
}
