//! Who is signed in, for routes of your own.

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use coder_auth::{Caller, ErrorAnswer};
use coder_portal::Portal;
use http::request::Parts;

/// The caller of a route, who may use Coder. [`Caller::client`] speaks for that person.
///
/// It asks [`coder_auth::CoderAuth::caller`], so the same callers are let in as to the portal's own
/// routes. The router's state must have the [`Portal`] in it: be it, or give it by
/// [`FromRef`].
#[derive(Clone, Debug)]
pub struct SignedIn(pub Caller);

/// Nobody is signed in, or not in a way that can be used: 401, 403, 404 or 503 with Backstage's
/// error body.
#[derive(Debug)]
pub struct NotSignedIn(Box<Response>);

impl<S> FromRequestParts<S> for SignedIn
where
    Portal: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotSignedIn> {
        let portal = Portal::from_ref(state);
        portal.auth().caller(&parts.headers, None).await.map(Self).map_err(|error| {
            let answer = ErrorAnswer::from(&error).to_response(&parts.method, parts.uri.path());
            NotSignedIn(Box::new(answer.map(Body::from)))
        })
    }
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        *self.0
    }
}
