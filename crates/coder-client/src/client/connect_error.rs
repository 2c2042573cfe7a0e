//! The reasons why there is no client.

use std::path::PathBuf;

use coder_core::{DeploymentUrlError, ReqwestTransportError};

/// The reason why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Nothing names the deployment.
    #[error("no deployment is named: set `CODER_URL`, or sign in with `coder login`")]
    NoUrl,
    /// The deployment is named, and there is no token for it.
    #[error(
        "there is no token: set `CODER_SESSION_TOKEN`, or sign in with `coder login` \
         (with `--use-keyring=false` where it keeps the token in the keyring)"
    )]
    NoToken,
    /// The URL cannot be used.
    #[error("`{text}` cannot be the URL of a deployment")]
    #[non_exhaustive]
    Url {
        /// The URL as it was given, cut to 200 characters.
        text: String,
        /// The reason in words.
        source: DeploymentUrlError,
    },
    /// A file of Coder's CLI cannot be read.
    #[error("cannot read `{}`", .path.display())]
    #[non_exhaustive]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The HTTP client cannot be set up.
    #[error(transparent)]
    Transport(#[from] ReqwestTransportError),
    /// The code runs outside of a tokio runtime.
    #[error("there is no tokio runtime here; call this inside of `#[tokio::main]`")]
    NoRuntime,
}
