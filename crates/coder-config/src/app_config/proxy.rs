//! `proxy.endpoints`: what pages may ask Coder through the backend, as Backstage's proxy has it.

use coder_core::{DeploymentUrl, Secret};
use indexmap::IndexMap;
use url::Url;

use super::auth::AuthConfig;
use super::cors::is_token;
use super::reader::{Reader, Section, Value, each_once};
use crate::Notice;
use crate::message::shown;

/// An endpoint of Backstage's proxy that leads to a deployment of Coder, such as `/coder`, which the
/// original plugin needs.
///
/// The struct is exhaustive, so that a portal that does not read a new key does not compile.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// Path below `/api/proxy`, with a slash at its beginning and none at its end: `/coder`.
    pub route: String,
    /// Key `target`: URL of the deployment.
    pub target: DeploymentUrl,
    /// `allowedMethods`, upper case; `None` allows all.
    pub allowed_methods: Option<Vec<String>>,
    /// `allowedHeaders`, lower case, beside those that Backstage always passes on.
    pub allowed_headers: Vec<String>,
    /// `headers` that are added to every request. Their values may be secrets.
    pub headers: IndexMap<String, Secret>,
    /// `credentials`: whether a request must identify its caller.
    pub credentials: ProxyCredentials,
}

/// The callers that may use an endpoint: `require`, `forward` or `dangerously-allow-unauthenticated`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum ProxyCredentials {
    /// Identified callers. It is the default, and what `forward` means here: no credential of
    /// Backstage is passed on.
    #[default]
    Require,
    /// Everybody. A request without any credential reaches Coder without one.
    DangerouslyAllowUnauthenticated,
}

const KEYS: &[&str] = &[
    "target",
    "changeOrigin",
    "allowedMethods",
    "allowedHeaders",
    "headers",
    "pathRewrite",
    "credentials",
    "secure",
    "ws",
    "followRedirects",
];

/// The header that carries a token of Coder.
const CODER_SESSION_TOKEN: &str = "coder-session-token";

/// Request headers that reach no deployment, whatever the configuration lists.
const WITHHELD: &[&str] = &[
    // Credentials for somebody else, and the one that the proxy sets.
    "authorization",
    "cookie",
    "set-cookie",
    CODER_SESSION_TOKEN,
    "x-coder-bypass-ratelimit",
    // Headers of one connection (RFC 9110 section 7.6.1), and what the transport says itself.
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // What another hop would believe about the sender or the request.
    "cf-connecting-ip",
    "forwarded",
    "true-client-ip",
    "x-client-ip",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

/// Families of such headers, by their beginnings.
const WITHHELD_FAMILIES: &[&str] = &["x-forwarded-", "sec-websocket-"];

impl ProxyConfig {
    /// Creates the endpoint at `route` for the deployment at `target`, which passes on every method
    /// and no further headers.
    pub fn new(route: impl AsRef<str>, target: DeploymentUrl) -> Self {
        Self {
            route: format!("/{}", route.as_ref().trim_matches('/')),
            target,
            allowed_methods: None,
            allowed_headers: Vec::new(),
            headers: IndexMap::new(),
            credentials: ProxyCredentials::default(),
        }
    }

    /// Tells whether a request header, in lower case, is never passed on to a deployment, even if
    /// `allowedHeaders` lists it.
    pub fn withholds(header: &str) -> bool {
        WITHHELD.contains(&header)
            || WITHHELD_FAMILIES.iter().any(|family| header.starts_with(family))
    }
}

impl<'a> Reader<'a> {
    /// Reads the endpoints that lead to a deployment, in both places and both shapes that Backstage
    /// knows: below `proxy` and below `proxy.endpoints`, a mapping or only the target. Others are
    /// told.
    pub(super) fn proxies(
        &mut self,
        root: &Section<'a>,
        auth: Option<&AuthConfig>,
    ) -> Vec<ProxyConfig> {
        let proxy = self.section(root, "proxy");
        self.slips(&proxy, &["endpoints"]);
        let endpoints = self.section(&proxy, "endpoints");
        self.slips(&endpoints, &["/coder"]);
        let mut served: Vec<ProxyConfig> = Vec::new();
        for section in [endpoints, proxy] {
            for key in section.keys() {
                if !key.starts_with('/') && key != "coder" {
                    continue;
                }
                // The newer place counts.
                let found = self.endpoint(&section, key, auth);
                served.extend(found.filter(|found| !is_among(&served, found)));
            }
        }
        served
    }

    /// Reads one endpoint; `None` if it leads elsewhere or cannot be used.
    fn endpoint(
        &mut self,
        section: &Section<'a>,
        key: &str,
        auth: Option<&AuthConfig>,
    ) -> Option<ProxyConfig> {
        let is_ours = |target: &DeploymentUrl| auth.is_none_or(|auth| is_deployment(auth, target));
        let is_coder = key.trim_matches('/') == "coder";
        // Nothing is read of an endpoint that another backend serves.
        if !is_coder && !section.target_of(key).is_some_and(|target| is_ours(&target)) {
            self.not_served(section, key);
            return None;
        }
        let value = self.value(section, key)?;
        let read = DeploymentUrl::dangerously_parse_http;
        let config = if value.node.as_map().is_none() {
            self.parsed(section, key, read).map(|target| ProxyConfig::new(key, target))
        } else {
            let endpoint = self.section(section, key);
            self.only(&endpoint, KEYS);
            let target = self.required(&endpoint, "target");
            let target = target.and_then(|text| self.parse(&endpoint, "target", text, read));
            self.choices(&endpoint, key, target)
        }?;
        if !is_ours(&config.target) {
            // What is wrong with an environment is told, and this only follows from it.
            if auth.is_some_and(|auth| auth.environments.values().all(Result::is_ok)) {
                self.not_served(section, key);
            }
            return None;
        }
        Some(config)
    }

    /// Reads what is chosen about an endpoint for this target.
    fn choices(
        &mut self,
        endpoint: &Section<'a>,
        key: &str,
        target: Option<DeploymentUrl>,
    ) -> Option<ProxyConfig> {
        let allowed_methods = self
            .names(endpoint, "allowedMethods")
            .map(|methods| methods.iter().map(|method| method.to_ascii_uppercase()).collect());
        let allowed_headers = self.allowed_headers(endpoint);
        let headers = self.added_headers(endpoint);
        let credentials = self.parsed(endpoint, "credentials", |text| match text {
            "require" | "forward" => Ok(ProxyCredentials::Require),
            "dangerously-allow-unauthenticated" => {
                Ok(ProxyCredentials::DangerouslyAllowUnauthenticated)
            }
            _ => Err("it must be `require`, `forward` or `dangerously-allow-unauthenticated`"),
        });
        self.other_rewrites(endpoint, key);
        if self.flag(endpoint, "secure") == Some(false) {
            self.has_no_effect(endpoint, "secure", "the certificate of Coder is always checked");
        }
        if self.flag(endpoint, "followRedirects") == Some(true) {
            self.has_no_effect(endpoint, "followRedirects", "no redirect is followed");
        }
        Some(ProxyConfig {
            allowed_methods,
            allowed_headers,
            headers,
            credentials: credentials.unwrap_or_default(),
            ..ProxyConfig::new(key, target?)
        })
    }

    /// Reads the names of headers that are passed on. Those that never are, are told.
    fn allowed_headers(&mut self, endpoint: &Section<'a>) -> Vec<String> {
        let mut allowed = Vec::new();
        for (value, text) in self.items(endpoint, "allowedHeaders") {
            let name = text.trim().to_ascii_lowercase();
            if name.is_empty() || !is_token(&name) {
                self.invalid(&value, format!("is `{}`, which is no name of a header", shown(text)));
            } else if name == "authorization" {
                let why = "`Authorization` holds Backstage's token, which Coder does not get; the \
                           portal sends each person's token of Coder in its place";
                self.is_withheld(&value, why);
            } else if name == CODER_SESSION_TOKEN {
                // It is always read, and always sent.
            } else if ProxyConfig::withholds(&name) {
                let why = format!("the header `{}` is never passed on", shown(text));
                self.is_withheld(&value, &why);
            } else {
                allowed.push(name);
            }
        }
        each_once(allowed.iter().map(String::as_str))
    }

    /// Reads the headers that are added. `Authorization` may be for a proxy in front of Coder.
    fn added_headers(&mut self, endpoint: &Section<'a>) -> IndexMap<String, Secret> {
        let section = self.section(endpoint, "headers");
        self.every_key(&section);
        let mut headers = IndexMap::new();
        for key in section.keys() {
            let Some(value) = self.value(&section, key) else { continue };
            let Some(text) = self.text_of(&value) else { continue };
            let name = key.to_ascii_lowercase();
            if name.is_empty() || !is_token(&name) {
                self.invalid(&value, "has a key that is no name of a header");
            } else if text.bytes().any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
                self.invalid(&value, "holds characters that no header can have");
            } else if name == CODER_SESSION_TOKEN {
                self.is_withheld(&value, "each person's own token of Coder is sent");
            } else if name != "authorization" && ProxyConfig::withholds(&name) {
                let why = format!("the header `{}` is not sent from here", shown(key));
                self.is_withheld(&value, &why);
            } else {
                headers.insert(name, Secret::new(text));
            }
        }
        headers
    }

    /// Tells of a rewriting of paths that is not Backstage's own, which takes the prefix off.
    fn other_rewrites(&mut self, endpoint: &Section<'a>, key: &str) {
        let section = self.section(endpoint, "pathRewrite");
        self.every_key(&section);
        let prefix = format!("/api/proxy/{}", key.trim_matches('/'));
        for pattern in section.keys() {
            let Some(value) = self.value(&section, pattern) else { continue };
            let plain = pattern.trim_start_matches('^').trim_end_matches('?').trim_end_matches('/');
            let takes_off = matches!(value.node.scalar_text(), Some("" | "/"));
            if plain != prefix || !takes_off {
                let why = "a path is passed on as it is, without the prefix of the endpoint";
                self.is_withheld(&value, why);
            }
        }
    }

    fn has_no_effect(&mut self, endpoint: &Section<'a>, key: &str, why: &str) {
        if let Some(value) = self.value(endpoint, key) {
            self.is_withheld(&value, why);
        }
    }

    fn is_withheld(&mut self, value: &Value<'_>, why: &str) {
        let path = value.path.clone();
        let message = format!("`{path}` has no effect here: {why}");
        self.notices.push(Notice::new(path, message).at(value.node.provenance().clone()));
    }

    /// Tells of an endpoint whose target is no deployment of this portal.
    fn not_served(&mut self, section: &Section<'a>, key: &str) {
        let path = section.path_of(key);
        let message = format!(
            "`{path}` is not served here, because its target is the `deploymentUrl` of no \
             environment; correct the target, or leave the endpoint to another backend"
        );
        let mut notice = Notice::new(path, message);
        if let Some(at) = section.key_location(key) {
            notice = notice.at(at.clone());
        }
        self.notices.push(notice);
    }

    /// Reads `coder.proxy`: the hosts that icons of templates may be fetched from.
    pub(super) fn icon_hosts(&mut self, coder: &Section<'a>) -> Vec<String> {
        let proxy = self.section(coder, "proxy");
        self.only(&proxy, &["iconHosts"]);
        let mut hosts = Vec::new();
        for (value, text) in self.items(&proxy, "iconHosts") {
            let host = text.trim().to_ascii_lowercase();
            let url = Url::parse(&format!("https://{host}/"));
            match url.ok().filter(|url| is_host(url, &host)) {
                Some(_) => hosts.push(host),
                None => {
                    let problem = format!(
                        "is `{}`; it must be a host like `cdn.example.com`, without scheme, path \
                         and `*`",
                        shown(text)
                    );
                    self.invalid(&value, problem);
                }
            }
        }
        each_once(hosts.iter().map(String::as_str))
    }
}

impl Section<'_> {
    /// Returns the target of an endpoint, as far as it could be a deployment.
    fn target_of(&self, key: &str) -> Option<DeploymentUrl> {
        let endpoint = self.peek(key)?;
        let target = endpoint.get("target").unwrap_or(endpoint);
        DeploymentUrl::dangerously_parse_http(target.scalar_text()?).ok()
    }
}

/// Tells whether a URL consists of this host and possibly a port.
fn is_host(url: &Url, host: &str) -> bool {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    !host.contains('*') && url.host_str().is_some_and(|name| format!("{name}{port}") == host)
}

fn is_among(served: &[ProxyConfig], found: &ProxyConfig) -> bool {
    served.iter().any(|known| known.route == found.route)
}

/// Tells whether an environment that can be used is at this deployment.
fn is_deployment(auth: &AuthConfig, target: &DeploymentUrl) -> bool {
    auth.environments.values().filter_map(|ready| ready.as_ref().ok()).any(|environment| {
        environment.deployment_url == *target || environment.internal_url.as_ref() == Some(target)
    })
}
