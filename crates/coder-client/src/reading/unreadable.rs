//! Parts of answers that cannot be read.

use std::fmt;

/// Something in an answer that cannot be read.
///
/// Neither place nor reason holds text of the answer, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    place: String,
    reason: String,
}

impl Unreadable {
    /// Something that is not as it should be, at the place that is being read.
    pub(crate) fn here(reason: String) -> Box<Self> {
        Box::new(Self { place: String::new(), reason })
    }

    /// The same, seen from what holds that place under this name or index.
    pub(crate) fn within(mut self: Box<Self>, holder: &str) -> Box<Self> {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{holder}{dot}{}", self.place);
        self
    }

    /// The place in the JSON document, like `[3].latest_build.id`; `.` for all of it.
    pub fn place(&self) -> &str {
        if self.place.is_empty() { "." } else { &self.place }
    }

    /// What is there, and what should be, like `null instead of a UUID`.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.place(), self.reason)
    }
}
