//! The open parts of a path, such as the id in `/users/{id}`.

/// The segments of a path where a pattern is open, in order: `grace` for `users/{user}`.
pub(crate) type Open<'a> = [&'a str];

/// Returns the segment at the first open part.
pub(crate) fn first<'a>(open: &Open<'a>) -> &'a str {
    open.first().copied().unwrap_or_default()
}

/// Returns the segment at the second open part.
pub(crate) fn second<'a>(open: &Open<'a>) -> &'a str {
    open.get(1).copied().unwrap_or_default()
}

/// Returns the segment at the third open part.
pub(crate) fn third<'a>(open: &Open<'a>) -> &'a str {
    open.get(2).copied().unwrap_or_default()
}
