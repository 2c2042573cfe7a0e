//! The numbers for Prometheus: what is counted, and what is measured.
//!
//! HTTP and the database have the names and labels of OpenTelemetry's semantic conventions, in the
//! spelling of Prometheus; what only this server has begins with `coder_backstage_`. A label has few
//! values, whatever strangers send.

mod labels;
mod listener;
#[cfg(test)]
mod manual;
mod scrape;

use std::sync::Arc;
use std::time::Duration;

use coder_auth::{AuthEvent, AuthEventKind};
use coder_core::TransportErrorKind;
use coder_portal::MatchedRoute;
use http::{Method, StatusCode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::outgoing::Outgoing;
pub(crate) use labels::method_name;
use labels::{ActiveRequests, Asked, Event, LoginEvent, Requests};
pub(crate) use listener::start;

/// The bounds of durations in seconds, as OpenTelemetry proposes them.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// A maker of histograms of durations.
#[derive(Clone)]
struct Durations;

impl MetricConstructor<Histogram> for Durations {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

/// The numbers of one process.
pub(crate) struct Metrics {
    registry: Registry,
    active: Family<ActiveRequests, Gauge>,
    requests: Family<Requests, Histogram, Durations>,
    asked: Family<Asked, Histogram, Durations>,
    logins: Family<LoginEvent, Counter>,
    refreshes: Family<LoginEvent, Counter>,
    logouts: Family<LoginEvent, Counter>,
    links: Family<LoginEvent, Counter>,
    rotations: Family<Event, Counter>,
    sweeps: Family<Event, Counter>,
}

impl Metrics {
    /// Creates the numbers of a process that has done nothing yet.
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::default();
        let (active, requests, asked) = (Family::default(), durations(), durations::<Asked>());
        registry.register(
            "http_server_active_requests",
            "Requests that are being answered",
            active.clone(),
        );
        registry.register_with_unit(
            "http_server_request_duration",
            "Time until the head of an answer",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register_with_unit(
            "http_client_request_duration",
            "Time until the head of the answer of Coder, the catalog or another issuer",
            Unit::Seconds,
            asked.clone(),
        );
        let of_people = |registry: &mut Registry, name: &str, help: &str| {
            let family = Family::<LoginEvent, Counter>::default();
            registry.register(format!("coder_backstage_{name}"), help, family.clone());
            family
        };
        let logins = of_people(&mut registry, "logins", "Logins that have ended");
        let refreshes = of_people(&mut registry, "refreshes", "Refreshes of sessions");
        let logouts = of_people(&mut registry, "logouts", "Sessions that a person has ended");
        let links = of_people(&mut registry, "links", "Tokens that were linked and taken back");
        let (rotations, sweeps) = (Family::default(), Family::default());
        registry.register(
            "coder_backstage_rotations",
            "Token pairs that Coder has replaced",
            rotations.clone(),
        );
        registry.register(
            "coder_backstage_sweeps",
            "Sweeps, which end what is over",
            sweeps.clone(),
        );
        Arc::new(Self {
            registry,
            active,
            requests,
            asked,
            logins,
            refreshes,
            logouts,
            links,
            rotations,
            sweeps,
        })
    }

    /// Counts a request as being answered, until the result is dropped.
    pub(crate) fn begin_request(&self, method: &Method) -> ActiveRequest {
        let labels = ActiveRequests { http_request_method: method_name(method) };
        let gauge = self.active.get_or_create_owned(&labels);
        gauge.inc();
        ActiveRequest(gauge)
    }

    /// Notes the answer to a request.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Option<MatchedRoute>,
        status: StatusCode,
        duration: Duration,
    ) {
        let labels = Requests::new(method, route, status);
        self.requests.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// Notes the outcome of a request to another server.
    pub(crate) fn asked(
        &self,
        outgoing: &Outgoing,
        outcome: Result<StatusCode, TransportErrorKind>,
        duration: Duration,
    ) {
        let labels = Asked::new(outgoing, outcome);
        self.asked.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// Counts an event of a login.
    pub(crate) fn count(&self, event: &AuthEvent) {
        let environment = event.environment.clone().unwrap_or_default();
        let of_people = |family: &Family<LoginEvent, Counter>, outcome| {
            family.get_or_create(&LoginEvent { environment, outcome }).inc();
        };
        let of_process = |family: &Family<Event, Counter>, outcome| {
            family.get_or_create(&Event { outcome }).inc();
        };
        match event.kind {
            AuthEventKind::SignedIn => of_people(&self.logins, "success"),
            AuthEventKind::SignInRefused => of_people(&self.logins, "refused"),
            AuthEventKind::SignInFailed => of_people(&self.logins, "failed"),
            AuthEventKind::Refreshed => of_people(&self.refreshes, "success"),
            AuthEventKind::RefreshRefused => of_people(&self.refreshes, "refused"),
            AuthEventKind::RefreshFailed => of_people(&self.refreshes, "failed"),
            AuthEventKind::SignedOut => of_people(&self.logouts, "success"),
            AuthEventKind::Linked => of_people(&self.links, "linked"),
            AuthEventKind::LinkRefused => of_people(&self.links, "refused"),
            AuthEventKind::Unlinked => of_people(&self.links, "unlinked"),
            // By a process of its own, which nobody scrapes.
            AuthEventKind::EndedByAdministrator
            | AuthEventKind::AllEndedByAdministrator
            | AuthEventKind::ErasedByAdministrator => {}
            AuthEventKind::Rotated => of_process(&self.rotations, "success"),
            AuthEventKind::RotationRefused => of_process(&self.rotations, "refused"),
            AuthEventKind::Swept => of_process(&self.sweeps, "success"),
            AuthEventKind::SweepFailed => of_process(&self.sweeps, "failed"),
        }
    }
}

/// A request that is being answered.
pub(crate) struct ActiveRequest(Gauge);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn durations<L: Clone + std::hash::Hash + Eq>() -> Family<L, Histogram, Durations> {
    Family::new_with_constructor(Durations)
}
