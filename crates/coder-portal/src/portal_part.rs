//! One part of a portal, as a thing of its own.

use std::fmt;

use coder_core::Body;
use http::uri::{PathAndQuery, Uri};
use http::{Request, Response};

use crate::part::Part;
use crate::portal::Portal;

/// The routes of one part of a portal, from [`Portal::part`]. Cheap to clone.
#[derive(Clone)]
pub struct PortalPart {
    portal: Portal,
    part: Part,
}

impl PortalPart {
    /// Answers a request to a route of this part. The path is that below [`Part::path`], such as
    /// `/entities`; any other gets Backstage's 404.
    ///
    /// Bodies and time limits are those of [`Portal::handle`].
    pub async fn handle<B: Into<Body>>(&self, request: Request<B>) -> Response<Body> {
        let mut request = request.map(Into::into);
        *request.uri_mut() = self.whole(request.uri());
        self.portal.answer(request, Some(self.part)).await
    }

    /// Returns the URI of a request as the whole portal knows it.
    fn whole(&self, below: &Uri) -> Uri {
        let mut parts = below.clone().into_parts();
        let rest = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str);
        let whole = format!("{}{rest}", self.part.path());
        match PathAndQuery::try_from(whole) {
            Ok(whole) => parts.path_and_query = Some(whole),
            // It is longer than a URI may be, so it is no route.
            Err(_) => parts.path_and_query = Some(PathAndQuery::from_static("/")),
        }
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl Portal {
    /// Returns one part of the routes, for a program that mounts it at a path of its own.
    pub fn part(&self, part: Part) -> PortalPart {
        PortalPart { portal: self.clone(), part }
    }
}

impl fmt::Debug for PortalPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("PortalPart").field(&self.part).finish()
    }
}
