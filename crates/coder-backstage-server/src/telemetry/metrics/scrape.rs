//! The text that Prometheus reads: what was counted, and what there is at this moment.

use std::fmt;
use std::time::Duration;

use coder_auth::store::{AuthStore, StoreConnections, StoreCounts};
use coder_core::with_causes;
use coder_portal::{IndexState, Portal};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::time::timeout;

use super::Metrics;

/// The time limit of the store's answer.
const STORE_LIMIT: Duration = Duration::from_secs(2);

/// The label of connections to a database.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    db_client_connection_state: &'static str,
}

/// The state of a process and its store at this moment.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub(super) streams: usize,
    /// The answer of the store: its numbers, if it counts. `None` without an answer.
    pub(super) counts: Option<Option<StoreCounts>>,
    pub(super) connections: Option<StoreConnections>,
    pub(super) index: Option<IndexState>,
}

impl Now {
    pub(super) async fn look(portal: &Portal) -> Self {
        let store = portal.auth().store();
        Self {
            streams: portal.open_streams(),
            counts: counts(store).await,
            connections: store.connections(),
            index: portal.index_state(),
        }
    }
}

impl Metrics {
    /// Returns all numbers in the text format of OpenMetrics.
    ///
    /// Without an answer of the store its numbers are missing, and `coder_backstage_store_up` is 0.
    pub(super) fn text(&self, now: Now) -> Result<String, fmt::Error> {
        let Now { streams, counts, connections, index } = now;
        let mut registry = Registry::default();
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("coder_backstage_build", "The release that runs", build);
        let streams = i64::try_from(streams).unwrap_or(i64::MAX);
        gauge(&mut registry, "coder_backstage_streams", "Open streams of events", streams);
        let is_up = i64::from(counts.is_some());
        gauge(&mut registry, "coder_backstage_store_up", "Whether the store answers", is_up);
        if let Some(Some(counts)) = counts {
            stored(&mut registry, counts);
        }
        if let Some(connections) = connections {
            pooled(&mut registry, connections);
        }
        if let Some(index) = index {
            indexed(&mut registry, index);
        }
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &registry)?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// Asks the store what it holds; `None` if it does not answer.
async fn counts(store: &dyn AuthStore) -> Option<Option<StoreCounts>> {
    match timeout(STORE_LIMIT, store.counts()).await {
        Ok(Ok(counts)) => Some(counts),
        Ok(Err(error)) => {
            tracing::debug!(error = with_causes(&error), "the store was not counted");
            None
        }
        Err(_) => {
            tracing::debug!("the store was not counted in time");
            None
        }
    }
}

fn stored(registry: &mut Registry, counts: StoreCounts) {
    let StoreCounts { sessions, grants, links, revocations } = counts;
    for (name, help, value) in [
        ("coder_backstage_sessions", "Sessions in the store, of all processes", sessions),
        ("coder_backstage_grants", "Grants in the store, of all processes", grants),
        ("coder_backstage_linked_tokens", "Linked tokens in the store, of all processes", links),
        (
            "coder_backstage_pending_revocations",
            "Token pairs in the store that are to be revoked at Coder, of all processes",
            revocations,
        ),
    ] {
        gauge(registry, name, help, i64::try_from(value).unwrap_or(i64::MAX));
    }
}

fn pooled(registry: &mut Registry, connections: StoreConnections) {
    let StoreConnections { used, idle, max } = connections;
    let family = Family::<Connections, Gauge>::default();
    for (state, count) in [("used", used), ("idle", idle)] {
        let labels = Connections { db_client_connection_state: state };
        family.get_or_create(&labels).set(count.into());
    }
    let help = "Connections of this process to the database";
    registry.register("db_client_connection_count", help, family);
    let help = "Greatest number of connections of this process to the database";
    gauge(registry, "db_client_connection_max", help, max.into());
}

fn indexed(registry: &mut Registry, index: IndexState) {
    let help = "Whether Coder answers the service account of the index";
    gauge(registry, "coder_backstage_index_up", help, index.is_answered.into());
    for (name, help, count) in [
        ("coder_backstage_index_workspaces", "Workspaces in the index", index.workspaces),
        (
            "coder_backstage_index_waiting",
            "Workspaces with a build that is still to be read",
            index.waiting,
        ),
        (
            "coder_backstage_index_unread",
            "Workspaces with a parameter that could not be read",
            index.unread,
        ),
    ] {
        gauge(registry, name, help, i64::try_from(count).unwrap_or(i64::MAX));
    }
    if let Some(listed_at) = index.listed_at {
        let help = "When the list of all workspaces was last begun to be read, since 1970";
        let name = "coder_backstage_index_listed_timestamp_seconds";
        gauge(registry, name, help, listed_at.as_second());
    }
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}
