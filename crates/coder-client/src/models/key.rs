//! API keys and tokens.

use std::collections::BTreeMap;
use std::fmt;

use coder_core::Secret;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::LoginType;
use super::moment::unless_never;
use crate::reading::{Broken, Fields, Outcome, Read, model};
use crate::{List, UserId};

model! {
    /// An API key or token, without its secret: `GET /api/v2/users/{user}/keys/tokens`.
    // coder: beside username: the list of tokens names whose each is
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ApiKey {
        /// The id: the first ten characters of the key, which are not secret.
        pub id: String = required,
        /// The id of the owner.
        pub user_id: UserId = required,
        /// The moment of the last use; the year 1 or 1970 for never, see
        /// [`used_at`](Self::used_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_used: Option<Timestamp>,
        /// The moment at which the key expires.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expires_at: Option<Timestamp>,
        /// The moment of its creation.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// The moment of its last change.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// The way in which the key was created.
        pub login_type: LoginType,
        /// The scope of the key, as older releases tell it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        /// The scopes, which limit what the key may do.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub scopes: List<String>,
        /// The name, which is unique among the owner's tokens.
        pub token_name: String,
        /// The lifetime of the key, in seconds.
        pub lifetime_seconds: i64,
        /// The resources that the key works on.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub allow_list: List<AllowListTarget>,
        /// The username of the owner, in lists of all users' tokens.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub username: Option<String>,
    }
}

impl ApiKey {
    /// Returns the moment of the last use; `None` for never, and when Coder does not tell it.
    pub fn used_at(&self) -> Option<Timestamp> {
        unless_never(self.last_used)
    }
}

/// A resource in the allow list of an API token, written as `type:id`.
// coder: codersdk.APIAllowListTarget
// coder: without type: Coder writes the whole as one text
// coder: beside kind: the part of that text before the colon
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllowListTarget {
    /// The type of the resource, like `workspace`; `*` for all types.
    pub kind: String,
    /// The id of the resource; `*` for all resources of the type.
    pub id: String,
}

impl AllowListTarget {
    /// Creates the entry for a resource type and an id.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

impl fmt::Display for AllowListTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.id)
    }
}

impl Serialize for AllowListTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Read for AllowListTarget {
    const FORM: &'static str = "a text like `type:id`";

    fn from_text(text: &str) -> Outcome<Self> {
        let (kind, id) = text.split_once(':').ok_or_else(|| Self::unlike("another text"))?;
        Ok(Self::new(kind, id))
    }

    /// Reads an object, as Coder's API description has it; no release that was seen writes one.
    fn from_fields(fields: &mut dyn Fields) -> Result<Outcome<Self>, Broken> {
        let fields = BTreeMap::<String, String>::from_fields(fields)?;
        Ok(fields.and_then(|mut fields| match (fields.remove("type"), fields.remove("id")) {
            (Some(kind), Some(id)) => Ok(Self::new(kind, id)),
            _ => Err(Self::unlike("another object")),
        }))
    }
}

model! {
    /// A new API key or token. Coder returns its text only once.
    // coder: codersdk.GenerateAPIKeyResponse
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewApiKey {
        /// The text of the key.
        pub key: Secret = required,
    }
}

model! {
    /// A new session: `POST /api/v2/users/login`. Coder returns its token only once.
    // coder: codersdk.LoginWithPasswordResponse
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewSession {
        /// The token of the session.
        pub session_token: Secret = required,
    }
}

model! {
    /// The limits for new tokens of a user: `GET /api/v2/users/{user}/keys/tokens/tokenconfig`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TokenConfig {
        /// The longest lifetime of a token, in nanoseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_token_lifetime: Option<i64>,
    }
}
