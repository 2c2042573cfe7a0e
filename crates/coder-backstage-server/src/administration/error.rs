//! Why sessions and people cannot be administered.

use std::io;

use coder_auth::AuthError;

/// Error of an administrator's command, beside those of the configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdministrationFailure {
    /// There is no store that another process could have filled.
    #[error(
        "there is nothing to administer: {0}; name the configuration and the `--data-dir` of the server"
    )]
    NoStore(String),
    /// The store cannot be read or changed.
    #[error("the sessions cannot be administered")]
    Auth(#[from] AuthError),
    /// Nobody of this name is signed in.
    #[error(
        "nobody is signed in as `{0}`; `coder-backstage sessions list` shows who is, and in which spelling"
    )]
    NoSessions(String),
    /// Nobody of this user name is signed in, and a name finds nobody else.
    #[error(
        "nobody is signed in as `{0}`, and nothing was deleted; a user of Coder without a session is found by the user id, and a person of the catalog as `user:default/{0}`"
    )]
    NotFound(String),
    /// No session or more than one has an id that begins like this.
    #[error(
        "{found} sessions have an id that begins with `{id}`, and not one; `coder-backstage sessions list --json` shows the ids"
    )]
    NotOneSession {
        /// Beginning that was given, cleaned.
        id: String,
        /// Number of sessions found.
        found: usize,
    },
    /// The administrator cannot be asked.
    #[error("nobody can be asked, since standard input is no terminal; say `--yes`")]
    NoTerminal,
    /// The administrator has not agreed.
    #[error("nothing was changed")]
    NotAgreed,
    /// The question cannot be asked.
    #[error("the question cannot be asked")]
    Question(#[source] io::Error),
}
