//! Why there is no answer about an entity's workspaces.

use coder_client::FilterError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing to ask Coder for.
    #[error(transparent)]
    NotSearchable(#[from] NotSearchable),
    /// Coder did not answer, or said no.
    #[error(transparent)]
    Client(#[from] coder_client::Error),
}

/// Why an entity's workspaces cannot be searched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSearchable {
    /// The entity has no repository.
    #[error("the entity has no repository, so no workspace can be told to belong to it")]
    NoRepository,
    /// Nobody said which parameters hold a repository's URL.
    #[error(
        "no template parameter is named that holds the repository; set `coder.workspaces.repoUrlParamKeys`"
    )]
    NoParamKeys,
    /// Coder's search has no words for any of the parameters.
    #[error("coder cannot be asked for the parameter `{}`", key.escape_debug())]
    Refused {
        /// The parameter's name.
        key: String,
        /// Why not.
        source: FilterError,
    },
}
