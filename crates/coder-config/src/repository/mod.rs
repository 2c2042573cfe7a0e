//! The repository an entity lives in.

mod annotations;
mod clone_root;
mod ingestion;
mod integrations;
mod key;
mod no_repository;
mod normalised;
mod scm;
mod scp;
mod server;
mod spellings;

use std::fmt;

use crate::message::shown;
use crate::{Entity, LocationRef};

pub use annotations::{MANAGED_BY_LOCATION, SOURCE_LOCATION};
pub use ingestion::{EDIT_URL, MANAGED_BY_ORIGIN_LOCATION, VIEW_URL};
pub use integrations::ScmIntegrations;
pub(crate) use integrations::Storage;
pub use key::RepositoryKey;
pub use no_repository::NoRepository;
use normalised::Normalised;
pub use scm::Scm;

/// A repository, by the one URL that clones it.
///
/// Equality and [`matches`](Self::matches) compare repositories, not texts: case of the host,
/// `.git`, a trailing slash, user names, ports of SSH, percent-encoding, and the forms
/// `git@host:path`, `ssh://…`, `http://…` and `https://…` make no difference.
#[derive(Clone)]
pub struct Repository {
    clone_url: String,
    normalised: Normalised,
    key: RepositoryKey,
}

impl Repository {
    /// Finds the repository a URL points into: its root, a directory, a branch, a file.
    ///
    /// # Errors
    ///
    /// When the URL is not http(s) or ssh, or names no repository of its host.
    pub fn from_url(url: &str, integrations: &ScmIntegrations) -> Result<Self, NoRepository> {
        let clone_url = clone_root::clone_root(url, integrations)?;
        let Some(normalised) = Normalised::from_url(&clone_url, integrations) else {
            return Err(NoRepository::NotAUrl { text: shown(url) });
        };
        let key = RepositoryKey::new(&normalised);
        Ok(Self { clone_url, normalised, key })
    }

    /// Returns the URL that clones the repository, without credentials:
    /// `https://github.com/acme/payments`.
    pub fn clone_url(&self) -> &str {
        &self.clone_url
    }

    /// Returns the key of the repository in a map.
    pub fn key(&self) -> &RepositoryKey {
        &self.key
    }

    /// Returns every usual spelling of the repository, the clone URL first; a search for workspaces
    /// must cover them all.
    ///
    /// If two usual spellings name the same repository, the spellings of each contain the other,
    /// apart from letter case. A server below a path or at a port of its own keeps this rule for
    /// its SSH spellings if `integrations` names it.
    pub fn spellings(&self) -> Vec<String> {
        spellings::spellings(&self.normalised, &self.clone_url)
    }

    /// Returns `true` if `url` is a spelling of this repository.
    pub fn matches(&self, url: &str) -> bool {
        Normalised::like(url, &self.normalised) == Some(true)
    }
}

impl PartialEq for Repository {
    fn eq(&self, other: &Self) -> bool {
        self.normalised == other.normalised
    }
}

impl Eq for Repository {}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.clone_url)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Repository({self})")
    }
}

impl Entity {
    /// Returns where the entity's source code is: its source location, else the file it was read
    /// from. An annotation without text counts as none.
    ///
    /// # Errors
    ///
    /// Why there is none, for people.
    pub fn source_location(&self) -> Result<LocationRef, NoRepository> {
        self.source_annotation().map(|(_, location)| location)
    }

    /// Returns the repository that the source code is in.
    ///
    /// # Errors
    ///
    /// Why there is none, for people.
    pub fn repository(&self, integrations: &ScmIntegrations) -> Result<Repository, NoRepository> {
        let (annotation, location) = self.source_annotation()?;
        if location.kind() != "url" {
            let (text, kind) = (shown(&location.to_string()), shown(location.kind()));
            return Err(NoRepository::NotAUrlLocation { annotation, text, kind });
        }
        let found = Repository::from_url(location.target(), integrations);
        if let Err(NoRepository::NoRepositoryInUrl { .. }) = found {
            // Backstage loses the repository in some of the source locations that it computes.
            let file = self.annotation(MANAGED_BY_LOCATION).map(LocationRef::parse);
            if let Some(Ok(file)) = file
                && file.kind() == "url"
                && let Ok(repository) = Repository::from_url(file.target(), integrations)
            {
                return Ok(repository);
            }
        }
        found
    }

    fn source_annotation(&self) -> Result<(&'static str, LocationRef), NoRepository> {
        let written = |annotation: &'static str| {
            let text = self.annotation(annotation)?;
            (!text.is_empty()).then_some((annotation, text))
        };
        let Some((annotation, text)) =
            written(SOURCE_LOCATION).or_else(|| written(MANAGED_BY_LOCATION))
        else {
            return Err(NoRepository::NoAnnotation);
        };
        match LocationRef::parse(text) {
            Ok(location) => Ok((annotation, location)),
            Err(source) => Err(NoRepository::Annotation { annotation, source }),
        }
    }
}
