//! The route that has answered a request, for whoever measures.

use std::fmt;

/// The template of the route that has answered a request, such as
/// `/api/coder/v1/workspaces/{workspace}`: an extension of the answer.
///
/// There are few templates, unlike paths. An answer without one is that of no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MatchedRoute {
    base: &'static str,
    path: &'static str,
}

impl MatchedRoute {
    /// Creates the template from the path of a part and that of a route below it.
    pub(crate) const fn new(base: &'static str, path: &'static str) -> Self {
        Self { base, path }
    }
}

impl fmt::Display for MatchedRoute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.base)?;
        formatter.write_str(self.path)
    }
}
