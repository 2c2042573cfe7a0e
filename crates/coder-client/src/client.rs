//! Sending operations.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_core::{Body, BoxFuture, DeploymentUrl, RetryPolicy, World, random_bytes};
use http::header::{ACCEPT, HeaderValue};
use http::{Request, Response};
use jiff::Timestamp;
use tracing::Instrument as _;
use url::Url;

use crate::{Credential, CredentialProvider, Error, Operation, RequestError};

/// No answer of Coder's API comes near this; a larger one is cut off.
const MAX_BODY: usize = 64 * 1024 * 1024;

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

    /// Where this client's operations go.
    pub fn deployment(&self) -> &DeploymentUrl {
        &self.deployment
    }

    /// The world it lives in, for what its caller does between two operations: wait, tell the
    /// time.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Sends `operation` and reads the answer.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::is_transient`] ones have been tried again already where that was
    /// safe and worth the wait.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
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
    ) -> Result<O::Output, Error> {
        let repeatable = operation.is_repeatable(request.method());
        let mut tries = Tries::default();
        loop {
            let number = tries.failed + 1;
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
            self.pause(&self.retry, &mut tries, error).await?;
        }
    }

    async fn attempt<O: Operation>(
        &self,
        operation: &O,
        request: Request<Bytes>,
        attempt: u32,
    ) -> Result<O::Output, Error> {
        let answer = self.world.transport.send(request).await?;
        tracing::debug!(attempt, status = answer.status().as_u16(), "answered");
        operation.parse(whole(answer).await?).map_err(Error::of_operation::<O>)
    }

    /// Waits before the next try; the error itself when there is none.
    pub(crate) async fn pause(
        &self,
        retry: &RetryPolicy,
        tries: &mut Tries,
        error: Error,
    ) -> Result<(), Error> {
        let now = self.world.clock.now();
        let since = *tries.since.get_or_insert(now);
        tries.failed += 1;
        let elapsed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let [jitter] = random_bytes(&*self.world.random).unwrap_or_default();
        let Some(pause) = retry.delay(tries.failed, elapsed, error.retry_after(), jitter) else {
            return Err(error);
        };
        tracing::debug!(%error, failed = tries.failed, ?pause, "trying again");
        self.world.runtime.sleep(pause).await;
        Ok(())
    }

    /// Lets `attempt` send the request with a credential, where one is needed, and once more with
    /// a fresher one when it was refused.
    pub(crate) async fn authorized<'a, T>(
        &self,
        request: &Request<Bytes>,
        needed: bool,
        attempt: impl Fn(Request<Bytes>) -> BoxFuture<'a, Result<T, Error>>,
    ) -> Result<T, Error> {
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
    ) -> Result<Request<Bytes>, Error> {
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

/// How often something was tried in vain, and since when.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    failed: u32,
    since: Option<Timestamp>,
}

/// An answer with all of its body.
pub(crate) async fn whole(answer: Response<Body>) -> Result<Response<Bytes>, Error> {
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, body.collect(MAX_BODY).await?))
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
