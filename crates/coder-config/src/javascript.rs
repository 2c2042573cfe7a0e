//! The few rules of JavaScript that show through in what Backstage reads.

/// `String.prototype.trim`: a BOM is space there, U+0085 is not.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `String.prototype.trimEnd`.
pub(crate) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// One part of a configuration key that Backstage can read by path: `[a-z][a-z0-9]*`, joined by
/// `-`, `_` or `:`, in any case.
pub(crate) fn is_key_part(part: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part.split(['-', '_', ':']).all(plain)
}
