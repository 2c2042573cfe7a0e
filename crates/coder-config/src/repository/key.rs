//! A repository as the key of a map.

use super::ScmIntegrations;
use super::normalised::Normalised;

/// The place of a repository in a map: its host and its path, in one form for all spellings.
///
/// Two URLs that name the same repository have the same key, in every spelling that
/// [`Repository::matches`] knows. Use it with the integrations that the repository was found with.
///
/// A few different repositories share a key, because a URL of SSH does not tell which one it means:
/// those below two ports or two paths of one host, and those whose paths differ in letter case only.
/// A map therefore asks [`Repository::matches`] about what it finds.
///
/// ```
/// use coder_config::{Repository, RepositoryKey, ScmIntegrations};
///
/// let known = ScmIntegrations::default();
/// let page = Repository::from_url("https://github.com/acme/payments/tree/main", &known)?;
/// let clone = RepositoryKey::from_url("git@github.com:Acme/payments.git", &known);
/// assert_eq!(clone, Some(page.key().clone()));
/// # Ok::<_, coder_config::NoRepository>(())
/// ```
///
/// [`Repository::matches`]: super::Repository::matches
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryKey {
    host: Box<str>,
    path: Box<str>,
}

impl RepositoryKey {
    /// Reads the key from a URL that clones a repository, such as a parameter of a workspace;
    /// `None` when the text cannot be a repository's URL.
    ///
    /// The URL of a page below a repository has another key: [`Repository::from_url`] reads those.
    ///
    /// [`Repository::from_url`]: super::Repository::from_url
    pub fn from_url(url: &str, integrations: &ScmIntegrations) -> Option<Self> {
        Normalised::from_url(url, integrations).map(|repository| Self::new(&repository))
    }

    /// Returns the name of the server, such as `github.com`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the path at the server in lower case, such as `acme/payments`.
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn new(repository: &Normalised) -> Self {
        let (host, path) = (repository.server.name(), &repository.path);
        // Nearly every path is of ASCII, which has a faster way.
        let path = if path.is_ascii() { path.to_ascii_lowercase() } else { path.to_lowercase() };
        Self { host: host.into(), path: path.into() }
    }
}
