//! Web origins: scheme, host and port, as browsers compare them.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// The origin of an http or https URL (RFC 6454): scheme, host and port.
///
/// Its text is the one that a browser sends in `Origin`: lower case, without a default port,
/// without a trailing slash. Two origins are equal when a browser takes them for the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// Returns the origin of `url`.
    ///
    /// # Errors
    ///
    /// When the URL is not http or https.
    pub fn from_url(url: &Url) -> Result<Self, OriginError> {
        match url.scheme() {
            "http" | "https" => Ok(Self(url.origin().ascii_serialization())),
            _ => Err(OriginError::NotWeb),
        }
    }

    /// Returns the origin as text, like `https://host[:port]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns `true` when the scheme is https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    /// Reads any http or https URL and keeps its origin, as Backstage does with the `origin`
    /// parameter.
    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::from_url(&Url::parse(text).map_err(|_| OriginError::NotAUrl)?)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The reason why a text is not a web origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The text is not an absolute URL.
    #[error("not a URL")]
    NotAUrl,
    /// The scheme is neither http nor https.
    #[error("not an http or https URL")]
    NotWeb,
}

/// Returns `true` when the URL points at this machine: `localhost`, `*.localhost`, 127.0.0.0/8 or
/// `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_equal_as_browsers_compare_them() {
        let origin = |text: &str| text.parse::<Origin>().unwrap();
        assert_eq!(origin("https://EXAMPLE.com:443/path?x"), origin("https://example.com"));
        assert_eq!(origin("http://localhost:3000/").as_str(), "http://localhost:3000");
        for other in ["http://example.com", "https://example.com:8443", "https://www.example.com"] {
            assert_ne!(origin("https://example.com"), origin(other));
        }
    }

    #[test]
    fn only_web_urls_have_an_origin() {
        for text in ["", "null", "example.com"] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError::NotAUrl), "{text}");
        }
        for text in ["javascript:alert(1)", "file:///etc", "blob:https://example.com/x"] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError::NotWeb), "{text}");
        }
    }
}
