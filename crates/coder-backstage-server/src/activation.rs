//! Socket activation: a listening socket that the service manager has opened, and keeps open while one
//! process follows another (`sd_listen_fds(3)`: `LISTEN_FDS`, `LISTEN_PID`).

use coder_config::Listen;
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::server;

/// Takes the socket of the service manager, if there is one; else listens at this place.
///
/// # Errors
///
/// When the place is taken or is none of this machine, or when what the service manager has opened is
/// no TCP socket that listens.
pub(crate) async fn listener(listen: &Listen) -> Result<TcpListener, Failure> {
    match inherited().map_err(Failure::Inherited)? {
        Some(listener) => {
            tracing::info!(
                "the service manager has opened the socket; `backend.listen` is not used"
            );
            Ok(listener)
        }
        None => server::bind(listen).await,
    }
}

#[cfg(unix)]
fn inherited() -> std::io::Result<Option<TcpListener>> {
    let Some(listener) = listenfd::ListenFd::from_env().take_tcp_listener(0)? else {
        return Ok(None);
    };
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener).map(Some)
}

#[cfg(not(unix))]
fn inherited() -> std::io::Result<Option<TcpListener>> {
    Ok(None)
}
