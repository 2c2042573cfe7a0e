//! Repositories in the short form that git takes from scp.

/// A text like `git@github.com:acme/payments.git`, which is not a URL, taken apart.
pub(super) struct Scp<'a> {
    pub(super) user: &'a str,
    /// Host name; an address of IPv6 has its brackets.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
}

impl<'a> Scp<'a> {
    /// Takes `text` apart, if it is such a text.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (user, rest) = text.split_once('@')?;
        let colon = if rest.starts_with('[') { rest.find("]:")? + 1 } else { rest.find(':')? };
        let (host, path) = (rest.get(..colon)?, rest.get(colon + 1..)?);
        let forbidden = |c: char| c.is_control() || matches!(c, '/' | '@' | ' ' | '"');
        let plain = |text: &str| !text.is_empty() && !text.contains(forbidden);
        let is_url = path.starts_with("//") || path.contains("://");
        let is_path = !is_url && !path.trim_matches('/').is_empty();
        let fits = plain(user) && !user.contains(':') && plain(host) && is_path;
        let odd = |c: char| c.is_control() || matches!(c, ' ' | '"' | '#' | '?' | '\\');
        (fits && !path.contains(odd) && is_percent_encoded(path)).then_some(Self {
            user,
            host,
            path,
        })
    }
}

/// Tells whether each `%` begins an encoded byte, as in
/// `git@ssh.dev.azure.com:v3/acme/My%20Project/pay`.
fn is_percent_encoded(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.get(..2);
        digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}
