//! One portal: all routes.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use coder_auth::http::ErrorResponse;
use coder_auth::{Caller, CoderAuth};
use coder_client::WorkspaceId;
use coder_core::{Body, WebSocket, WebSocketResponse};
use coder_workspaces::index::IndexStore;
use http::{HeaderMap, Request, Response};

use crate::compressible::Compressible;
use crate::cors;
use crate::frame;
use crate::index::{self, IndexState};
use crate::matched_route::MatchedRoute;
use crate::part::Part;
use crate::proxy;
use crate::request_body;
use crate::routes::Route;
use crate::state::PortalState;

/// The template of all requests to the proxy.
const PROXIED: MatchedRoute = MatchedRoute::new("/api/proxy", "/{endpoint}");

/// The backend of a portal: the login with Coder, and the workspaces of catalog entities. Cheap to
/// clone.
#[derive(Clone)]
pub struct Portal(Arc<PortalState>);

impl Portal {
    pub(crate) fn new(parts: PortalState) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn state(&self) -> &PortalState {
        &self.0
    }

    /// Identifies the caller of a route of your own, by the rule of the portal's own routes.
    ///
    /// # Errors
    ///
    /// Fails with the answer to give: as for [`CoderAuth::caller`], and 503 if the caller is not
    /// known within 20 seconds.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, ErrorResponse> {
        let caller = self.0.auth.caller(headers, None);
        let caller = Box::pin(async { caller.await.map_err(|error| ErrorResponse::from(&error)) });
        frame::in_time(&*self.0.world.runtime, caller).await
    }

    /// Returns the login, for routes of your own.
    ///
    /// A server spawns [`CoderAuth::sweeper`] once. [`caller`](Self::caller) identifies a caller
    /// within a time limit.
    pub fn auth(&self) -> &CoderAuth {
        &self.0.auth
    }

    /// Lets open streams of events read this workspace again, because it was changed.
    ///
    /// The portal's own routes call it, and so should a route of your own that changes a workspace:
    /// Coder's stream is silent when a workspace falls asleep or wakes, and about deadlines and
    /// favorites. Without the call, pages see such a change within two minutes.
    pub fn refresh_workspace(&self, workspace: WorkspaceId) {
        self.0.live.refresh(workspace);
    }

    /// Ends everything that is open: each stream of events of the portal with an event that says so,
    /// each stream of events of Coder that the proxy passes on, and each WebSocket with the code 1001
    /// (RFC 6455 §7.4.1). No more streams are opened. Everything else is answered as before.
    ///
    /// A server calls it when it is asked to stop: no stream would end by itself.
    pub fn close_streams(&self) {
        self.0.live.close();
        self.0.closing.close();
    }

    /// Returns whether a service account reads an index of all workspaces (`coder.index.token`), so that
    /// [`index_reader`](Self::index_reader) has something to do.
    pub fn has_index(&self) -> bool {
        self.0.index.has_service_account()
    }

    /// Returns the work that reads the index of the service account, for as long as this portal lives.
    ///
    /// A server spawns it once, and drops it when it stops. With a `store` a restart is warm, and of
    /// several replicas that share one store only one reads Coder. Without a service account the work
    /// ends at once.
    pub fn index_reader(
        &self,
        store: Option<Arc<dyn IndexStore>>,
    ) -> impl Future<Output = ()> + use<> {
        index::sweep::run(Arc::downgrade(&self.0), store)
    }

    /// Returns how far the index of the service account has got, for an operator's metrics; `None` without
    /// a service account.
    pub fn index_state(&self) -> Option<IndexState> {
        self.0.index.state()
    }

    /// Marks this process as one that takes no new requests soon: its readiness is 503 from now on, so that
    /// load balancers leave it. Everything is answered as before.
    pub fn drain(&self) {
        self.0.draining.begin();
    }

    /// Returns the number of open streams of events.
    pub fn open_streams(&self) -> usize {
        self.0.live.open_streams()
    }

    /// Answers a request to any route of this portal. An unknown route gets Backstage's 404.
    ///
    /// The body is read only if the route takes one, up to 64 kB and for at most 10 seconds. Any
    /// other body is refused (400, 413, 415) and not read, so that its connection must be closed.
    ///
    /// A request to the proxy (`/api/proxy/…`) is passed on to Coder, and its answer passed back, while
    /// they arrive. A body may have 100 MB.
    ///
    /// Any other answer begins within 20 seconds, and is complete by then unless it is a stream of
    /// events. An answer that is not ready in time is 503 with `Retry-After`. Work that must not be
    /// lost goes on.
    pub async fn handle<B: Into<Body>>(&self, request: Request<B>) -> Response<Body> {
        self.answer(request.map(Into::into), None).await
    }

    /// Opens a WebSocket at Coder for a page, through the proxy. `request` is the head of the page's
    /// opening handshake (RFC 6455 §4.1).
    ///
    /// An adapter calls this method for a request that opens a WebSocket. The adapter then answers the
    /// handshake and
    /// carries the messages between both, or sends the refusal. Only a page of an allowed origin
    /// opens one. A person has 32 of them at most, and all persons together have 1,024.
    pub async fn open_web_socket(&self, request: Request<()>) -> WebSocketResponse {
        let opened = match self.0.proxy.find(request.uri().path()) {
            Some((endpoint, path)) => self.0.open_web_socket_at(endpoint, path, &request).await,
            None => {
                let error = frame::not_found(request.method(), request.uri().path());
                let path = self.0.auth.local_path(request.uri().path());
                WebSocketResponse::Refused(error.to_response(request.method(), path))
            }
        };
        match opened {
            WebSocketResponse::Refused(refusal) => {
                let asked = request.map(|()| Bytes::new());
                let refusal = frame::finish(&asked, self.0.cors.as_ref(), refusal);
                WebSocketResponse::Refused(refusal)
            }
            open @ WebSocketResponse::Open(_) => open,
        }
    }

    /// Carries messages between a page and Coder until one of them closes the WebSocket, breaks it or
    /// does not read for 30 seconds. Both sides are closed then.
    ///
    /// `coder` is what [`open_web_socket`](Self::open_web_socket) has opened for this page.
    pub async fn relay(&self, page: WebSocket, coder: WebSocket) {
        proxy::relay(page, coder, &*self.0.world.runtime).await;
    }

    /// Answers a request to any route, or to the routes of one part.
    pub(crate) async fn answer(
        &self,
        request: Request<Body>,
        part: Option<Part>,
    ) -> Response<Body> {
        let (mut head, body) = frame::split(request);
        let has_proxy = part.is_none_or(|part| part == Part::Proxy);
        let endpoint = self.0.proxy.find(head.uri().path()).filter(|_| has_proxy);
        let mut matched = endpoint.is_some().then_some(PROXIED);
        let mut response = if cors::is_preflight(&head) {
            frame::no_content()
        } else if let Some(arrival) = self.0.arrival(&head) {
            arrival
        } else if let Some((endpoint, path)) = endpoint {
            // It has time limits of its own: a large body takes longer than an answer of ours may.
            self.0.pass_on(endpoint, path, &head, body).await
        } else {
            let runtime = &*self.0.world.runtime;
            let answer =
                frame::in_time(runtime, self.dispatch(&mut head, body, part, &mut matched)).await;
            answer.unwrap_or_else(|error| frame::error(&error, &head, &self.0.auth))
        };
        if let Some(matched) = matched {
            response.extensions_mut().insert(matched);
        }
        frame::finish(&head, self.0.cors.as_ref(), response)
    }

    /// Finds the route, reads the body that it takes, and lets it answer.
    async fn dispatch(
        &self,
        head: &mut Request<Bytes>,
        body: Body,
        part: Option<Part>,
        matched: &mut Option<MatchedRoute>,
    ) -> Result<Response<Body>, ErrorResponse> {
        let (method, path) = (head.method(), head.uri().path());
        let route = Route::find(method, path).ok_or_else(|| frame::not_found(method, path))?;
        if part.is_some_and(|part| part != route.part()) {
            return Err(frame::not_found(method, path));
        }
        *matched = Some(route.template());
        let may_be_compressed = route.may_be_compressed();
        let runtime = &*self.0.world.runtime;
        let body = request_body::read(route.takes(method), head.headers(), body, runtime).await?;
        *head.body_mut() = body;
        let mut answer = route.answer(&self.0, head).await?;
        if may_be_compressed {
            answer.extensions_mut().insert(Compressible);
        }
        Ok(answer)
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Portal").field("auth", &self.0.auth).finish_non_exhaustive()
    }
}
