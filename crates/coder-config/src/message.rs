//! Text that people wrote, as it may go into a message.

use std::borrow::Cow;

use coder_core::cleaned_to;

/// Shows a text on one line, bounded, and without the credentials of a URL.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 120;
    cleaned_to(MOST, &without_credentials(text))
}

/// Puts a text on one line: what people write may hold line breaks, what moves a terminal's cursor,
/// and what changes the direction of the line.
pub(crate) fn one_line(text: impl Into<String>) -> String {
    cleaned_to(usize::MAX, &text.into())
}

/// Removes the part before `@` from a URL, and leaves any other text as it is,
/// `https://@(a|b).example.com` too.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("//") else { return Cow::Borrowed(text) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        None | Some(0) => Cow::Borrowed(text),
        Some(at) => Cow::Owned(format!("{scheme}//{}", rest.get(at + 1..).unwrap_or_default())),
    }
}
