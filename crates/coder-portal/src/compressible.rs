//! Which answers a server may compress.

/// A mark on an answer: the server in front may compress it.
///
/// Answers of which nothing is secret have it among their [extensions](http::Response::extensions).
/// The length of a compressed answer tells a stranger who can put a text of their own beside a secret
/// how much the two have in common (RFC 9110 does not forbid it; the attack is called BREACH). So no
/// answer that may hold a token has the mark, and no stream of events, which compression would hold
/// up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a mark has nothing to add")]
pub struct Compressible;
