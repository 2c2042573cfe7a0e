//! Applications, codes and refresh tokens.

use coder_core::Secret;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::TwoPart;

/// An OAuth2 application of the fake, as a test holds on to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FakeApp {
    /// The application's UUID, which is its `client_id`.
    pub client_id: String,
    /// Client secret of the application, one of several.
    pub client_secret: Secret,
}

/// An application, as the deployment stores it.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    /// At least one; the first is the `callback_url`.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) icon: String,
    /// The ceiling of what it may ask for.
    pub(crate) scope: Option<String>,
    pub(crate) client_type: ClientType,
    pub(crate) dynamically_registered: bool,
    pub(crate) secrets: Vec<AppSecret>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientType {
    Confidential,
    Public,
}

#[derive(Clone)]
pub(crate) struct AppSecret {
    pub(crate) id: Uuid,
    pub(crate) parts: TwoPart,
}

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AppSecret({})", self.id)
    }
}

/// The data of an application that is about to be registered.
#[derive(Debug)]
pub(crate) struct NewApp {
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) icon: String,
    pub(crate) scope: Option<String>,
    pub(crate) client_type: ClientType,
    pub(crate) dynamically_registered: bool,
}

impl App {
    /// Returns the redirect URI that Coder shows as the callback URL.
    pub(crate) fn callback_url(&self) -> &str {
        self.redirect_uris.first().map_or("", String::as_str)
    }
}

/// An authorization code that has not been used.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) parts: TwoPart,
    pub(crate) app: Uuid,
    pub(crate) user: Uuid,
    pub(crate) expires_at: Timestamp,
    /// The redirect URI, when the request named one.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) resource: Option<String>,
    /// Coder keeps a hash of the state and never looks at it again.
    pub(crate) state_hash: Option<Vec<u8>>,
    pub(crate) scopes: Vec<String>,
}

/// The refresh half of a pair. It lives and dies with its key.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) parts: TwoPart,
    /// The first part of the access token.
    pub(crate) key: String,
    pub(crate) app: Uuid,
    pub(crate) user: Uuid,
    pub(crate) secret: Option<Uuid>,
    pub(crate) expires_at: Timestamp,
    /// The scopes that the person has granted; the access token may hold less.
    pub(crate) scopes: Vec<String>,
    pub(crate) resource: Option<String>,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Code({}, state: {})", self.parts.id, self.state_hash.is_some())
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RefreshToken({})", self.parts.id)
    }
}

/// The metadata of a client beyond those that the application stores.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// The metadata as it was sent, with the defaults filled in.
    pub(crate) metadata: Value,
    pub(crate) token: String,
    pub(crate) issued_at: i64,
}
