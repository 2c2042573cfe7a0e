//! What people wrote, as it may go into a message.

use std::borrow::Cow;

/// On one line, bounded, and without the credentials of a URL.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 120;
    let text = without_credentials(text);
    let mut out: String = text.chars().take(MOST).map(printable).collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}

/// On one line: what people write may hold line breaks, and what moves a terminal's cursor.
pub(crate) fn one_line(text: impl Into<String>) -> String {
    let text = text.into();
    if text.contains(char::is_control) { text.chars().map(printable).collect() } else { text }
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// A URL without the part before `@`; any other text as it is.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("//") else { return Cow::Borrowed(text) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => Cow::Owned(format!("{scheme}//{}", rest.get(at + 1..).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}
