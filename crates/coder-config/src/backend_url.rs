//! The URL of a portal's backend, as one may register it at Coder.

use coder_core::is_loopback;
use url::Url;

use crate::app_config::web_url;

/// The error of a URL at which no login could end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a caller may have a word for each of them")]
pub enum BackendUrlError {
    /// The text is no URL of the web, or has credentials in it.
    #[error("{0}")]
    NotUsable(&'static str),
    /// The URL has a query or a fragment, where paths are appended.
    #[error(
        "it must end with its path, since the paths of the portal are appended to it; remove what follows `?` or `#`"
    )]
    QueryOrFragment,
    /// The URL is plain http to another machine.
    #[error(
        "plain http is refused for hosts other than this machine, since browsers keep no secure cookie there and nobody could sign in; use https"
    )]
    PlainHttp,
}

/// Reads a `backend.baseUrl` below which Coder can end a login: https, or http on this machine, without
/// a query and a fragment (RFC 6749 section 3.1.2). With `allow_http`, http is taken everywhere.
///
/// # Errors
///
/// When no login could end there, with the reason.
pub fn backend_url(text: &str, allow_http: bool) -> Result<Url, BackendUrlError> {
    let url = web_url(text.trim()).map_err(BackendUrlError::NotUsable)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BackendUrlError::QueryOrFragment);
    }
    if url.scheme() == "http" && !is_loopback(&url) && !allow_http {
        return Err(BackendUrlError::PlainHttp);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_where_no_login_could_end_is_refused_with_the_reason() {
        for (text, reason) in [
            ("portal.example.com", "not a URL"),
            ("ftp://portal.example.com", "https or http"),
            ("https://me:canary@portal.example.com", "credentials"),
            ("https://portal.example.com/?x=1", "remove what follows"),
            ("https://portal.example.com/#top", "remove what follows"),
            ("http://portal.example.com", "plain http is refused"),
        ] {
            let told = backend_url(text, false).unwrap_err().to_string();
            assert!(told.contains(reason) && !told.contains("canary"), "{text}: {told}");
        }
        for text in ["https://portal.example.com/base", "http://localhost:7007", "http://[::1]"] {
            assert!(backend_url(text, false).is_ok(), "{text}");
        }
        assert!(backend_url("http://portal.example.com", true).is_ok());
        assert!(backend_url("https://portal.example.com/?x=1", true).is_err());
    }
}
