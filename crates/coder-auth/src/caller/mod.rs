//! Who asks: the callers of routes outside the login flow.

pub(crate) mod renewing_client;
pub(crate) mod user;

use std::fmt;

use coder_client::Client;
use coder_core::Secret;
use http::HeaderMap;

use crate::caller::user::Person;
use crate::error::{AuthError, AuthErrorKind};
use crate::grant::key::GrantKey;
use crate::grant::manager::Kept;
use crate::service::{CoderAuth, Environment, Inner, bearer};
use crate::session::SessionError;

/// A caller who may use Coder, and the client that speaks for that person.
#[derive(Clone)]
pub struct Caller {
    environment: String,
    client: Client,
    user_entity_ref: Option<String>,
    /// The grant or linked token behind the client, and its access token; `None` for a token passed
    /// through.
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

    fn named(self, person: &Person) -> Self {
        Self { user_entity_ref: Some(person.user().to_string()), ..self }
    }

    /// A client of Coder's API with this caller's rights.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The access token of the grant behind the client; `None` for a token passed through.
    pub(crate) fn token(&self) -> Option<&Secret> {
        self.grant.as_ref().map(|(_, token)| token)
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
    /// 3. `Authorization: Bearer` with an identity token of a trusted issuer
    ///    ([`AuthOptions::trusting`](crate::AuthOptions::trusting)), which names a person and gives
    ///    no access by itself: the session of 4., if there is one.
    /// 4. The session cookie, with `X-Requested-With: XMLHttpRequest`, from a page of an allowed
    ///    origin. `GET` is no exception: what is read belongs to the person, too.
    ///
    /// Where 2. to 4. lead to a person but to no grant that can be used, the token counts that the
    /// person has linked ([`link`](Self::link)).
    ///
    /// `environment` is the one the request names; a session or a token brings its own.
    ///
    /// # Errors
    ///
    /// 401 when nobody is there or must sign in again, 403 for another site, 503 when Coder, the
    /// catalog or a trusted issuer cannot be asked right now.
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
        let Some(token) = bearer(headers) else {
            return inner.session_holder(headers, environment).await;
        };
        let person = inner.person_of_token(&token).await?;
        let caller = match person.is_ours() {
            true => inner.token_bearer(&person, environment).await?,
            false => inner.foreigner(&person, headers, environment).await?,
        };
        Ok(caller.named(&person))
    }

    /// The same caller after Coder has refused a request with 401: asks `/users/me` whether the
    /// token is dead, and rotates it then. A linked token that is dead is forgotten.
    ///
    /// # Errors
    ///
    /// 401 when only a new login or link helps, or when the caller brought the token; 503 when
    /// Coder cannot be asked right now.
    pub async fn renew(&self, caller: &Caller) -> Result<Caller, AuthError> {
        let Some((key, token)) = &caller.grant else {
            return Err(SessionError::NeedsLogin.into());
        };
        let inner = self.inner();
        let environment = inner.environment(&caller.environment)?;
        let kept = match inner.grants.renewed(&environment.upstream, key, token).await {
            Err(error) if key.is_link() && is_about_the_session(&error) => {
                inner.grants.forget_lost(key).await?;
                return Err(SessionError::NotLinked.into());
            }
            kept => kept?,
        };
        let renewed = Caller::on_grant(environment, kept);
        Ok(Caller { user_entity_ref: caller.user_entity_ref.clone(), ..renewed })
    }
}

impl Inner {
    /// The holder of one of our own tokens.
    async fn token_bearer(
        &self,
        person: &Person,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let known = self.store.person(person.user().as_str()).await?;
        let known = known.ok_or(SessionError::InvalidToken)?;
        let environment = self.environment(environment.unwrap_or(&known.environment))?;
        let kept = if known.environment == environment.name {
            self.grants.usable(&environment.upstream, &known.grant).await
        } else {
            Err(SessionError::OtherEnvironment.into())
        };
        self.else_linked(kept, environment, Some(person)).await
    }

    /// The holder of another issuer's token, who may be signed in here, too.
    async fn foreigner(
        &self,
        person: &Person,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        match self.session_in_use(headers, environment).await {
            Ok((session, kept)) => {
                return Ok(Caller::on_grant(self.environment(&session.environment)?, kept));
            }
            // No session, or no page of ours: it does not count.
            Err(error) if is_about_the_session(&error) || is_about_the_request(&error) => {}
            Err(error) => return Err(error),
        }
        let environment = match environment {
            Some(name) => self.environment(name)?,
            None => self.only_environment()?,
        };
        self.else_linked(Err(SessionError::NotLinked.into()), environment, Some(person)).await
    }

    /// The browser of a session. In another environment than the session's own, the person may have
    /// linked a token.
    async fn session_holder(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<Caller, AuthError> {
        let (session, kept) = self.session_in_use(headers, None).await?;
        let own = self.environment(&session.environment)?;
        match environment {
            Some(name) if name != own.name => {
                let environment = self.environment(name)?;
                let person = self.person_of_session(&session, &kept).await?;
                let refusal = Err(SessionError::OtherEnvironment.into());
                self.else_linked(refusal, environment, person.as_ref()).await
            }
            _ => Ok(Caller::on_grant(own, kept)),
        }
    }

    /// The grant, or the linked token where there is none to use.
    async fn else_linked(
        &self,
        kept: Result<Kept, AuthError>,
        environment: &Environment,
        person: Option<&Person>,
    ) -> Result<Caller, AuthError> {
        let kept = match (kept, person) {
            (Err(error), Some(person)) if is_about_the_session(&error) => {
                self.linked(environment, person).await?.ok_or(error)?
            }
            (kept, _) => kept?,
        };
        Ok(Caller::on_grant(environment, kept))
    }
}

fn is_about_the_session(error: &AuthError) -> bool {
    matches!(error.kind(), AuthErrorKind::Session(_))
}

fn is_about_the_request(error: &AuthError) -> bool {
    matches!(error.kind(), AuthErrorKind::Request(_))
}

fn coder_session_token(headers: &HeaderMap) -> Option<Secret> {
    let token = headers.get("coder-session-token")?.to_str().ok()?;
    (!token.is_empty()).then(|| Secret::new(token))
}
