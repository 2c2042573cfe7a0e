//! Filters of users.

use std::fmt;

use super::grammar::speakable;
use super::{FilterError, WorkspaceFilter};

/// Which users to list: the `q` of `GET /api/v2/users`.
///
/// Coder has no filter for an exact username or address. Those are looked for as a text, and
/// [`ListUsers`](crate::operations::ListUsers) leaves out whoever only has it as a part of a name.
/// One user whose name is known is found by [`GetUser`](crate::operations::GetUser).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    asked: WorkspaceFilter,
    username: Option<String>,
    email: Option<String>,
}

impl UserFilter {
    /// Everything the caller may see.
    pub fn new() -> Self {
        Self::default()
    }

    /// Users whose name, username or address contains this text.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn search(self, text: &str) -> Result<Self, FilterError> {
        self.term("search", text)
    }

    /// The user with exactly this username, whatever its case.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn username(self, username: &str) -> Result<Self, FilterError> {
        Ok(Self { username: Some(speakable(username)?.to_owned()), ..self })
    }

    /// The user with exactly this address, whatever its case.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn email(self, email: &str) -> Result<Self, FilterError> {
        Ok(Self { email: Some(speakable(email)?.to_owned()), ..self })
    }

    /// Users of this status, like `active`.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn status(self, status: &str) -> Result<Self, FilterError> {
        self.term("status", status)
    }

    /// Any filter of Coder's grammar. Replaces what was set for this key.
    ///
    /// # Errors
    ///
    /// See [`FilterError`].
    pub fn term(self, key: &str, value: &str) -> Result<Self, FilterError> {
        Ok(Self { asked: self.asked.term(key, value)?, ..self })
    }

    /// Whether nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && !self.is_exact()
    }

    /// Whether Coder's answer has to be compared with what was asked for.
    pub(crate) fn is_exact(&self) -> bool {
        self.username.is_some() || self.email.is_some()
    }

    /// Whether a user of these names is asked for.
    pub(crate) fn names(&self, username: &str, email: &str) -> bool {
        let is = |wanted: &Option<String>, name: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.to_lowercase() == name.to_lowercase())
        };
        is(&self.username, username) && is(&self.email, email)
    }
}

impl fmt::Display for UserFilter {
    /// The query in Coder's grammar.
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
