//! Verifying identity tokens with the published keys of their issuers: for services that do not
//! issue tokens themselves.

use std::fmt;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use coder_core::{
    Lock, Origin, RequestName, TransportError, TransportErrorKind, World, is_loopback, is_within,
    join_path, timeout, with_causes,
};
use futures_channel::oneshot;
use futures_util::lock::Mutex;
use http::{Request, header::ACCEPT};
use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::claims::{AUDIENCE, AcceptTokens, ExpectedClaims, VerifiedIdentity, check};
use super::error::{InsecureIssuerError, TokenError, VerifyError};
use super::es256::VerifyingKey;
use super::jwk::JwkSet;
use super::jwt::{self, Parsed};

/// A key set is read again after this time.
const KEYS_CACHE_TTL: SignedDuration = SignedDuration::from_mins(10);
/// A key set is read again early after this time, beside a token whose key is known.
const KEYS_RENEW_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// A key set is read at most once within this time, whatever tokens come.
const MIN_REFETCH_INTERVAL: SignedDuration = SignedDuration::from_secs(30);
/// The time that an issuer has to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The greatest size of a key set, in bytes.
const MAX_KEY_SET: usize = 256 * 1024;
/// The name of a request for a key set.
const KEYS: RequestName = RequestName::new("SigningKeys");

/// Verifier of Backstage identity tokens of trusted issuers: of a portal of this project, seen from
/// another service, or of other Backstage backends.
///
/// Only ES256 is accepted, only the two token types of Backstage, and only keys that the issuer
/// publishes now. The key set is kept for ten minutes. For a token with an unknown key it is read
/// again, at most every 30 seconds.
///
/// ```
/// use coder_auth::identity::{AcceptTokens, IdentityVerifier, TrustedIssuer, VerifyError};
/// use coder_core::World;
///
/// async fn who(world: &World, bearer: &str) -> Result<String, Box<dyn std::error::Error>> {
///     let issuer = TrustedIssuer::new(&"https://portal.example.com/api/auth".parse()?)?;
///     let verifier = IdentityVerifier::new(world).trusted_issuer(issuer);
///     Ok(verifier.verify(bearer, AcceptTokens::Full).await?.user_entity_ref)
/// }
/// ```
pub struct IdentityVerifier {
    world: World,
    issuers: Vec<Arc<TrustedIssuer>>,
}

/// An issuer whose identity tokens are accepted.
pub struct TrustedIssuer {
    /// URL of its key set.
    jwks_url: Url,
    /// Expected `iss` of full tokens; `None` accepts any.
    issuer: Option<String>,
    /// Expected `aud` of full tokens.
    audience: String,
    keys: Lock<KeySet>,
    /// Turn of the one who reads the key set.
    reading: Mutex<()>,
}

#[derive(Default)]
struct KeySet {
    keys: Vec<(String, VerifyingKey)>,
    read_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl KeySet {
    fn find(&self, id: &str, now: Timestamp) -> Option<VerifyingKey> {
        let mut keys = self.keys.iter().filter(|_| self.was_read_within(KEYS_CACHE_TTL, now));
        keys.find(|(known, _)| known == id).map(|(_, key)| key.clone())
    }

    fn was_read_within(&self, span: SignedDuration, now: Timestamp) -> bool {
        self.read_at.is_some_and(|then| is_within(span, now, then))
    }

    fn was_tried(&self, now: Timestamp) -> bool {
        self.tried_at.is_some_and(|then| is_within(MIN_REFETCH_INTERVAL, now, then))
    }
}

impl TrustedIssuer {
    /// Trusts the auth backend at this URL (`https://portal.example.com/api/auth`). Its keys are at
    /// `/.well-known/jwks.json` below it, and its tokens name this URL as their issuer.
    ///
    /// # Errors
    ///
    /// Fails when its keys would travel in clear text off this machine.
    pub fn new(auth_url: &Url) -> Result<Self, InsecureIssuerError> {
        let jwks_url = join_path(auth_url, ".well-known/jwks.json");
        let issuer = auth_url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { issuer: Some(issuer), ..Self::from_jwks_url(jwks_url)? })
    }

    /// Trusts an issuer by the URL of its key set, whatever its name. This is for a backend that is
    /// reached under another URL than its own.
    ///
    /// # Errors
    ///
    /// Fails when its keys would travel in clear text off this machine.
    pub fn from_jwks_url(jwks_url: Url) -> Result<Self, InsecureIssuerError> {
        let secure =
            jwks_url.scheme() == "https" || (jwks_url.scheme() == "http" && is_loopback(&jwks_url));
        if !secure {
            return Err(InsecureIssuerError);
        }
        let audience = AUDIENCE.to_owned();
        Ok(Self {
            jwks_url,
            issuer: None,
            audience,
            keys: Lock::default(),
            reading: Mutex::default(),
        })
    }

    /// Sets the expected `iss` of its tokens, compared letter by letter.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the expected `aud` of its tokens: `backstage` by default.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Returns the name that distinguishes it from other issuers.
    fn name(&self) -> &str {
        self.issuer.as_deref().unwrap_or(self.jwks_url.as_str())
    }

    /// Finds the key of this id. For an unknown id the key set is read again, because the key may
    /// be new. A token with a known key does not wait for that.
    async fn key(
        self: &Arc<Self>,
        world: &World,
        id: &str,
    ) -> Result<Option<VerifyingKey>, TransportError> {
        let now = world.clock.now();
        let (known, is_due) = {
            let set = self.set();
            (set.find(id, now), !set.was_read_within(KEYS_RENEW_AFTER, now) && !set.was_tried(now))
        };
        if known.is_some() && !is_due {
            return Ok(known);
        }
        let (issuer, asked) = (Arc::clone(self), world.clone());
        // Whoever asked may go away; the turn must not be lost with them.
        let (give, receive) = oneshot::channel();
        let early = known.is_some();
        world.runtime.spawn(Box::pin(async move {
            let _ = give.send(issuer.renew(&asked, early).await);
        }));
        if known.is_some() {
            return Ok(known);
        }
        receive.await.unwrap_or_else(|_| Err(TransportError::new(TransportErrorKind::Other)))?;
        Ok(self.set().find(id, now))
    }

    /// Reads the key set again, one reader at a time, and at most every 30 seconds. `early` reads a
    /// set that is still fresh, for tokens with a known key.
    async fn renew(&self, world: &World, early: bool) -> Result<(), TransportError> {
        let before = self.set().read_at;
        let _turn = self.reading.lock().await;
        let now = world.clock.now();
        {
            let mut set = self.set();
            let is_fresh = set.was_read_within(KEYS_CACHE_TTL, now);
            if is_fresh
                && (set.read_at != before || (early && set.was_read_within(KEYS_RENEW_AFTER, now)))
            {
                return Ok(());
            }
            if set.was_tried(now) {
                return if is_fresh {
                    Ok(())
                } else {
                    Err(TransportError::new(TransportErrorKind::Other)
                        .with_reason("it was tried less than 30 seconds ago"))
                };
            }
            set.tried_at = Some(now);
        }
        let keys = self.read(world).await?;
        let mut set = self.set();
        (set.keys, set.read_at) = (keys, Some(now));
        Ok(())
    }

    fn set(&self) -> MutexGuard<'_, KeySet> {
        self.keys.lock()
    }

    async fn read(&self, world: &World) -> Result<Vec<(String, VerifyingKey)>, TransportError> {
        let other =
            |reason: &str| TransportError::new(TransportErrorKind::Other).with_reason(reason);
        let request = Request::get(self.jwks_url.as_str()).header(ACCEPT, "application/json");
        let request = request.body(Bytes::new()).map_err(|_| other("its URL cannot be asked"))?;
        let reading = async {
            let answer = world.transport.send(KEYS.give(request)).await?;
            let status = answer.status();
            if !status.is_success() {
                return Err(other(&format!("it answered {}", status.as_u16())));
            }
            answer.into_body().collect(MAX_KEY_SET).await
        };
        let body = timeout(&*world.runtime, REQUEST_TIMEOUT, reading)
            .await
            .unwrap_or_else(|| Err(TransportError::new(TransportErrorKind::Timeout)))?;
        let set: JwkSet =
            serde_json::from_slice(&body).map_err(|_| other("it answered no key set"))?;
        Ok(set.keys.iter().filter_map(|key| key.verifying_key()).collect())
    }
}

impl IdentityVerifier {
    /// Creates a verifier without trusted issuers.
    pub fn new(world: &World) -> Self {
        Self { world: world.clone(), issuers: Vec::new() }
    }

    /// Adds an issuer whose tokens are accepted. Verifiers that share one read its keys once.
    #[must_use]
    pub fn trusted_issuer(mut self, issuer: impl Into<Arc<TrustedIssuer>>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Lists the names that distinguish the trusted issuers.
    pub(crate) fn issuer_names(&self) -> impl Iterator<Item = &str> {
        self.issuers.iter().map(|issuer| issuer.name())
    }

    /// Verifies a token and returns the identity of its holder.
    ///
    /// # Errors
    ///
    /// Fails with [`VerifyError::Refused`] for anything but a valid token, and with
    /// [`VerifyError::KeysUnavailable`] if the key is unknown and an issuer does not answer.
    pub async fn verify(
        &self,
        token: &str,
        accept: AcceptTokens,
    ) -> Result<VerifiedIdentity, VerifyError> {
        let parsed = jwt::parse(token).map_err(refuse)?;
        let mut unavailable = None;
        for issuer in &self.issuers {
            match issuer.key(&self.world, &parsed.header.kid).await {
                Ok(Some(key)) => return self.check(&parsed, &key, issuer, accept),
                Ok(None) => {}
                Err(source) => {
                    let issuer = Origin::from_url(&issuer.jwks_url)
                        .map_or_else(|_| String::new(), |origin| origin.to_string());
                    unavailable = Some(VerifyError::KeysUnavailable { issuer, source });
                }
            }
        }
        Err(unavailable.unwrap_or_else(|| refuse(TokenError::Signature)))
    }

    fn check(
        &self,
        parsed: &Parsed<'_>,
        key: &VerifyingKey,
        issuer: &TrustedIssuer,
        accept: AcceptTokens,
    ) -> Result<VerifiedIdentity, VerifyError> {
        let now = self.world.clock.now();
        let expected =
            ExpectedClaims { issuer: issuer.issuer.as_deref(), audience: &issuer.audience };
        let identity = check(parsed, key, expected, accept, now).map_err(refuse)?;
        Ok(VerifiedIdentity { issuer: issuer.name().to_owned(), ..identity })
    }
}

fn refuse(error: TokenError) -> VerifyError {
    tracing::debug!(error = with_causes(&error), "an identity token was refused");
    VerifyError::Refused
}

impl fmt::Debug for IdentityVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.issuers).finish()
    }
}

impl fmt::Debug for TrustedIssuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TrustedIssuer({})", self.jwks_url)
    }
}
