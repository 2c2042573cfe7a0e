//! Who asks: the callers of routes outside the login flow.

use std::fmt;

use coder_client::Client;
use coder_core::Secret;
use http::HeaderMap;

use crate::error::AuthError;
use crate::grant::GrantKey;
use crate::grants::Kept;
use crate::identity::AcceptTokens;
use crate::request::require_xml_http_request;
use crate::service::{CoderAuth, Environment, Inner, bearer};
use crate::session::SessionError;

/// A caller who may use Coder, and the client that speaks for that person.
#[derive(Clone)]
pub struct Caller {
    environment: String,
    client: Client,
    user_entity_ref: Option<String>,
    /// The grant behind the client, and its access token; `None` for a token passed through.
    grant: Option<(GrantKey, Secret)>,
}

impl Caller {
    fn on_grant(environment: &Environment, kept: Kept) -> Self {
        let token = kept.grant.tokens.access_token;
        Self {
            environment: environment.name.clone(),
            client: environment.upstream.client_for(token.clone()),
            user_entity_ref: None,
            grant: Some((kept.key, token)),
        }
    }

    /// A client of Coder's API with this caller's rights.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The environment the caller uses.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The caller's user entity ref, where an identity token told it.
    pub fn user_entity_ref(&self) -> Option<&str> {
        self.user_entity_ref.as_deref()
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Caller")
            .field("environment", &self.environment)
            .field("user_entity_ref", &self.user_entity_ref)
            .finish_non_exhaustive()
    }
}

impl CoderAuth {
    /// Finds out who makes a request, and with which rights at Coder. In this order:
    ///
    /// 1. `Coder-Session-Token`: the caller's own token is passed through.
    /// 2. `Authorization: Bearer` with one of our identity tokens: the grant of that person's last
    ///    sign-in.
    /// 3. The session cookie, with `X-Requested-With: XMLHttpRequest`, from a page of an allowed
    ///    origin. `GET` is no exception: what is read belongs to the person, too.
    ///
    /// `environment` is the one the request names; a session or a token brings its own.
    ///
    /// # Errors
    ///
    /// 401 when nobody is there or must sign in again, 403 for another site, 503 when Coder cannot
    /// be asked right now.
    pub async fn caller(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let inner = self.inner();
        if let Some(token) = coder_session_token(headers) {
            let environment = match environment {
                Some(name) => inner.environment(name)?,
                None => inner.only_environment()?,
            };
            return Ok(Caller {
                environment: environment.name.clone(),
                client: environment.upstream.client_for(token),
                user_entity_ref: None,
                grant: None,
            });
        }
        if let Some(token) = bearer(headers) {
            return inner.token_bearer(&token, environment).await;
        }
        require_xml_http_request(headers)?;
        inner.origins.check_caller(headers)?;
        let session = inner.session(headers, environment).await?;
        let environment = inner.environment(&session.environment)?;
        let kept = inner.grants.usable(&environment.upstream, &session.grant).await?;
        Ok(Caller::on_grant(environment, kept))
    }

    /// The same caller after Coder has refused a request with 401: asks `/users/me` whether the
    /// token is dead, and rotates it then.
    ///
    /// # Errors
    ///
    /// 401 when only a new login helps, or when the caller brought the token; 503 when Coder cannot
    /// be asked right now.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, AuthError> {
        let Some((key, token)) = &caller.grant else {
            return Err(SessionError::NeedsLogin.into());
        };
        let environment = self.inner().environment(&caller.environment)?;
        let kept = self.inner().grants.renewed(&environment.upstream, key, token).await?;
        let renewed = Caller::on_grant(environment, kept);
        Ok(Caller { user_entity_ref: caller.user_entity_ref.clone(), ..renewed })
    }
}

impl Inner {
    async fn token_bearer(
        &self,
        token: &Secret,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let user = self.issuer.verify(token.expose(), AcceptTokens::Full).await?;
        let person = self.store.person(&user).await?.ok_or(SessionError::InvalidToken)?;
        if environment.is_some_and(|name| name != person.environment) {
            return Err(SessionError::OtherEnvironment.into());
        }
        let environment = self.environment(&person.environment)?;
        let kept = self.grants.usable(&environment.upstream, &person.grant).await?;
        Ok(Caller { user_entity_ref: Some(user), ..Caller::on_grant(environment, kept) })
    }
}

fn coder_session_token(headers: &HeaderMap) -> Option<Secret> {
    let token = headers.get("coder-session-token")?.to_str().ok()?;
    (!token.is_empty()).then(|| Secret::new(token))
}
