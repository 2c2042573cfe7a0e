//! Errors of an entity's workspaces, and who can mend each.

use coder_client::{FilterError, NameError, WorkspaceName};
use coder_core::{cleaned, quoted};

use crate::missing_account::{self, MissingAccount};

/// The greatest number of names that a message lists.
const MAX_LISTED: usize = 20;

/// Error of a search for workspaces, or of a call that opens, creates or manages one.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "an answer must be decided for each")]
pub enum WorkspacesError {
    /// There is nothing to ask Coder for.
    #[error(transparent)]
    NotSearchable(#[from] NotSearchable),
    /// No workspace can be created as it was asked for.
    #[error(transparent)]
    NotCreatable(#[from] NotCreatable),
    /// There is a workspace, but it did not reach the state that the caller asked for.
    #[error("the workspace `{workspace}` {problem}")]
    NotReady {
        /// Name of the workspace.
        workspace: String,
        /// Reason why it did not.
        problem: NotReady,
    },
    /// Something may have been found that could not be read, so nothing new is created.
    #[error("not every workspace of the entity could be read, so none is created: {0}")]
    Incomplete(crate::SearchProblem),
    /// Coder did not answer, or refused.
    #[error(transparent)]
    Client(#[from] coder_client::ClientError),
}

/// Reasons why an entity's workspaces cannot be searched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSearchable {
    /// The entity has no repository.
    #[error("the entity has no repository, so no workspace can be told to belong to it")]
    NoRepository,
    /// No template parameter is configured that holds a repository's URL.
    #[error(
        "no template parameter is named that holds the repository; set `coder.workspaces.repoUrlParamKeys`"
    )]
    NoParamKeys,
    /// Coder's search has no words for any of the parameters.
    #[error("coder cannot be asked for the parameter {}", quoted(key))]
    Refused {
        /// Name of the parameter.
        key: String,
        /// Reason why the search cannot express it.
        source: FilterError,
    },
    /// The index of workspaces was created without one of the entity's parameters.
    #[error(
        "the index of workspaces does not hold the parameter {}; name it when the index is created",
        quoted(key)
    )]
    NotIndexed {
        /// Name of the parameter, in lower case.
        key: String,
    },
}

/// Reasons why a workspace cannot be created as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "an answer must be decided for each")]
pub enum NotCreatable {
    /// Nobody names a template.
    #[error(
        "no template is named; set `spec.coder.templateName` or `coder.workspaces.defaultTemplateName`"
    )]
    NoTemplate,
    /// There is no such template, or the user may not see it.
    #[error("there is no template {} that you may use", quoted(template))]
    TemplateNotFound {
        /// Name as the caller gave it.
        template: String,
    },
    /// Several organizations have a template of this name.
    #[error(
        "several organizations have a template {}; name one, like {}",
        quoted(template),
        quoted(&format!("{}/{template}", organizations.first().map_or("organization", String::as_str)))
    )]
    TemplateAmbiguous {
        /// Name as the caller gave it.
        template: String,
        /// Organizations that have such a template.
        organizations: Vec<String>,
    },
    /// The template is not to be used any more.
    #[error("the template {} is deprecated: {}", quoted(template), cleaned(message))]
    TemplateDeprecated {
        /// Name as the caller gave it.
        template: String,
        /// Reason, and what to use instead, as the template's author wrote them.
        message: String,
    },
    /// Coder does not tell which version of the template new workspaces use.
    #[error("coder does not tell the active version of the template {}", quoted(template))]
    NoActiveVersion {
        /// Name of the template.
        template: String,
    },
    /// The template has no such preset.
    #[error("the template has no preset {}; it has: {}", quoted(preset), listed(known))]
    PresetNotFound {
        /// Name as the caller gave it.
        preset: String,
        /// Presets that the template has.
        known: Vec<String>,
    },
    /// The preset sets a parameter to something else than the entity's repository, or than the
    /// value that the caller named. Coder would build with the preset's value, and say nothing.
    #[error(
        "the preset {} sets {} to {}, but {} is wanted; choose another preset, or none",
        quoted(preset),
        quoted(parameter),
        quoted(value),
        quoted(wanted)
    )]
    PresetContradicts {
        /// Name of the preset.
        preset: String,
        /// Name of the parameter.
        parameter: String,
        /// Value that the preset sets.
        value: String,
        /// Value that the caller asked for.
        wanted: String,
    },
    /// Parameters are missing or wrong.
    #[error("{}", problems(.0))]
    Parameters(Vec<ParameterProblem>),
    /// Accounts at other services must be linked first, by the user in the browser.
    #[error("{}", missing_account::advice(missing))]
    ExternalAuth {
        /// Accounts that the future owner has not linked.
        missing: Vec<MissingAccount>,
    },
    /// No workspace can have this name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is nobody of this name, or the caller may not see them.
    #[error(
        "there is no user {} that you may create workspaces for; workspaces for others need the rights of an owner at Coder",
        quoted(.0)
    )]
    OwnerNotFound(String),
    /// The person is suspended, and could not use the workspace.
    #[error("the user {} is suspended at Coder; have an owner activate the account first", quoted(.0))]
    OwnerSuspended(String),
    /// Coder still imports the template version that new workspaces use.
    #[error(
        "coder still imports the active version of the template {}; try again in a minute",
        quoted(template)
    )]
    TemplateImporting {
        /// Name of the template.
        template: String,
    },
    /// The workspace of this name is being deleted.
    #[error("the workspace `{0}` is being deleted; try again when it is gone")]
    BeingDeleted(WorkspaceName),
    /// Another workspace has this name.
    #[error("there is another workspace called `{0}`; choose another name")]
    NameTaken(WorkspaceName),
}

/// A parameter that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParameterProblem {
    /// Name of the parameter; empty when the problem concerns all of them.
    pub name: String,
    /// Description of what is wrong.
    pub problem: String,
}

impl ParameterProblem {
    pub(crate) fn new(name: &str, problem: impl Into<String>) -> Self {
        Self { name: cleaned(name), problem: problem.into() }
    }
}

/// Reason why a workspace did not reach the state that the caller asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "an answer must be decided for each")]
pub enum NotReady {
    /// The workspace's build failed.
    #[error("was not built: {0}")]
    Failed(String),
    /// The workspace's build failed, or was refused, while its owner has not linked these accounts.
    #[error("was not built: {reason}; {}", missing_account::advice(missing))]
    ExternalAuth {
        /// Coder's message about the build.
        reason: String,
        /// Accounts that the template needs, and that the workspace's owner has not linked.
        missing: Vec<MissingAccount>,
    },
    /// The workspace runs, but cannot be used.
    #[error("runs, but cannot be used: {0}; restart it")]
    Unusable(String),
    /// The workspace is stopped, or on its way to be.
    #[error("is stopped; start it again")]
    Stopped,
    /// Somebody canceled the workspace's build.
    #[error("was not built: somebody canceled its build; start it again")]
    Canceled,
    /// The workspace went dormant after it had been woken.
    #[error("went dormant meanwhile")]
    Dormant,
    /// The workspace runs without a deadline, so there is none to put off.
    #[error("has no deadline that could be extended; it runs until somebody stops it")]
    NoDeadline,
    /// Somebody started the workspace meanwhile.
    #[error("was started meanwhile")]
    Started,
    /// The workspace has another name than the caller knows, so the caller may mean another one.
    #[error("is called {} by now; look at it again before you change it", quoted(name))]
    Renamed {
        /// Present name of the workspace.
        name: String,
    },
    /// The workspace is deleted, or on its way to be.
    #[error("was deleted")]
    Deleted,
    /// Other builds of it kept coming first.
    #[error("is busy with another build; try again when it has ended")]
    Busy,
    /// The workspace took longer than the caller wanted to wait.
    #[error("is not there yet{}; look again later", because(reason))]
    TimedOut {
        /// Thing that the workspace waits for, as far as is known.
        reason: Option<String>,
    },
}

impl WorkspacesError {
    /// Returns whether the user must sign in again.
    pub fn is_unauthorized(&self) -> bool {
        match self {
            Self::Client(error) | Self::Incomplete(crate::SearchProblem::Failed(error)) => {
                error.is_unauthorized()
            }
            _ => false,
        }
    }
}

fn because(reason: &Option<String>) -> String {
    reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn problems(problems: &[ParameterProblem]) -> String {
    let one = |problem: &ParameterProblem| match problem.name.as_str() {
        "" => problem.problem.clone(),
        name => format!("parameter {}: {}", quoted(name), problem.problem),
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Lists the names of others, of which the first twenty are named.
pub(crate) fn listed(names: &[impl AsRef<str>]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let told = names.iter().take(MAX_LISTED).map(|name| quoted(name.as_ref()));
    let more = (names.len() > MAX_LISTED).then(|| "…".to_owned());
    told.chain(more).collect::<Vec<_>>().join(", ")
}
