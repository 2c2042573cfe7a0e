//! Why the process ends with an error, and how it says so.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use coder_auth::RegistrationError;
use coder_auth_sqlx::SqlStoreError;
use coder_config::{BackendUrlError, ConfigError, ConfigErrors, Listen};
use coder_core::{DeploymentUrl, ReqwestTransportError, with_causes};
use coder_portal::PortalError;

use crate::administration::error::AdministrationFailure;
use crate::workspaces::error::WorkspacesFailure;

/// Error that ends the process.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigErrors),
    /// Something is worth a look, and the command line wants nothing to be.
    #[error("with `--strict`, a notice is a mistake")]
    Notices,
    /// A file of the configuration does not answer.
    #[error(
        "the files of the configuration were not read within {} seconds; look at the file system that they are on",
        _0.as_secs()
    )]
    SlowFiles(Duration),
    /// The configuration leaves out what the server needs.
    #[error(transparent)]
    Incomplete(#[from] ConfigError),
    /// The configuration is fine in itself, but no portal can be made of it.
    #[error(transparent)]
    Portal(Box<PortalError>),
    /// Grants and sessions cannot be kept where the configuration says.
    #[error("sessions cannot be kept; see `coder.session.store` and `--data-dir`")]
    Store(#[from] SqlStoreError),
    /// Nothing can be served at that place.
    #[error("cannot listen at `{listen}`; change `{key}` or end what listens there")]
    Listen {
        /// Address that was to be listened on.
        listen: Listen,
        /// Key of the configuration that names it.
        key: &'static str,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The service manager has opened something else than a socket to listen at.
    #[error(
        "cannot listen at what the service manager has opened; its first socket must be a TCP stream (`ListenStream=`)"
    )]
    Inherited(#[source] std::io::Error),
    /// The server stopped by itself.
    #[error("the server stopped")]
    Serve(#[source] std::io::Error),
    /// No requests can be sent.
    #[error(transparent)]
    Transport(#[from] ReqwestTransportError),
    /// Coder did not take the portal as an application.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// No Coder takes an application below this path.
    #[error(
        "the path `{path}` of `--deployment-url` may be the mistake: leave it out, unless a proxy puts Coder there"
    )]
    RegistrationAtPath {
        /// Path of the URL.
        path: String,
        /// Answer from there.
        source: RegistrationError,
    },
    /// No login could end at the portal.
    #[error("`--backend-url` is {url}, where no login can end")]
    BackendUrl {
        /// URL that was given, quoted.
        url: String,
        /// Reason.
        source: BackendUrlError,
    },
    /// The workspaces cannot be printed.
    #[error(transparent)]
    Workspaces(#[from] WorkspacesFailure),
    /// Sessions and people cannot be administered.
    #[error(transparent)]
    Administration(#[from] AdministrationFailure),
    /// Nobody's token is there to register with.
    #[error(
        "set CODER_SESSION_TOKEN to a token of an owner of the deployment (Coder makes one at `{deployment}/settings/tokens`), or use `--dynamic` where the deployment lets clients register themselves"
    )]
    NoToken {
        /// URL of the Coder deployment.
        deployment: DeploymentUrl,
    },
    /// The registration cannot be printed.
    #[error("standard output cannot be written to")]
    Output(#[source] std::io::Error),
    /// The variables of OpenTelemetry cannot be used.
    #[cfg(feature = "otlp")]
    #[error("traces cannot be exported; see the variables that begin with `OTEL_`")]
    Traces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The manual cannot be written.
    #[error("the manual cannot be written to `{}`", directory.display())]
    Manual {
        /// Directory of its pages.
        directory: PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// The asynchronous runtime did not start.
    #[error("the runtime cannot be started")]
    Runtime(#[source] std::io::Error),
    /// A part was made outside of the asynchronous runtime: a mistake of this program.
    #[error("there is no runtime to make the portal in; please report this")]
    NoRuntime,
    /// The demo cannot be set up.
    #[cfg(feature = "demo")]
    #[error("the demo cannot be set up: {what}")]
    Demo {
        /// Description of the failed action.
        what: &'static str,
        /// Error that caused it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A step of the smoke run failed; it has been printed.
    #[cfg(feature = "demo")]
    #[error("the smoke run failed")]
    Smoke,
}

impl From<PortalError> for Failure {
    fn from(error: PortalError) -> Self {
        Self::Portal(Box::new(error))
    }
}

impl Failure {
    /// Prints each problem on a line of its own.
    pub(crate) fn report(&self) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        for problem in self.problems() {
            // When standard error is closed nobody can be told.
            let _ = writeln!(stderr, "{problem}");
        }
        ExitCode::FAILURE
    }

    /// Returns a line for each problem.
    pub(crate) fn problems(&self) -> Vec<String> {
        match self {
            Self::Configuration(errors) => errors.iter().map(|error| with_causes(error)).collect(),
            other => vec![with_causes(other)],
        }
    }
}
