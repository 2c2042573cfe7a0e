//! Who is signed in, for routes of your own.

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use coder_auth::Caller;
use coder_portal::Portal;
use http::request::Parts;

use crate::body::ResponseBody;

/// The caller of a route, who may use Coder. [`Caller::client`] speaks for that person.
///
/// It asks [`Portal::caller`], so the same callers are let in as to the portal's own routes, and
/// within 20 seconds it is known who asks, or the answer is 503. The router's state must have the [`Portal`] in it: be it, or give it by
/// [`FromRef`].
#[derive(Clone, Debug)]
pub struct SignedIn(pub Caller);

/// Says that nobody is signed in, or not in a way that can be used: 401, 403, 404 or 503 with Backstage's
/// error body.
#[derive(Debug)]
pub struct SignedInRejection(Box<Response>);

impl<S> FromRequestParts<S> for SignedIn
where
    Portal: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedInRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SignedInRejection> {
        let portal = Portal::from_ref(state);
        portal.caller(&parts.headers).await.map(Self).map_err(|answer| {
            let answer = answer.to_response(&parts.method, parts.uri.path());
            SignedInRejection(Box::new(answer.map(|body| Body::new(ResponseBody(body)))))
        })
    }
}

impl IntoResponse for SignedInRejection {
    fn into_response(self) -> Response {
        *self.0
    }
}
