//! Functions on URLs that the `url` crate does not have.

use url::Url;

/// Returns `base` with `path` appended behind exactly one slash.
///
/// Unlike [`Url::join`], the last segment of `base` stays, with or without a trailing slash.
///
/// ```
/// # use url::Url;
/// let base = Url::parse("https://portal.example.com/api/auth")?;
/// let callback = coder_core::join_path(&base, "coder/handler/frame");
/// assert_eq!(callback.as_str(), "https://portal.example.com/api/auth/coder/handler/frame");
/// # Ok::<_, url::ParseError>(())
/// ```
#[must_use]
pub fn join_path(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// Returns `host` or `host:port` of a URL, without a default port; `None` without a host.
///
/// ```
/// # use url::Url;
/// # use coder_core::host_and_port;
/// let host = |url| host_and_port(&Url::parse(url).unwrap());
/// assert_eq!(host("https://git.example.com:8443/a").as_deref(), Some("git.example.com:8443"));
/// assert_eq!(host("https://git.example.com:443/a").as_deref(), Some("git.example.com"));
/// assert_eq!(host("data:text/plain,a"), None);
/// ```
#[must_use]
pub fn host_and_port(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}
