//! Why a configuration makes no portal.

use coder_auth::SealingKeysError;
use coder_auth::identity::InsecureIssuerError;
use coder_config::{ConfigError, ConfigErrors};
use coder_core::{OriginError, RandomError};

/// A portal cannot be made from this configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortalError {
    /// `app.baseUrl` has no origin.
    #[error("`app.baseUrl` must be an http or https URL")]
    AppOrigin(#[source] OriginError),
    /// `coder.session.keys` cannot be used.
    #[error("`coder.session.keys` cannot be used")]
    Keys(#[source] SealingKeysError),
    /// The keys of `auth.keyStore` cannot be used.
    #[error("the signing keys of `auth.keyStore` cannot be used")]
    SigningKeys(#[source] ConfigError),
    /// A backend of `coder.trustedIssuers` cannot be trusted.
    #[error("`coder.trustedIssuers` cannot be used")]
    TrustedIssuer(#[source] InsecureIssuerError),
    /// The environment that the portal's pages use cannot be offered.
    #[error("the environment `{environment}` of `auth.providers.coder` cannot be used")]
    Environment {
        /// `auth.environment`.
        environment: String,
        /// What is wrong with it, with places.
        #[source]
        errors: ConfigErrors,
    },
    /// Two deployments would end their logins at one redirect URI.
    #[error("two deployments of `auth.providers.coder` share one redirect URI")]
    RedirectUri(#[source] ConfigError),
    /// There is no environment at all.
    #[error(
        "`auth.providers.coder` has no block for the environment `{environment}`; add `auth.providers.coder.{environment}` with `clientId`, `clientSecret` and `deploymentUrl`"
    )]
    NoEnvironment {
        /// `auth.environment`.
        environment: String,
    },
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}
