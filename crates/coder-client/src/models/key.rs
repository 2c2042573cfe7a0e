//! API keys and tokens.

use coder_core::Secret;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LoginType, nullable};
use crate::UserId;

/// An API key or token, without its secret: `GET /api/v2/users/{user}/keys/tokens`.
// coder: beside username: the list of tokens names whose each is
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApiKey {
    /// The first ten characters of the key, which are no secret.
    pub id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was last used; the year 1 for never.
    pub last_used: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How it came to be.
    #[serde(default)]
    pub login_type: LoginType,
    /// What it may do, in the words of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it may do.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Unique among its owner's tokens.
    #[serde(default)]
    pub token_name: String,
    /// How long it works, in seconds.
    #[serde(default)]
    pub lifetime_seconds: i64,
    /// What it may be used on.
    #[serde(default, deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub allow_list: Vec<AllowListTarget>,
    /// Its owner's name, where everyone's tokens are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Something an API token may be used on.
// coder: codersdk.APIAllowListTarget
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AllowListTarget {
    /// What kind of thing, like `workspace`; `*` for anything.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which one; `*` for any.
    pub id: String,
}

impl AllowListTarget {
    /// The thing of this kind and id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

/// A new key. It is told once.
// coder: codersdk.GenerateAPIKeyResponse
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct NewApiKey {
    /// The key itself.
    pub key: Secret,
}

/// A new session: `POST /api/v2/users/login`. Its token is told once.
// coder: codersdk.LoginWithPasswordResponse
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct NewSession {
    /// The token.
    pub session_token: Secret,
}

/// What tokens somebody may make: `GET /api/v2/users/{user}/keys/tokens/tokenconfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenConfig {
    /// How long they may work, in nanoseconds.
    pub max_token_lifetime: i64,
}
