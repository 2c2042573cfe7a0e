//! Filters of users.

use std::fmt;

use super::grammar::quotable;
use super::{FilterError, WorkspaceFilter};

/// A filter of users: the `q` of `GET /api/v2/users`.
///
/// Coder has no filter for an exact username or email address. The query searches for it as a text,
/// and [`ListUsers`](crate::operations::ListUsers) leaves out users that only have it as a part of
/// a name. A single user with a known name is returned by [`GetUser`](crate::operations::GetUser).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    asked: WorkspaceFilter,
    username: Option<String>,
    email: Option<String>,
}

impl UserFilter {
    /// Creates a filter that every user matches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Requires this text in the name, username or email address.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn search(self, text: &str) -> Result<Self, FilterError> {
        self.term("search", text)
    }

    /// Requires exactly this username, without regard to case.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn username(self, username: &str) -> Result<Self, FilterError> {
        Ok(Self { username: Some(quotable(username)?.to_owned()), ..self })
    }

    /// Requires exactly this email address, without regard to case.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn email(self, email: &str) -> Result<Self, FilterError> {
        Ok(Self { email: Some(quotable(email)?.to_owned()), ..self })
    }

    /// Requires this status, like `active`.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn status(self, status: &str) -> Result<Self, FilterError> {
        self.term("status", status)
    }

    /// Sets a filter of Coder's grammar by its name. It replaces an earlier value of this name.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn term(self, key: &str, value: &str) -> Result<Self, FilterError> {
        Ok(Self { asked: self.asked.term(key, value)?, ..self })
    }

    /// Returns `true` when every user matches.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && !self.is_exact()
    }

    /// Returns `true` when Coder's answer must be filtered again for an exact match.
    pub(crate) fn is_exact(&self) -> bool {
        self.username.is_some() || self.email.is_some()
    }

    /// Returns `true` when a user with these names matches exactly.
    pub(crate) fn names(&self, username: &str, email: &str) -> bool {
        let is = |wanted: &Option<String>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.to_lowercase() == name.to_lowercase())
        };
        is(&self.username, username) && is(&self.email, email)
    }
}

impl fmt::Display for UserFilter {
    /// Writes the query in Coder's grammar.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut asked = self.asked.clone();
        if let Some(part) = self.username.as_ref().or(self.email.as_ref())
            && !asked.sets("search")
        {
            asked = asked.set("search", part.clone());
        }
        asked.fmt(formatter)
    }
}
