//! The repository an entity lives in.

mod clone_root;
mod ingestion;
mod integrations;
mod normalised;
mod scm;
mod server;
mod spellings;

use std::fmt;

use crate::message::shown;
use crate::{Entity, LocationRef, LocationRefError};

pub use ingestion::{EDIT_URL, MANAGED_BY_ORIGIN_LOCATION, VIEW_URL};
pub use integrations::ScmIntegrations;
pub(crate) use integrations::Storage;
use normalised::Normalised;
pub use scm::Scm;

/// The annotation that names the source code of an entity.
pub const SOURCE_LOCATION: &str = "backstage.io/source-location";
/// The annotation that names the file an entity was read from.
pub const MANAGED_BY_LOCATION: &str = "backstage.io/managed-by-location";

/// A repository, by the one URL that clones it.
///
/// Equality and [`matches`](Self::matches) compare repositories, not texts: case of the host,
/// `.git`, a trailing slash, user names, ports of SSH, percent-encoding, and the forms
/// `git@host:path`, `ssh://…`, `http://…` and `https://…` make no difference.
#[derive(Clone)]
pub struct Repository {
    clone_url: String,
    normalised: Normalised,
}

impl Repository {
    /// Finds the repository a URL points into: its root, a directory, a branch, a file.
    ///
    /// # Errors
    ///
    /// When the URL is not http(s) or ssh, or names no repository of its host.
    pub fn from_url(url: &str, integrations: &ScmIntegrations) -> Result<Self, NoRepository> {
        let clone_url = clone_root::clone_root(url, integrations)?;
        let Some(normalised) = Normalised::of(&clone_url, integrations) else {
            return Err(NoRepository::NotAUrl { text: shown(url) });
        };
        Ok(Self { clone_url, normalised })
    }

    /// The URL that clones it, without credentials: `https://github.com/acme/payments`.
    pub fn clone_url(&self) -> &str {
        &self.clone_url
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

    /// Whether `url` is a spelling of this repository.
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

/// Why an entity has no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoRepository {
    /// Neither annotation is there.
    #[error(
        "the entity has neither the annotation `{SOURCE_LOCATION}` nor `{MANAGED_BY_LOCATION}`; \
         add the first, like `url:https://github.com/acme/payments`"
    )]
    NoAnnotation,
    /// The annotation is no location reference.
    #[error("the annotation `{annotation}` cannot be read")]
    #[non_exhaustive]
    Annotation {
        /// Name of the annotation.
        annotation: &'static str,
        /// Error of reading it.
        source: LocationRefError,
    },
    /// The annotation is of a type that names no repository, such as `file` or `dir`.
    #[error(
        "`{annotation}: {text}` is of type `{kind}`, which names no repository; add \
         `{SOURCE_LOCATION}`, like `url:https://github.com/acme/payments`"
    )]
    #[non_exhaustive]
    NotAUrlLocation {
        /// Name of the annotation.
        annotation: &'static str,
        /// Value of the annotation.
        text: String,
        /// Type of the location.
        kind: String,
    },
    /// The target is not an absolute URL.
    #[error("`{text}` is not a URL")]
    #[non_exhaustive]
    NotAUrl {
        /// Target of the location.
        text: String,
    },
    /// The URL's scheme clones nothing.
    #[error("`{text}` cannot be cloned: its scheme must be https, http or ssh")]
    #[non_exhaustive]
    Scheme {
        /// Target of the location.
        text: String,
    },
    /// The path holds what no repository's name does, and what could end a search term.
    #[error("`{text}` cannot be a repository: its path holds a quotation mark or a line break")]
    #[non_exhaustive]
    Quote {
        /// Target of the location.
        text: String,
    },
    /// The host keeps files, and no repositories.
    #[error(
        "`{text}` is in {storage}, which keeps files and no repositories; add \
         `{SOURCE_LOCATION}`, like `url:https://github.com/acme/payments`"
    )]
    #[non_exhaustive]
    Storage {
        /// Target of the location.
        text: String,
        /// As people call it: `Amazon S3`.
        storage: &'static str,
    },
    /// The URL names no repository of its host.
    #[error("`{text}` names no repository of {host}; it should begin like `{example}`")]
    #[non_exhaustive]
    NoRepositoryInUrl {
        /// Target of the location.
        text: String,
        /// Host name with its port.
        host: String,
        /// Example of a repository's URL at this host.
        example: String,
    },
}

impl Entity {
    /// Where its source code is: its source location, else the file it was read from. An
    /// annotation without text counts as none.
    ///
    /// # Errors
    ///
    /// Why there is none, for people.
    pub fn source_location(&self) -> Result<LocationRef, NoRepository> {
        self.source_annotation().map(|(_, location)| location)
    }

    /// The repository it lives in.
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
