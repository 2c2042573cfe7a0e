//! What people wrote, as it may go into a message.

use std::borrow::Cow;

/// On one line, bounded, and without the credentials of a URL.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 120;
    let text = without_credentials(text);
    let mut out: String =
        text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
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
