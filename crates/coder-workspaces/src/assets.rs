//! Icons and API paths of a deployment, as a portal reaches them.

use coder_core::DeploymentUrl;
use serde::Serialize;
use url::Url;

/// URLs of a deployment behind a portal's proxy, as the front end of Coder's Backstage plugin has
/// them.
///
/// ```
/// use coder_workspaces::{AssetUrls, PortalUrls};
///
/// // What Backstage's discovery tells about the proxy, and the deployment's place in it.
/// let portal = PortalUrls::new("https://portal.test/api/proxy/", "/api/proxy", "/coder");
/// assert_eq!(portal.base_url, "https://portal.test");
/// assert_eq!(portal.api_route, "https://portal.test/api/proxy/coder");
///
/// let assets = AssetUrls::from_url(&portal.assets_route)?;
/// let icon = assets.icon("/icon/k8s.png").ok_or("an icon")?;
/// assert_eq!(icon.as_str(), "https://portal.test/api/proxy/coder/icon/k8s.png");
/// assert!(assets.owns(&icon));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PortalUrls {
    /// URL of the portal's backend: the part before its proxy.
    pub base_url: String,
    /// URL below which icons are served.
    pub assets_route: String,
    /// URL below which Coder's API is served.
    pub api_route: String,
}

impl PortalUrls {
    /// Builds the URLs from the proxy's URL, the path that the proxy begins with (in Backstage
    /// `/api/proxy`), and the deployment's route below the proxy (in Backstage's configuration
    /// `/coder`).
    ///
    /// Nothing is checked; see [`AssetUrls::from_url`].
    pub fn new(proxy: &str, prefix: &str, route: &str) -> Self {
        let proxy = proxy.trim_end_matches('/');
        let route = format!("{proxy}/{}", route.trim_matches('/'));
        Self {
            base_url: before(proxy, prefix.trim_end_matches('/')).to_owned(),
            assets_route: route.clone(),
            api_route: route,
        }
    }
}

/// Returns the part of `url` before the path `prefix`, where `prefix` ends at a segment.
fn before<'a>(url: &'a str, prefix: &str) -> &'a str {
    if prefix.is_empty() {
        return url;
    }
    let ends_there = |at: usize| {
        let rest = url.get(at + prefix.len()..).unwrap_or_default();
        rest.is_empty() || rest.starts_with(['/', '?', '#'])
    };
    let at = url.match_indices(prefix).map(|(at, _)| at).find(|at| ends_there(*at));
    at.and_then(|at| url.get(..at)).unwrap_or(url)
}

/// The URLs at which a portal's front end finds the API and the pictures of a deployment: at the
/// deployment itself, or through the portal's proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetUrls {
    base: Url,
}

/// Reasons why a text is not the URL of a deployment or of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssetUrlsError {
    /// The text is not an absolute http(s) URL.
    #[error("not an http or https URL; write it like `https://portal.example.com/api/proxy/coder`")]
    NotAUrl,
    /// The URL has a query or a fragment.
    #[error("a query or fragment does not belong into the URL; remove everything from `?` or `#`")]
    QueryOrFragment,
}

impl AssetUrls {
    /// Returns the URLs at the deployment itself.
    pub fn from_deployment(deployment: &DeploymentUrl) -> Self {
        Self { base: deployment.endpoint([]) }
    }

    /// Parses the URL of a portal's proxy, below which the deployment's paths are found.
    ///
    /// # Errors
    ///
    /// See [`AssetUrlsError`].
    pub fn from_url(url: &str) -> Result<Self, AssetUrlsError> {
        let mut base = Url::parse(url).map_err(|_| AssetUrlsError::NotAUrl)?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(AssetUrlsError::NotAUrl);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(AssetUrlsError::QueryOrFragment);
        }
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        Ok(Self { base })
    }

    /// Returns the URL of the API: `{api}/api/v2/…`.
    pub fn api(&self) -> &Url {
        &self.base
    }

    /// Returns the URL of a picture. A path belongs to the deployment; a URL is taken as it is,
    /// when it can be shown safely: https, `data:image/…`, or http where this place itself is http.
    pub fn icon(&self, icon: &str) -> Option<Url> {
        let is_path = icon.starts_with('/') && !icon.starts_with("//");
        if is_path && !icon.contains('\\') {
            let (path, query) = icon.split_once('?').unwrap_or((icon, ""));
            let path = path.split('#').next().unwrap_or_default();
            let mut url = self.base.clone();
            let segments = path.split('/').skip(1).filter(|part| !matches!(*part, "." | ".."));
            // Every http(s) URL can be a base; the other arm does not happen.
            url.path_segments_mut().ok()?.pop_if_empty().extend(segments);
            let query = query.split('#').next().filter(|query| !query.is_empty());
            url.set_query(query);
            return Some(url);
        }
        let url = Url::parse(icon).ok()?;
        let safe = match url.scheme() {
            "https" => true,
            "http" => self.base.scheme() == "http",
            "data" => url.path().starts_with("image/"),
            _ => false,
        };
        safe.then_some(url)
    }

    /// Returns `true` if `url` belongs to the deployment, so that credentials for this place may
    /// go there. Everything else is fetched without any.
    pub fn owns(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.base.path().trim_end_matches('/'));
        url.origin() == self.base.origin()
            && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns `true` if `url` is one of the deployment's emoji, which are drawn a little larger
    /// than icons.
    pub fn is_emoji(&self, url: &Url) -> bool {
        let below = |path: &str| {
            let path = path.strip_prefix(self.base.path().trim_end_matches('/'))?;
            path.strip_prefix("/emojis/").map(|name| !name.is_empty())
        };
        url.origin() == self.base.origin() && below(url.path()) == Some(true)
    }
}
