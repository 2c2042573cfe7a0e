//! The URL of a remote catalog's API.

use std::fmt;
use std::str::FromStr;

use coder_core::{DeploymentUrl, DeploymentUrlError};

/// The URL of a Backstage catalog's REST API: `https://backstage.example.com/api/catalog`.
///
/// It is https, except on loopback, since a service token goes there; a [`DeploymentUrl`] for which
/// plain http was allowed by name is taken as it is. It has no credentials, query or fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
// The rules are those for Coder's own URL, and so are the reasons.
pub struct CatalogUrl(DeploymentUrl);

impl CatalogUrl {
    /// Reads and checks a URL.
    ///
    /// # Errors
    ///
    /// See [`CatalogUrlError`].
    pub fn parse(text: &str) -> Result<Self, CatalogUrlError> {
        match DeploymentUrl::parse(text) {
            Ok(url) => Ok(Self(url)),
            Err(DeploymentUrlError::NotAUrl(_)) => Err(CatalogUrlError::NotAUrl),
            Err(refused) => Err(CatalogUrlError::Refused(refused)),
        }
    }

    /// Returns the URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the URL of a route below the API, with this query.
    pub(super) fn route(&self, path: [&str; 2], query: &[(&str, &str)]) -> String {
        let mut url = self.0.endpoint(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }
}

impl From<DeploymentUrl> for CatalogUrl {
    fn from(url: DeploymentUrl) -> Self {
        Self(url)
    }
}

impl FromStr for CatalogUrl {
    type Err = CatalogUrlError;

    fn from_str(text: &str) -> Result<Self, CatalogUrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for CatalogUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for CatalogUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CatalogUrl({self})")
    }
}

/// Reasons why a text is not the URL of a catalog's API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogUrlError {
    /// The text is not an absolute URL.
    #[error("not a URL; write it like `https://backstage.example.com/api/catalog`")]
    NotAUrl,
    /// The text is a URL that no token may be sent to.
    #[error(transparent)]
    Refused(DeploymentUrlError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_travels_encrypted_or_stays_on_this_machine() {
        for text in ["https://backstage.example.com/api/catalog/", "http://localhost:7007/x"] {
            assert_eq!(CatalogUrl::parse(text).unwrap().as_str(), text.trim_end_matches('/'));
        }
        for text in ["http://backstage.example.com/api/catalog", "ftp://x", "https://a:b@c.example"]
        {
            let error = CatalogUrl::parse(text).unwrap_err();
            assert!(matches!(error, CatalogUrlError::Refused(_)), "{text}");
        }
        assert_eq!(CatalogUrl::parse("/api/catalog"), Err(CatalogUrlError::NotAUrl));
    }

    #[test]
    fn what_a_query_holds_cannot_leave_its_place() {
        let url = CatalogUrl::parse("https://portal.example.com/api/catalog").unwrap();
        let query = [("filter", "a=b&limit=0#,+ c"), ("limit", "5")];
        assert_eq!(
            url.route(["entities", "by-query"], &query),
            "https://portal.example.com/api/catalog/entities/by-query\
             ?filter=a%3Db%26limit%3D0%23%2C%2B+c&limit=5",
        );
    }
}
