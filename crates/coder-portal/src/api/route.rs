//! A route as data.

use http::Method;
use percent_encoding::percent_decode_str;

use super::endpoint::Endpoint;
use super::path_values::PathValues;

/// A route of the API.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the description and the documentation are made by tests")
)]
pub(crate) struct Route {
    /// Name of the operation in the description, unique among all routes.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    /// Path below `/api/coder/v1`. A segment in braces is a parameter, such as `{workspace}`.
    pub(crate) path: &'static str,
    /// One sentence about the purpose of the route, and further ones about its rules.
    pub(crate) about: &'static str,
    /// The callers that the route answers.
    pub(crate) who: Who,
    /// Number of requests to Coder, without those that confirm the credential.
    pub(crate) cost: &'static str,
    pub(crate) endpoint: Endpoint,
}

/// The callers that a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Everybody, without any credential.
    Anyone,
    /// A caller with an identity token, a session cookie or a Coder token, as the login decides.
    SignedIn,
    /// A caller with an identity token or a session cookie. A Coder token is not an identity.
    Identified,
}

/// The route of a request, with the values of the parameters in its path.
#[derive(Clone)]
pub(crate) struct Matched {
    pub(crate) route: &'static Route,
    pub(crate) path: PathValues,
}

impl Route {
    /// Returns the segments of the path.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.path.split('/').skip(1).map(Segment::new)
    }

    /// Matches the segments of a request's path below the API.
    pub(super) fn matching(&'static self, segments: &[&str]) -> Option<Matched> {
        let mut values = PathValues::default();
        let mut given = segments.iter();
        for segment in self.segments() {
            let given = given.next()?;
            match segment {
                Segment::Fixed(text) if text.eq_ignore_ascii_case(given) => {}
                Segment::Fixed(_) => return None,
                Segment::Parameter(name) => {
                    let value = percent_decode_str(given).decode_utf8_lossy().into_owned();
                    values.push(name, value);
                }
            }
        }
        given.next().is_none().then_some(Matched { route: self, path: values })
    }
}

/// A segment of a route's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Fixed(&'static str),
    Parameter(&'static str),
}

impl Segment {
    fn new(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => Self::Parameter(name),
            None => Self::Fixed(text),
        }
    }
}
