//! Reasons why the answer of a search may be incomplete.

use std::fmt;

use coder_client::{FilterError, Unreadable};
use coder_core::{quoted, with_causes};

/// A parameter's name that Coder's search has no words for.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefusedParameter {
    /// Name of the parameter.
    pub key: String,
    /// Reason why the search cannot express it.
    pub error: FilterError,
}

impl fmt::Display for RefusedParameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, why) = (quoted(&self.key), with_causes(&self.error));
        write!(formatter, "the parameter {key} was left out: {why}")
    }
}

/// Reason why workspaces may be missing from an answer.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a page tells each of them to people")]
pub enum SearchProblem {
    /// Coder's search has no words for a parameter's name.
    Refused(RefusedParameter),
    /// One of several requests failed.
    Failed(coder_client::ClientError),
    /// Something that Coder listed could not be read.
    Unreadable(Unreadable),
    /// Coder lists fewer workspaces than it counts, or an empty list without a count.
    Missing {
        /// Number of workspaces that it lists.
        listed: usize,
        /// Number of workspaces that it counts, if it tells one.
        counted: Option<usize>,
    },
    /// There were more workspaces than are compared one by one.
    TooMany {
        /// How many were compared.
        compared: usize,
        /// How many there were.
        found: usize,
    },
    /// Something was missing when an index was saved.
    Saved {
        /// Description of it.
        problem: String,
    },
}

impl fmt::Display for SearchProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(formatter),
            Self::Failed(error) => {
                write!(formatter, "one of several requests failed: {}", with_causes(error))
            }
            Self::Unreadable(item) => write!(formatter, "left out of coder's list: {item}"),
            Self::Missing { listed, counted: Some(counted) } => {
                write!(formatter, "coder counts {counted} workspaces and lists {listed}")
            }
            Self::Missing { listed, counted: None } => {
                write!(formatter, "coder lists {listed} workspaces and does not count them")
            }
            Self::TooMany { compared, found } => write!(
                formatter,
                "only {compared} of {found} workspaces could be compared; the others may belong here as well"
            ),
            Self::Saved { problem } => formatter.write_str(problem),
        }
    }
}
