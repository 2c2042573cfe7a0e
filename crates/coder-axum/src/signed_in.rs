//! The caller of a route of your own, as an extractor.

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts};
use axum::response::{IntoResponse, Response};
use coder_auth::Caller;
use coder_portal::Portal;
use http::request::Parts;

use crate::body::ResponseBody;

/// An extractor of the caller of a route. [`Caller::client`] acts for this user at Coder.
///
/// It asks [`Portal::caller`], so it accepts the same callers as the portal's own routes, and
/// answers 503 if the caller is not known within 20 seconds. The router's state must be the
/// [`Portal`], or give it by [`FromRef`].
#[derive(Clone, Debug)]
pub struct SignedIn(pub Caller);

/// The rejection of a request without a usable caller: 400, 401, 403, 404 or 503 with Backstage's
/// error body.
///
/// The status 400 means that the portal has several environments and the credential belongs to none
/// of them. [`CoderAuth::caller`](coder_auth::CoderAuth::caller) takes the name of one.
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
