//! The parts of one portal's login, from which its routes take what they need.

use std::sync::Arc;

use coder_core::World;
use url::Url;

use crate::caller::links::Links;
use crate::caller::passed_tokens::PassedTokens;
use crate::environment::Environments;
use crate::grant::manager::Grants;
use crate::grant::revocations::Revocations;
use crate::http::cookies::CookieRules;
use crate::http::origins::AllowedOrigins;
use crate::identity::{IdentityVerifier, Issuer};
use crate::observer::Events;
use crate::options::{AccessTokenPolicy, AuthOptions};
use crate::seal::SealingKeys;
use crate::session::SessionOptions;
use crate::session::manager::Sessions;
use crate::store::AuthStore;
use crate::store::memory::MemoryAuthStore;

/// The parts of one portal's login. They exist once per portal, and clones of them share it.
pub(crate) struct Parts {
    pub(crate) world: World,
    pub(crate) store: Arc<dyn AuthStore>,
    pub(crate) keys: SealingKeys,
    pub(crate) base_url: Url,
    pub(crate) environments: Arc<Environments>,
    pub(crate) origins: Arc<AllowedOrigins>,
    pub(crate) cookies: CookieRules,
    pub(crate) session: SessionOptions,
    pub(crate) access_token: AccessTokenPolicy,
    pub(crate) issuer: Arc<Issuer>,
    /// Verifies the tokens of trusted issuers.
    pub(crate) trusted: Arc<IdentityVerifier>,
    pub(crate) revocations: Revocations,
    pub(crate) grants: Grants,
    pub(crate) links: Links,
    pub(crate) passed_tokens: Arc<PassedTokens>,
    pub(crate) sessions: Sessions,
    pub(crate) events: Events,
}

impl Parts {
    /// Makes the parts that these options describe.
    pub(crate) fn new(
        world: &World,
        store: Arc<dyn AuthStore>,
        keys: SealingKeys,
        options: AuthOptions,
    ) -> Self {
        let AuthOptions { base_url, identity_tokens, session, events, .. } = options;
        let environments = Arc::new(Environments::new(world, &base_url, options.environments));
        let callbacks = environments.usable().map(|environment| &environment.callback);
        let cookies = CookieRules::new(
            options.origins.app(),
            callbacks.chain([&base_url]),
            options.dangerously_allow_http,
            &options.cookie_name,
        );
        let key_store = if identity_tokens.keys_in_memory {
            Arc::new(MemoryAuthStore::new())
        } else {
            Arc::clone(&store)
        };
        let trusted = options
            .trusted_issuers
            .into_iter()
            .fold(IdentityVerifier::new(world), IdentityVerifier::trusted_issuer);
        let revocations = Revocations::new(world.clone(), Arc::clone(&store), keys.clone());
        Self {
            origins: Arc::new(options.origins),
            cookies: cookies.clone(),
            session,
            access_token: options.access_token,
            issuer: Arc::new(Issuer::new(
                world,
                key_store,
                keys.clone(),
                &base_url,
                &identity_tokens,
            )),
            trusted: Arc::new(trusted),
            grants: Grants::new(
                world.clone(),
                Arc::clone(&store),
                keys.clone(),
                revocations.clone(),
                events.clone(),
            ),
            links: Links::new(world.clone(), Arc::clone(&store), keys.clone()),
            passed_tokens: Arc::default(),
            sessions: Sessions::new(
                world.clone(),
                Arc::clone(&store),
                keys.clone(),
                Arc::clone(&environments),
                revocations.clone(),
                cookies,
                session,
                events.clone(),
            ),
            world: world.clone(),
            store,
            keys,
            base_url,
            environments,
            revocations,
            events,
        }
    }
}
