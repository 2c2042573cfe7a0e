//! Notices: mistakes and oddities that stop nothing.

use std::fmt;

use crate::Provenance;
use crate::message::one_line;

/// A notice for a person about something that stops nothing: a value that was dropped, a key that
/// nobody reads.
///
/// Its text form is one line with the place in front: `app-config.yaml:9:3: unknown key …`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// The path of the value, like `coder.workspaces.defaultMode`.
    pub path: String,
    /// Place where the value is written; `None` for one that is written nowhere.
    pub provenance: Option<Provenance>,
    /// Description and remedy, lower case, in one line, without the place.
    pub message: String,
}

impl Notice {
    /// Creates a notice about the value at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: one_line(path), provenance: None, message: one_line(message) }
    }

    /// Adds where the value is written.
    #[must_use]
    pub fn at(mut self, provenance: impl Into<Provenance>) -> Self {
        self.provenance = Some(provenance.into());
        self
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(provenance) = &self.provenance {
            write!(formatter, "{provenance}: ")?;
        }
        formatter.write_str(&self.message)
    }
}
