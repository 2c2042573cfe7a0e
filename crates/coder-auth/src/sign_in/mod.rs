//! From a Coder user to a Backstage identity: sign-in resolvers, as in Backstage.
//!
//! A resolver looks at the user and the catalog and names a User entity. Resolvers are tried in
//! order; one that finds nobody ([`SignInError::NotFound`]) passes on to the next, any other
//! failure ends the sign-in.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use backstage_catalog::{Catalog, Entity, EntityRef};
use coder_core::{MaybeSend, MaybeSync};

use crate::error::AuthErrorKind;
use crate::grant::profile::Profile;

pub(crate) mod builtin;
mod closure;
pub(crate) mod error;

pub use closure::resolver_fn;
pub use error::SignInError;

/// A Backstage identity: the User entity, and the entities through which the user owns things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackstageIdentity {
    /// Reference of the User entity.
    pub user: EntityRef,
    /// References of the user and its groups, in catalog order, without repetition.
    pub ownership: Vec<EntityRef>,
}

impl BackstageIdentity {
    /// Creates the identity of a User entity, with the ownership that Backstage computes: the user
    /// itself and the groups that it is a direct member of.
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

    /// Creates an identity without an entity in the catalog. It owns things through its own
    /// reference only.
    pub fn outside_the_catalog(user: EntityRef) -> Self {
        Self { ownership: vec![user.clone()], user }
    }
}

/// A rule that finds the Backstage identity of a Coder user. Rules of your own implement this
/// trait, or are closures ([`resolver_fn`]):
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
    /// Finds the identity of `user` in the catalog.
    ///
    /// # Errors
    ///
    /// [`SignInError::NotFound`] lets the next resolver try. Any other error ends the sign-in.
    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError>;

    /// Returns the name for the log: that of app-config, or else the name of the type.
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

/// The sign-in of one environment: its resolvers in order, and the catalog that they ask.
#[derive(Clone)]
pub struct SignIn {
    resolvers: Vec<Named>,
    ownership: Option<Arc<dyn OwnershipResolver>>,
    catalog: Arc<dyn Catalog>,
}

/// A resolver, with its name for the log.
#[derive(Clone)]
struct Named {
    name: String,
    resolver: Arc<dyn SignInResolver>,
}

/// A sign-in without an identity, with the names of the resolvers that were tried.
pub(crate) struct Nobody {
    pub(crate) error: SignInError,
    pub(crate) tried: Vec<String>,
}

impl From<SignInError> for Nobody {
    fn from(error: SignInError) -> Self {
        Self { error, tried: Vec::new() }
    }
}

impl From<Nobody> for AuthErrorKind {
    fn from(nobody: Nobody) -> Self {
        Self::SignIn(nobody.error)
    }
}

/// A rule that computes through which entities a user owns things.
///
/// Such a rule replaces Backstage's, the user and the groups that it is a direct member of, for portals
/// with parent groups or with teams from elsewhere.
#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
pub trait OwnershipResolver: MaybeSend + MaybeSync {
    /// Returns the entities through which this User entity owns things, itself included.
    ///
    /// # Errors
    ///
    /// An error ends the sign-in.
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
    /// Creates a sign-in without resolvers, for users of `catalog`.
    ///
    /// A catalog that is used elsewhere as well is passed as a clone of its [`Arc`].
    pub fn new(catalog: impl Catalog + 'static) -> Self {
        Self { resolvers: Vec::new(), ownership: None, catalog: Arc::new(catalog) }
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

    /// Sets the rule of ownership, in place of Backstage's. It is not asked about users who are not
    /// in the catalog.
    #[must_use]
    pub fn ownership(mut self, rule: impl OwnershipResolver + 'static) -> Self {
        self.ownership = Some(Arc::new(rule));
        self
    }

    /// Finds the identity of a user.
    pub(crate) async fn resolve(&self, user: &Profile) -> Result<BackstageIdentity, Nobody> {
        let identity = self.first_identity(user).await?;
        Ok(self.with_ownership(identity).await?)
    }

    /// Returns the identity of a user who is known already, with the user's ownership of today.
    pub(crate) async fn identity_of(
        &self,
        user: &EntityRef,
    ) -> Result<BackstageIdentity, SignInError> {
        let identity = match self.catalog.entity(user).await? {
            Some(entity) => BackstageIdentity::from_entity(&entity),
            None => BackstageIdentity::outside_the_catalog(user.clone()),
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

    async fn first_identity(&self, user: &Profile) -> Result<BackstageIdentity, Nobody> {
        let mut tried = Vec::new();
        for Named { name, resolver } in &self.resolvers {
            tried.push(name.clone());
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
