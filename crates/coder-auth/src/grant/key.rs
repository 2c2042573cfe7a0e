//! Whose grant it is.

use std::fmt;

use coder_client::UserId;
use coder_core::Origin;
use uuid::Uuid;

use crate::seal::Purpose;

/// Whose grant it is. Environments with the same deployment and client share their grants.
///
/// A token that a person has linked is kept like a grant. Its client id is no client's but names the
/// person, and its user is the nil UUID, which no user of Coder has.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct GrantKey {
    /// The origin of the Coder deployment.
    pub deployment: Origin,
    /// The OAuth2 client id at that deployment.
    pub client_id: String,
    /// The user at that deployment.
    pub user: UserId,
}

impl GrantKey {
    /// The grant that this user of this deployment gave this client.
    pub fn new(deployment: Origin, client_id: impl Into<String>, user: UserId) -> Self {
        Self { deployment, client_id: client_id.into(), user }
    }

    /// Where a token is kept that a person has linked, who is known by `issuer` as `user`: a grant
    /// that no OAuth2 client was given, and whose user at Coder is not part of the key, since
    /// looking it up must not need to know.
    pub(crate) fn of_link(deployment: Origin, issuer: &str, user: &str) -> Self {
        Self::new(deployment, format!("link {issuer} {user}"), Uuid::nil().into())
    }

    /// Whether it is the key of a linked token. No user of Coder has this id.
    pub(crate) fn is_link(&self) -> bool {
        Uuid::from(self.user).is_nil()
    }

    /// What a grant is sealed for.
    pub(crate) fn purpose(&self) -> Purpose {
        Purpose::new(&["grant", self.deployment.as_str(), &self.client_id, &self.user.to_string()])
    }
}

impl fmt::Debug for GrantKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GrantKey({} of {} at {})", self.client_id, self.user, self.deployment)
    }
}
