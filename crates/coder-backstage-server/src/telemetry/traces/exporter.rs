//! Where spans go: over HTTP, with this server's own client.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coder_core::{ReqwestTransport, Transport as _, TransportError};
use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};

use super::TARGET;
use crate::failure::Failure;
use crate::user_agent::USER_AGENT;

/// The variables of OpenTelemetry that say where spans go. Without them, nothing is exported.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// The time limit for the last spans, at the end of the process.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// The greatest answer of a collector, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// The traces of a process, and their exporter if there is one.
pub(crate) struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Starts to export if a collector is named. `runtime` sends.
    ///
    /// # Errors
    ///
    /// When the variables of OpenTelemetry cannot be used.
    pub(crate) fn start(runtime: &Handle) -> Result<Self, Failure> {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !ENDPOINTS.into_iter().any(is_set) {
            return Ok(Self(None));
        }
        let client =
            Client { transport: ReqwestTransport::new(USER_AGENT)?, runtime: runtime.clone() };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|error| Failure::Traces(error.into()))?;
        let resource = Resource::builder();
        let resource = if is_set(SERVICE_NAME) {
            resource
        } else {
            resource.with_service_name("coder-backstage")
        };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build());
        Ok(Self(Some(provider.build())))
    }

    /// Returns the layer that takes spans, if they are exported.
    pub(crate) fn layer(&self) -> Option<impl Layer<Registry> + Send + Sync + use<>> {
        let tracer = self.0.as_ref()?.tracer("coder-backstage");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false);
        Some(layer.with_filter(filter_fn(|metadata| metadata.target() == TARGET)))
    }

    /// Sends the last spans.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(LAST_EXPORT)
        {
            tracing::debug!(
                error = coder_core::with_causes(&error),
                "the last spans were not sent"
            );
        }
    }
}

/// A client for the exporter, whose thread has no runtime of its own.
#[derive(Debug)]
struct Client {
    transport: ReqwestTransport,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let transport = self.transport.clone();
        let sent = self.runtime.spawn(async move {
            let (head, body) = transport.send(request).await?.into_parts();
            Ok::<_, TransportError>(Response::from_parts(head, body.collect(MAX_ANSWER).await?))
        });
        Ok(sent.await??)
    }
}
