//! Why workspaces cannot be printed.

use backstage_catalog::CatalogError;
use coder_client::ClientError;
use coder_config::NoRepository;
use coder_workspaces::WorkspacesError;

/// Error of the command, beside those of the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkspacesFailure {
    /// There is no token to ask Coder with.
    #[error(
        "set `CODER_SESSION_TOKEN` to a token of a user of Coder; the table shows the workspaces that this user may see"
    )]
    NoToken,
    /// The environment has no settings of Coder.
    #[error("`auth.providers.coder` has no usable block for the environment `{0}`")]
    NoEnvironment(String),
    /// The catalog cannot be asked.
    #[error("the catalog does not answer")]
    Catalog(#[from] CatalogError),
    /// The catalog does not have the entity.
    #[error(
        "the catalog has no entity `{0}`; write it as `component:default/payments` or `payments`"
    )]
    NoEntity(String),
    /// The entity has no repository that workspaces could belong to.
    #[error("no workspace belongs to `{name}`")]
    NoRepository {
        /// Reference of the entity.
        name: String,
        /// Reason.
        source: NoRepository,
    },
    /// Coder refuses the token.
    #[error(
        "Coder refuses the token in `CODER_SESSION_TOKEN`; set it to a token that is valid, such as that of `coder tokens create`"
    )]
    Token(#[source] WorkspacesError),
    /// Coder cannot be asked.
    #[error("Coder does not tell its workspaces")]
    Coder(#[source] WorkspacesError),
    /// Coder was asked again and again, and did not answer.
    #[error("Coder does not tell its workspaces; try again later")]
    Away(#[source] ClientError),
}

impl WorkspacesFailure {
    /// Tells a token that Coder refuses apart from a Coder that cannot be asked.
    pub(crate) fn of_coder(error: WorkspacesError) -> Self {
        let is_refused =
            matches!(&error, WorkspacesError::Client(client) if client.is_unauthorized());
        if is_refused { Self::Token(error) } else { Self::Coder(error) }
    }
}
