//! API keys and tokens.

use std::collections::BTreeMap;
use std::fmt;

use coder_core::Secret;
use jiff::Timestamp;
use serde::de::MapAccess;
use serde::{Serialize, Serializer};

use super::LoginType;
use super::moment::ever;
use crate::reading::{Outcome, Read, model};
use crate::{List, UserId};

model! {
    /// An API key or token, without its secret: `GET /api/v2/users/{user}/keys/tokens`.
    // coder: beside username: the list of tokens names whose each is
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ApiKey {
        /// The first ten characters of the key, which are no secret.
        pub id: String = required,
        /// Whose it is.
        pub user_id: UserId = required,
        /// When it was last used; the year 1 or 1970 for never, see [`used_at`](Self::used_at).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_used: Option<Timestamp>,
        /// Until when it works.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub expires_at: Option<Timestamp>,
        /// When it was made.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub created_at: Option<Timestamp>,
        /// When it last changed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub updated_at: Option<Timestamp>,
        /// How it came to be.
        pub login_type: LoginType,
        /// What it may do, in the words of older versions.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub scope: Option<String>,
        /// What it may do.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub scopes: List<String>,
        /// Unique among its owner's tokens.
        pub token_name: String,
        /// How long it works, in seconds.
        pub lifetime_seconds: i64,
        /// What it may be used on.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub allow_list: List<AllowListTarget>,
        /// Its owner's name, where everyone's tokens are listed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub username: Option<String>,
    }
}

impl ApiKey {
    /// When it was last used; `None` for never, and when Coder does not tell.
    pub fn used_at(&self) -> Option<Timestamp> {
        ever(self.last_used)
    }
}

/// Something an API token may be used on, written as `type:id`.
// coder: codersdk.APIAllowListTarget
// coder: without type: Coder writes the whole as one text
// coder: beside kind: the part of that text before the colon
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllowListTarget {
    /// What kind of thing, like `workspace`; `*` for anything.
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

    /// As Coder's description has it; no release that was seen writes it so.
    fn from_fields<'de, A: MapAccess<'de>>(fields: A) -> Result<Outcome<Self>, A::Error> {
        let fields = BTreeMap::<String, String>::from_fields(fields)?;
        Ok(fields.and_then(|mut fields| match (fields.remove("type"), fields.remove("id")) {
            (Some(kind), Some(id)) => Ok(Self::new(kind, id)),
            _ => Err(Self::unlike("another object")),
        }))
    }
}

model! {
    /// A new key. It is told once.
    // coder: codersdk.GenerateAPIKeyResponse
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewApiKey {
        /// The key itself.
        pub key: Secret = required,
    }
}

model! {
    /// A new session: `POST /api/v2/users/login`. Its token is told once.
    // coder: codersdk.LoginWithPasswordResponse
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct NewSession {
        /// The token.
        pub session_token: Secret = required,
    }
}

model! {
    /// What tokens somebody may make: `GET /api/v2/users/{user}/keys/tokens/tokenconfig`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TokenConfig {
        /// How long they may work, in nanoseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub max_token_lifetime: Option<i64>,
    }
}
