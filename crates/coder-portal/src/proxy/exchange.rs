//! A request to the proxy: its caller, the request to Coder, the answer.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use coder_auth::http::{ErrorResponse, empty, has_media_type};
use coder_auth::{AuthErrorKind, Caller, CallerRights, SessionError};
use coder_client::UserId;
use coder_core::{Body, BodyLimits, BoxFuture, TransportError, TransportErrorKind, timeout};
use futures_util::future::{Either, select};
use futures_util::{FutureExt as _, StreamExt as _};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};

use super::answer::{self, Content};
use super::endpoint::Endpoint;
use super::error::ProxyError;
use super::icon::{self, IconError, MAX_ICON};
use super::request_headers::{self, CODER_SESSION_TOKEN};
use super::target::{CoderPath, Target, TargetError};
use super::upload::Upload;
use super::{PROXY, PROXY_PATH, without_prefix};
use crate::credential::Opened;
use crate::state::PortalState;

/// The time that Coder may take for the head of an answer, once the request has gone.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The limits of an answer. Coder's streams give a sign of life every 15 seconds.
const ANSWER: BodyLimits = BodyLimits::new(1024 * 1024 * 1024, Duration::from_secs(60));

/// A request as it is sent to Coder, without the caller's token.
pub(super) struct Outgoing<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a CoderPath,
    pub(super) headers: HeaderMap,
}

impl PortalState {
    /// Answers a request to an endpoint of the proxy. `path` is the part behind its route.
    pub(crate) async fn pass_on(
        &self,
        endpoint: &Endpoint,
        path: &str,
        asked: &Request<Bytes>,
        body: Body,
    ) -> Response<Body> {
        let answered = Box::pin(self.try_to_pass_on(endpoint, path, asked, body)).await;
        answered.unwrap_or_else(|error| refused(&error, asked))
    }

    async fn try_to_pass_on(
        &self,
        endpoint: &Endpoint,
        path: &str,
        asked: &Request<Bytes>,
        body: Body,
    ) -> Result<Response<Body>, ProxyError> {
        // Backstage says no more, and says it before it asks who it is.
        if !endpoint.allows(asked.method()) {
            return Ok(empty(StatusCode::NOT_FOUND));
        }
        let target = Target::parse(path, asked.uri().query())?;
        let length = request_headers::check(asked.headers())?;
        let caller = self.caller_at(endpoint, asked.headers()).await?;
        let (path, content) = match &target {
            Target::Api(path) => (path, Content::Personal),
            Target::Picture(path) => (path, Content::Picture),
            Target::ForeignIcon(url) => return self.foreign_icon(url, asked.method()).await,
        };
        let upload = Upload::take(body, length, &self.world.runtime).await?;
        let outgoing = Outgoing {
            method: asked.method(),
            path,
            headers: endpoint.headers().passed_on(asked.headers()),
        };
        let person = caller.as_ref().map(|caller| (caller.user_id(), caller.rights()));
        let answer = self.exchange(endpoint, caller, &outgoing, upload).await?;
        let answer = self.for_the_page(answer, content)?;
        if has_media_type(answer.headers(), "text/event-stream") {
            return self.kept_open(answer, endpoint, asked.headers(), person);
        }
        Ok(answer)
    }

    /// Returns an answer that goes on, which is counted, and which ends with the caller's credential or
    /// when the portal closes.
    fn kept_open(
        &self,
        answer: Response<Body>,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        person: Option<(UserId, CallerRights)>,
    ) -> Result<Response<Body>, ProxyError> {
        let seat = self.proxy.seats.take(person.as_ref().map(|(user, _)| *user))?;
        let closed = self.closing.closed();
        let ended: BoxFuture<'static, ()> = match person {
            Some((_, rights)) => {
                let opened = Opened::Events(endpoint.environment_names());
                let ended = Box::pin(self.credential(opened, headers, rights).ended());
                Box::pin(select(closed, ended).map(drop))
            }
            None => Box::pin(closed),
        };
        let seated = ended.map(move |()| drop(seat));
        Ok(answer.map(|body| Body::from_stream(body.take_until(seated))))
    }

    /// Identifies the caller; `None` for a stranger where strangers are let in.
    async fn caller_at(
        &self,
        endpoint: &Endpoint,
        headers: &HeaderMap,
    ) -> Result<Option<Caller>, ProxyError> {
        match self.auth.proxy_caller(headers, &endpoint.environments()).await {
            Ok(caller) => Ok(Some(caller)),
            Err(error) => {
                let has_none =
                    matches!(error.kind(), AuthErrorKind::Session(SessionError::Missing));
                if has_none && endpoint.lets_strangers_in() { Ok(None) } else { Err(error.into()) }
            }
        }
    }

    /// Sends the request, and once more with a renewed token if Coder refuses the first one.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        caller: Option<Caller>,
        outgoing: &Outgoing<'_>,
        upload: Upload,
    ) -> Result<Response<Body>, ProxyError> {
        let Some(caller) = caller else {
            let head = outgoing.request(endpoint, None)?;
            return self.send(head, upload).await;
        };
        let kept = match &upload {
            Upload::Kept(bytes) => Some(bytes.clone()),
            Upload::Streamed { .. } => None,
        };
        let head = outgoing.request(endpoint, Some(&caller))?;
        let answer = self.send(head, upload).await?;
        if !refuses_the_token(&answer) {
            return Ok(answer);
        }
        let Some(renewed) = self.renewed(&caller).await? else { return Ok(answer) };
        let kept = kept.ok_or(ProxyError::Renewed)?;
        let head = outgoing.request(endpoint, Some(&renewed))?;
        self.send(head, Upload::Kept(kept)).await
    }

    /// Returns the caller with another token after Coder has refused that one, if a renewal helps.
    ///
    /// A 401 about something else, and one that only a login mends, are left to the page.
    pub(super) async fn renewed(&self, caller: &Caller) -> Result<Option<Caller>, ProxyError> {
        match self.auth.renew(caller).await {
            Ok(renewed) if renewed.access_token().matches(caller.access_token()) => Ok(None),
            Ok(renewed) => Ok(Some(renewed)),
            Err(error) if error.status() == StatusCode::UNAUTHORIZED => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&self, head: Request<()>, upload: Upload) -> Result<Response<Body>, ProxyError> {
        let transport = &self.world.transport;
        let (mut head, ()) = head.into_parts();
        match upload {
            Upload::Kept(bytes) => {
                let sent = transport.send(PROXY.give(Request::from_parts(head, bytes)));
                let answer = timeout(&*self.world.runtime, ANSWER_WITHIN, sent).await;
                Ok(answer.unwrap_or_else(|| Err(too_late()))?)
            }
            Upload::Streamed { body, length, progress } => {
                if let Some(length) = length {
                    head.headers.insert(CONTENT_LENGTH, length.into());
                }
                let mut sent =
                    pin!(transport.send_streamed(PROXY.give(Request::from_parts(head, body))));
                let mut moved = 0;
                let answer = loop {
                    match select(sent.as_mut(), self.world.runtime.sleep(ANSWER_WITHIN)).await {
                        Either::Left((answer, _)) => break answer,
                        // The request is still on its way.
                        Either::Right(_) if progress.moved() != moved => moved = progress.moved(),
                        Either::Right(_) => break Err(too_late()),
                    }
                };
                answer.map_err(|error| progress.failure().unwrap_or_else(|| error.into()))
            }
        }
    }

    /// Makes the answer for the page, whose body is passed on while it arrives.
    pub(super) fn for_the_page(
        &self,
        answer: Response<Body>,
        content: Content,
    ) -> Result<Response<Body>, ProxyError> {
        let (head, body) = answer.into_parts();
        let headers = answer::cleaned(head.status, &head.headers, content)?;
        let mut response = Response::new(body.bounded(ANSWER, &self.world.runtime));
        *response.status_mut() = head.status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Fetches an icon of another host, without any credential.
    async fn foreign_icon(&self, url: &str, method: &Method) -> Result<Response<Body>, ProxyError> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(TargetError::Elsewhere.into());
        }
        let uri = icon::allowed(url, &self.proxy.icon_hosts)?;
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("image/*"));
        let fetched = async {
            let (head, body) = self.world.transport.send(request).await?.into_parts();
            let bytes = body.collect(usize::try_from(MAX_ICON).unwrap_or(usize::MAX)).await?;
            Ok::<_, TransportError>((head, bytes))
        };
        let fetched = timeout(&*self.world.runtime, ANSWER_WITHIN, fetched).await;
        let (head, bytes) = match fetched.unwrap_or_else(|| Err(too_late())) {
            Ok(fetched) => fetched,
            Err(error) if error.kind() == TransportErrorKind::TooLarge => {
                return Err(IconError::TooLarge.into());
            }
            Err(error) => return Err(ProxyError::IconAway(error)),
        };
        let headers = answer::cleaned(head.status, &head.headers, Content::Picture);
        let headers = headers.map_err(|_| IconError::NoPicture)?;
        // The host's refusal says nothing about the caller's credential here.
        if !head.status.is_success() {
            return Err(IconError::NoPicture.into());
        }
        let is_picture = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        if !is_picture.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("image/")) {
            return Err(IconError::NoPicture.into());
        }
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = head.status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

impl Outgoing<'_> {
    /// Returns the head of the request with this caller's token, for the caller's deployment.
    pub(super) fn request(
        &self,
        endpoint: &Endpoint,
        caller: Option<&Caller>,
    ) -> Result<Request<()>, ProxyError> {
        let upstream = caller.map_or(endpoint.upstream(), |it| it.client().deployment());
        let uri: Uri = self.path.at(upstream)?;
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        if let Some(caller) = caller
            && let Ok(mut token) = HeaderValue::from_str(caller.access_token().expose())
        {
            token.set_sensitive(true);
            request.headers_mut().insert(CODER_SESSION_TOKEN, token);
        }
        Ok(request)
    }
}

/// Logs the error of a request, and turns it into an answer, with the path below the proxy.
pub(super) fn refused<T>(error: &ProxyError, asked: &Request<T>) -> Response<Body> {
    let response = ErrorResponse::from(error);
    response.log(asked);
    let path = asked.uri().path();
    response.to_response(asked.method(), without_prefix(path, PROXY_PATH).unwrap_or(path))
}

/// Tells whether this is Coder's own 401, and not that of a login in front of it.
pub(super) fn refuses_the_token(answer: &Response<Body>) -> bool {
    answer.status() == StatusCode::UNAUTHORIZED
        && has_media_type(answer.headers(), "application/json")
}

pub(super) fn too_late() -> TransportError {
    TransportError::new(TransportErrorKind::Timeout)
}
