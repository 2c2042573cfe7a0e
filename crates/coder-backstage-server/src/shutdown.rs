//! When to stop.

use std::time::Duration;

use coder_core::with_causes;
use tokio::time::timeout;

use crate::drain::{Phase, Phases};

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// SIGINT, Ctrl-C: somebody waits at a terminal.
    Interrupt,
    /// SIGTERM: a service manager replaces or stops the process.
    Terminate,
}

/// Lets a server serve until the process is asked to end. SIGTERM lets it drain for this time first,
/// unless another signal comes meanwhile; SIGINT closes it at once.
pub(crate) fn phases(drain: Duration) -> Phases {
    let (phase, phases) = Phases::new();
    tokio::spawn(async move {
        if requested().await == Signal::Terminate && !drain.is_zero() {
            let seconds = drain.as_secs();
            tracing::info!(seconds, "draining: readiness says 503, and requests are still taken");
            phase.send_replace(Phase::Draining);
            // Either the time is over, or somebody is in a hurry.
            let _ = timeout(drain, requested()).await;
        }
        tracing::info!("shutting down");
        phase.send_replace(Phase::Closed);
        // The phase stays for those who look later.
        phase.closed().await;
    });
    phases
}

/// Ends when the process is asked to end.
async fn requested() -> Signal {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(
                error = with_causes(&error),
                "Ctrl-C will not stop this server gracefully"
            );
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => Signal::Interrupt,
        () = terminate() => Signal::Terminate,
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(
                error = with_causes(&error),
                "SIGTERM will not stop this server gracefully"
            );
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending::<()>().await;
}

/// The requests to read the configuration again: SIGHUP.
#[cfg(unix)]
pub(crate) struct Hangups(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangups {
    /// Listens from now on. Without it, SIGHUP would end the process.
    pub(crate) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let hangups = signal(SignalKind::hangup()).inspect_err(|error| {
            tracing::warn!(
                error = with_causes(error),
                "SIGHUP will not let this server read its configuration again"
            );
        });
        Self(hangups.ok())
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        let received = match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// The requests to read the configuration again, which do not exist here.
#[cfg(not(unix))]
pub(crate) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
