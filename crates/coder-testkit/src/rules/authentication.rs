//! Who is calling.

use coder_client::UserId;
use coder_core::hex;
use http::StatusCode;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::model::{ApiKey, KeyKind, User, UserStatus};
use crate::rules::csrf;
use crate::rules::scopes::Permissions;
use crate::store::Deployment;
use crate::wire::call::{Call, SESSION_COOKIE};
use crate::wire::reply::Reply;

const SIGNED_OUT: &str =
    "You are signed out or your session has expired. Please sign in again to continue.";

/// A caller whose token is good.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: User,
    /// The first part of the token.
    pub(crate) key: String,
    permissions: Permissions,
}

impl Caller {
    /// Tells whether the token's scopes allow an action like `workspace:read`.
    pub(crate) fn may(&self, action: &str) -> bool {
        self.permissions.allow(action)
    }
}

/// The reason why a call has no caller.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// The message for a person.
    pub(crate) message: String,
    /// The answer for a program.
    pub(crate) reply: Reply,
}

/// The place where a token was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Cookie,
    Elsewhere,
}

impl Deployment<'_> {
    /// Identifies the caller of an API request. Cookies need a CSRF token for anything that is not
    /// a read.
    pub(crate) fn authenticate(&mut self, call: &Call) -> Result<Caller, Reply> {
        csrf::check(self, call)?;
        self.caller(call)
    }

    /// Identifies the caller, whatever the method.
    pub(crate) fn caller(&mut self, call: &Call) -> Result<Caller, Reply> {
        self.identify(call).map_err(|rejected| rejected.reply)
    }

    /// Identifies the caller, or returns what a person is told on the login page instead.
    pub(crate) fn identify(&mut self, call: &Call) -> Result<Caller, Rejected> {
        let Some((token, _)) = self.token(call) else {
            return Err(self.unauthorized(
                "Cookie \"coder_session_token\" or query parameter must be provided.",
            ));
        };
        let key = self.live_key(token)?.clone();
        self.check_audience(&key)?;
        let Some(user) = self.state.users.get(&key.user).cloned() else {
            return Err(self.unauthorized("API key is invalid."));
        };
        self.check_active(&user)?;
        let now = self.now;
        if let Some(key) = self.state.keys.get_mut(&key.parts.id) {
            key.touch(now);
        }
        if let Some(user) = self.state.users.get_mut(&key.user) {
            user.last_seen_at = now;
        }
        let limited = self.dialect().token_limits && key.token_name().is_some();
        let permissions = if self.profile().scopes || limited {
            Permissions::new(&key.scopes)
        } else {
            Permissions::everything()
        };
        Ok(Caller { user, key: key.parts.id, permissions })
    }

    /// Refuses a token that was issued for another deployment.
    fn check_audience(&self, key: &ApiKey) -> Result<(), Rejected> {
        if let KeyKind::OAuth2 { audience: Some(audience), .. } = &key.kind
            && audience.trim_end_matches('/') != self.settings.url.as_str()
        {
            let message = "Token audience validation failed".to_owned();
            let reply = self.challenge(
                Reply::error(StatusCode::FORBIDDEN, &message),
                "insufficient_scope",
                "The request requires higher privileges than provided by the access token",
            );
            return Err(Rejected { message, reply });
        }
        Ok(())
    }

    fn check_active(&self, user: &User) -> Result<(), Rejected> {
        if user.status == UserStatus::Suspended {
            let message = format!(
                "User is not active (status = \"{}\"). Contact an admin to reactivate your \
                 account.",
                user.status()
            );
            let reply = self.challenge(
                Reply::error(StatusCode::UNAUTHORIZED, &message),
                "invalid_token",
                "The access token is invalid",
            );
            return Err(Rejected { message, reply });
        }
        Ok(())
    }

    /// Finds the token of a call. The first non-empty place that may hold one decides, even when
    /// that token is bad.
    fn token<'c>(&self, call: &'c Call) -> Option<(&'c str, Place)> {
        let elsewhere = |token: Option<&'c str>| token.map(|token| (token, Place::Elsewhere));
        let bearer = call.bearer().filter(|_| self.profile().bearer);
        let cookie = call.cookie(SESSION_COOKIE).filter(|token| !token.is_empty());
        cookie
            .map(|token| (token, Place::Cookie))
            .or_else(|| elsewhere(call.query(SESSION_COOKIE)))
            .or_else(|| {
                elsewhere(call.header("coder-session-token").filter(|token| !token.is_empty()))
            })
            .or_else(|| elsewhere(bearer))
            .or_else(|| elsewhere(call.query("access_token").filter(|_| self.profile().bearer)))
    }

    fn live_key(&self, token: &str) -> Result<&ApiKey, Rejected> {
        let parts: Vec<&str> = token.split('-').collect();
        let &[id, secret] = parts.as_slice() else {
            return Err(self.unauthorized(&format!(
                "Invalid API key format: incorrect amount of API key parts, expected 2 got {}",
                parts.len()
            )));
        };
        if id.len() != 10 || secret.len() != 22 {
            return Err(self.unauthorized("Invalid API key format: wrong length of a part"));
        }
        let Some(key) = self.state.keys.get(id) else {
            return Err(self.unauthorized("API key is invalid."));
        };
        if !bool::from(key.parts.secret.as_bytes().ct_eq(secret.as_bytes())) {
            return Err(self.unauthorized("API key secret is invalid."));
        }
        if key.is_expired(self.now) {
            return Err(self.unauthorized(&format!(
                "API key expired at \"{}\".",
                key.expires_at.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC")
            )));
        }
        Ok(key)
    }

    /// Tells whether a text is an API key that would be accepted now.
    pub(crate) fn is_live_key(&self, token: &str) -> bool {
        self.live_key(token).is_ok()
    }

    /// Returns the user of an API key that would be accepted now.
    pub(crate) fn owner_of(&self, token: &str) -> Option<UserId> {
        self.live_key(token).ok().map(|key| key.user.into())
    }

    /// Refuses a caller as signed out, for whatever reason: the challenge always says that the
    /// token has expired.
    fn unauthorized(&self, detail: &str) -> Rejected {
        let reply = self.challenge(
            Reply::error_with_detail(StatusCode::UNAUTHORIZED, SIGNED_OUT, detail),
            "invalid_token",
            "The access token has expired",
        );
        Rejected { message: SIGNED_OUT.to_owned(), reply }
    }

    fn challenge(&self, reply: Reply, error: &str, description: &str) -> Reply {
        if !self.profile().bearer {
            return reply;
        }
        let metadata = self.url("/.well-known/oauth-protected-resource");
        reply.with(
            "www-authenticate",
            &format!(
                "Bearer realm=\"coder\", error=\"{error}\", \
                 error_description=\"{description}\", resource_metadata=\"{metadata}\""
            ),
        )
    }

    /// Makes the token that proves that a form of the fake's own dashboard was made for this
    /// session.
    pub(crate) fn csrf_token(session: &str) -> String {
        let digest = Sha256::new().chain_update("csrf:").chain_update(session).finalize();
        hex(digest)
    }

    /// Checks that a form of the fake's own dashboard shows the token of the session's pages, in
    /// the form or in `X-CSRF-TOKEN`.
    pub(crate) fn check_csrf(&self, call: &Call) -> Result<(), Reply> {
        let Some((session, Place::Cookie)) = self.token(call) else {
            return Ok(());
        };
        let given = call.form("csrf_token").or_else(|| call.header("x-csrf-token"));
        let expected = Self::csrf_token(session);
        if given.is_some_and(|given| given.as_bytes().ct_eq(expected.as_bytes()).into()) {
            Ok(())
        } else {
            Err(csrf::refusal())
        }
    }
}
