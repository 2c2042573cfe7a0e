//! Users.

use crate::UserRef;
use crate::models::User;
use crate::operation::{Draft, operation};

/// `GET /api/v2/users/{user}`: who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetUser {
    user: UserRef,
}

impl GetUser {
    /// Whoever the credential belongs to.
    pub fn me() -> Self {
        Self::new(UserRef::Me)
    }

    /// Somebody.
    pub fn new(user: impl Into<UserRef>) -> Self {
        Self { user: user.into() }
    }
}

operation!(GetUser => User, |this| Draft::get(["users", &this.user.to_string()]));
