//! The name of a request, for whoever measures.

use http::Request;

/// The name of what a request asks for, such as `GetUser`, for measurements: an extension of the
/// request that a [`Transport`](crate::Transport) is given.
///
/// There are few names, unlike paths. The crates of this house name their requests; a request
/// without a name is one of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestName(&'static str);

impl RequestName {
    /// Creates a name from a text of the program.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the name as text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Gives a request this name.
    pub fn give<B>(self, mut request: Request<B>) -> Request<B> {
        request.extensions_mut().insert(self);
        request
    }

    /// Returns the name of a request, if it has one.
    pub fn find<B>(request: &Request<B>) -> Option<Self> {
        request.extensions().get().copied()
    }
}
