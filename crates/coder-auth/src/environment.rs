//! The environments of a portal, each one an OAuth2 application at a Coder deployment.

use std::collections::BTreeMap;
use std::sync::Arc;

use coder_core::{DeploymentUrl, World, join_path};
use url::Url;

use crate::grant::key::OAuth2App;
use crate::grant::profile::Profile;
use crate::http::error::RequestError;
use crate::options::EnvironmentOptions;
use crate::sign_in::{BackstageIdentity, Nobody, SignIn};
use crate::upstream::{SharedDeployment, Upstream};

/// The environments of a portal by name, usable or not.
pub(crate) struct Environments(BTreeMap<String, Result<Arc<Environment>, String>>);

/// One environment, ready for use.
pub(crate) struct Environment {
    pub(crate) name: String,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) sign_in: Option<SignIn>,
    pub(crate) scopes: Vec<String>,
    /// The redirect URI of its logins (RFC 6749 §3.1.2), as it is registered at Coder.
    pub(crate) callback: Url,
}

impl Environments {
    /// Prepares the environments of a portal whose auth backend is at `base_url`.
    pub(crate) fn new(
        world: &World,
        base_url: &Url,
        environments: BTreeMap<String, Result<EnvironmentOptions, String>>,
    ) -> Self {
        let callbacks = Callbacks::new(base_url, &environments);
        let mut deployments = BTreeMap::<String, SharedDeployment>::new();
        let prepare = |(name, options): (String, Result<EnvironmentOptions, String>)| {
            let ready = options.map(|options| {
                let deployment = options.deployment.to_string();
                let shared = deployments.entry(deployment).or_default().clone();
                Arc::new(Environment::new(world, &name, options, &callbacks, shared))
            });
            (name, ready)
        };
        Self(environments.into_iter().map(prepare).collect())
    }

    /// Finds the environment of this name.
    pub(crate) fn named(&self, name: &str) -> Result<&Arc<Environment>, RequestError> {
        match self.0.get(name) {
            Some(Ok(environment)) => Ok(environment),
            Some(Err(reason)) => Err(RequestError::Misconfigured { reason: reason.clone() }),
            None => Err(RequestError::UnknownEnvironment(name.to_owned())),
        }
    }

    /// Finds the environment of this name or, without a name, the only one there is.
    pub(crate) fn named_or_only(
        &self,
        name: Option<&str>,
    ) -> Result<&Arc<Environment>, RequestError> {
        match name {
            Some(name) => self.named(name),
            None => self.only(),
        }
    }

    /// Finds the only environment there is, for callers that need not name one.
    fn only(&self) -> Result<&Arc<Environment>, RequestError> {
        let mut usable = self.usable();
        match (usable.next(), usable.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) | (None, _) => Err(RequestError::MissingEnvironment),
        }
    }

    /// Lists the environments that can be used, in the order of their names.
    pub(crate) fn usable(&self) -> impl Iterator<Item = &Arc<Environment>> {
        self.0.values().filter_map(|ready| ready.as_ref().ok())
    }

    /// Lists the names of all environments.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Finds the deployment at which `app` is registered, as far as it is configured.
    pub(crate) fn upstream_of(&self, app: &OAuth2App) -> Option<&Arc<Upstream>> {
        self.usable().map(|environment| &environment.upstream).find(|known| known.app() == app)
    }

    /// Finds two environments at different deployments whose logins end at one path.
    pub(crate) fn sharing_a_redirect_uri(&self) -> Option<(&str, &str)> {
        let usable: Vec<&Arc<Environment>> = self.usable().collect();
        let share = |one: &Environment, other: &Environment| {
            one.upstream.deployment() != other.upstream.deployment()
                && one.accepts_callback_path(other.callback.path())
        };
        usable.iter().enumerate().find_map(|(index, one)| {
            let other = usable.iter().take(index).find(|other| share(one, other))?;
            Some((other.name.as_str(), one.name.as_str()))
        })
    }
}

impl Environment {
    fn new(
        world: &World,
        name: &str,
        options: EnvironmentOptions,
        callbacks: &Callbacks,
        shared: SharedDeployment,
    ) -> Self {
        let callback =
            options.callback_url.unwrap_or_else(|| callbacks.default_for(&options.deployment));
        let upstream = Upstream::new(
            world,
            options.deployment,
            options.internal,
            options.client_id,
            options.client_secret,
            &callback,
        );
        Self {
            name: name.to_owned(),
            upstream: Arc::new(upstream.sharing(shared)),
            sign_in: options.sign_in,
            scopes: options.scopes,
            callback,
        }
    }

    /// Looks up the Backstage identity of a Coder user; `None` where a login gives access to Coder
    /// only.
    pub(crate) async fn identify(
        &self,
        profile: &Profile,
    ) -> Result<Option<BackstageIdentity>, Nobody> {
        match &self.sign_in {
            None => Ok(None),
            Some(sign_in) => Ok(Some(sign_in.resolve(profile).await?)),
        }
    }

    /// Tells whether a request to `path` came to the redirect URI of this environment.
    ///
    /// The part from `/coder/handler/frame` on is compared letter by letter. The part before it may
    /// be changed by a reverse proxy. Another deployment cannot send a code to this path, which
    /// binds a callback to its authorization server (RFC 9700 §4.4.2.2).
    fn accepts_callback_path(&self, path: &str) -> bool {
        same_callback(self.callback.path(), path)
    }

    /// Refuses an answer of another authorization server (RFC 9700 §4.4).
    ///
    /// Such an answer arrives at another redirect URI, or names another issuer (RFC 9207 §2.4).
    pub(crate) fn check_callback(
        &self,
        path: &str,
        issuer: Option<&str>,
    ) -> Result<(), RequestError> {
        let own = self.upstream.deployment();
        // Coder names itself by its access URL, whose spelling may differ.
        let is_own = |issuer: &str| DeploymentUrl::parse(issuer).is_ok_and(|url| url == *own);
        if !issuer.is_none_or(is_own) || !self.accepts_callback_path(path) {
            return Err(RequestError::OtherServer);
        }
        Ok(())
    }
}

fn same_callback(own: &str, arrived: &str) -> bool {
    let arrived = arrived.strip_suffix('/').unwrap_or(arrived);
    match (frame_tail(own), frame_tail(arrived)) {
        (Some(own), Some(arrived)) => own == arrived,
        (None, _) | (_, None) => own == arrived,
    }
}

const FRAME: &str = "/coder/handler/frame";

/// Returns the part behind the last `/coder/handler/frame` of a path: nothing, or the environment.
fn frame_tail(path: &str) -> Option<&str> {
    path.rfind(FRAME).and_then(|at| path.get(at + FRAME.len()..))
}

/// The redirect URIs of environments that name none themselves.
///
/// A portal with one deployment has one. Otherwise each deployment has its own, named after its
/// first environment.
struct Callbacks {
    base_url: Url,
    /// The first environment of each deployment.
    deployments: Vec<(DeploymentUrl, String)>,
}

impl Callbacks {
    fn new(
        base_url: &Url,
        environments: &BTreeMap<String, Result<EnvironmentOptions, String>>,
    ) -> Self {
        let mut deployments: Vec<(DeploymentUrl, String)> = Vec::new();
        for (name, environment) in environments {
            let Ok(environment) = environment else { continue };
            if deployments.iter().all(|(known, _)| *known != environment.deployment) {
                deployments.push((environment.deployment.clone(), name.clone()));
            }
        }
        Self { base_url: base_url.clone(), deployments }
    }

    fn default_for(&self, deployment: &DeploymentUrl) -> Url {
        let mut url = join_path(&self.base_url, FRAME.trim_start_matches('/'));
        let first = self.deployments.iter().find(|(known, _)| known == deployment);
        if let (Some((_, first)), 2..) = (first, self.deployments.len())
            && let Ok(mut segments) = url.path_segments_mut()
        {
            segments.push(first);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use coder_core::Secret;

    use super::*;

    fn callbacks(environments: &[(&str, &str)]) -> Vec<String> {
        let base_url = Url::parse("https://portal.example.com/api/auth").unwrap();
        let deployment = |url: &str| DeploymentUrl::parse(url).unwrap();
        let options = environments.iter().map(|(name, url)| {
            let options = EnvironmentOptions::new(deployment(url), "id", Secret::new("secret"));
            ((*name).to_owned(), Ok(options))
        });
        let callbacks = Callbacks::new(&base_url, &options.collect());
        environments
            .iter()
            .map(|(_, url)| callbacks.default_for(&deployment(url)).path().to_owned())
            .collect()
    }

    #[test]
    fn a_portal_with_one_deployment_has_one_redirect_uri() {
        let one =
            callbacks(&[("a", "https://coder.example.com"), ("b", "https://coder.example.com")]);
        assert_eq!(one, ["/api/auth/coder/handler/frame"; 2]);
    }

    #[test]
    fn each_of_several_deployments_has_a_redirect_uri_named_after_its_first_environment() {
        let several = callbacks(&[
            ("a", "https://coder.example.com/one"),
            ("b", "https://coder.example.com/two"),
            ("c", "https://coder.example.com/one"),
            ("d e", "https://other.example.com"),
        ]);
        let named = ["a", "b", "a", "d%20e"];
        assert_eq!(several, named.map(|name| format!("/api/auth/coder/handler/frame/{name}")));
    }

    #[test]
    fn a_callback_counts_only_at_the_redirect_uri_of_its_deployment() {
        for (own, arrived, accepted) in [
            ("/api/auth/coder/handler/frame", "/api/auth/coder/handler/frame", true),
            ("/api/auth/coder/handler/frame", "/api/auth/coder/handler/frame/", true),
            ("/behind/api/auth/coder/handler/frame/a", "/api/auth/coder/handler/frame/a", true),
            ("/api/auth/coder/handler/frame/a", "/api/auth/coder/handler/frame/b", false),
            ("/api/auth/coder/handler/frame/a", "/api/auth/coder/handler/frame", false),
            ("/api/auth/coder/handler/frame", "/api/auth/coder/handler/frame/a", false),
            ("/own", "/own", true),
            ("/own", "/api/auth/coder/handler/frame", false),
        ] {
            assert_eq!(same_callback(own, arrived), accepted, "{own} {arrived}");
        }
    }
}
