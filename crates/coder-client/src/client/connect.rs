//! Ways to a client: a URL and a token, the environment, Coder's own CLI. In a browser the first one.

use std::fmt;
use std::sync::Arc;

#[cfg(target_family = "wasm")]
use coder_core::{BrowserClock, BrowserRandom, BrowserRuntime};
use coder_core::{DeploymentUrl, ReqwestTransport, Secret, Transport, World};
#[cfg(not(target_family = "wasm"))]
use coder_core::{OsRandom, SystemClock, TokioRuntime};

#[cfg(not(target_family = "wasm"))]
use super::cli_session::CliSession;
use super::connect_error::ConnectError;
use super::{Client, Credential, CredentialProvider};

const USER_AGENT: &str = concat!("coder-client/", env!("CARGO_PKG_VERSION"));

/// Builder of a [`Client`]; made by [`Client::builder`].
///
/// ```no_run
/// # #[tokio::main]
/// # async fn main() -> Result<(), coder_client::ConnectError> {
/// use coder_client::Client;
///
/// let client = Client::builder()
///     .url("https://coder.example.com")
///     .token("do-not-print")
///     .user_agent("nightly-report/1.0")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    url: Option<String>,
    credentials: Option<Arc<dyn CredentialProvider>>,
    user_agent: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    allows_http: bool,
}

impl ClientBuilder {
    /// Sets the URL of the deployment, like `https://coder.example.com`. It is required.
    ///
    /// The scheme is https, except on loopback and with
    /// [`dangerously_allow_http`](Self::dangerously_allow_http).
    pub fn url(self, url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..self }
    }

    /// Sets the session token or API token that requests carry.
    pub fn token(self, token: impl Into<Secret>) -> Self {
        self.credential_provider(Credential::SessionToken(token.into()))
    }

    /// Sets a provider that is asked for the credential of each request.
    pub fn credential_provider(self, provider: impl CredentialProvider + 'static) -> Self {
        Self { credentials: Some(Arc::new(provider)), ..self }
    }

    /// Sets the `User-Agent`, by default `coder-client` with its version.
    pub fn user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: Some(user_agent.into()), ..self }
    }

    /// Sets the transport, by default a [`ReqwestTransport`] with the `User-Agent` of this builder.
    /// A transport of your own sets the `User-Agent` itself.
    ///
    /// A company's certificates, proxy and time limits belong to the transport:
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use coder_client::{Client, Proxy, ReqwestTransport};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = ReqwestTransport::builder("nightly-report/1.0")
    ///     .root_certificates(std::fs::read("/etc/acme/ca.pem")?)
    ///     .proxy(Proxy::new("http://proxy.example.com:3128").no_proxy(".svc.cluster.local"))
    ///     .connect_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// let client = Client::builder()
    ///     .url("https://coder.example.com")
    ///     .token("do-not-print")
    ///     .transport(transport)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(self, transport: impl Transport + 'static) -> Self {
        Self { transport: Some(Arc::new(transport)), ..self }
    }

    /// Sets whether the URL may be plain http on any host, as
    /// [`DeploymentUrl::dangerously_parse_http`] reads it. The default is no.
    ///
    /// Everybody on the way can then read and change what is sent, the token included. It is for a
    /// network that nobody else is on, such as the inside of a cluster.
    pub fn dangerously_allow_http(self, allowed: bool) -> Self {
        Self { allows_http: allowed, ..self }
    }

    /// Creates the client, on a native system on the current tokio runtime. No request is sent.
    ///
    /// # Errors
    ///
    /// When there is no URL or it cannot be used, when the HTTP client cannot be set up, and outside
    /// of a tokio runtime.
    pub fn build(self) -> Result<Client, ConnectError> {
        let text = self.url.ok_or(ConnectError::NoUrl)?;
        let parsed = if self.allows_http {
            DeploymentUrl::dangerously_parse_http(&text)
        } else {
            DeploymentUrl::parse(&text)
        };
        let deployment = parsed
            .map_err(|source| ConnectError::Url { text: coder_core::cleaned(&text), source })?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => {
                let user_agent = self.user_agent.as_deref().unwrap_or(USER_AGENT);
                Arc::new(ReqwestTransport::new(user_agent)?)
            }
        };
        let client = Client::new(&world(transport)?, deployment);
        Ok(Client { credentials: self.credentials, ..client })
    }
}

#[cfg(not(target_family = "wasm"))]
fn world(transport: Arc<dyn Transport>) -> Result<World, ConnectError> {
    Ok(World {
        transport,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        runtime: Arc::new(TokioRuntime::current().ok_or(ConnectError::NoRuntime)?),
    })
}

#[cfg(target_family = "wasm")]
#[expect(clippy::unnecessary_wraps, reason = "a native system may have no runtime")]
fn world(transport: Arc<dyn Transport>) -> Result<World, ConnectError> {
    Ok(World {
        transport,
        clock: Arc::new(BrowserClock),
        random: Arc::new(BrowserRandom),
        runtime: Arc::new(BrowserRuntime),
    })
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("url", &self.url)
            .field("has_credentials", &self.credentials.is_some())
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Creates a client for the deployment at `url` with a session token or API token.
    ///
    /// No request is sent. The client uses the current tokio runtime, in a browser its event loop,
    /// and a [`ReqwestTransport`].
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`].
    #[doc(alias = "login")]
    pub fn connect(url: impl Into<String>, token: impl Into<Secret>) -> Result<Self, ConnectError> {
        Self::builder().url(url).token(token).build()
    }

    /// Creates a client for the deployment that the environment names: `CODER_URL` and
    /// `CODER_SESSION_TOKEN`, and what one of them leaves open from the session of Coder's own CLI
    /// (`coder login`).
    ///
    /// The CLI keeps its session in the files `url` and `session` below `CODER_CONFIG_DIR`, by default
    /// `~/.config/coderv2`, on macOS `~/Library/Application Support/coderv2`, on Windows
    /// `%APPDATA%\coderv2`. A token from there is used only for the URL from there.
    ///
    /// # Errors
    ///
    /// When there is no URL or no token, and as [`ClientBuilder::build`].
    #[doc(alias = "try_default")]
    #[cfg(not(target_family = "wasm"))]
    pub fn from_env() -> Result<Self, ConnectError> {
        let variable = |name: &str| std::env::var(name).ok();
        let read = |path: &std::path::Path| std::fs::read_to_string(path);
        let session = CliSession::find(&variable, &read, std::env::consts::OS)?;
        Self::connect(session.url, session.token)
    }

    /// Begins a client, for callers who want another `User-Agent`, credential or transport.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }
}
