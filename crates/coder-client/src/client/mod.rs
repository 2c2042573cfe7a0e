//! The client, which sends operations.

mod capability_cache;
#[cfg(all(feature = "native", not(target_family = "wasm")))]
mod cli_session;
#[cfg(any(
    all(feature = "native", not(target_family = "wasm")),
    all(feature = "browser", target_family = "wasm")
))]
mod connect;
#[cfg(any(
    all(feature = "native", not(target_family = "wasm")),
    all(feature = "browser", target_family = "wasm")
))]
mod connect_error;
mod credential;
mod credential_provider;
mod deployment_clock;
mod pending;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    BoxFuture, DeploymentUrl, RequestName, RetryPolicy, RetryState, TransportError,
    TransportErrorKind, World, timeout, with_causes,
};
use http::header::{ACCEPT, HeaderName, HeaderValue};
use http::{HeaderMap, Request};
use jiff::Timestamp;
use tracing::Instrument as _;
use url::Url;

use self::capability_cache::CapabilityCache;
#[cfg(any(
    all(feature = "native", not(target_family = "wasm")),
    all(feature = "browser", target_family = "wasm")
))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "native", feature = "browser"))))]
pub use self::connect::ClientBuilder;
#[cfg(any(
    all(feature = "native", not(target_family = "wasm")),
    all(feature = "browser", target_family = "wasm")
))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "native", feature = "browser"))))]
pub use self::connect_error::ConnectError;
pub use self::credential::Credential;
pub(crate) use self::credential::SESSION_TOKEN;
pub use self::credential_provider::CredentialProvider;
use self::deployment_clock::DeploymentClock;
use self::pending::{Pending, Sendable};
use crate::error::RequestInfo;
use crate::operation::{OwnSecrets, read_body};
use crate::operations::GetBuildInfo;
use crate::{Capabilities, ClientError, CoderVersion, Operation, RequestError, Unsupported};

/// The default time for an operation in all, unless its retries may take longer.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(20);

/// The default time for one try.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The default time for which a stream may be silent. Coder sends a sign of life every 15 seconds.
const DEFAULT_STREAM_IDLE_LIMIT: Duration = Duration::from_secs(60);

/// A client that sends [operations](crate::operations) to one deployment and keeps
/// [subscriptions](crate::subscriptions) open. It is cheap to clone.
///
/// The credential goes to the deployment's origin and nowhere else; redirects are not followed.
/// Requests that are safe to repeat are retried according to the [`RetryPolicy`], by default
/// [`RetryPolicy::INTERACTIVE`].
#[derive(Clone)]
pub struct Client {
    world: World,
    deployment: DeploymentUrl,
    credentials: Option<Arc<dyn CredentialProvider>>,
    retry: RetryPolicy,
    stream_retry: RetryPolicy,
    stream_idle_limit: Duration,
    timeout: Duration,
    deadline: Option<Duration>,
    bypasses_rate_limit: bool,
    capabilities: Arc<CapabilityCache>,
    clock: Arc<DeploymentClock>,
}

impl Client {
    /// Creates a client without a credential, for the routes that need none.
    pub fn new(world: &World, deployment: DeploymentUrl) -> Self {
        Self {
            world: world.clone(),
            deployment,
            credentials: None,
            retry: RetryPolicy::INTERACTIVE,
            stream_retry: RetryPolicy::STREAM,
            stream_idle_limit: DEFAULT_STREAM_IDLE_LIMIT,
            timeout: DEFAULT_TIMEOUT,
            deadline: None,
            bypasses_rate_limit: false,
            capabilities: Arc::default(),
            clock: Arc::default(),
        }
    }

    /// Returns the client with this credential for all requests.
    #[must_use]
    pub fn with_credential(self, credential: Credential) -> Self {
        self.with_credential_provider(Arc::new(credential))
    }

    /// Returns the client with a provider that is asked for the credential of each request.
    ///
    /// When Coder refuses a credential with 401, the client asks the provider for a fresher one and
    /// sends the request once more.
    #[must_use]
    pub fn with_credential_provider(mut self, provider: Arc<dyn CredentialProvider>) -> Self {
        self.credentials = Some(provider);
        self
    }

    /// Returns the client with this policy for retries: [`RetryPolicy::INTERACTIVE`] for a person who
    /// waits (the default), [`RetryPolicy::BATCH`] for a job that has time.
    #[doc(alias = "backoff")]
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Returns the client with this policy for opening a broken stream again, by default
    /// [`RetryPolicy::STREAM`].
    ///
    /// The tries are counted anew once a connection has lasted for 30 seconds.
    #[must_use]
    pub fn with_stream_retry(mut self, retry: RetryPolicy) -> Self {
        self.stream_retry = retry;
        self
    }

    /// Returns the client with this limit for the time without a message or a sign of life, after
    /// which a stream counts as broken and is opened again, by default 60 seconds.
    ///
    /// Coder sends a sign of life every 15 seconds: a ping of the WebSocket (RFC 6455 §5.5.2), or an
    /// event called `ping`.
    #[must_use]
    pub fn with_stream_idle_limit(mut self, limit: Duration) -> Self {
        self.stream_idle_limit = limit;
        self
    }

    /// Returns the client with this limit for one try, from the request to the last byte of the
    /// answer, by default 20 seconds.
    ///
    /// A try that takes longer has failed, and counts as one without an answer. Streams have
    /// [another limit](Self::with_stream_idle_limit).
    #[doc(alias = "timeout")]
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the client with this deadline for an operation, by default 20 seconds, or the time
    /// limit of one try or the budget of the retry policy when that is longer.
    ///
    /// The deadline includes every try, the pauses between them and the call of the credential
    /// provider. Streams have no deadline.
    #[doc(alias = "timeout")]
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Returns the client with requests that Coder does not count (`X-Coder-Bypass-Ratelimit`), if the
    /// credential is an owner's. Coder does not lift the limit for other users.
    ///
    /// Ask whoever runs the deployment first: the limit protects its database.
    #[doc(alias = "429")]
    #[must_use]
    pub fn with_rate_limit_bypass(mut self) -> Self {
        self.bypasses_rate_limit = true;
        self
    }

    /// Returns the deployment that this client sends to.
    pub fn deployment(&self) -> &DeploymentUrl {
        &self.deployment
    }

    /// Returns the client's clock, transport, randomness and runtime, for callers that wait or tell
    /// the time between two operations.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Returns the present moment by the clock of the deployment, which may differ by minutes from the
    /// own one: as the `Date` of the last answer tells it (RFC 9110 §6.6.1).
    ///
    /// The client and its clones know the same. Before the first answer, and where answers have no
    /// `Date`, it is the moment of [`world`](Self::world)'s clock.
    pub fn now(&self) -> Timestamp {
        self.clock.at(self.world.clock.now())
    }

    /// Returns the capabilities of the deployment, from `GET /api/v2/buildinfo`.
    ///
    /// The client and its clones cache them for ten minutes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn capabilities(&self) -> Result<Capabilities, ClientError> {
        self.within_deadline(true, Box::pin(self.cached_capabilities())).await
    }

    async fn cached_capabilities(&self) -> Result<Capabilities, ClientError> {
        let now = self.world.clock.now();
        if let Some(known) = self.capabilities.fresh(now) {
            return Ok(known);
        }
        let pending = Pending::new(&GetBuildInfo);
        self.send_with_retries(&pending).await?;
        let capabilities = Capabilities::from(&pending.into_output()?);
        self.capabilities.set(now, capabilities);
        Ok(capabilities)
    }

    /// Sends an operation and reads the answer.
    ///
    /// Older releases of Coder ignore parts of a request that they do not know, such as the limits
    /// of a token. A request with such a part ([`Operation::needs`]) is sent only to a release that
    /// is known to have it; see [`capabilities`](Self::capabilities).
    ///
    /// # Errors
    ///
    /// See [`ClientError`]; [`ClientError::is_transient`] ones have been tried again already where that was
    /// safe and worth the wait.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, ClientError> {
        let pending = Pending::new(operation);
        self.send_pending(&pending).await?;
        pending.into_output()
    }

    async fn send_pending(&self, operation: &dyn Sendable) -> Result<(), ClientError> {
        let is_safe = operation.request(&self.deployment)?.method().is_safe();
        let sent = async {
            self.check_capability(operation).await?;
            self.send_with_retries(operation).await
        };
        self.within_deadline(is_safe, Box::pin(sent)).await
    }

    /// Returns the time limit of an operation in all.
    fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(DEFAULT_DEADLINE.max(self.timeout).max(self.retry.budget))
    }

    /// Waits for `work`; returns an error when it is not done before the deadline.
    async fn within_deadline<T>(
        &self,
        is_safe: bool,
        // Pinned on the heap by the caller: each layer that takes a future holds it twice, and programs
        // put many layers around a request.
        work: impl Future<Output = Result<T, ClientError>> + Unpin,
    ) -> Result<T, ClientError> {
        let deadline = self.deadline();
        if let Some(outcome) = timeout(&*self.world.runtime, deadline, work).await {
            return outcome;
        }
        let error = silence(deadline);
        Err(if is_safe { error.with_safe_method() } else { error }.into())
    }

    /// Checks that the deployment does not silently ignore a part of the request.
    async fn check_capability(&self, operation: &dyn Sendable) -> Result<(), ClientError> {
        let Some(needs) = operation.needs().filter(|needs| needs.is_ignored_by_older()) else {
            return Ok(());
        };
        let capabilities = self.cached_capabilities().await?;
        if capabilities.has(needs) == Some(true) {
            return Ok(());
        }
        let (operation, release) = (operation.name(), capabilities.version());
        let unsupported = Unsupported { operation, needs: Some(needs), release, answer: None };
        Err(ClientError::Unsupported(Box::new(unsupported)))
    }

    async fn send_with_retries(&self, operation: &dyn Sendable) -> Result<(), ClientError> {
        let mut request =
            RequestName::new(operation.name()).give(operation.request(&self.deployment)?);
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        // Never the query: it may hold what people search for.
        let span = tracing::debug_span!(
            "coder",
            method = %request.method(),
            path = request.uri().path(),
        );
        self.retry_loop(operation, &request).instrument(span).await
    }

    async fn retry_loop(
        &self,
        operation: &dyn Sendable,
        request: &Request<Bytes>,
    ) -> Result<(), ClientError> {
        let repeatable = operation.is_repeatable(request.method());
        let mut retries = RetryState::default();
        loop {
            let number = retries.failed() + 1;
            let outcome = self
                .authorized(request, operation.needs_credential(), |request| {
                    Box::pin(self.send_once(operation, request, number))
                })
                .await;
            let error = match outcome {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let safe = repeatable || !error.may_have_been_processed();
            if !error.is_transient() || !safe {
                return Err(error);
            }
            self.pause(&self.retry, &mut retries, error).await?;
        }
    }

    async fn send_once(
        &self,
        operation: &dyn Sendable,
        request: Request<Bytes>,
        attempt: u32,
    ) -> Result<(), ClientError> {
        let path = request.uri().path();
        let mut info = RequestInfo {
            operation: operation.name(),
            needs: operation.needs(),
            is_safe: request.method().is_safe(),
            is_beside_the_api: !["/api/v2/", "/oauth2/"].iter().any(|below| path.contains(below)),
            release: None,
        };
        let secrets = OwnSecrets::from_request(&request);
        let answer = async {
            let answer = self.world.transport.send(request).await?;
            tracing::debug!(attempt, status = answer.status().as_u16(), "answered");
            info.release = release(answer.headers());
            self.clock.note(answer.headers(), self.world.clock.now());
            read_body(answer, operation.max_answer()).await
        };
        let answer = if self.timeout < self.deadline() {
            let in_time = timeout(&*self.world.runtime, self.timeout, answer).await;
            in_time.unwrap_or_else(|| Err(silence(self.timeout).into()))
        } else {
            answer.await
        };
        let parsed = answer.and_then(|answer| operation.read(secrets.redact(answer)));
        parsed.map_err(|error| error.with_request(&info))
    }

    /// Waits before the next try; returns `error` when `policy` allows none.
    pub(crate) async fn pause(
        &self,
        policy: &RetryPolicy,
        retries: &mut RetryState,
        error: ClientError,
    ) -> Result<(), ClientError> {
        let Some(pause) = retries.next_pause(&self.world, policy, error.retry_after()) else {
            return Err(error);
        };
        tracing::info!(
            error = with_causes(&error),
            failed = retries.failed(),
            ?pause,
            "trying again"
        );
        self.world.runtime.sleep(pause).await;
        Ok(())
    }

    /// Calls `attempt` with the signed request, and once more with a fresher credential when Coder
    /// refused it.
    pub(crate) async fn authorized<'a, T>(
        &self,
        request: &Request<Bytes>,
        needed: bool,
        attempt: impl Fn(Request<Bytes>) -> BoxFuture<'a, Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let Some(provider) = self.credentials.as_deref().filter(|_| needed) else {
            return attempt(request.clone()).await;
        };
        let credential = provider.credential().await?;
        let refused = match attempt(self.sign(request, &credential)?).await {
            Err(error) if error.is_unauthorized() => error,
            outcome => return outcome,
        };
        match provider.renew(&credential).await? {
            Some(fresh) => {
                tracing::debug!("refused; trying again with a fresher credential");
                attempt(self.sign(request, &fresh)?).await
            }
            None => Err(refused),
        }
    }

    /// Adds the credential to a request, which must go to the deployment.
    fn sign(
        &self,
        request: &Request<Bytes>,
        credential: &Credential,
    ) -> Result<Request<Bytes>, ClientError> {
        let url = Url::parse(&request.uri().to_string());
        if !url.is_ok_and(|url| self.deployment.owns(&url)) {
            return Err(RequestError::ForeignOrigin.into());
        }
        let mut request = request.clone();
        let (name, value) = credential.header()?;
        request.headers_mut().insert(name, value);
        if self.bypasses_rate_limit {
            let bypass = HeaderName::from_static("x-coder-bypass-ratelimit");
            request.headers_mut().insert(bypass, HeaderValue::from_static("true"));
        }
        Ok(request)
    }

    pub(crate) fn stream_retry(&self) -> &RetryPolicy {
        &self.stream_retry
    }

    pub(crate) fn stream_idle_limit(&self) -> Duration {
        self.stream_idle_limit
    }
}

/// Creates the error for an answer that is not complete in time.
fn silence(limit: Duration) -> TransportError {
    let reason = format!("nothing came within {limit:?}");
    TransportError::new(TransportErrorKind::Timeout).with_reason(reason)
}

/// Returns the release that an answer of Coder names.
fn release(headers: &HeaderMap) -> Option<CoderVersion> {
    CoderVersion::parse(headers.get("x-coder-build-version")?.to_str().ok()?).ok()
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("deployment", &self.deployment)
            .field("has_credentials", &self.credentials.is_some())
            .finish_non_exhaustive()
    }
}
