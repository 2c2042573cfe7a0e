//! Parts of answers that cannot be read.

use std::fmt;

/// Something in an answer that cannot be read.
///
/// Neither path nor reason holds text of the answer, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    path: String,
    reason: String,
}

impl Unreadable {
    /// Something that is not as it should be, at the path that is being read.
    pub(crate) fn here(reason: String) -> Box<Self> {
        Box::new(Self { path: String::new(), reason })
    }

    /// The same, seen from what holds that path under this name or index.
    pub(crate) fn within(mut self: Box<Self>, holder: &str) -> Box<Self> {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{holder}{dot}{}", self.path);
        self
    }

    /// The path in the JSON document, like `[3].latest_build.id`; `.` for all of it.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "." } else { &self.path }
    }

    /// What is there, and what should be, like `null instead of a UUID`.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.path(), self.reason)
    }
}
