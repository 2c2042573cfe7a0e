//! One endpoint of the proxy, as configuration describes it.

use coder_config::{AppConfig, CoderEnvironment, EnvironmentName, ProxyConfig, ProxyCredentials};
use coder_core::DeploymentUrl;
use http::Method;

use super::request_headers::HeaderRules;

/// An endpoint of the proxy that leads to a deployment.
pub(crate) struct Endpoint {
    route: String,
    /// Environments at the deployment, that of the portal's pages first.
    environments: Vec<String>,
    /// URL under which this server reaches the deployment.
    upstream: DeploymentUrl,
    /// Methods that are passed on; `None` for all of them.
    methods: Option<Vec<String>>,
    headers: HeaderRules,
    credentials: ProxyCredentials,
}

impl Endpoint {
    /// Prepares an endpoint; `None` if no environment is at its target.
    pub(super) fn new(proxy: &ProxyConfig, config: &AppConfig) -> Option<Self> {
        // All of it: a key that is not read here does not compile.
        let ProxyConfig { route, target, allowed_methods, allowed_headers, headers, credentials } =
            proxy;
        let own = &config.auth.environment;
        let mut at_target: Vec<(&EnvironmentName, &CoderEnvironment)> = config
            .auth
            .environments
            .iter()
            .filter_map(|(name, ready)| Some((name, ready.as_ref().ok()?)))
            .filter(|(_, it)| {
                it.deployment_url == *target || it.internal_url.as_ref() == Some(target)
            })
            .collect();
        at_target.sort_by_key(|(name, _)| *name != own);
        let (_, first) = at_target.first()?;
        let upstream = first.internal_url.as_ref().unwrap_or(&first.deployment_url);
        Some(Self {
            route: route.clone(),
            environments: at_target.iter().map(|(name, _)| name.to_string()).collect(),
            upstream: upstream.clone(),
            methods: allowed_methods.clone(),
            headers: HeaderRules::new(allowed_headers, headers),
            credentials: *credentials,
        })
    }

    /// Returns the path of the endpoint below `/api/proxy`.
    pub(super) fn route(&self) -> &str {
        &self.route
    }

    /// Returns the environments at the deployment.
    pub(super) fn environments(&self) -> Vec<&str> {
        self.environments.iter().map(String::as_str).collect()
    }

    /// Returns the environments at the deployment, for what outlives the request.
    pub(super) fn environment_names(&self) -> Vec<String> {
        self.environments.clone()
    }

    /// Returns the URL under which this server reaches the deployment.
    pub(super) fn upstream(&self) -> &DeploymentUrl {
        &self.upstream
    }

    /// Tells whether requests of this method are passed on. A method that opens a tunnel or shows
    /// the request to its sender never is (RFC 9110 §9.3.6, §9.3.8).
    pub(super) fn allows(&self, method: &Method) -> bool {
        let is_listed = |methods: &Vec<String>| methods.iter().any(|it| it == method.as_str());
        *method != Method::CONNECT
            && *method != Method::TRACE
            && self.methods.as_ref().is_none_or(is_listed)
    }

    /// Returns the rules for headers of requests.
    pub(super) fn headers(&self) -> &HeaderRules {
        &self.headers
    }

    /// Tells whether a request without any credential is passed on.
    pub(super) fn lets_strangers_in(&self) -> bool {
        match self.credentials {
            ProxyCredentials::Require => false,
            ProxyCredentials::DangerouslyAllowUnauthenticated => true,
        }
    }
}
