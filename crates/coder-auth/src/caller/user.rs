//! A Backstage user, and the evidence for its identity.

use std::sync::Arc;

use backstage_catalog::EntityRef;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use coder_core::{Random, Secret};
use http::HeaderMap;
use http::header::ORIGIN;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::environment::{Environment, Environments};
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::StoredGrant;
use crate::grant::key::{GrantKey, SealedKey};
use crate::grant::manager::Grants;
use crate::http::error::RequestError;
use crate::http::headers::{CODER_SESSION_TOKEN, require_xml_http_request};
use crate::http::origins::AllowedOrigins;
use crate::identity::{AcceptTokens, IdentityVerifier, Issuer, VerifyError};
use crate::parts::Parts;
use crate::seal::{AssociatedData, SealingKeys, json};
use crate::session::error::SessionError;
use crate::session::manager::Sessions;
use crate::session::placeholder::Placeholder;
use crate::store::{GrantRecord, LinkKey, SessionRecord};

/// The greatest length of an entity reference, in bytes. Backstage allows three parts of 63
/// characters.
const MAX_REF: usize = 512;

/// A Backstage user, as one issuer of identity tokens knows it.
///
/// The same reference from another issuer is another user, because the operator of that issuer must
/// not reach what belongs to this one. The same reference from another sign-in of this portal is
/// another user as well, because two environments, or two accounts at one Coder, may resolve to one
/// reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackstageUser {
    entity: EntityRef,
    by: IdentifiedBy,
}

/// The evidence for an identity. An issuer is identified by its signing key and not by `iss`,
/// because a portal shares its issuer name with the Backstage backend behind the same URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IdentifiedBy {
    /// A sign-in at this portal, with the grant behind it.
    SignIn(SignedInGrant),
    /// An identity token of a trusted issuer with this name.
    Issuer(String),
}

/// The grant and the environment of a sign-in at this portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedInGrant {
    pub(crate) key: GrantKey,
    /// Name of the grant. It tells the grant from those that ended before it.
    pub(crate) name: String,
    pub(crate) environment: String,
}

/// [`SignedInGrant`] as it is sealed into an identity token.
#[derive(Serialize, Deserialize)]
struct SealedGrant {
    #[serde(flatten)]
    key: SealedKey,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "e")]
    environment: String,
}

impl SignedInGrant {
    /// Names the grant `stored`, behind a sign-in in this environment.
    pub(crate) fn new(stored: &StoredGrant, environment: &str) -> Self {
        let (key, name) = (stored.key.clone(), stored.grant.name.clone());
        Self { key, name, environment: environment.to_owned() }
    }

    /// Seals the grant for an identity token of this user.
    pub(crate) fn seal(
        self,
        keys: &SealingKeys,
        random: &dyn Random,
        user_entity_ref: &str,
    ) -> Result<String, AuthError> {
        let Self { key, name, environment } = self;
        let sealed = json(&SealedGrant { key: key.into(), name, environment })?;
        keys.seal_text(random, &claim_purpose(user_entity_ref), &sealed)
    }

    /// Opens the claim of an identity token of this user; `None` if no configured key opens it.
    fn open(keys: &SealingKeys, claim: &str, user_entity_ref: &str) -> Option<Self> {
        let plaintext = keys.open_text(&claim_purpose(user_entity_ref), claim).ok()?;
        let SealedGrant { key, name, environment } = serde_json::from_slice(&plaintext).ok()?;
        Some(Self { key: key.into(), name, environment })
    }
}

fn claim_purpose(user_entity_ref: &str) -> AssociatedData {
    AssociatedData::new(&["grant of an identity token", user_entity_ref])
}

impl BackstageUser {
    /// Returns the canonical reference of the User entity.
    pub(crate) fn entity(&self) -> &EntityRef {
        &self.entity
    }

    /// Returns the evidence for the identity.
    pub(crate) fn by(&self) -> &IdentifiedBy {
        &self.by
    }

    /// Returns the key under which a linked token of this user is stored.
    pub(crate) fn link_key(&self, environment: &Environment) -> LinkKey {
        let holder = match &self.by {
            IdentifiedBy::SignIn(SignedInGrant { key, environment, .. }) => {
                sign_in_holder(key, environment)
            }
            IdentifiedBy::Issuer(issuer) => issuer_holder(issuer, self.entity.as_str()),
        };
        LinkKey { deployment: environment.upstream.deployment().clone(), holder }
    }
}

/// Names the holder of a linked token who has signed in with this grant in this environment.
pub(crate) fn sign_in_holder(key: &GrantKey, environment: &str) -> String {
    let purpose = AssociatedData::new(&[
        key.app.deployment.as_str(),
        &key.app.client_id,
        &key.user.to_string(),
        environment,
    ]);
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(purpose.as_bytes()));
    format!("sign-in {hash}")
}

/// Names the holder of a linked token whom a trusted issuer knows by this canonical reference.
pub(crate) fn issuer_holder(issuer: &str, entity: &str) -> String {
    format!("issuer {issuer} {entity}")
}

/// The sender of a request with the session cookie, within the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SentBy {
    /// A script, which proves by a header that it is one of an allowed origin.
    Script,
    /// A script, which proves it by the same header or by a `Coder-Session-Token`.
    ScriptWithToken,
    /// A script of an allowed origin that opens a WebSocket, which has no headers of a script.
    WebSocket,
    /// The browser itself, for a page of the same origin or for its user.
    Navigation,
}

/// Identification of the Backstage users of requests. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BackstageUsers {
    pub(super) keys: SealingKeys,
    environments: Arc<Environments>,
    origins: Arc<AllowedOrigins>,
    sessions: Sessions,
    grants: Grants,
    issuer: Arc<Issuer>,
    /// Verifies the tokens of other issuers.
    trusted: Arc<IdentityVerifier>,
}

impl BackstageUsers {
    pub(crate) fn new(parts: &Parts) -> Self {
        Self {
            keys: parts.keys.clone(),
            environments: Arc::clone(&parts.environments),
            origins: Arc::clone(&parts.origins),
            sessions: parts.sessions.clone(),
            grants: parts.grants.clone(),
            issuer: Arc::clone(&parts.issuer),
            trusted: Arc::clone(&parts.trusted),
        }
    }

    /// Finds the user whom an identity token names, ours or that of a trusted issuer.
    pub(crate) async fn of_token(&self, token: &Secret) -> Result<BackstageUser, AuthError> {
        let accept = AcceptTokens::Full;
        let (user, by) = match self.issuer.verify_if_ours(token.expose(), accept).await? {
            Some(own) => {
                let claim = own.grant.ok_or(SessionError::InvalidToken)?;
                let sign_in = SignedInGrant::open(&self.keys, &claim, &own.user);
                (own.user, IdentifiedBy::SignIn(sign_in.ok_or(SessionError::InvalidToken)?))
            }
            None => match self.trusted.verify(token.expose(), accept).await {
                Ok(identity) => (identity.user_entity_ref, IdentifiedBy::Issuer(identity.issuer)),
                Err(VerifyError::Refused) => return Err(SessionError::InvalidToken.into()),
                Err(error) => return Err(error.into()),
            },
        };
        let entity = EntityRef::parse(&user).ok().filter(|user| user.as_str().len() <= MAX_REF);
        Ok(BackstageUser { entity: entity.ok_or(SessionError::InvalidToken)?, by })
    }

    /// Finds the session of a page of the portal, and its grant if that may be used.
    ///
    /// A request without a session cookie is told so, since the header of a script would not help it.
    pub(crate) async fn session_in_use(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
        sent_by: SentBy,
    ) -> Result<(SessionRecord, StoredGrant), AuthError> {
        self.origins.check_caller(headers)?;
        self.sessions.require_cookie(headers)?;
        match sent_by {
            SentBy::Script => require_xml_http_request(headers)?,
            // No page of another site sends the header without a preflight.
            SentBy::ScriptWithToken if headers.contains_key(CODER_SESSION_TOKEN) => {}
            SentBy::ScriptWithToken => require_xml_http_request(headers)?,
            // Its origin was checked.
            SentBy::WebSocket | SentBy::Navigation => {}
        }
        let (session, read) = self.sessions.find(headers, environment).await?;
        let stored = self.grant_in_use(&session, read).await?;
        Ok((session, stored))
    }

    /// Finds the session of a placeholder, with its grant as it is stored. A placeholder is refused
    /// when its session has ended.
    pub(crate) async fn session_behind(
        &self,
        placeholder: &Placeholder,
    ) -> Result<(SessionRecord, Option<GrantRecord>), AuthError> {
        let found = self.sessions.find_by_id(&placeholder.session, None).await;
        found.map_err(|error| {
            let ended = matches!(error.kind(), AuthErrorKind::Session(_));
            if ended { SessionError::Placeholder.into() } else { error }
        })
    }

    /// Opens the grant of a session as it was read, if it may be used.
    pub(crate) async fn grant_in_use(
        &self,
        session: &SessionRecord,
        read: Option<GrantRecord>,
    ) -> Result<StoredGrant, AuthError> {
        let upstream = &self.environments.named(&session.environment)?.upstream;
        self.grants.valid_read(upstream, &session.grant, read).await
    }

    /// Refuses a request that does not name an allowed origin.
    pub(crate) fn require_allowed_origin(&self, headers: &HeaderMap) -> Result<(), AuthError> {
        if !headers.contains_key(ORIGIN) {
            return Err(RequestError::MissingOrigin.into());
        }
        Ok(self.origins.check_caller(headers)?)
    }

    /// Identifies the user of a session; `None` if a login in its environment does not sign in to
    /// Backstage.
    pub(crate) async fn of_session(
        &self,
        session: &SessionRecord,
        stored: &StoredGrant,
    ) -> Result<Option<BackstageUser>, AuthError> {
        let environment = self.environments.named(&session.environment)?;
        let identity = environment.identify(&stored.grant.profile).await?;
        let sign_in = SignedInGrant::new(stored, &session.environment);
        Ok(identity.map(|identity| BackstageUser {
            entity: identity.user,
            by: IdentifiedBy::SignIn(sign_in),
        }))
    }
}
