//! API keys and tokens.

use jiff::SignedDuration;
use serde::Serialize;

use crate::models::{AllowListTarget, ApiKey, NewApiKey, TokenConfig};
use crate::operation::{RequestBuilder, impl_operation, operations};
use crate::{Capability, List, UserRef};

operations! {
    /// `POST /api/v2/users/{user}/keys`: creates an API key that lives as long as a session.
    #[doc(alias = "session")]
    CreateApiKey(user: UserRef) = POST ["users", user, "keys"] => NewApiKey, small;
    /// `GET /api/v2/users/{user}/keys/tokens/tokenconfig`: returns the limits for new tokens of a user.
    GetTokenConfig(user: UserRef) =
        GET ["users", user, "keys", "tokens", "tokenconfig"] => TokenConfig, small;
    /// `GET /api/v2/users/{user}/keys/tokens`: lists the API tokens of a user. OAuth2 access tokens
    /// are not among them.
    ListTokens(user: UserRef) = GET ["users", user, "keys", "tokens"]
        query {
            ;
            /// Returns expired tokens too (`true`).
            include_expired: bool,
        }
        => List<ApiKey>;
    /// `GET /api/v2/users/{user}/keys/tokens/{keyname}`: returns a token by its name.
    GetTokenByName(user: UserRef, name: String) =
        GET ["users", user, "keys", "tokens", name] => ApiKey, small;
    /// `GET /api/v2/users/{user}/keys/{keyid}`: returns a key by its id, the ten characters before
    /// its hyphen.
    GetApiKey(user: UserRef, key: String) = GET ["users", user, "keys", key] => ApiKey, small;
    /// `DELETE /api/v2/users/{user}/keys/{keyid}`: deletes a key.
    #[doc(alias = "revoke token")]
    DeleteApiKey(user: UserRef, key: String) = DELETE ["users", user, "keys", key] => (), small;
    /// `PUT /api/v2/users/{user}/keys/{keyid}/expire`: lets a key expire now. It stays in the list.
    ExpireApiKey(user: UserRef, key: String) =
        PUT ["users", user, "keys", key, "expire"] => (), needs KeyExpiry, small;
}

/// `POST /api/v2/users/{user}/keys/tokens`: creates an API token. Coder answers 409 when the name is
/// taken.
///
/// ```
/// use coder_client::jiff::SignedDuration;
/// use coder_client::operations::CreateToken;
/// use coder_client::{Client, ClientError, Secret};
///
/// async fn token_for_ci(client: &Client) -> Result<Secret, ClientError> {
///     let create = CreateToken::new("me", "ci", SignedDuration::from_hours(24));
///     Ok(client.send(&create).await?.key)
/// }
/// ```
#[doc(alias = "api key")]
#[doc(alias = "personal access token")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateToken {
    #[serde(skip)]
    user: UserRef,
    token_name: String,
    lifetime: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow_list: Vec<AllowListTarget>,
}

impl CreateToken {
    /// Creates the operation for a token with this name and lifetime, which may do all that its
    /// owner may do.
    pub fn new(user: impl Into<UserRef>, name: &str, lifetime: SignedDuration) -> Self {
        Self {
            user: user.into(),
            token_name: name.to_owned(),
            lifetime: i64::try_from(lifetime.as_nanos()).unwrap_or(i64::MAX),
            scopes: Vec::new(),
            allow_list: Vec::new(),
        }
    }

    /// Adds a scope, like `workspace:read`. With scopes, the token may do no more than they allow.
    ///
    /// Older releases ignore scopes, so the request is sent only to a release with
    /// [`Capability::LimitedTokens`].
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Adds a resource to the allow list. With an allow list, the token works on no other resource.
    ///
    /// As [`scope`](Self::scope), this needs [`Capability::LimitedTokens`].
    #[must_use]
    pub fn allow(mut self, target: AllowListTarget) -> Self {
        self.allow_list.push(target);
        self
    }
}

impl_operation!(CreateToken => NewApiKey, small,
    |this| RequestBuilder::post(["users", &this.user.to_string(), "keys", "tokens"]).json(this),
    fn needs(&self) -> Option<Capability> {
        let is_limited = !self.scopes.is_empty() || !self.allow_list.is_empty();
        is_limited.then_some(Capability::LimitedTokens)
    }
);
