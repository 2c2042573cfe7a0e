//! Reasons why a configuration does not make a portal.

use coder_auth::SealingKeysError;
use coder_auth::identity::InsecureIssuerError;
use coder_config::{ConfigError, ConfigErrors};
use coder_core::{OriginError, RandomError};

/// Reasons why a configuration does not make a portal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortalError {
    /// The URL `app.baseUrl` has no origin.
    #[error("`app.baseUrl` must be an http or https URL")]
    AppOrigin(#[source] OriginError),
    /// The keys of `coder.session.keys` cannot be used.
    #[error("`coder.session.keys` cannot be used")]
    Keys(#[source] SealingKeysError),
    /// The keys of `auth.keyStore` cannot be used.
    #[error("the signing keys of `auth.keyStore` cannot be used")]
    SigningKeys(#[source] ConfigError),
    /// A backend of `coder.trustedIssuers` cannot be trusted.
    #[error("`coder.trustedIssuers` cannot be used")]
    TrustedIssuer(#[source] InsecureIssuerError),
    /// The environment of the portal's pages cannot be used.
    #[error("the environment `{environment}` of `auth.providers.coder` cannot be used")]
    Environment {
        /// Name of the environment, from `auth.environment`.
        environment: String,
        /// Mistakes in its configuration, with their places.
        #[source]
        errors: ConfigErrors,
    },
    /// Two deployments share one redirect URI.
    #[error("two deployments of `auth.providers.coder` share one redirect URI")]
    RedirectUri(#[source] ConfigError),
    /// The environment of the portal's pages is not configured.
    #[error(
        "`auth.providers.coder` has no block for the environment `{environment}`; add `auth.providers.coder.{environment}` with `clientId`, `clientSecret` and `deploymentUrl`"
    )]
    NoEnvironment {
        /// Name of the environment, from `auth.environment`.
        environment: String,
    },
    /// The source of randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}
