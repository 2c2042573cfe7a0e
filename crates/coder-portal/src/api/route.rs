//! A route as data, and how the route of a request is found.

use http::Method;
use percent_encoding::percent_decode_str;

use super::endpoint::Endpoint;
use super::table::ROUTES;

/// The path of the API below `backend.baseUrl`, in segments.
const BASE: [&str; 3] = ["api", "coder", "v1"];

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
    /// A caller with an identity token or a session cookie. A Coder token is no identity.
    Identified,
}

/// The route of a request, with the values of the parameters in its path.
#[derive(Clone)]
pub(crate) struct Matched {
    pub(crate) route: &'static Route,
    pub(crate) path: PathValues,
}

/// The values of the parameters in a path, decoded, each with its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathValues(Vec<(&'static str, String)>);

impl PathValues {
    /// Returns the value of a parameter; empty when the path has none of this name, which a test
    /// of all routes rules out.
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Finds the route of a request by its method and the segments of its path.
///
/// Letter case does not matter, except in parameters. A `HEAD` is a `GET`.
pub(crate) fn find(method: &Method, segments: &[&str]) -> Option<Matched> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let (base, rest) = segments.split_first_chunk::<{ BASE.len() }>()?;
    if !base.iter().zip(BASE).all(|(one, other)| one.eq_ignore_ascii_case(other)) {
        return None;
    }
    let of_method = ROUTES.iter().filter(|route| route.method == *method);
    of_method.filter_map(|route| route.matching(rest)).next()
}

impl Route {
    /// Returns the segments of the path.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment> {
        self.path.split('/').skip(1).map(Segment::new)
    }

    fn matching(&'static self, segments: &[&str]) -> Option<Matched> {
        let mut values = PathValues::default();
        let mut given = segments.iter();
        for segment in self.segments() {
            let given = given.next()?;
            match segment {
                Segment::Fixed(text) if text.eq_ignore_ascii_case(given) => {}
                Segment::Fixed(_) => return None,
                Segment::Parameter(name) => {
                    let value = percent_decode_str(given).decode_utf8_lossy().into_owned();
                    values.0.push((name, value));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_route_is_found_by_its_own_path_and_no_other() {
        let mut ids = BTreeSet::new();
        for route in ROUTES {
            assert!(ids.insert(route.id), "{} is there twice", route.id);
            let path: Vec<&str> = BASE
                .into_iter()
                .chain(route.segments().map(|segment| match segment {
                    Segment::Fixed(text) => text,
                    Segment::Parameter(_) => "x",
                }))
                .collect();
            let found = find(&route.method, &path).map(|found| found.route.id);
            assert_eq!(found, Some(route.id), "{path:?}");
        }
    }

    #[test]
    fn a_parameter_is_decoded_and_keeps_its_letter_case() {
        let found = find(
            &Method::HEAD,
            &["API", "coder", "V1", "Entities", "Component", "default", "a%2Fb", "workspaces"],
        );
        let found = found.unwrap();
        assert_eq!(found.route.id, "listEntityWorkspaces");
        assert_eq!(found.path.get("kind"), "Component");
        assert_eq!(found.path.get("name"), "a/b");
    }
}
