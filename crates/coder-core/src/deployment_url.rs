//! URLs of Coder deployments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use crate::{Origin, is_loopback};

/// The URL of a Coder deployment: its access URL, or another one by which this process reaches it.
///
/// The scheme is https, except on loopback, or where plain http was allowed by name
/// ([`dangerously_parse_http`](Self::dangerously_parse_http)). The URL has no credentials, no query, no fragment and
/// no trailing slash. A path is kept, for a deployment below a path prefix.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DeploymentUrl {
    /// The URL, which ends with a slash only when its path is the root, as `url` prints it.
    url: Url,
    origin: Origin,
}

impl DeploymentUrl {
    /// Reads a URL and checks it.
    ///
    /// # Errors
    ///
    /// See [`DeploymentUrlError`].
    pub fn parse(text: &str) -> Result<Self, DeploymentUrlError> {
        let url = Self::dangerously_parse_http(text)?;
        if url.url.scheme() == "http" && !is_loopback(&url.url) {
            return Err(DeploymentUrlError::PlainHttp);
        }
        Ok(url)
    }

    /// Reads a URL and checks it as [`parse`](Self::parse) does, and lets it be plain http to any
    /// host.
    ///
    /// Everybody on the way can then read and change what is sent: session tokens, client secrets,
    /// answers. It is for a network that nobody else is on, such as the one between two containers
    /// (`http://coder.coder.svc.cluster.local`). A URL for browsers is https: people cannot sign in
    /// at a plain http one.
    ///
    /// # Errors
    ///
    /// See [`DeploymentUrlError`]; [`DeploymentUrlError::PlainHttp`] does not occur.
    pub fn dangerously_parse_http(text: &str) -> Result<Self, DeploymentUrlError> {
        let mut url = Url::parse(text.trim()).map_err(DeploymentUrlError::NotAUrl)?;
        let origin = Origin::from_url(&url).map_err(|_| DeploymentUrlError::Scheme)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DeploymentUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(DeploymentUrlError::QueryOrFragment);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self { url, origin })
    }

    /// Returns the URL without a trailing slash, like `https://coder.example.com`.
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Returns the scheme, host and port. Credentials for this deployment go to this origin and
    /// nowhere else.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the URL of a path below the deployment.
    ///
    /// Each segment is percent-encoded, so that none can change the rest of the path; the segments
    /// `.` and `..` are skipped. Pass no empty segment: it is not skipped, and gives a path such as
    /// `api//v2`.
    pub fn endpoint<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.url.clone();
        // Every http(s) URL can be a base; the other arm does not happen.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Returns `true` when `url` has the deployment's origin, so that its credentials may go there.
    ///
    /// Paths are not compared: a deployment below a path owns every path of its origin.
    pub fn owns(&self, url: &Url) -> bool {
        Origin::from_url(url).is_ok_and(|origin| origin == self.origin)
    }
}

impl FromStr for DeploymentUrl {
    type Err = DeploymentUrlError;

    fn from_str(text: &str) -> Result<Self, DeploymentUrlError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for DeploymentUrl {
    type Error = DeploymentUrlError;

    fn try_from(text: &str) -> Result<Self, DeploymentUrlError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for DeploymentUrl {
    type Error = DeploymentUrlError;

    fn try_from(text: String) -> Result<Self, DeploymentUrlError> {
        Self::parse(&text)
    }
}

impl TryFrom<&Url> for DeploymentUrl {
    type Error = DeploymentUrlError;

    fn try_from(url: &Url) -> Result<Self, DeploymentUrlError> {
        Self::parse(url.as_str())
    }
}

impl TryFrom<Url> for DeploymentUrl {
    type Error = DeploymentUrlError;

    fn try_from(url: Url) -> Result<Self, DeploymentUrlError> {
        Self::try_from(&url)
    }
}

impl From<DeploymentUrl> for String {
    fn from(url: DeploymentUrl) -> Self {
        url.as_str().to_owned()
    }
}

impl From<&DeploymentUrl> for String {
    fn from(url: &DeploymentUrl) -> Self {
        url.as_str().to_owned()
    }
}

impl fmt::Display for DeploymentUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for DeploymentUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeploymentUrl({self})")
    }
}

impl Serialize for DeploymentUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DeploymentUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The reason why a text is not the URL of a Coder deployment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentUrlError {
    /// The text is not an absolute URL.
    #[error("not a URL; write it like `https://coder.example.com`")]
    NotAUrl(#[source] url::ParseError),
    /// The scheme is neither https nor http.
    #[error("the scheme must be https")]
    Scheme,
    /// The scheme is http and the host is not loopback, so that tokens would travel in clear text.
    #[error("plain http is refused for hosts other than this machine; use https")]
    PlainHttp,
    /// The URL has a user name or a password.
    #[error("credentials do not belong into the URL; remove the part before `@`")]
    Credentials,
    /// The URL has a query or a fragment.
    #[error("a query or fragment does not belong into the URL; remove everything from `?` or `#`")]
    QueryOrFragment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_url_is_https_without_a_trailing_slash() {
        for text in ["https://coder.example.com", " https://CODER.example.com:443/ "] {
            let url: DeploymentUrl = text.parse().unwrap();
            assert_eq!(url.as_str(), "https://coder.example.com");
        }
        let url: DeploymentUrl = "https://example.com/coder//".parse().unwrap();
        assert_eq!(url.as_str(), "https://example.com/coder");
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for text in
            ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80", "http://a.localhost"]
        {
            assert!(DeploymentUrl::parse(text).is_ok(), "{text}");
        }
        for text in ["http://coder.example.com", "http://localhost.example.com", "http://10.0.0.1"]
        {
            assert_eq!(DeploymentUrl::parse(text), Err(DeploymentUrlError::PlainHttp), "{text}");
        }
    }

    #[test]
    fn plain_http_to_another_machine_is_allowed_by_name_only() {
        let text = "http://coder.coder.svc.cluster.local:7080/";
        let url = DeploymentUrl::dangerously_parse_http(text).unwrap();
        assert_eq!(url.as_str(), "http://coder.coder.svc.cluster.local:7080");
        assert_eq!(url.endpoint(["api"]).scheme(), "http");
        assert!(serde_json::from_str::<DeploymentUrl>(&format!("\"{text}\"")).is_err());
        for (text, expected) in [
            ("http://me:secret@coder", DeploymentUrlError::Credentials),
            ("http://coder?a=b", DeploymentUrlError::QueryOrFragment),
            ("ftp://coder", DeploymentUrlError::Scheme),
        ] {
            assert_eq!(DeploymentUrl::dangerously_parse_http(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_belong_into_the_url_is_named() {
        for (text, expected) in [
            ("https://me:secret@coder.example.com", DeploymentUrlError::Credentials),
            ("https://coder.example.com/?a=b", DeploymentUrlError::QueryOrFragment),
            ("https://coder.example.com/#x", DeploymentUrlError::QueryOrFragment),
            ("ftp://coder.example.com", DeploymentUrlError::Scheme),
            ("javascript:alert(1)", DeploymentUrlError::Scheme),
        ] {
            assert_eq!(DeploymentUrl::parse(text), Err(expected), "{text}");
        }
        for text in ["", "coder.example.com", "/coder"] {
            let error = DeploymentUrl::parse(text).unwrap_err();
            assert!(matches!(error, DeploymentUrlError::NotAUrl(_)), "{text}");
        }
    }

    #[test]
    fn no_segment_of_an_endpoint_can_leave_its_place() {
        let url: DeploymentUrl = "https://example.com/coder".parse().unwrap();
        let endpoint = |segment| url.endpoint(["api", segment]).to_string();
        assert_eq!(endpoint("v2"), "https://example.com/coder/api/v2");
        assert_eq!(endpoint("a/b?c#d"), "https://example.com/coder/api/a%2Fb%3Fc%23d");
        assert_eq!(endpoint(".."), "https://example.com/coder/api");
    }

    #[test]
    fn credentials_belong_to_the_origin_and_to_no_other() {
        let url: DeploymentUrl = "https://coder.example.com".parse().unwrap();
        let owns = |text| url.owns(&Url::parse(text).unwrap());
        assert!(owns("https://coder.example.com:443/icon.svg"));
        for other in [
            "https://evil.example/icon.svg",
            "http://coder.example.com/icon.svg",
            "https://coder.example.com:8443/",
            "https://coder.example.com.evil.example/",
            "data:image/png;base64,",
        ] {
            assert!(!owns(other), "{other}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        let url: DeploymentUrl = serde_json::from_str("\"https://coder.example.com/\"").unwrap();
        assert_eq!(serde_json::to_string(&url).unwrap(), "\"https://coder.example.com\"");
        assert!(serde_json::from_str::<DeploymentUrl>("\"http://coder.example.com\"").is_err());
    }
}
