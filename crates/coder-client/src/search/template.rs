//! Filters of templates.

use std::fmt;

use super::{FilterError, WorkspaceFilter};

/// A filter of templates: the `q` of `GET /api/v2/templates`.
///
/// Deprecated templates match only if [`deprecated`](Self::deprecated) asks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFilter(WorkspaceFilter);

impl TemplateFilter {
    /// Creates a filter that every template matches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires this organization, by name or id. The word `default` is neither.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn organization(self, name: &str) -> Result<Self, FilterError> {
        self.term("organization", name)
    }

    /// Requires exactly this name.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn exact_name(self, name: &str) -> Result<Self, FilterError> {
        self.term("exact_name", name)
    }

    /// Requires a similar name.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn name(self, name: &str) -> Result<Self, FilterError> {
        self.term("name", name)
    }

    /// Requires deprecated templates (`true`) or the others (`false`).
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn deprecated(self, deprecated: &str) -> Result<Self, FilterError> {
        self.term("deprecated", deprecated)
    }

    /// Sets a filter of Coder's grammar by its name. It replaces an earlier value of this name.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn term(self, key: &str, value: &str) -> Result<Self, FilterError> {
        self.0.term(key, value).map(Self)
    }

    /// Returns `true` when every template matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for TemplateFilter {
    /// Writes the query in Coder's grammar.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
