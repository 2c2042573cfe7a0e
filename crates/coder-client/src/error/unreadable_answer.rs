//! Answers that are JSON, but not of the expected shape.

use std::fmt;

use coder_core::cleaned;

use crate::Unreadable;

/// An answer that lacks what makes it what was asked for.
///
/// It tells no value of the answer: that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableAnswer {
    /// The place in the JSON document, like `latest_build.id`; `.` for all of it.
    pub path: String,
    /// What is there, and what should be.
    pub reason: String,
    /// The name of the operation, when [`Client::send`](crate::Client::send) sent it.
    pub operation: Option<&'static str>,
    /// Coder's release, when the answer told it (`X-Coder-Build-Version`).
    pub release: Option<String>,
}

impl UnreadableAnswer {
    pub(crate) fn new(path: &str, reason: &str) -> Self {
        let (path, reason) = (cleaned(path), cleaned(reason));
        Self { path, reason, operation: None, release: None }
    }
}

impl From<Unreadable> for UnreadableAnswer {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(unreadable.place(), unreadable.reason())
    }
}

impl fmt::Display for UnreadableAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("coder's answer")?;
        if let Some(operation) = self.operation {
            write!(formatter, " to `{operation}`")?;
        }
        write!(formatter, " is not as expected at `{}`: {}", self.path, self.reason)?;
        if let Some(release) = &self.release {
            write!(formatter, "; the release is {release}")?;
        }
        Ok(())
    }
}
