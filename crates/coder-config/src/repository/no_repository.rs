//! Reasons why an entity has no repository.

use super::annotations::{MANAGED_BY_LOCATION, SOURCE_LOCATION};
use crate::LocationRefError;

/// Reasons why an entity has no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoRepository {
    /// Neither annotation is there.
    #[error(
        "the entity has neither the annotation `{SOURCE_LOCATION}` nor `{MANAGED_BY_LOCATION}`; \
         add the first, like `url:https://github.com/acme/payments`"
    )]
    NoAnnotation,
    /// The annotation is not a location reference.
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
