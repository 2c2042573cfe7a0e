//! Finds the route of a call in the one table, and says 405 or 404 where there is none.

use http::Method;

use super::Open;
use crate::Version;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// A function that answers a call.
pub(crate) type Handler = fn(&mut Deployment<'_>, &Call, &Open<'_>) -> Answer;

/// Check that refuses a call for what the beginning of its path names.
pub(crate) type Check = fn(&mut Deployment<'_>, &Call, &Open<'_>) -> Result<(), Reply>;

/// A route of the API.
pub(crate) struct Route {
    /// `None` for a catch-all, whose handler decides about methods.
    method: Option<Method>,
    /// Segments below `/api/v2`; `{…}` is open. The path of the root of a router of Coder's ends
    /// with a slash: it may be asked for with and without one.
    path: &'static str,
    handler: Handler,
    since: Version,
    licensed: bool,
}

/// The check that a caller passes before they are told that a route does not exist.
pub(crate) struct Gate {
    pub(crate) path: &'static str,
    pub(crate) check: Check,
}

const fn route(method: Option<Method>, path: &'static str, handler: Handler) -> Route {
    Route { method, path, handler, since: Version::V2_24, licensed: false }
}

pub(crate) const fn get(path: &'static str, handler: Handler) -> Route {
    route(Some(Method::GET), path, handler)
}

pub(crate) const fn post(path: &'static str, handler: Handler) -> Route {
    route(Some(Method::POST), path, handler)
}

pub(crate) const fn put(path: &'static str, handler: Handler) -> Route {
    route(Some(Method::PUT), path, handler)
}

pub(crate) const fn patch(path: &'static str, handler: Handler) -> Route {
    route(Some(Method::PATCH), path, handler)
}

pub(crate) const fn delete(path: &'static str, handler: Handler) -> Route {
    route(Some(Method::DELETE), path, handler)
}

/// Makes the route of everything below a path that no other route matches.
pub(crate) const fn below(path: &'static str, handler: Handler) -> Route {
    route(None, path, handler)
}

impl Route {
    /// Restricts the route to the releases from `version` on.
    pub(crate) const fn since(mut self, version: Version) -> Self {
        self.since = version;
        self
    }

    /// Restricts the route to deployments with a licence.
    pub(crate) const fn licensed(mut self) -> Self {
        self.licensed = true;
        self
    }

    fn matches<'a>(&self, segments: &[&'a str], closing_slash: bool) -> Option<Vec<&'a str>> {
        let is_root = self.path.ends_with('/');
        let open = opened(self.path, segments)?;
        let whole = self.path.split('/').filter(|part| !part.is_empty()).count() == segments.len();
        match self.method {
            None => Some(open),
            Some(_) if whole && (is_root || !closing_slash) => Some(open),
            Some(_) => None,
        }
    }

    /// Ranks the route: fewer open segments go first, and a whole path goes before a catch-all.
    fn rank(&self) -> (bool, usize) {
        (self.method.is_none(), self.path.matches('{').count())
    }
}

/// Returns the segments at the open parts of a pattern, when the path begins with it.
fn opened<'a>(pattern: &str, segments: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut segments = segments.iter();
    let mut open = Vec::new();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let segment = segments.next()?;
        if part.starts_with('{') {
            open.push(*segment);
        } else if part != *segment {
            return None;
        }
    }
    Some(open)
}

/// Answers a call to `segments` below `/api/v2`.
///
/// # Errors
///
/// What the route says; without one, what a gate says, 405, or 404.
pub(crate) fn dispatch(
    routes: &[Route],
    gates: &[Gate],
    deployment: &mut Deployment<'_>,
    call: &Call,
    segments: &[&str],
) -> Answer {
    let release = deployment.settings.version;
    let closing_slash = call.has_closing_slash();
    let known: Vec<(&Route, Vec<&str>)> = routes
        .iter()
        .filter(|route| route.since <= release)
        .filter(|route| !route.licensed || deployment.settings.licensed)
        .filter_map(|route| Some((route, route.matches(segments, closing_slash)?)))
        .collect();
    let is_known = known.iter().any(|(route, _)| route.method.is_some());
    let chosen = known
        .iter()
        .filter(|(route, _)| match &route.method {
            Some(method) => *method == call.method,
            None => !is_known,
        })
        .min_by_key(|(route, _)| route.rank());
    if let Some((route, open)) = chosen {
        return (route.handler)(deployment, call, open);
    }
    let mut innermost = "";
    for gate in gates {
        if let Some(open) = opened(gate.path, segments) {
            (gate.check)(deployment, call, &open)?;
            innermost = gate.path;
        }
    }
    let inside =
        known.iter().map(|(route, _)| route).filter(|route| route.path.starts_with(innermost));
    Err(not_allowed(inside.filter_map(|route| route.method.as_ref()).collect()))
}

/// Refuses a method with 405 and the methods that the path has, or with 404 when it has none.
fn not_allowed(mut methods: Vec<&Method>) -> Reply {
    if methods.is_empty() {
        return Reply::no_route();
    }
    methods.sort_by_key(|method| method.as_str());
    methods.dedup();
    let reply = Reply::empty(http::StatusCode::METHOD_NOT_ALLOWED);
    methods.into_iter().fold(reply, |reply, method| reply.with("allow", method.as_str()))
}
