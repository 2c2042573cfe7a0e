//! API keys and tokens.

use jiff::SignedDuration;
use serde::Serialize;

use crate::models::{AllowListTarget, ApiKey, NewApiKey, TokenConfig};
use crate::operation::{Draft, operation, operations};
use crate::{Capability, List, UserRef};

operations! {
    /// `POST /api/v2/users/{user}/keys`: a key that lives as long as a session.
    CreateApiKey(user: UserRef) = POST ["users", user, "keys"] => NewApiKey, up to SMALL_ANSWER;
    /// `GET /api/v2/users/{user}/keys/tokens/tokenconfig`: what tokens somebody may make.
    GetTokenConfig(user: UserRef) =
        GET ["users", user, "keys", "tokens", "tokenconfig"] => TokenConfig, up to SMALL_ANSWER;
    /// `GET /api/v2/users/{user}/keys/tokens/{keyname}`: a token, by its name.
    GetTokenByName(user: UserRef, name: String) =
        GET ["users", user, "keys", "tokens", name] => ApiKey, up to SMALL_ANSWER;
    /// `GET /api/v2/users/{user}/keys/{keyid}`: a key, by the ten characters before its hyphen.
    GetApiKey(user: UserRef, key: String) = GET ["users", user, "keys", key] => ApiKey,
        up to SMALL_ANSWER;
    /// `DELETE /api/v2/users/{user}/keys/{keyid}`: removes a key.
    DeleteApiKey(user: UserRef, key: String) = DELETE ["users", user, "keys", key],
        up to SMALL_ANSWER;
    /// `PUT /api/v2/users/{user}/keys/{keyid}/expire`: ends a key now, and keeps it in the list.
    ExpireApiKey(user: UserRef, key: String) = PUT ["users", user, "keys", key, "expire"],
        needs KeyExpiry, up to SMALL_ANSWER;
}

/// `GET /api/v2/users/{user}/keys/tokens`: somebody's API tokens. OAuth2 access tokens are not
/// among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTokens {
    user: UserRef,
    include_expired: bool,
}

impl ListTokens {
    /// Those of this user that work.
    pub fn new(user: impl Into<UserRef>) -> Self {
        Self { user: user.into(), include_expired: false }
    }

    /// Also those that do not any more.
    #[must_use]
    pub fn include_expired(self) -> Self {
        Self { include_expired: true, ..self }
    }
}

/// Coder answers `null` where there are none.
impl crate::Operation for ListTokens {
    type Output = List<ApiKey>;

    fn request(
        &self,
        deployment: &coder_core::DeploymentUrl,
    ) -> Result<http::Request<bytes::Bytes>, crate::Error> {
        Draft::get(["users", &self.user.to_string(), "keys", "tokens"])
            .query("include_expired", self.include_expired.then_some(true))
            .build(deployment)
    }

    fn parse(&self, response: http::Response<bytes::Bytes>) -> Result<List<ApiKey>, crate::Error> {
        crate::operation::tolerant(&response)
    }
}

/// `POST /api/v2/users/{user}/keys/tokens`: a new API token. Answers 409 when the name is taken.
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
    /// A token that works for this long and may do everything its owner may.
    pub fn new(user: impl Into<UserRef>, name: &str, lifetime: SignedDuration) -> Self {
        Self {
            user: user.into(),
            token_name: name.to_owned(),
            lifetime: i64::try_from(lifetime.as_nanos()).unwrap_or(i64::MAX),
            scopes: Vec::new(),
            allow_list: Vec::new(),
        }
    }

    /// That may do this, like `workspace:read`. Older releases make a token that may do everything
    /// instead: it is asked of a release only that has [`Capability::LimitedTokens`].
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// That may be used on this; see [`scope`](Self::scope).
    #[must_use]
    pub fn allow(mut self, target: AllowListTarget) -> Self {
        self.allow_list.push(target);
        self
    }
}

operation!(CreateToken => NewApiKey,
    |this| Draft::post(["users", &this.user.to_string(), "keys", "tokens"]).json(this),
    fn needs(&self) -> Option<Capability> {
        let is_limited = !self.scopes.is_empty() || !self.allow_list.is_empty();
        is_limited.then_some(Capability::LimitedTokens)
    },
    fn max_answer(&self) -> usize {
        crate::operation::SMALL_ANSWER
    }
);
