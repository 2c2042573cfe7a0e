//! Icons of templates that are not at Coder: fetched without any credential, from hosts that the
//! operator has named.

use http::{StatusCode, Uri};
use url::Url;

/// The greatest length of an icon, in bytes.
pub(super) const MAX_ICON: u64 = 1024 * 1024;

/// Reasons why an icon is not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IconError {
    /// The text is no https URL without credentials.
    #[error("`url` must be an https URL without a user name")]
    NoUrl,
    /// The host is not in `coder.proxy.iconHosts`.
    #[error(
        "icons of this host are not fetched; the portal's operator can add it to `coder.proxy.iconHosts`"
    )]
    OtherHost,
    /// The answer of the host is no picture.
    #[error("the host of the icon did not answer with a picture")]
    NoPicture,
    /// The icon is larger than 1 MB.
    #[error("the icon is larger than 1 MB")]
    TooLarge,
}

impl IconError {
    /// Returns the status of the answer.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::NoUrl => StatusCode::BAD_REQUEST,
            Self::OtherHost => StatusCode::FORBIDDEN,
            Self::NoPicture | Self::TooLarge => StatusCode::BAD_GATEWAY,
        }
    }
}

/// Reads the URL of an icon at one of these hosts.
///
/// The URL is https, so a name that leads elsewhere now than when it was listed has no certificate
/// there.
///
/// # Errors
///
/// See [`IconError`].
pub(super) fn allowed(text: &str, hosts: &[String]) -> Result<Uri, IconError> {
    let mut url = Url::parse(text).map_err(|_| IconError::NoUrl)?;
    if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
        return Err(IconError::NoUrl);
    }
    let host = url.host_str().ok_or(IconError::NoUrl)?;
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    if !hosts.contains(&authority) {
        return Err(IconError::OtherHost);
    }
    url.set_fragment(None);
    url.as_str().parse().map_err(|_| IconError::NoUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icons_come_by_https_from_the_named_hosts_only() {
        let hosts = ["cdn.example.com".to_owned(), "other.example:8443".to_owned()];
        let fetched = |url: &str| allowed(url, &hosts).map(|uri| uri.to_string());
        for url in ["https://cdn.example.com/a.png?x=1", "https://other.example:8443/a"] {
            assert_eq!(fetched(url).as_deref(), Ok(url));
        }
        assert_eq!(
            fetched("https://CDN.example.com:443/a#b").unwrap(),
            "https://cdn.example.com/a"
        );
        let reread = fetched("https://cdn.example.com\\@evil.example/a").unwrap();
        assert_eq!(
            reread, "https://cdn.example.com/@evil.example/a",
            "what was read is what is asked"
        );
        for url in [
            "http://cdn.example.com/a.png",
            "//cdn.example.com/a.png",
            "cdn.example.com/a.png",
            "file:///etc/passwd",
            "data:image/png;base64,AA",
            "javascript:alert(1)",
            "https://cdn.example.com@evil.example/a",
            "https://user:password@cdn.example.com/a",
        ] {
            let refused = fetched(url).unwrap_err();
            assert!(matches!(refused, IconError::NoUrl), "{url}: {refused}");
        }
        for url in [
            "https://evil.example/cdn.example.com",
            "https://cdn.example.com.evil.example/a",
            "https://cdn.example.com:8443/a",
            "https://sub.cdn.example.com/a",
            "https://127.0.0.1/a",
            "https://[::1]/a",
            "https://169.254.169.254/latest/meta-data",
            "https://cdn.example.com%2eevil.example/a",
        ] {
            assert!(fetched(url).is_err(), "{url}");
        }
        assert_eq!(allowed("https://cdn.example.com/a", &[]), Err(IconError::OtherHost));
    }
}
