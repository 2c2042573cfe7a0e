//! Who a Backstage identity says somebody is, and who says so.

use backstage_catalog::EntityRef;
use coder_core::Secret;
use http::HeaderMap;

use crate::error::AuthError;
use crate::grant::key::GrantKey;
use crate::grant::manager::Kept;
use crate::identity::{AcceptTokens, VerifyError};
use crate::service::{Environment, Inner};
use crate::session::SessionError;
use crate::store::SessionRecord;
use crate::web::request::require_xml_http_request;

/// No reference to an entity is longer, in bytes: Backstage allows three parts of 63 characters.
const MAX_REF: usize = 512;

/// A person as an issuer of identity tokens knows that person. The same reference from another
/// issuer is another person: who runs that backend must not reach what was given to this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    issuer: PersonIssuer,
    user: EntityRef,
}

/// Whose key has signed it decides, not the name: a portal that is one of several behind one URL
/// is called like the backend beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PersonIssuer {
    /// This portal.
    Here,
    /// A trusted issuer of this name.
    Other(String),
}

impl Person {
    /// The canonical user entity ref.
    pub(crate) fn user(&self) -> &EntityRef {
        &self.user
    }

    /// Where a token is kept that this person has linked.
    pub(crate) fn link_key(&self, environment: &Environment) -> GrantKey {
        let deployment = environment.upstream.deployment().origin().clone();
        let issuer = match &self.issuer {
            PersonIssuer::Here => "here",
            PersonIssuer::Other(issuer) => issuer,
        };
        GrantKey::of_link(deployment, issuer, self.user.as_str())
    }

    /// Whether this portal itself has signed the person in.
    pub(crate) fn is_ours(&self) -> bool {
        self.issuer == PersonIssuer::Here
    }
}

impl Inner {
    /// The person whom an identity token names, ours or that of a trusted issuer.
    pub(crate) async fn person_of_token(&self, token: &Secret) -> Result<Person, AuthError> {
        let accept = AcceptTokens::Full;
        let (issuer, user) = match self.issuer.verify_if_ours(token.expose(), accept).await? {
            Some(user) => (PersonIssuer::Here, user),
            None => match self.others.verify(token.expose(), accept).await {
                Ok(identity) => (PersonIssuer::Other(identity.issuer), identity.user_entity_ref),
                Err(VerifyError::Refused) => return Err(SessionError::InvalidToken.into()),
                Err(error) => return Err(error.into()),
            },
        };
        let user = EntityRef::parse(&user).ok().filter(|user| user.as_str().len() <= MAX_REF);
        Ok(Person { issuer, user: user.ok_or(SessionError::InvalidToken)? })
    }

    /// The session of a page of the portal, and its grant, fit to be used.
    pub(crate) async fn session_in_use(
        &self,
        headers: &HeaderMap,
        environment: Option<&str>,
    ) -> Result<(SessionRecord, Kept), AuthError> {
        require_xml_http_request(headers)?;
        self.origins.check_caller(headers)?;
        let session = self.session(headers, environment).await?;
        let upstream = &self.environment(&session.environment)?.upstream;
        let kept = self.grants.usable(upstream, &session.grant).await?;
        Ok((session, kept))
    }

    /// The person whose session it is; `None` where logging in signs nobody in to Backstage.
    pub(crate) async fn person_of_session(
        &self,
        session: &SessionRecord,
        kept: &Kept,
    ) -> Result<Option<Person>, AuthError> {
        let environment = self.environment(&session.environment)?;
        let Some(sign_in) = &environment.sign_in else { return Ok(None) };
        let identity = sign_in.resolve_or_log(&kept.grant.profile, kept.key.user).await?;
        Ok(Some(Person { issuer: PersonIssuer::Here, user: identity.user }))
    }
}
