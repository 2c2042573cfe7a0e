//! Sockets: listening, serving, and stopping.

use std::future::IntoFuture as _;
use std::io;
use std::time::Duration;

use axum::Router;
use coder_config::Listen;
use coder_portal::Portal;
use tokio::net::TcpListener;

use crate::failure::Failure;

/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);

/// How long requests that are being answered may take to end once the server is asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Starts to listen. Without a host that is every address of the machine, over IPv6 and IPv4 where
/// the system has both.
///
/// # Errors
///
/// When the place is taken, or is none of this machine.
pub(crate) async fn bind(listen: &Listen) -> Result<TcpListener, Failure> {
    let bound = match listen.host.as_deref() {
        Some(host) => TcpListener::bind((host, listen.port)).await,
        None => match TcpListener::bind(("::", listen.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(("0.0.0.0", listen.port)).await
            }
            bound => bound,
        },
    };
    bound.map_err(|source| Failure::Listen { listen: listen.clone(), source })
}

/// Serves `routes` and sweeps `portal` until `stop` ends; then the requests at hand are finished.
///
/// # Errors
///
/// When the listener fails.
pub(crate) async fn run(
    listener: TcpListener,
    routes: Router,
    portal: Portal,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let mut out_of_time = stopping.subscribe();
    tokio::spawn(async move {
        stop.await;
        stopping.send_replace(true);
    });
    let serving = axum::serve(listener, routes)
        .with_graceful_shutdown(async move {
            // An error means that the task above is gone: the runtime is ending.
            let _ = stopped.wait_for(|stop| *stop).await;
        })
        .into_future();
    let cut_off = async move {
        let _ = out_of_time.wait_for(|stop| *stop).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.map_err(Failure::Serve),
        () = cut_off => {
            tracing::warn!("some requests did not end in time and were cut off");
            Ok(())
        }
        () = sweep(portal) => Ok(()),
    }
}

/// Ends sessions and logins whose time is over, for ever.
async fn sweep(portal: Portal) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        if let Err(error) = portal.auth().sweep().await {
            tracing::warn!(%error, "expired sessions could not be removed");
        }
    }
}
