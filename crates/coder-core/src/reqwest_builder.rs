//! Building a [`ReqwestTransport`]: whom it trusts, through which proxy it goes, how long it waits.

use std::time::Duration;

use crate::reqwest_transport::Clients;
use crate::{ReqwestTransport, ReqwestTransportError, Secret};

/// How long connecting may take by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the peer may send nothing by default.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// A builder of a [`ReqwestTransport`], for native targets.
///
/// ```
/// use std::time::Duration;
///
/// use coder_core::{Proxy, ReqwestTransport};
///
/// # fn main() -> Result<(), coder_core::ReqwestTransportError> {
/// let transport = ReqwestTransport::builder("my-program/1.0")
///     .proxy(Proxy::new("http://proxy.example.com:3128").no_proxy("localhost,.svc.cluster.local"))
///     .connect_timeout(Duration::from_secs(5))
///     .build()?;
/// # let _ = transport;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReqwestTransportBuilder {
    user_agent: String,
    proxy: ProxyChoice,
    connect_timeout: Duration,
    read_timeout: Duration,
    timeout: Option<Duration>,
    pool_idle_timeout: Option<Duration>,
    pool_max_idle_per_host: Option<usize>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    trust: Trust,
    #[cfg(feature = "http2")]
    http2: bool,
}

/// Whom to trust, and what to show to peers that ask who connects.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[derive(Clone, Debug, Default)]
struct Trust {
    root_certificates: Vec<Vec<u8>>,
    without_system: bool,
    identity: Option<(Vec<u8>, Secret)>,
}

#[derive(Clone, Debug)]
enum ProxyChoice {
    Environment,
    Direct,
    Through(Proxy),
}

/// An HTTP proxy: https goes through it by `CONNECT` (RFC 9110 §9.3.6).
#[derive(Clone, Debug)]
pub struct Proxy {
    url: String,
    no_proxy: String,
    credentials: Option<(String, Secret)>,
}

impl Proxy {
    /// Creates a proxy at this URL, like `http://proxy.example.com:3128`. Its scheme is http or https.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), no_proxy: String::new(), credentials: None }
    }

    /// Sets the hosts that are reached without the proxy, separated by commas as in the variable
    /// `NO_PROXY`: names with all names below them, addresses, and networks like `10.0.0.0/8`.
    #[must_use]
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = hosts.into();
        self
    }

    /// Sets the user and password for the proxy (`Proxy-Authorization: Basic`, RFC 7617).
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: Secret) -> Self {
        self.credentials = Some((user.into(), password));
        self
    }

    fn to_reqwest(&self) -> Result<reqwest::Proxy, ReqwestTransportError> {
        const UNUSABLE: &str =
            "the URL of the proxy cannot be used; write it like `http://proxy.example.com:3128`";
        let scheme = self.url.split_once("://").map_or("http", |(scheme, _)| scheme);
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err(ReqwestTransportError::new(UNUSABLE, "its scheme must be http or https"));
        }
        let proxy = reqwest::Proxy::all(&self.url)
            .map_err(|error| ReqwestTransportError::new(UNUSABLE, error))?;
        let proxy = proxy.no_proxy(reqwest::NoProxy::from_string(&self.no_proxy));
        Ok(match &self.credentials {
            Some((user, password)) => proxy.basic_auth(user, password.expose()),
            None => proxy,
        })
    }
}

impl ReqwestTransport {
    /// Returns a builder of a transport that sends this `User-Agent`.
    pub fn builder(user_agent: impl Into<String>) -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            user_agent: user_agent.into(),
            proxy: ProxyChoice::Environment,
            connect_timeout: CONNECT_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            timeout: None,
            pool_idle_timeout: None,
            pool_max_idle_per_host: None,
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            trust: Trust::default(),
            #[cfg(feature = "http2")]
            http2: false,
        }
    }

    /// Creates a transport that sends this `User-Agent`, and otherwise is as [`Self::builder`]
    /// makes it.
    ///
    /// # Errors
    ///
    /// When reqwest cannot be set up.
    pub fn new(user_agent: &str) -> Result<Self, ReqwestTransportError> {
        Self::builder(user_agent).build()
    }
}

impl ReqwestTransportBuilder {
    /// Adds certificates of authorities, in PEM, that are trusted beside those of the system.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    #[must_use]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.trust.root_certificates.push(pem.into());
        self
    }

    /// Sets whether the authorities of the system are trusted, which they are by
    /// default. Without them only those of [`Self::root_certificates`] are.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    #[must_use]
    pub fn system_certificates(mut self, trusted: bool) -> Self {
        self.trust.without_system = !trusted;
        self
    }

    /// Sets the certificate that is shown to a peer which asks who connects (mutual TLS), with its
    /// private key (PKCS#8), both in PEM.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: Secret) -> Self {
        self.trust.identity = Some((certificate.into(), key));
        self
    }

    /// Sets the proxy that every request goes through, in place of those of the environment
    /// (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). `None` is no proxy at all.
    ///
    /// A URL of this machine is always reached without a proxy.
    #[must_use]
    pub fn proxy(mut self, proxy: impl Into<Option<Proxy>>) -> Self {
        self.proxy = match proxy.into() {
            Some(proxy) => ProxyChoice::Through(proxy),
            None => ProxyChoice::Direct,
        };
        self
    }

    /// Sets how long connecting may take, the handshake of TLS included: 10 seconds by
    /// default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long the peer may send nothing before or within an answer: 60 seconds by
    /// default.
    #[must_use]
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Sets how long a request may take, from its first byte to the last one of its answer. There
    /// is no such limit unless one is set.
    ///
    /// An answer that goes on, such as a stream of events, ends by it as well.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long a connection that is not in use is kept: 90 seconds by default.
    #[must_use]
    pub fn pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool_idle_timeout = Some(timeout);
        self
    }

    /// Sets how many connections that are not in use are kept for each host. There is no limit
    /// unless one is set; 0 uses each connection once.
    #[must_use]
    pub fn pool_max_idle_per_host(mut self, most: usize) -> Self {
        self.pool_max_idle_per_host = Some(most);
        self
    }

    /// Sets whether requests may use HTTP/2 (RFC 9113) where the peer offers it over TLS. They use
    /// HTTP/1.1 by default. WebSockets always begin in HTTP/1.1.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    #[must_use]
    pub fn http2(mut self, allowed: bool) -> Self {
        self.http2 = allowed;
        self
    }

    /// Builds the transport from what was set.
    ///
    /// # Errors
    ///
    /// When a certificate or the proxy cannot be used, or the system's certificates cannot be read.
    pub fn build(self) -> Result<ReqwestTransport, ReqwestTransportError> {
        let web_sockets = self.clients(false)?;
        #[cfg(feature = "http2")]
        let requests = if self.http2 { self.clients(true)? } else { web_sockets.clone() };
        #[cfg(not(feature = "http2"))]
        let requests = web_sockets.clone();
        Ok(ReqwestTransport::from_clients(requests, web_sockets))
    }

    fn clients(&self, http2: bool) -> Result<Clients, ReqwestTransportError> {
        let built = |builder: reqwest::ClientBuilder| {
            const CLIENT: &str = "the HTTP client cannot be set up";
            builder.build().map_err(|error| ReqwestTransportError::new(CLIENT, error))
        };
        let usual = match &self.proxy {
            ProxyChoice::Environment => self.client(http2)?,
            ProxyChoice::Direct => self.client(http2)?.no_proxy(),
            ProxyChoice::Through(proxy) => self.client(http2)?.proxy(proxy.to_reqwest()?),
        };
        Ok(Clients { usual: built(usual)?, direct: built(self.client(http2)?.no_proxy())? })
    }

    fn client(&self, http2: bool) -> Result<reqwest::ClientBuilder, ReqwestTransportError> {
        let mut client = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.read_timeout);
        if !http2 {
            client = client.http1_only();
        }
        if let Some(timeout) = self.timeout {
            client = client.timeout(timeout);
        }
        if let Some(timeout) = self.pool_idle_timeout {
            client = client.pool_idle_timeout(timeout);
        }
        if let Some(most) = self.pool_max_idle_per_host {
            client = client.pool_max_idle_per_host(most);
        }
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let client = self.trust.applied_to(client)?;
        Ok(client)
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl Trust {
    fn applied_to(
        &self,
        mut client: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, ReqwestTransportError> {
        // Where both are compiled in, because other crates ask for them, rustls counts.
        #[cfg(feature = "rustls")]
        {
            client = client.tls_backend_rustls();
        }
        const ROOTS: &str = "the root certificates cannot be used; they must be PEM";
        let mut roots = Vec::new();
        for pem in &self.root_certificates {
            let read = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| ReqwestTransportError::new(ROOTS, error))?;
            if read.is_empty() {
                return Err(ReqwestTransportError::new(ROOTS, "there is no certificate in them"));
            }
            roots.extend(read);
        }
        client = if self.without_system {
            client.tls_certs_only(roots)
        } else {
            client.tls_certs_merge(roots)
        };
        match &self.identity {
            Some((certificate, key)) => identified(client, certificate, key),
            None => Ok(client),
        }
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn identified(
    client: reqwest::ClientBuilder,
    certificate: &[u8],
    key: &Secret,
) -> Result<reqwest::ClientBuilder, ReqwestTransportError> {
    const IDENTITY: &str =
        "the client certificate or its key cannot be used; both must be PEM, the key not encrypted";
    #[cfg(feature = "rustls")]
    let identity = reqwest::Identity::from_pem(&zeroize::Zeroizing::new(
        [key.expose().as_bytes(), b"\n", certificate].concat(),
    ));
    #[cfg(not(feature = "rustls"))]
    let identity = reqwest::Identity::from_pkcs8_pem(certificate, key.expose().as_bytes());
    // The cause may quote the key.
    match identity {
        Ok(identity) => Ok(client.identity(identity)),
        Err(_) => Err(ReqwestTransportError::new(IDENTITY, "they cannot be read")),
    }
}
