//! Sending operations.

mod capability_cache;
mod credential;
mod credential_provider;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    BoxFuture, DeploymentUrl, RetryPolicy, RetryState, TransportError, TransportErrorKind, World,
    timeout,
};
use http::header::{ACCEPT, HeaderValue};
use http::{HeaderMap, Request};
use tracing::Instrument as _;
use url::Url;

use self::capability_cache::CapabilityCache;
pub use self::credential::Credential;
pub use self::credential_provider::CredentialProvider;
use crate::error::Asked;
use crate::operation::read_body;
use crate::operations::GetBuildInfo;
use crate::{Capabilities, ClientError, CoderVersion, Operation, RequestError, Unsupported};

/// How long an operation may take in all, unless the client says otherwise.
const DEADLINE: Duration = Duration::from_secs(20);

/// Sends [operations](crate::operations) to one deployment, and keeps
/// [subscriptions](crate::subscriptions) open. Cheap to clone.
///
/// Its credential goes to the deployment's origin and nowhere else; redirects are not followed.
/// What is safe to repeat is tried again as the [`RetryPolicy`] says, by default
/// [`RetryPolicy::INTERACTIVE`].
#[derive(Clone)]
pub struct Client {
    world: World,
    deployment: DeploymentUrl,
    credentials: Option<Arc<dyn CredentialProvider>>,
    retry: RetryPolicy,
    stream_retry: RetryPolicy,
    deadline: Duration,
    capabilities: Arc<CapabilityCache>,
}

impl Client {
    /// A client without a credential, which is enough for what Coder tells everyone.
    pub fn new(world: &World, deployment: DeploymentUrl) -> Self {
        Self {
            world: world.clone(),
            deployment,
            credentials: None,
            retry: RetryPolicy::INTERACTIVE,
            stream_retry: RetryPolicy::PATIENT,
            deadline: DEADLINE,
            capabilities: Arc::default(),
        }
    }

    /// The same client, speaking for the holder of `credential`.
    #[must_use]
    pub fn with_credential(self, credential: Credential) -> Self {
        self.with_credential_provider(Arc::new(credential))
    }

    /// The same client, asking `provider` for the credential of each request. When Coder refuses
    /// one with 401, the provider is asked for a fresher one and the request is sent once more.
    #[must_use]
    pub fn with_credential_provider(mut self, provider: Arc<dyn CredentialProvider>) -> Self {
        self.credentials = Some(provider);
        self
    }

    /// The same client with another idea of when to try again.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The same client with another idea of when to open a broken stream again; by default
    /// [`RetryPolicy::PATIENT`]. The tries count anew whenever something has come.
    #[must_use]
    pub fn with_stream_retry(mut self, retry: RetryPolicy) -> Self {
        self.stream_retry = retry;
        self
    }

    /// The same client with another time that an operation may take in all: every try, the pauses
    /// between them and the question for a credential. By default 20 seconds. Streams have none.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Where this client's operations go.
    pub fn deployment(&self) -> &DeploymentUrl {
        &self.deployment
    }

    /// The world it lives in, for what its caller does between two operations: wait, tell the
    /// time.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Tells what the deployment can do, from `GET /api/v2/buildinfo`. The client and its clones
    /// remember the answer for ten minutes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn capabilities(&self) -> Result<Capabilities, ClientError> {
        self.in_time(true, self.known_capabilities()).await
    }

    async fn known_capabilities(&self) -> Result<Capabilities, ClientError> {
        let now = self.world.clock.now();
        if let Some(known) = self.capabilities.fresh(now) {
            return Ok(known);
        }
        let capabilities = Capabilities::from(&self.deliver(&GetBuildInfo).await?);
        self.capabilities.set(now, capabilities);
        Ok(capabilities)
    }

    /// Sends `operation` and reads the answer.
    ///
    /// Older releases of Coder ignore parts of a request that they do not know, such as the limits
    /// of a token. A request with such a part ([`Operation::needs`]) is sent only to a release that
    /// is known to have it; [`capabilities`](Self::capabilities) tells.
    ///
    /// # Errors
    ///
    /// See [`ClientError`]; [`ClientError::is_transient`] ones have been tried again already where that was
    /// safe and worth the wait.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, ClientError> {
        let is_safe = operation.request(&self.deployment)?.method().is_safe();
        let sent = async {
            self.check(operation).await?;
            self.deliver(operation).await
        };
        self.in_time(is_safe, sent).await
    }

    /// The outcome of `work`, or that there was none before the deadline.
    async fn in_time<T>(
        &self,
        is_safe: bool,
        work: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        if let Some(outcome) = timeout(&*self.world.runtime, self.deadline, work).await {
            return outcome;
        }
        let reason = format!("nothing came within {} seconds", self.deadline.as_secs());
        let error = TransportError::new(TransportErrorKind::Timeout).with_reason(reason);
        Err(if is_safe { error.of_safe_request() } else { error }.into())
    }

    /// That the deployment would not ignore a part of what is asked.
    async fn check<O: Operation>(&self, operation: &O) -> Result<(), ClientError> {
        let Some(needs) = operation.needs().filter(|needs| needs.is_ignored_by_older()) else {
            return Ok(());
        };
        let capabilities = self.known_capabilities().await?;
        if capabilities.has(needs) == Some(true) {
            return Ok(());
        }
        let (operation, release) = (name_of::<O>(), capabilities.version());
        let unsupported = Unsupported { operation, needs: Some(needs), release, answer: None };
        Err(ClientError::Unsupported(Box::new(unsupported)))
    }

    async fn deliver<O: Operation>(&self, operation: &O) -> Result<O::Output, ClientError> {
        let mut request = operation.request(&self.deployment)?;
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        // Never the query: it may hold what people search for.
        let span = tracing::debug_span!(
            "coder",
            method = %request.method(),
            path = request.uri().path(),
        );
        self.repeat(operation, &request).instrument(span).await
    }

    async fn repeat<O: Operation>(
        &self,
        operation: &O,
        request: &Request<Bytes>,
    ) -> Result<O::Output, ClientError> {
        let repeatable = operation.is_repeatable(request.method());
        let mut retries = RetryState::default();
        loop {
            let number = retries.failed() + 1;
            let outcome = self
                .authorized(request, operation.needs_credential(), |request| {
                    Box::pin(self.attempt(operation, request, number))
                })
                .await;
            let error = match outcome {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            let safe = repeatable || !error.may_have_been_processed();
            if !error.is_transient() || !safe {
                return Err(error);
            }
            self.pause(&self.retry, &mut retries, error).await?;
        }
    }

    async fn attempt<O: Operation>(
        &self,
        operation: &O,
        request: Request<Bytes>,
        attempt: u32,
    ) -> Result<O::Output, ClientError> {
        let path = request.uri().path();
        let mut asked = Asked {
            operation: name_of::<O>(),
            needs: operation.needs(),
            is_safe: request.method().is_safe(),
            is_beside_the_api: !["/api/v2/", "/oauth2/"].iter().any(|below| path.contains(below)),
            release: None,
        };
        let answer = self.world.transport.send(request).await.map_err(ClientError::from);
        let answer = answer.map_err(|error| error.of(&asked))?;
        tracing::debug!(attempt, status = answer.status().as_u16(), "answered");
        asked.release = release(answer.headers());
        let parsed = read_body(answer, operation.max_answer())
            .await
            .and_then(|answer| operation.parse(answer));
        parsed.map_err(|error| error.of(&asked))
    }

    /// Waits before the next try; returns `error` when `policy` allows none.
    pub(crate) async fn pause(
        &self,
        policy: &RetryPolicy,
        retries: &mut RetryState,
        error: ClientError,
    ) -> Result<(), ClientError> {
        tracing::debug!(%error, "a try has failed");
        if retries.pause(&self.world, policy, error.retry_after()).await {
            Ok(())
        } else {
            Err(error)
        }
    }

    /// Lets `attempt` send the request with a credential, where one is needed, and once more with
    /// a fresher one when it was refused.
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
        match provider.renewed(&credential).await? {
            Some(fresh) => {
                tracing::debug!("refused; trying again with a fresher credential");
                attempt(self.sign(request, &fresh)?).await
            }
            None => Err(refused),
        }
    }

    /// The request with the credential, if it goes to the deployment.
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
        Ok(request)
    }

    pub(crate) fn stream_retry(&self) -> &RetryPolicy {
        &self.stream_retry
    }
}

/// The name of an operation's type, without its path.
fn name_of<O: Operation>() -> &'static str {
    let name = std::any::type_name::<O>();
    name.rsplit("::").next().unwrap_or(name)
}

/// The release that an answer of Coder names.
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
