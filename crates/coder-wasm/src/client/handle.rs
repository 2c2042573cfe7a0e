//! The client.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use coder_client::{Client, DeploymentUrl, RetryPolicy};
use http::{Response, StatusCode};
use js_sys::{Function, Promise};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::entity::EntityHandle;
use super::manage::Managed;
use super::operations::{Asked, Named};
use super::outcome::{Refusal, promise, told};
use super::stream::{Followed, StreamHandle};
use super::token::{HostTokens, Scheme};
use crate::answer::{Answer, Fault, read};
use crate::platform::{Host, Transfer, header_text, incoming, read_headers, world};

/// A client of one deployment.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ClientHandle(Client);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    url: String,
    /// Nothing for a client without a credential.
    #[serde(default)]
    scheme: Option<Scheme>,
    #[serde(default)]
    timeout_seconds: Option<f64>,
    #[serde(default)]
    retry: Retry,
}

/// The policy by which a request is repeated.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Retry {
    #[default]
    Interactive,
    Batch,
    Never,
}

impl From<Retry> for RetryPolicy {
    fn from(retry: Retry) -> Self {
        match retry {
            Retry::Interactive => Self::INTERACTIVE,
            Retry::Batch => Self::BATCH,
            Retry::Never => Self::NEVER,
        }
    }
}

#[wasm_bindgen]
impl ClientHandle {
    /// Creates a client over this platform.
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with the options.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str, host: Host) -> Result<Self, Answer> {
        Self::create(options, host).map_err(|fault| told::<()>(Err(fault.into())))
    }

    /// Builds a request, without a credential.
    pub fn request(&self, operation: &str) -> Answer {
        let request = || {
            let operation = named(operation)?;
            Ok(RequestView::from(operation.request(&self.0)?))
        };
        told(request())
    }

    /// Reads the answer to a request, whose body is read up to the limit of the operation. Names and
    /// values of headers alternate.
    pub fn read(
        &self,
        operation: &str,
        status: u16,
        headers: Vec<String>,
        body: Transfer,
    ) -> Promise {
        let (client, body) = (self.0.clone(), incoming(body));
        let operation = named(operation);
        future_to_promise(async move {
            let read = async || {
                let mut answer = Response::new(body);
                *answer.status_mut() = StatusCode::from_u16(status)
                    .map_err(|error| Fault::from_error("invalidArgument", &error))?;
                *answer.headers_mut() = read_headers(&headers).ok_or_else(|| {
                    Fault::new("invalidArgument", "the response has a header that is none of HTTP")
                })?;
                operation?.read(&client, answer).await
            };
            Ok(read().await.unwrap_or_else(|refusal: Refusal| told::<()>(Err(refusal))).into())
        })
    }

    /// Sends an operation.
    pub fn send(&self, operation: &str, aborted: Promise) -> Promise {
        let client = self.0.clone();
        let operation = named(operation);
        promise(aborted, async move {
            match operation {
                Ok(operation) => operation.send(&client).await,
                Err(refusal) => told::<()>(Err(refusal)),
            }
        })
    }

    /// Opens a stream.
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with the argument.
    pub fn follow(&self, followed: &str) -> Result<StreamHandle, Answer> {
        let followed = read::<Followed>("what is followed", followed);
        match followed {
            Ok(followed) => Ok(followed.open(&self.0)),
            Err(fault) => Err(told::<()>(Err(fault.into()))),
        }
    }

    /// Manages a workspace.
    pub fn manage(&self, managed: &str, progress: Option<Function>, aborted: Promise) -> Promise {
        let client = self.0.clone();
        let managed = read::<Managed>("what is done", managed);
        promise(aborted, async move {
            match managed {
                Ok(managed) => told(managed.run(&client, progress.as_ref()).await),
                Err(fault) => told::<()>(Err(fault.into())),
            }
        })
    }

    /// Compiles an entity, for its workspaces.
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with an argument.
    pub fn entity(
        &self,
        entity: &str,
        app_config: &str,
        integrations: &str,
    ) -> Result<EntityHandle, Answer> {
        let handle = EntityHandle::new(&self.0, entity, app_config, integrations);
        handle.map_err(|fault| told::<()>(Err(fault.into())))
    }
}

/// Reads an operation from its text.
fn named(operation: &str) -> Result<Box<dyn Asked>, Refusal> {
    read::<Named>("the operation", operation)?.operation()
}

impl ClientHandle {
    fn create(options: &str, host: Host) -> Result<Self, Fault> {
        let options: Options = read("the options", options)?;
        let url: DeploymentUrl = options.url.parse().map_err(|error| {
            Fault::from_error("invalidUrl", &error as &coder_client::DeploymentUrlError)
        })?;
        let mut client = Client::new(&world(&host), url).with_retry(options.retry.into());
        if let Some(scheme) = options.scheme {
            client = client.with_credential_provider(Arc::new(HostTokens { host, scheme }));
        }
        if let Some(seconds) = options.timeout_seconds {
            let timeout = Duration::try_from_secs_f64(seconds)
                .map_err(|error| Fault::from_error("invalidArgument", &error))?;
            client = client.with_timeout(timeout);
        }
        Ok(Self(client))
    }
}

/// A request as JavaScript gets it.
#[derive(Serialize)]
struct RequestView {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl From<http::Request<Bytes>> for RequestView {
    fn from(request: http::Request<Bytes>) -> Self {
        let (head, body) = request.into_parts();
        Self {
            method: head.method.to_string(),
            url: head.uri.to_string(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), header_text(value)))
                .collect(),
            body: (!body.is_empty()).then(|| String::from_utf8_lossy(&body).into_owned()),
        }
    }
}
