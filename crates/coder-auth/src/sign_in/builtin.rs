//! Backstage's three common sign-in resolvers.

use async_trait::async_trait;
use backstage_catalog::{Catalog, EntityFilter, EntityRef};
use coder_core::quoted;

use super::{BackstageIdentity, SignInError, SignInResolver};
use crate::grant::profile::Profile;

/// The resolver `usernameMatchingUserEntityName`: the user name at Coder is the name of the User
/// entity.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct UsernameMatchingUserEntityName;

/// The resolver `emailMatchingUserEntityProfileEmail`: the e-mail address is the
/// `spec.profile.email` of the User entity, in any letter case.
///
/// An address with a `+tag` that matches nobody is tried without the tag. Unlike Backstage's, this
/// resolver enforces [`EmailOptions::allowed_domains`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EmailMatchingUserEntityProfileEmail(EmailOptions);

/// The resolver `emailLocalPartMatchingUserEntityName`: the part of the e-mail address before the
/// `@` is the name of the User entity.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EmailLocalPartMatchingUserEntityName(EmailOptions);

/// Options of the resolvers that look at e-mail addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmailOptions {
    /// Domains whose addresses may sign in, compared letter by letter; `None` allows every domain.
    pub allowed_domains: Option<Vec<String>>,
    /// Whether users who are not in the catalog may sign in.
    pub dangerously_allow_sign_in_without_user_in_catalog: bool,
}

impl EmailOptions {
    /// Sets the domains whose addresses may sign in.
    #[must_use]
    pub fn allowed_domains(mut self, domains: impl IntoIterator<Item = String>) -> Self {
        self.allowed_domains = Some(domains.into_iter().collect());
        self
    }

    /// Sets whether users who are not in the catalog may sign in: everyone with an account at
    /// Coder.
    #[must_use]
    pub fn dangerously_allow_sign_in_without_user_in_catalog(mut self, allowed: bool) -> Self {
        self.dangerously_allow_sign_in_without_user_in_catalog = allowed;
        self
    }

    /// Returns the address and the part before its `@`, if the address may sign in.
    fn check<'a>(&self, user: &'a Profile) -> Result<(&'a str, &'a str), SignInError> {
        let email = user.email.as_deref().filter(|email| !email.is_empty());
        let email = email.ok_or(SignInError::NoEmail)?;
        let Some((local, domain)) = email.rsplit_once('@').filter(|(local, _)| !local.is_empty())
        else {
            return Err(SignInError::Refused(format!(
                "{} is not an e-mail address",
                quoted(email)
            )));
        };
        match &self.allowed_domains {
            Some(allowed) if !allowed.iter().any(|one| one == domain) => {
                Err(SignInError::DomainNotAllowed)
            }
            _ => Ok((email, local)),
        }
    }

    fn fallback(&self, name: &str) -> Result<BackstageIdentity, SignInError> {
        if !self.dangerously_allow_sign_in_without_user_in_catalog {
            return Err(SignInError::NotFound);
        }
        Ok(BackstageIdentity::outside_the_catalog(user_ref(name)?))
    }
}

impl EmailMatchingUserEntityProfileEmail {
    /// Creates the resolver with these options.
    pub fn new(options: EmailOptions) -> Self {
        Self(options)
    }
}

impl EmailLocalPartMatchingUserEntityName {
    /// Creates the resolver with these options.
    pub fn new(options: EmailOptions) -> Self {
        Self(options)
    }
}

fn user_ref(name: &str) -> Result<EntityRef, SignInError> {
    Ok(EntityRef::new("user", "default", name)?)
}

async fn by_name(name: &str, catalog: &dyn Catalog) -> Result<BackstageIdentity, SignInError> {
    let entity = catalog.entity(&user_ref(name)?).await?;
    entity.map(|user| BackstageIdentity::from_entity(&user)).ok_or(SignInError::NotFound)
}

async fn by_email(email: &str, catalog: &dyn Catalog) -> Result<BackstageIdentity, SignInError> {
    let filter = EntityFilter::kind("user").with("spec.profile.email", email);
    match catalog.entities(&filter).await?.as_slice() {
        [] => Err(SignInError::NotFound),
        [user] => Ok(BackstageIdentity::from_entity(user)),
        _ => Err(SignInError::Ambiguous),
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl SignInResolver for UsernameMatchingUserEntityName {
    fn name(&self) -> &str {
        "usernameMatchingUserEntityName"
    }

    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        by_name(&user.username, catalog).await
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl SignInResolver for EmailMatchingUserEntityProfileEmail {
    fn name(&self) -> &str {
        "emailMatchingUserEntityProfileEmail"
    }

    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        let (email, local) = self.0.check(user)?;
        let mut found = by_email(email, catalog).await;
        if let (Err(SignInError::NotFound), Some((name, _)), Some((_, domain))) =
            (&found, local.split_once('+'), email.rsplit_once('@'))
        {
            found = by_email(&format!("{name}@{domain}"), catalog).await;
        }
        match found {
            Err(SignInError::NotFound) => self.0.fallback(email),
            decided => decided,
        }
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl SignInResolver for EmailLocalPartMatchingUserEntityName {
    fn name(&self) -> &str {
        "emailLocalPartMatchingUserEntityName"
    }

    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        let (_, local) = self.0.check(user)?;
        match by_name(local, catalog).await {
            Err(SignInError::NotFound) => self.0.fallback(local),
            decided => decided,
        }
    }
}
