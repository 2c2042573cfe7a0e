//! Answers that are JSON, but not of the expected shape.

use std::fmt;

use coder_core::cleaned;

use crate::Unreadable;

/// An answer that is JSON, but lacks a required field or has it in another form.
///
/// It tells no value of the answer, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadableResponse {
    /// The path in the JSON document, like `latest_build.id`; `.` for the whole document.
    pub path: String,
    /// The form of the value, and the expected form, like `null instead of a UUID`.
    pub reason: String,
    /// The name of the operation, when [`Client::send`](crate::Client::send) sent it.
    pub operation: Option<&'static str>,
    /// The release of Coder, when the answer named it (`X-Coder-Build-Version`).
    pub release: Option<String>,
}

impl UnreadableResponse {
    pub(crate) fn new(path: &str, reason: &str) -> Self {
        let (path, reason) = (cleaned(path), cleaned(reason));
        Self { path, reason, operation: None, release: None }
    }
}

impl From<Unreadable> for UnreadableResponse {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(unreadable.path(), unreadable.reason())
    }
}

impl fmt::Display for UnreadableResponse {
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
