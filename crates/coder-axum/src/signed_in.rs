//! The caller of a route of your own, as an extractor.

use axum::body::Body;
use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts, OriginalUri};
use axum::response::{IntoResponse, Response};
use coder_auth::http::ErrorResponse;
use coder_auth::{Caller, CoderAuth, PageError};
use http::request::Parts;

use crate::body::ResponseBody;

/// An extractor of the caller of a route that scripts and programs ask. [`Caller::client`] acts for
/// this user at Coder.
///
/// It asks [`CoderAuth::caller`], so it accepts the same callers as a portal's own routes, and
/// answers 503 if the caller is not known within 20 seconds. The router's state must be the
/// [`CoderAuth`], or give it by [`FromRef`]; that of a portal is
/// [`Portal::auth`](coder_portal::Portal::auth).
///
/// `Option<SignedIn>` is `None` where a login would help ([`AuthError::needs_login`]), and the
/// rejection for any other failure.
///
/// [`AuthError::needs_login`]: coder_auth::AuthError::needs_login
#[derive(Clone, Debug)]
pub struct SignedIn(pub Caller);

/// An extractor of the caller of a page that a browser navigates to, such as a page that the server
/// renders, or a download.
///
/// It asks [`CoderAuth::caller_of_page`]: the session cookie counts for a `GET` or `HEAD` of the same
/// origin, which must change nothing. A caller who is not signed in is sent to the login, and then back
/// to the page. The
/// router's state is as for [`SignedIn`].
///
/// `Option<SignedInPage>` is `None` for a caller who is not signed in.
#[derive(Clone, Debug)]
pub struct SignedInPage(pub Caller);

/// The rejection of a request without a usable caller.
///
/// It is 400, 401, 403, 404 or 503 with Backstage's error body. From [`SignedInPage`] it is also 303
/// to the login, and a page that loads itself again.
///
/// The status 400 means that the portal has several environments and the credential belongs to none
/// of them. [`CoderAuth::caller`] takes the name of one.
#[derive(Debug)]
pub struct SignedInRejection(Box<Response>);

impl SignedInRejection {
    fn new(response: http::Response<coder_core::Body>) -> Self {
        Self(Box::new(response.map(|body| Body::new(ResponseBody(body)))))
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    CoderAuth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedInRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SignedInRejection> {
        let auth = CoderAuth::from_ref(state);
        auth.caller(&parts.headers, None).await.map(Self).map_err(|error| {
            let error = ErrorResponse::from(&error);
            SignedInRejection::new(error.to_response(&parts.method, parts.uri.path()))
        })
    }
}

impl<S> OptionalFromRequestParts<S> for SignedIn
where
    CoderAuth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedInRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, SignedInRejection> {
        let auth = CoderAuth::from_ref(state);
        match auth.caller(&parts.headers, None).await {
            Ok(caller) => Ok(Some(Self(caller))),
            Err(error) if error.needs_login() => Ok(None),
            Err(error) => {
                let error = ErrorResponse::from(&error);
                Err(SignedInRejection::new(error.to_response(&parts.method, parts.uri.path())))
            }
        }
    }
}

impl<S> FromRequestParts<S> for SignedInPage
where
    CoderAuth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedInRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SignedInRejection> {
        let page = whole(parts);
        caller_of(&page, state).await.map(Self).map_err(|error| rejection(&error, &page))
    }
}

impl<S> OptionalFromRequestParts<S> for SignedInPage
where
    CoderAuth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = SignedInRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, SignedInRejection> {
        let page = whole(parts);
        match caller_of(&page, state).await {
            Ok(caller) => Ok(Some(Self(caller))),
            Err(PageError::Login { .. }) => Ok(None),
            Err(PageError::Auth(error)) if error.needs_login() => Ok(None),
            Err(error @ (PageError::OtherSite | PageError::Auth(_))) => {
                Err(rejection(&error, &page))
            }
        }
    }
}

/// Returns the request with its path as the browser knows it, outside of every router that nests the
/// route.
fn whole(parts: &Parts) -> Parts {
    let mut page = parts.clone();
    if let Some(OriginalUri(uri)) = parts.extensions.get() {
        page.uri = uri.clone();
    }
    page
}

async fn caller_of<S>(page: &Parts, state: &S) -> Result<Caller, PageError>
where
    CoderAuth: FromRef<S>,
{
    CoderAuth::from_ref(state).caller_of_page(page, None).await
}

fn rejection(error: &PageError, page: &Parts) -> SignedInRejection {
    SignedInRejection::new(error.to_response(&page.method, page.uri.path()))
}

impl IntoResponse for SignedInRejection {
    fn into_response(self) -> Response {
        *self.0
    }
}
