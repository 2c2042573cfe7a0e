//! reqwest's answers and errors, in our own types.

#[cfg(not(target_family = "wasm"))]
use std::error::Error;
#[cfg(not(target_family = "wasm"))]
use std::io;

use http::Response;

use crate::{Body, TransportError, TransportErrorKind, with_causes};

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

/// The reason of an https request that a client without TLS was given.
const NO_TLS: &str = "https needs TLS, and none is compiled in; switch on the feature `rustls` or \
                      `native-tls` of coder-core";

pub(crate) fn convert(error: reqwest::Error, otherwise: TransportErrorKind) -> TransportError {
    let error = error.without_url();
    #[cfg(not(target_family = "wasm"))]
    let (connect, cause) = (error.is_connect(), kind_of_cause(&error));
    #[cfg(target_family = "wasm")]
    let (connect, cause) = (false, None);
    let kind = if error.is_timeout() {
        if connect { TransportErrorKind::Connect } else { TransportErrorKind::Timeout }
    } else if let Some(kind) = cause {
        kind
    } else if connect {
        TransportErrorKind::Connect
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else if error.is_request() || error.is_body() || error.is_decode() {
        TransportErrorKind::Interrupted
    } else {
        otherwise
    };
    // On wasm reqwest's errors are not `Send`, so the text is all that can be kept.
    let told = with_causes(&error);
    let reason = reason(kind, &told);
    let converted = TransportError::new(kind).with_source(told);
    match reason {
        Some(reason) => converted.with_reason(reason),
        None => converted,
    }
}

/// Returns what a person can do, or who is at fault, where the kind alone does not tell.
fn reason(kind: TransportErrorKind, told: &str) -> Option<&'static str> {
    // hyper-util says in words only that a tunnel through a proxy failed, and at which end.
    if told.contains("tunnel error: failed to create underlying connection") {
        return Some("the proxy could not be reached; check its URL");
    }
    if told.contains("tunnel error") {
        return Some("the proxy did not let the request through; check its credentials and rules");
    }
    (kind == TransportErrorKind::Unsupported).then_some(NO_TLS)
}

/// Returns the kind that a cause below an error tells, however deep it is.
#[cfg(not(target_family = "wasm"))]
fn kind_of_cause(error: &(dyn Error + 'static)) -> Option<TransportErrorKind> {
    std::iter::successors(Some(error), |&error: &&(dyn Error + 'static)| error.source()).find_map(
        |error| {
            if let Some(kind) = error.downcast_ref::<io::Error>().and_then(kind_of_io_error) {
                return Some(kind);
            }
            // The body of the request could not be read to its end.
            if let Some(own) = error.downcast_ref::<TransportError>() {
                return Some(own.kind());
            }
            let text = crate::without_causes(error);
            // hyper-util says in words only that it was the resolver that failed, and OpenSSL (behind
            // native-tls) what was wrong with TLS.
            if text == "dns error" {
                return Some(TransportErrorKind::UnknownHost);
            }
            // Likewise for an https URL in a client without TLS.
            if text.contains("scheme is not http") {
                return Some(TransportErrorKind::Unsupported);
            }
            if text.contains("certificate verify failed") {
                return Some(TransportErrorKind::Certificate);
            }
            if text.contains("SSL routines") {
                return Some(TransportErrorKind::Tls);
            }
            let hyper = error.downcast_ref::<hyper::Error>()?;
            hyper.is_parse().then_some(TransportErrorKind::Protocol)
        },
    )
}

#[cfg(not(target_family = "wasm"))]
fn kind_of_io_error(error: &io::Error) -> Option<TransportErrorKind> {
    if let Some(inner) = error.get_ref() {
        #[cfg(feature = "rustls")]
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(match tls {
                rustls::Error::InvalidCertificate(_) => TransportErrorKind::Certificate,
                _ => TransportErrorKind::Tls,
            });
        }
        // `source` of an I/O error leaves out the error that it holds.
        if let Some(kind) = kind_of_cause(inner) {
            return Some(kind);
        }
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(TransportErrorKind::Refused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            Some(TransportErrorKind::Reset)
        }
        _ => None,
    }
}

#[cfg(all(test, feature = "rustls", not(target_family = "wasm")))]
mod tests {
    use rustls::CertificateError;

    use super::*;

    #[test]
    fn a_cause_tells_the_kind_however_deep_it_is() {
        let certificate = |error| rustls::Error::InvalidCertificate(error);
        let tls = |error: rustls::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        for (error, kind) in [
            (tls(certificate(CertificateError::UnknownIssuer)), TransportErrorKind::Certificate),
            (tls(certificate(CertificateError::Expired)), TransportErrorKind::Certificate),
            (tls(certificate(CertificateError::NotValidForName)), TransportErrorKind::Certificate),
            (tls(rustls::Error::DecryptError), TransportErrorKind::Tls),
            (io::ErrorKind::ConnectionRefused.into(), TransportErrorKind::Refused),
            (io::ErrorKind::ConnectionReset.into(), TransportErrorKind::Reset),
        ] {
            assert_eq!(kind_of_cause(&error), Some(kind), "{error}");
            let deeper = io::Error::other(error);
            assert_eq!(kind_of_cause(&deeper), Some(kind), "{deeper}");
            let error = TransportError::new(kind);
            let is_settled =
                matches!(kind, TransportErrorKind::Certificate | TransportErrorKind::Tls);
            assert_eq!(error.is_transient(), !is_settled, "{error}");
        }
        assert_eq!(kind_of_cause(&io::Error::other("else")), None);
    }
}
