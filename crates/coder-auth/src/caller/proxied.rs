//! The callers of requests that are passed on to Coder, and the token that such a request gets.

use backstage_catalog::EntityRef;
use coder_core::Secret;
use http::HeaderMap;

use crate::caller::user::{BackstageUser, IdentifiedBy, SentBy};
use crate::caller::{Caller, Callers, TokenSource, coder_session_token, is_about_the_session};
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::key::GrantKey;
use crate::http::error::RequestError;
use crate::http::headers::bearer;
use crate::routes::in_time;
use crate::service::CoderAuth;
use crate::session::error::SessionError;
use crate::session::placeholder::Placeholder;

impl CoderAuth {
    /// Identifies the caller of a request that is passed on to a deployment with the caller's token
    /// ([`Caller::access_token`]).
    ///
    /// `environments` are those at that deployment. They must not be empty; the first one counts
    /// for a token of Coder that belongs to no login here.
    ///
    /// Callers are identified as by [`caller`](Self::caller), with these differences:
    ///
    /// - A `Coder-Session-Token` that is a placeholder
    ///   ([`AccessTokenPolicy::Server`](crate::AccessTokenPolicy::Server)) or an access token of
    ///   the caller's grant, present or former, stands for the present one. The caller must be
    ///   identified by an identity token or the session cookie.
    /// - The header `Coder-Session-Token` stands for `X-Requested-With`: no page of another site
    ///   sends it without a preflight.
    /// - Where an identity token is of no use here, the session cookie counts.
    ///
    /// # Errors
    ///
    /// Fails as [`caller`](Self::caller) does.
    pub async fn proxy_caller(
        &self,
        headers: &HeaderMap,
        environments: &[&str],
    ) -> Result<Caller, AuthError> {
        self.caller_behind_proxy(headers, environments, SentBy::ScriptWithToken).await
    }

    /// Identifies the caller who opens a WebSocket, as [`proxy_caller`](Self::proxy_caller) does.
    ///
    /// A page cannot send headers of its own with it. So the session cookie counts without them, and
    /// the request must name an allowed `Origin` in every case (RFC 6455 §10.2).
    ///
    /// # Errors
    ///
    /// Fails as [`caller`](Self::caller) does, and with 403 without an allowed `Origin`.
    pub async fn web_socket_caller(
        &self,
        headers: &HeaderMap,
        environments: &[&str],
    ) -> Result<Caller, AuthError> {
        self.caller_behind_proxy(headers, environments, SentBy::WebSocket).await
    }

    async fn caller_behind_proxy(
        &self,
        headers: &HeaderMap,
        environments: &[&str],
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        let callers = self.callers();
        let found = Box::pin(callers.find_proxied(headers, environments, sent_by));
        in_time(&*self.world().runtime, found).await
    }
}

impl Callers {
    async fn find_proxied(
        &self,
        headers: &HeaderMap,
        environments: &[&str],
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        if sent_by == SentBy::WebSocket {
            self.users.require_allowed_origin(headers)?;
        }
        let identified = self.identified_at(headers, environments, sent_by).await;
        let Some(brought) = coder_session_token(headers) else { return identified };
        if Placeholder::is_claimed_by(&brought) {
            return self.behind_placeholder(&brought, headers, identified).await;
        }
        match identified {
            Ok(caller) if caller.had(&brought) => Ok(caller),
            // Whoever has a token of Coder needs no other identity.
            Ok(_) => self.caller_from_coder_token(brought, environments.first().copied()).await,
            Err(error) => {
                let environment = environments.first().copied();
                let by_token = self.caller_from_coder_token(brought, environment).await;
                // A token that Coder refuses may be a former one of the caller, whom nobody can name
                // at the moment.
                by_token.map_err(|refused| if error.is_transient() { error } else { refused })
            }
        }
    }

    /// Identifies the caller without the `Coder-Session-Token`, in one of these environments.
    async fn identified_at(
        &self,
        headers: &HeaderMap,
        environments: &[&str],
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        match self.identified(headers, None, sent_by).await {
            Ok(caller) if environments.contains(&caller.environment()) => Ok(caller),
            Err(error) if !is_about_the_environment(&error) => Err(error),
            Ok(_) | Err(_) => {
                let first = environments.first().copied();
                self.identified(headers, first, sent_by).await
            }
        }
    }

    /// Identifies the caller by an identity token or the session cookie. The cookie also counts
    /// beside a token of a Backstage that this portal does not know.
    async fn identified(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
        sent_by: SentBy,
    ) -> Result<Caller, AuthError> {
        let found = self.find_by_identity(headers, environment, sent_by).await;
        match found {
            Err(error)
                if matches!(error.kind(), AuthErrorKind::Session(SessionError::InvalidToken)) =>
            {
                let by_cookie = self.caller_from_session(headers, environment, sent_by).await;
                by_cookie
                    .map_err(|by_cookie| if by_cookie.is_transient() { by_cookie } else { error })
            }
            found => found,
        }
    }

    /// Finds the caller whom a placeholder stands for. It belongs to the person of a session, so
    /// the session must live and the request must identify that very person.
    pub(super) async fn behind_placeholder(
        &self,
        text: &Secret,
        headers: &HeaderMap,
        identified: Result<Caller, AuthError>,
    ) -> Result<Caller, AuthError> {
        let placeholder =
            Placeholder::open(&self.users.keys, text).ok_or(SessionError::Placeholder)?;
        match identified {
            Ok(caller) => {
                let (session, _) = self.users.session_behind(&placeholder).await?;
                if caller.is_on(&session.grant) {
                    return Ok(caller);
                }
            }
            Err(error) if !is_about_the_session(&error) => return Err(error),
            Err(_) => {}
        }
        // The person may be known to another Backstage, from a page without the cookie.
        let token = bearer(headers).ok_or(SessionError::Placeholder)?;
        let user = self.users.of_token(&token).await?;
        match user.by() {
            IdentifiedBy::Issuer(_) => self.holder_of(&placeholder, &user).await,
            IdentifiedBy::SignIn(_) => Err(SessionError::Placeholder.into()),
        }
    }

    /// Returns the caller with the grant of the placeholder's session, if that session is `user`'s.
    async fn holder_of(
        &self,
        placeholder: &Placeholder,
        user: &BackstageUser,
    ) -> Result<Caller, AuthError> {
        let (session, read) = self.users.session_behind(placeholder).await?;
        let stored = self.users.grant_in_use(&session, read).await?;
        let holder = self.users.of_session(&session, &stored).await?;
        let holder = holder.as_ref().map(BackstageUser::entity);
        if holder != Some::<&EntityRef>(user.entity()) {
            return Err(SessionError::Placeholder.into());
        }
        let environment = self.environments.named(&session.environment)?;
        Ok(Caller::on_grant(environment, stored).named(user))
    }
}

impl Caller {
    /// Tells whether the caller uses this grant.
    fn is_on(&self, grant: &GrantKey) -> bool {
        match &self.source {
            TokenSource::Grant { key, .. } => key == grant,
            TokenSource::Request | TokenSource::Link(_) => false,
        }
    }

    /// Tells whether this is or was the access token of the caller's grant or link.
    fn had(&self, token: &Secret) -> bool {
        self.token.matches(token)
            || match &self.source {
                TokenSource::Grant { former, .. } => former.contain(token),
                TokenSource::Request | TokenSource::Link(_) => false,
            }
    }
}

fn is_about_the_environment(error: &AuthError) -> bool {
    matches!(error.kind(), AuthErrorKind::Request(RequestError::MissingEnvironment))
}
