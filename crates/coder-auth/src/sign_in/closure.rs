//! Sign-in resolvers that are closures.

use async_trait::async_trait;
use backstage_catalog::Catalog;
use coder_core::{BoxFuture, MaybeSend, MaybeSync};

use super::{BackstageIdentity, SignInError, SignInResolver};
use crate::grant::profile::Profile;

/// Makes a sign-in resolver from a closure:
///
/// ```
/// use backstage_catalog::MemoryCatalog;
/// use coder_auth::{BackstageIdentity, SignIn, SignInError, resolver_fn};
/// # use std::sync::Arc;
///
/// let by_employee_id = resolver_fn(|user, catalog| {
///     Box::pin(async move {
///         let id = user.username.strip_prefix("emp-").ok_or(SignInError::NotFound)?;
///         let entity = catalog.entity(&format!("user:default/{id}").parse()?).await?;
///         entity.map(|user| BackstageIdentity::from_entity(&user)).ok_or(SignInError::NotFound)
///     })
/// });
/// let sign_in = SignIn::new(Arc::new(MemoryCatalog::default())).resolver(by_employee_id);
/// # let _ = sign_in;
/// ```
pub fn resolver_fn<F>(closure: F) -> impl SignInResolver
where
    F: for<'a> Fn(&'a Profile, &'a dyn Catalog) -> Resolving<'a> + MaybeSend + MaybeSync,
{
    Closure(closure)
}

type Resolving<'a> = BoxFuture<'a, Result<BackstageIdentity, SignInError>>;

struct Closure<F>(F);

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl<F> SignInResolver for Closure<F>
where
    F: for<'a> Fn(&'a Profile, &'a dyn Catalog) -> Resolving<'a> + MaybeSend + MaybeSync,
{
    async fn resolve(
        &self,
        user: &Profile,
        catalog: &dyn Catalog,
    ) -> Result<BackstageIdentity, SignInError> {
        (self.0)(user, catalog).await
    }
}
