//! Where a Coder deployment lives.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::Url;

use crate::{Origin, is_loopback};

/// The URL of a Coder deployment: its access URL, or one this process reaches it by.
///
/// Always https, except on loopback; no credentials, query or fragment; no trailing slash. A path
/// is kept (a deployment behind a path prefix).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DeploymentUrl {
    /// Ends with a slash exactly when the path is the root, as `url` prints it.
    url: Url,
    origin: Origin,
}

impl DeploymentUrl {
    /// Reads and checks a URL.
    ///
    /// # Errors
    ///
    /// See [`DeploymentUrlError`].
    pub fn parse(text: &str) -> Result<Self, DeploymentUrlError> {
        let mut url = Url::parse(text.trim()).map_err(DeploymentUrlError::NotAUrl)?;
        let origin = Origin::of(&url).map_err(|_| DeploymentUrlError::Scheme)?;
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(DeploymentUrlError::PlainHttp);
        }
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

    /// Without a trailing slash: `https://coder.example.com`.
    pub fn as_str(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Scheme, host and port. Credentials for this deployment go here and nowhere else.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The URL of a path below the deployment. Each segment is percent-encoded, so none of them
    /// can leave its place; the segments `.` and `..` are skipped.
    pub fn endpoint<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.url.clone();
        // Every http(s) URL can be a base; the other arm does not happen.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Whether `url` belongs to this deployment's origin, so that its credentials may go there.
    pub fn owns(&self, url: &Url) -> bool {
        Origin::of(url).is_ok_and(|origin| origin == self.origin)
    }
}

impl FromStr for DeploymentUrl {
    type Err = DeploymentUrlError;

    fn from_str(text: &str) -> Result<Self, DeploymentUrlError> {
        Self::parse(text)
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

/// Why a text is not the URL of a Coder deployment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeploymentUrlError {
    /// It is not an absolute URL.
    #[error("not a URL; write it like `https://coder.example.com`")]
    NotAUrl(#[source] url::ParseError),
    /// Its scheme is neither https nor http.
    #[error("the scheme must be https")]
    Scheme,
    /// Tokens would travel in clear text.
    #[error("plain http is refused for hosts other than this machine; use https")]
    PlainHttp,
    /// User name or password in the URL.
    #[error("credentials do not belong into the URL; remove the part before `@`")]
    Credentials,
    /// `?…` or `#…` in the URL.
    #[error("a query or fragment does not belong into the URL; remove everything from `?` or `#`")]
    QueryOrFragment,
}
