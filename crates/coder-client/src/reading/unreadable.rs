//! Parts of answers that cannot be read.

use std::fmt;

/// A value, or the reason why it cannot be read.
pub(crate) type Outcome<T> = Result<T, Box<Unreadable>>;

/// A part of an answer that cannot be read.
///
/// Neither path nor reason contains text of the answer, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    path: String,
    reason: String,
}

impl Unreadable {
    /// Creates the error for the value that is being read: it has another form than the expected one.
    pub(crate) fn unlike(found: &str, expected: &str) -> Box<Self> {
        Self::here([found, " instead of ", expected].concat())
    }

    /// Creates the error for the value that is being read.
    pub(crate) fn here(reason: String) -> Box<Self> {
        Box::new(Self { path: String::new(), reason })
    }

    /// Adds the name or index under which the value stands in its holder.
    pub(crate) fn within(mut self: Box<Self>, holder: &str) -> Box<Self> {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{holder}{dot}{}", self.path);
        self
    }

    /// Returns the path in the JSON document, like `[3].latest_build.id`; `.` for the whole
    /// document.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "." } else { &self.path }
    }

    /// Returns the form of the value and the expected form, like `null instead of a UUID`.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.path(), self.reason)
    }
}
