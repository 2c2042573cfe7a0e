//! The view of operators on a server that runs: its requests in the log, metrics, traces.

pub(crate) mod metrics;
mod outgoing;
mod peer;
mod requests;
#[cfg(feature = "otlp")]
pub(crate) mod traces;
#[cfg(not(feature = "otlp"))]
#[path = "traces/absent.rs"]
pub(crate) mod traces;
mod transport;

pub(crate) use peer::Peer;
pub(crate) use requests::watched;
pub(crate) use transport::MeasuredTransport;
