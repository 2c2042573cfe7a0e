//! How the route of a request is found.

use http::Method;

use super::route::Matched;
use super::table::ROUTES;

/// The path of the API below `backend.baseUrl`, in segments.
const BASE: [&str; 3] = ["api", "coder", "v1"];

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::route::Segment;

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
