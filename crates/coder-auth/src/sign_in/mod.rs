//! From a Coder user to a Backstage identity: sign-in resolvers, as in Backstage.
//!
//! A resolver looks at the user and the catalog and names a User entity. Resolvers are tried in
//! order; one that finds nobody ([`SignInError::NotFound`]) passes on to the next, any other
//! failure ends the sign-in.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use backstage_catalog::{Catalog, CatalogError, Entity, EntityRef, EntityRefError};
use coder_client::UserId;
use coder_core::{MaybeSend, MaybeSync, cleaned, quoted};
use http::StatusCode;

use crate::grant::profile::Profile;

pub(crate) mod builtin;
mod closure;

pub use closure::resolver_fn;

/// A Backstage identity: who signed in, and through which entities that person owns things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackstageIdentity {
    /// The User entity.
    pub user: EntityRef,
    /// The user and the groups it is a member of, in catalog order, without repetition.
    pub ownership: Vec<EntityRef>,
}

impl BackstageIdentity {
    /// The identity of a User entity: its own ref, then the groups it is a direct member of, as
    /// Backstage computes ownership.
    pub fn from_entity(user: &Entity) -> Self {
        let user_ref = user.entity_ref().clone();
        let mut ownership = vec![user_ref.clone()];
        for group in user.member_of() {
            if group.kind().eq_ignore_ascii_case("group") && !ownership.contains(&group) {
                ownership.push(group);
            }
        }
        Self { user: user_ref, ownership }
    }

    /// An identity that stands in no catalog: it owns what names it, and nothing else.
    pub fn outside_the_catalog(user: EntityRef) -> Self {
        Self { ownership: vec![user.clone()], user }
    }
}

/// Finds the Backstage identity of a Coder user. Own rules implement this trait, or are closures
/// ([`resolver_fn`]):
///
/// ```
/// # use coder_auth::{BackstageIdentity, Profile, SignInError, SignInResolver};
/// # use backstage_catalog::Catalog;
/// /// Everyone whose user name ends in `-bot` is the same service user.
/// struct Bots;
///
/// #[async_trait::async_trait]
/// impl SignInResolver for Bots {
///     async fn resolve(
///         &self,
///         user: &Profile,
///         catalog: &dyn Catalog,
///     ) -> Result<BackstageIdentity, SignInError> {
///         if !user.username.ends_with("-bot") {
///             return Err(SignInError::NotFound);
///         }
///         let entity = catalog.entity(&"user:default/bots".parse()?).await?;
///         entity.map(|entity| BackstageIdentity::from_entity(&entity)).ok_or(SignInError::NotFound)
///     }
/// }
/// ```
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait SignInResolver: MaybeSend + MaybeSync {
    /// The identity of `user`.
    ///
    /// # Errors
    ///
    /// [`SignInError::NotFound`] lets the next resolver try; anything else ends the sign-in.
    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError>;

    /// The name in the log: what app-config calls it, else the name of its type.
    fn name(&self) -> &str {
        std::any::type_name::<Self>()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<R: SignInResolver + ?Sized> SignInResolver for Arc<R> {
    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        (**self).resolve(user, catalog).await
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}

/// Why a Coder user gets no Backstage identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No User entity matches. The next resolver may try.
    #[error(
        "Failed to sign-in, unable to resolve user identity. Please verify that your catalog contains the expected User entities that would match your configured sign-in resolver."
    )]
    NotFound,
    /// More than one User entity matches.
    #[error("User lookup resulted in multiple matches")]
    Ambiguous,
    /// The address is not of a domain that may sign in.
    #[error("Sign-in user email is not from an allowed domain")]
    DomainNotAllowed,
    /// Coder tells no e-mail address of this user, and the resolver needs one.
    #[error("Login failed, user profile does not contain an email")]
    NoEmail,
    /// The user's name or address makes no entity ref, or an own resolver refuses.
    #[error("Login failed, {}", cleaned(.0))]
    Refused(String),
    /// The catalog could not be asked. The session stays as it is.
    #[error("the catalog is not available; try again in a moment")]
    Catalog(#[from] CatalogError),
}

impl From<EntityRefError> for SignInError {
    fn from(error: EntityRefError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl SignInError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Catalog(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ambiguous => StatusCode::CONFLICT,
            Self::DomainNotAllowed => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoEmail | Self::Refused(_) => StatusCode::UNAUTHORIZED,
        }
    }
}

/// How the users of one environment sign in: the resolvers in order, and the catalog they ask.
#[derive(Clone)]
pub struct SignIn {
    resolvers: Vec<Named>,
    ownership: Option<Arc<dyn OwnershipResolver>>,
    catalog: Arc<dyn Catalog>,
}

/// A resolver, and what the log calls it.
#[derive(Clone)]
struct Named {
    name: String,
    resolver: Arc<dyn SignInResolver>,
}

/// Nobody in Backstage, and which resolvers were tried.
struct Nobody<'a> {
    error: SignInError,
    tried: Vec<&'a str>,
}

/// Says through which entities a person owns things, where Backstage's rule (the user and the
/// groups it is a direct member of) is not the right one: parent groups, teams from elsewhere.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait OwnershipResolver: MaybeSend + MaybeSync {
    /// The entities through which this User entity owns things, itself included.
    ///
    /// # Errors
    ///
    /// What keeps it from saying so ends the sign-in.
    async fn ownership(
        &self,
        user: &Entity,
        catalog: &dyn Catalog,
    ) -> Result<Vec<EntityRef>, SignInError>;
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<R: OwnershipResolver + ?Sized> OwnershipResolver for Arc<R> {
    async fn ownership(
        &self,
        user: &Entity,
        catalog: &dyn Catalog,
    ) -> Result<Vec<EntityRef>, SignInError> {
        (**self).ownership(user, catalog).await
    }
}

impl SignIn {
    /// Signs people in as entities of `catalog`.
    pub fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self { resolvers: Vec::new(), ownership: None, catalog }
    }

    /// Adds a resolver, which is tried after those that are there.
    #[must_use]
    pub fn resolver(self, resolver: impl SignInResolver + 'static) -> Self {
        let name = resolver.name().to_owned();
        self.named_resolver(name, resolver)
    }

    /// Adds a resolver that the log calls by this name, as app-config does.
    #[must_use]
    pub fn named_resolver(
        mut self,
        name: impl Into<String>,
        resolver: impl SignInResolver + 'static,
    ) -> Self {
        self.resolvers.push(Named { name: name.into(), resolver: Arc::new(resolver) });
        self
    }

    /// Sets the rule of ownership instead of Backstage's. It is not asked about users whom the
    /// catalog does not know.
    #[must_use]
    pub fn ownership(mut self, rule: impl OwnershipResolver + 'static) -> Self {
        self.ownership = Some(Arc::new(rule));
        self
    }

    pub(crate) async fn resolve(&self, user: &Profile) -> Result<BackstageIdentity, SignInError> {
        let identity = self.first_identity(user).await.map_err(|nobody| nobody.error)?;
        self.with_ownership(identity).await
    }

    /// The same for somebody who wants in: the log tells who was refused, and by which resolvers.
    pub(crate) async fn resolve_or_log(
        &self,
        user: &Profile,
        id: UserId,
    ) -> Result<BackstageIdentity, SignInError> {
        let identity = match self.first_identity(user).await {
            Ok(identity) => identity,
            Err(Nobody { error: error @ SignInError::Catalog(_), .. }) => return Err(error),
            Err(Nobody { error, tried }) => {
                let username = quoted(&user.username);
                let resolvers: Vec<String> = tried.into_iter().map(quoted).collect();
                let resolvers = resolvers.join(", ");
                tracing::info!(%username, %id, %resolvers, "a user of coder was not signed in");
                return Err(error);
            }
        };
        self.with_ownership(identity).await
    }

    async fn with_ownership(
        &self,
        identity: BackstageIdentity,
    ) -> Result<BackstageIdentity, SignInError> {
        let Some(rule) = &self.ownership else { return Ok(identity) };
        let Some(entity) = self.catalog.entity(&identity.user).await? else { return Ok(identity) };
        let ownership = rule.ownership(&entity, &*self.catalog).await?;
        Ok(BackstageIdentity { ownership, ..identity })
    }

    async fn first_identity(&self, user: &Profile) -> Result<BackstageIdentity, Nobody<'_>> {
        let mut tried = Vec::new();
        for Named { name, resolver } in &self.resolvers {
            tried.push(name.as_str());
            match resolver.resolve(user, &*self.catalog).await {
                Err(SignInError::NotFound) => {}
                Err(error) => return Err(Nobody { error, tried }),
                Ok(identity) => return Ok(identity),
            }
        }
        Err(Nobody { error: SignInError::NotFound, tried })
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SignIn({} resolvers)", self.resolvers.len())
    }
}
