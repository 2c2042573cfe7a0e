//! Building a portal from a configuration and the parts that a program adds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use backstage_catalog::Catalog;
use coder_auth::store::AuthStore;
use coder_auth::{AuthObserver, OwnershipResolver, SignIn, SignInResolver};
use coder_config::{AppConfig, ConfigError, CustomSignInResolver, Files};
use coder_core::World;
use serde_json::{Map, Value};

use crate::portal::Portal;

/// A builder of a portal, from [`Portal::builder`]. Finish it with [`build`](Self::build).
///
/// ```
/// use coder_auth::{BackstageIdentity, SignInError, resolver_fn};
/// use coder_portal::{InvalidOptionError, Portal, PortalError};
/// # use std::sync::Arc;
/// # use coder_auth::store::AuthStore;
/// # use backstage_catalog::Catalog;
///
/// # fn portal(
/// #     world: &coder_core::World,
/// #     config: &coder_config::AppConfig,
/// #     catalog: impl Catalog + 'static,
/// #     store: impl AuthStore + 'static,
/// # ) -> Result<Portal, PortalError> {
/// // signIn: { resolvers: [{ resolver: employeeId, prefix: emp- }] }
/// let portal = Portal::builder(config, world, catalog, store)
///     .sign_in_resolver_factory("employeeId", |options| {
///         let prefix = options.get("prefix").and_then(|value| value.as_str());
///         let prefix = prefix.ok_or(InvalidOptionError::new("prefix", "must be a text"))?.to_owned();
///         Ok(Arc::new(resolver_fn(move |user, catalog| {
///             let id = user.username.strip_prefix(&prefix).map(str::to_owned);
///             Box::pin(async move {
///                 let name = format!("user:default/{}", id.ok_or(SignInError::NotFound)?);
///                 let entity = catalog.entity(&name.parse()?).await?;
///                 entity.map(|user| BackstageIdentity::from_entity(&user)).ok_or(SignInError::NotFound)
///             })
///         })))
///     })
///     .build()?;
/// # Ok(portal)
/// # }
/// ```
pub struct PortalBuilder<'a> {
    pub(crate) config: &'a AppConfig,
    pub(crate) world: &'a World,
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) store: Arc<dyn AuthStore>,
    pub(crate) files: Option<&'a dyn Files>,
    pub(crate) ownership: Option<Arc<dyn OwnershipResolver>>,
    pub(crate) observer: Option<Arc<dyn AuthObserver>>,
    resolvers: BTreeMap<String, ResolverFactory<'a>>,
}

/// The options of a sign-in resolver, as configuration has them beside its name.
pub type ResolverOptions = Map<String, Value>;

type ResolverFactory<'a> =
    Box<dyn Fn(&ResolverOptions) -> Result<Arc<dyn SignInResolver>, InvalidOptionError> + 'a>;

/// An option that a sign-in resolver cannot use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the option `{name}` {problem}")]
pub struct InvalidOptionError {
    name: String,
    problem: String,
}

impl InvalidOptionError {
    /// Creates the error for this option. `problem` names the mistake and the allowed values, like
    /// ``is `7`; it must be a group's name``. It must not hold a secret.
    pub fn new(name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { name: name.into(), problem: problem.into() }
    }
}

impl Portal {
    /// Starts to build a portal from configuration and the parts that a program adds: sign-in
    /// resolvers of its own, a rule of ownership, files.
    ///
    /// Entities come from `catalog`; `store` keeps grants and sessions. One that is used elsewhere
    /// as well is passed as a clone of its [`Arc`].
    pub fn builder<'a>(
        config: &'a AppConfig,
        world: &'a World,
        catalog: impl Catalog + 'static,
        store: impl AuthStore + 'static,
    ) -> PortalBuilder<'a> {
        PortalBuilder {
            config,
            world,
            catalog: Arc::new(catalog),
            store: Arc::new(store),
            files: None,
            ownership: None,
            observer: None,
            resolvers: BTreeMap::new(),
        }
    }
}

impl<'a> PortalBuilder<'a> {
    /// Adds a sign-in resolver without options, which configuration can name
    /// (`resolver: myCompanyResolver`). A second one of this name replaces the first.
    ///
    /// The names of Backstage's own resolvers keep their meaning.
    #[must_use]
    pub fn sign_in_resolver(
        self,
        name: impl Into<String>,
        resolver: impl SignInResolver + 'static,
    ) -> Self {
        let name = name.into();
        let resolver: Arc<dyn SignInResolver> = Arc::new(resolver);
        let known = name.clone();
        self.sign_in_resolver_factory(name, move |options| match options.keys().next() {
            None => Ok(Arc::clone(&resolver)),
            Some(option) => {
                let problem = format!("is not known; `{known}` takes no options");
                Err(InvalidOptionError::new(option, problem))
            }
        })
    }

    /// Adds a sign-in resolver with options. `make` gets the options that configuration has beside
    /// the name.
    #[must_use]
    pub fn sign_in_resolver_factory(
        mut self,
        name: impl Into<String>,
        make: impl Fn(&ResolverOptions) -> Result<Arc<dyn SignInResolver>, InvalidOptionError> + 'a,
    ) -> Self {
        self.resolvers.insert(name.into(), Box::new(make));
        self
    }

    /// Sets the rule of ownership for every environment, in place of Backstage's.
    #[must_use]
    pub fn ownership(mut self, rule: impl OwnershipResolver + 'static) -> Self {
        self.ownership = Some(Arc::new(rule));
        self
    }

    /// Sets who is told of each event of a login, beside the audit log
    /// ([`AuthOptions::observer`](coder_auth::AuthOptions::observer)).
    #[must_use]
    pub fn observer(mut self, observer: impl AuthObserver + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sets how the files that configuration names are read: the signing keys of
    /// `auth.keyStore.static`, which are an error without it. `files` decides where relative paths
    /// start.
    #[must_use]
    pub fn files(mut self, files: &'a dyn Files) -> Self {
        self.files = Some(files);
        self
    }

    /// Adds a resolver of the program to `sign_in`, with the options of configuration.
    pub(crate) fn with_custom(
        &self,
        sign_in: SignIn,
        custom: &CustomSignInResolver,
    ) -> Result<SignIn, ConfigError> {
        let Some(make) = self.resolvers.get(&custom.name) else {
            let names: Vec<&str> = self.resolvers.keys().map(String::as_str).collect();
            return Err(custom.unknown(&names));
        };
        match make(&custom.options) {
            Ok(resolver) => Ok(sign_in.named_resolver(&*custom.name, resolver)),
            Err(InvalidOptionError { name, problem }) => Err(custom.invalid_option(&name, problem)),
        }
    }
}

impl fmt::Debug for PortalBuilder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PortalBuilder")
            .field("resolvers", &self.resolvers.keys())
            .finish_non_exhaustive()
    }
}
