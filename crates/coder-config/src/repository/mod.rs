//! The repository an entity lives in.

mod clone_root;
mod integrations;
mod location_ref;
mod normalised;

use std::fmt;

use crate::Entity;
use crate::message::without_credentials;

pub use integrations::{Scm, ScmIntegrations};
use location_ref::LocationRef;
use normalised::Normalised;

/// The annotation that names the source code of an entity.
pub const SOURCE_LOCATION: &str = "backstage.io/source-location";
/// The annotation that names the file an entity was read from.
pub const MANAGED_BY_LOCATION: &str = "backstage.io/managed-by-location";

/// A repository, by the one URL that clones it.
///
/// Equality and [`matches`](Self::matches) compare repositories, not texts: case of the host,
/// `.git`, a trailing slash, user names, ports of ssh and the forms `git@host:path`, `ssh://…`
/// and `https://…` make no difference.
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
            return Err(NoRepository::NotAUrl { text: url.to_owned() });
        };
        Ok(Self { clone_url, normalised })
    }

    /// The URL that clones it, without credentials: `https://github.com/acme/payments`.
    pub fn clone_url(&self) -> &str {
        &self.clone_url
    }

    /// Every usual spelling of the repository, the clone URL first; a search for workspaces must
    /// cover them all.
    pub fn spellings(&self) -> Vec<String> {
        self.normalised.spellings(&self.clone_url)
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
    /// The annotation has no type in front.
    #[error(
        "`{annotation}: {text}` has no type; write it like `url:https://github.com/acme/payments`"
    )]
    NoType {
        /// Which annotation.
        annotation: &'static str,
        /// Its value.
        text: String,
    },
    /// The annotation is of a type that names no repository, such as `file` or `dir`.
    #[error("`{annotation}: {text}` is of type `{kind}`; only `url` names a repository")]
    NotAUrlLocation {
        /// Which annotation.
        annotation: &'static str,
        /// Its value.
        text: String,
        /// Its type.
        kind: String,
    },
    /// The target is not an absolute URL.
    #[error("`{text}` is not a URL")]
    NotAUrl {
        /// The target.
        text: String,
    },
    /// The URL's scheme clones nothing.
    #[error("`{text}` cannot be cloned: its scheme must be https, http or ssh")]
    Scheme {
        /// The target.
        text: String,
    },
    /// The URL names no repository of its host.
    #[error("`{text}` names no repository of {host}; it should begin like `{example}`")]
    NoRepositoryInUrl {
        /// The target.
        text: String,
        /// The host.
        host: String,
        /// What a repository looks like there.
        example: String,
    },
}

impl Entity {
    /// The repository it lives in: its source location, else the file it was read from.
    ///
    /// # Errors
    ///
    /// Why there is none, for people.
    pub fn repository(&self, integrations: &ScmIntegrations) -> Result<Repository, NoRepository> {
        let written = |annotation: &'static str| {
            let text = self.annotation(annotation)?;
            (!text.trim().is_empty()).then_some((annotation, text))
        };
        let Some((annotation, text)) =
            written(SOURCE_LOCATION).or_else(|| written(MANAGED_BY_LOCATION))
        else {
            return Err(NoRepository::NoAnnotation);
        };
        repository_at(annotation, text, integrations)
    }
}

fn repository_at(
    annotation: &'static str,
    text: &str,
    integrations: &ScmIntegrations,
) -> Result<Repository, NoRepository> {
    let owned = || without_credentials(text).into_owned();
    let Ok(location) = LocationRef::parse(text) else {
        return Err(NoRepository::NoType { annotation, text: owned() });
    };
    if location.kind != "url" {
        let kind = location.kind.to_owned();
        return Err(NoRepository::NotAUrlLocation { annotation, text: owned(), kind });
    }
    Repository::from_url(location.target, integrations)
}
