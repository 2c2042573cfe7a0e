//! Sending operations.

use std::fmt;
use std::time::Duration;

use coder_core::{DeploymentUrl, RetryPolicy, World, random_bytes};
use http::Request;
use http::header::{ACCEPT, HeaderValue};
use url::Url;

use crate::{Credential, Error, Operation, RequestError};

/// No answer of Coder's API comes near this; a larger one is cut off.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Sends [operations](crate::operations) to one deployment. Cheap to clone.
///
/// Its credential goes to the deployment's origin and nowhere else; redirects are not followed.
/// What is safe to repeat is tried again as the [`RetryPolicy`] says, by default
/// [`RetryPolicy::INTERACTIVE`].
#[derive(Clone)]
pub struct Client {
    world: World,
    deployment: DeploymentUrl,
    credential: Option<Credential>,
    retry: RetryPolicy,
}

impl Client {
    /// A client without a credential, which is enough for what Coder tells everyone.
    pub fn new(world: &World, deployment: DeploymentUrl) -> Self {
        let retry = RetryPolicy::INTERACTIVE;
        Self { world: world.clone(), deployment, credential: None, retry }
    }

    /// The same client, speaking for the holder of `credential`.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// The same client with another idea of when to try again.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
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
        let request = self.prepare(operation)?;
        let repeatable = operation.is_repeatable(request.method());
        let started = self.world.clock.now();
        let mut tried = 0;
        loop {
            let error = match self.attempt(operation, request.clone()).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            tried += 1;
            let safe = repeatable || !error.may_have_been_processed();
            if !error.is_transient() || !safe {
                return Err(error);
            }
            let elapsed = self.world.clock.now().duration_since(started);
            let elapsed = Duration::try_from(elapsed).unwrap_or_default();
            let [jitter] = random_bytes(&*self.world.random).unwrap_or_default();
            let Some(pause) = self.retry.delay(tried, elapsed, error.retry_after(), jitter) else {
                return Err(error);
            };
            tracing::debug!(method = %request.method(), path = request.uri().path(), %error, tried, "trying again");
            self.world.runtime.sleep(pause).await;
        }
    }

    fn prepare<O: Operation>(&self, operation: &O) -> Result<Request<bytes::Bytes>, Error> {
        let mut request = operation.request(&self.deployment)?;
        request.headers_mut().entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        if let Some(credential) = &self.credential
            && operation.needs_credential()
        {
            let url = Url::parse(&request.uri().to_string());
            if !url.is_ok_and(|url| self.deployment.owns(&url)) {
                return Err(RequestError::ForeignOrigin.into());
            }
            let (name, value) = credential.header()?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }

    async fn attempt<O: Operation>(
        &self,
        operation: &O,
        request: Request<bytes::Bytes>,
    ) -> Result<O::Output, Error> {
        let (head, body) = self.world.transport.send(request).await?.into_parts();
        let body = body.collect(MAX_BODY).await?;
        operation.parse(http::Response::from_parts(head, body))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("deployment", &self.deployment)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}
