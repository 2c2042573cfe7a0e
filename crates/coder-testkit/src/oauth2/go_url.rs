//! URLs the way Go's `net/url` reads and writes them: Coder compares and answers redirect URIs in
//! that form.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that Go's writer leaves as they are in a path, beside letters and digits.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// A URL reference, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GoUrl {
    /// In small letters; empty for a relative reference.
    pub(crate) scheme: String,
    /// The authority; `None` without `//`.
    authority: Option<Authority>,
    /// The path as it was written, or what follows the scheme of a URL like `mailto:a@b`.
    raw_path: String,
    /// `Some("")` for a URL that ends with a question mark.
    pub(crate) query: Option<String>,
    pub(crate) fragment: Option<String>,
    is_opaque: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Authority {
    user: Option<String>,
    host: String,
}

/// The text is not a URL for Go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoUrl;

impl GoUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, NoUrl> {
        if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err(NoUrl);
        }
        let (text, fragment) = match text.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (text, None),
        };
        if fragment.is_some_and(|fragment| !is_encoded_well(fragment)) {
            return Err(NoUrl);
        }
        let (scheme, rest) = scheme_of(text)?;
        let (rest, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query.to_owned())),
            None => (rest, None),
        };
        let url = Self {
            scheme: scheme.to_ascii_lowercase(),
            query,
            fragment: fragment.filter(|fragment| !fragment.is_empty()).map(str::to_owned),
            ..Self::default()
        };
        let is_rooted = rest.starts_with('/');
        if !is_rooted && !scheme.is_empty() {
            return Ok(Self { is_opaque: true, raw_path: rest.to_owned(), ..url });
        }
        // A colon in the first part of a relative path would look like a scheme.
        if !is_rooted && rest.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err(NoUrl);
        }
        url.with_hierarchy(rest)
    }

    /// Reads the authority, if there is one, and the path.
    fn with_hierarchy(mut self, text: &str) -> Result<Self, NoUrl> {
        let after = text.strip_prefix("//");
        let after = after.filter(|after| !self.scheme.is_empty() || !after.starts_with('/'));
        let path = match after {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                let (authority, path) = after.split_at_checked(end).unwrap_or((after, ""));
                self.authority = Some(Authority::parse(authority)?);
                path
            }
            None => text,
        };
        if !is_encoded_well(path) {
            return Err(NoUrl);
        }
        path.clone_into(&mut self.raw_path);
        Ok(self)
    }

    /// Returns host and port as they were written; empty without an authority.
    pub(crate) fn host(&self) -> &str {
        self.authority.as_ref().map_or("", |authority| authority.host.as_str())
    }

    /// Returns the host without port and brackets.
    pub(crate) fn hostname(&self) -> &str {
        let host = self.host();
        match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((address, _)) => address,
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        }
    }

    /// Returns the path, percent-decoded.
    pub(crate) fn path(&self) -> String {
        if self.is_opaque { String::new() } else { decoded(&self.raw_path) }
    }

    pub(crate) fn with_query(mut self, query: String) -> Self {
        self.query = Some(query);
        self
    }

    fn escaped_path(&self) -> String {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!$&'()*+,;=:@[]-._~/%".contains(&byte);
        if self.is_opaque || self.raw_path.bytes().all(allowed) {
            self.raw_path.clone()
        } else {
            utf8_percent_encode(&decoded(&self.raw_path), PATH).to_string()
        }
    }
}

impl Authority {
    fn parse(text: &str) -> Result<Self, NoUrl> {
        let (user, host) = match text.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, text),
        };
        let port = match host.strip_prefix('[') {
            Some(address) => address.split_once(']').ok_or(NoUrl)?.1,
            None => host.rfind(':').and_then(|colon| host.get(colon..)).unwrap_or_default(),
        };
        let port_is_good = port.is_empty()
            || port
                .strip_prefix(':')
                .is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let bad = |byte: u8| {
            byte.is_ascii() && matches!(byte, b' ' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        };
        if !port_is_good || host.bytes().any(bad) || !is_encoded_well(host) {
            return Err(NoUrl);
        }
        Ok(Self { user, host: host.to_owned() })
    }
}

/// Splits a text into scheme and rest. A text that begins with a colon is not a URL, and one without a
/// scheme has an empty one.
fn scheme_of(text: &str) -> Result<(&str, &str), NoUrl> {
    let is_first = |letter: char| letter.is_ascii_alphabetic();
    let is_later =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
    match text.split_once(':') {
        Some(("", _)) => Err(NoUrl),
        Some((scheme, rest)) if scheme.starts_with(is_first) && scheme.chars().all(is_later) => {
            Ok((scheme, rest))
        }
        _ => Ok(("", text)),
    }
}

/// Tells whether every percent sign begins an encoded byte.
pub(crate) fn is_encoded_well(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Display for GoUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(formatter, "{}:", self.scheme)?;
        }
        if let Some(authority) = &self.authority {
            formatter.write_str("//")?;
            if let Some(user) = &authority.user {
                write!(formatter, "{user}@")?;
            }
            formatter.write_str(&authority.host)?;
        }
        formatter.write_str(&self.escaped_path())?;
        if let Some(query) = &self.query {
            write!(formatter, "?{query}")?;
        }
        if let Some(fragment) = &self.fragment {
            write!(formatter, "#{fragment}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_written_as_it_was_read_but_for_the_scheme() {
        for (text, written) in [
            ("HTTP://127.0.0.1:9999/cb", "http://127.0.0.1:9999/cb"),
            ("http://a.test/c%62?", "http://a.test/c%62?"),
            ("http://a.test/c b?x=1#f", "http://a.test/c%20b?x=1#f"),
            ("http://u@a.test", "http://u@a.test"),
            ("/cb", "/cb"),
            ("urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob"),
        ] {
            assert_eq!(GoUrl::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn some_texts_are_no_url() {
        for text in ["::", "a:b:c/d\u{1}", "1:b", "http://a.test:x/", "http://[::1/", "/%zz"] {
            assert_eq!(GoUrl::parse(text), Err(NoUrl), "{text}");
        }
    }
}
