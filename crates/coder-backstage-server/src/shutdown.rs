//! When to stop.

use coder_core::with_causes;

/// Ends when the process is asked to: by SIGINT (Ctrl-C) or SIGTERM.
pub(crate) async fn requested() {
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
        () = interrupt => {}
        () = terminate() => {}
    }
    tracing::info!("shutting down");
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
