//! How this program calls itself.

/// Value of `User-Agent` in this server's requests.
pub(crate) const USER_AGENT: &str = concat!("coder-backstage/", env!("CARGO_PKG_VERSION"));
