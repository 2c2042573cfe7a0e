//! Filters of templates.

use std::fmt;

use super::{FilterError, WorkspaceFilter};

/// Which templates to list: the `q` of `GET /api/v2/templates`. Deprecated ones are left out
/// unless they are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFilter(WorkspaceFilter);

impl TemplateFilter {
    /// Everything the caller may see.
    pub fn new() -> Self {
        Self::default()
    }

    /// Templates of this organization, by name or id. The word `default` is neither.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn organization(self, name: &str) -> Result<Self, FilterError> {
        self.term("organization", name)
    }

    /// Templates of exactly this name.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn exact_name(self, name: &str) -> Result<Self, FilterError> {
        self.term("exact_name", name)
    }

    /// Templates whose name is similar.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn name(self, name: &str) -> Result<Self, FilterError> {
        self.term("name", name)
    }

    /// Deprecated templates (`true`) or the others (`false`).
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn deprecated(self, deprecated: &str) -> Result<Self, FilterError> {
        self.term("deprecated", deprecated)
    }

    /// Any filter of Coder's grammar. Replaces what was set for this key.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn term(self, key: &str, value: &str) -> Result<Self, FilterError> {
        self.0.term(key, value).map(Self)
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for TemplateFilter {
    /// The query in Coder's grammar.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
