//! The parts of a portal, each of which a program can mount alone.

/// A part of a portal's routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a program that mounts parts decides about each")]
pub enum Part {
    /// The login and the identity tokens: what a portal has below `/api/auth`.
    ///
    /// Browsers and Coder find the login at the paths that `backend.baseUrl` gives, so the part must
    /// be reachable there.
    Auth,
    /// The pages' routes: what a portal has below `/api/coder/v1`, without [`Live`](Self::Live).
    Workspaces,
    /// The stream of events of `/api/coder/v1/live`.
    Live,
    /// The proxy to Coder: the endpoints that a portal has below `/api/proxy`. WebSockets go through
    /// [`Portal::open_web_socket`](crate::Portal::open_web_socket), at the paths of a whole portal.
    Proxy,
    /// Health: what a portal has below `/.backstage/health/v1`.
    Health,
}

impl Part {
    /// Returns the path of the part in a whole portal.
    pub fn path(self) -> &'static str {
        match self {
            Self::Auth => "/api/auth",
            Self::Workspaces => "/api/coder/v1",
            Self::Live => "/api/coder/v1/live",
            Self::Proxy => "/api/proxy",
            Self::Health => "/.backstage/health/v1",
        }
    }
}
