//! Capabilities of a deployment, by its version.

use super::CoderVersion;
use crate::models::BuildInfo;

/// A capability that came to Coder with a certain release, and that a caller has to know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// OAuth2: the deployment can be a provider. Earlier releases say that this is under
    /// development.
    OAuth2,
    /// OAuth2: PKCE with S256 is accepted. Earlier releases refuse its parameters as unknown.
    Pkce,
    /// OAuth2: metadata is served below `/.well-known` (RFC 8414, RFC 9728).
    Metadata,
    /// The API accepts an access token in `Authorization: Bearer`.
    BearerToken,
    /// OAuth2: clients may register themselves (RFC 7591), where the operator allows that.
    DynamicRegistration,
    /// OAuth2: tokens can be revoked (RFC 7009).
    Revocation,
    /// OAuth2: PKCE is required of every client.
    PkceRequired,
    /// OAuth2: a redirect URI must equal the registered one. In earlier releases its path may be
    /// longer.
    ExactRedirectUri,
    /// OAuth2: client credentials may come in `Authorization: Basic`. Earlier releases accept them
    /// in the body only.
    ClientSecretBasic,
    /// OAuth2: when the user denies consent, the callback gets the `state`.
    DenialWithState,
    /// The API lists the scopes of API tokens (`GET /api/v2/auth/scopes`).
    ScopeCatalog,
    /// Workspaces can be shared with users and groups.
    WorkspaceSharing,
    /// API tokens can be limited to scopes and to an allow list. Earlier releases store both at
    /// most, and the token may do all that its owner may do.
    LimitedTokens,
    /// API keys can be expired without deleting them.
    KeyExpiry,
    /// A build can be cancelled on condition that it has a certain status. Earlier releases ignore
    /// the condition.
    ConditionalCancel,
    /// Coder creates no workspace while a required external account is not linked.
    ExternalAuthChecked,
    /// The external accounts of another user can be read. Earlier releases return those of the
    /// caller.
    ExternalAuthOfOthers,
    /// The create form accepts the name of a preset in its link.
    PresetInLink,
    /// One request can stop a workspace and start it again. In earlier releases it only stops it.
    RestartInOneRequest,
    /// `buildinfo` tells whether the OAuth2 provider is switched on.
    ProviderInBuildInfo,
    /// OAuth2: errors of an authorization request go to the callback. In earlier releases the user
    /// stays on a page of Coder.
    ErrorsAtCallback,
    /// OAuth2: unknown parameters are ignored. Earlier releases answer with an error.
    UnknownParametersIgnored,
    /// OAuth2: scopes are negotiated and enforced. Earlier releases ignore them.
    Scopes,
    /// OAuth2: refreshing and revoking tokens need the client secret.
    SecretOnRefresh,
    /// OAuth2: an app may have several redirect URIs.
    SeveralRedirectUris,
    /// OAuth2: clients without a secret are supported.
    PublicClients,
    /// OAuth2: the scopes of an app can be limited. Earlier releases ignore the limit.
    AppScopes,
    /// OAuth2: the provider has settings (`GET /api/v2/oauth2-provider/settings`).
    ProviderSettings,
}

impl Capability {
    /// Returns the release that the capability came with.
    ///
    /// This is the one table of differences between releases in this crate. The fake deployment of
    /// the test kit has a table of its own, as an independent oracle.
    pub const fn since(self) -> CoderVersion {
        match self {
            Self::OAuth2
            | Self::Pkce
            | Self::Metadata
            | Self::BearerToken
            | Self::DynamicRegistration => CoderVersion::new(2, 25, 0),
            Self::Revocation => CoderVersion::new(2, 28, 0),
            // The oldest release that was seen with it; 2.24 was seen without.
            Self::ScopeCatalog | Self::WorkspaceSharing => CoderVersion::new(2, 29, 0),
            Self::LimitedTokens | Self::KeyExpiry | Self::ConditionalCancel => {
                CoderVersion::new(2, 31, 0)
            }
            // 2.31.0 was replaced by 2.31.1 on the day of its release.
            Self::PkceRequired | Self::ExactRedirectUri | Self::ClientSecretBasic => {
                CoderVersion::new(2, 31, 1)
            }
            Self::DenialWithState => CoderVersion::new(2, 33, 0),
            Self::ExternalAuthChecked | Self::PresetInLink => CoderVersion::new(2, 35, 0),
            Self::RestartInOneRequest | Self::ExternalAuthOfOthers => CoderVersion::new(2, 36, 0),
            Self::ProviderInBuildInfo
            | Self::ErrorsAtCallback
            | Self::UnknownParametersIgnored
            | Self::Scopes
            | Self::SecretOnRefresh
            | Self::SeveralRedirectUris
            | Self::PublicClients
            | Self::AppScopes
            | Self::ProviderSettings => CoderVersion::new(2, 38, 0),
        }
    }

    /// Returns the words for the part of a request that older releases ignore, so that the request
    /// would do something else; empty where older releases answer with an error.
    pub(crate) const fn as_asked(self) -> &'static str {
        match self {
            Self::LimitedTokens => " with limits",
            Self::ConditionalCancel => " on a condition",
            Self::RestartInOneRequest => " with a start after it",
            Self::ExternalAuthOfOthers => " for somebody else",
            Self::SeveralRedirectUris => " with several redirect URIs",
            Self::AppScopes => " with a scope",
            Self::OAuth2
            | Self::Pkce
            | Self::Metadata
            | Self::BearerToken
            | Self::DynamicRegistration
            | Self::Revocation
            | Self::ScopeCatalog
            | Self::WorkspaceSharing
            | Self::KeyExpiry
            | Self::PkceRequired
            | Self::ExactRedirectUri
            | Self::ClientSecretBasic
            | Self::DenialWithState
            | Self::ExternalAuthChecked
            | Self::PresetInLink
            | Self::ProviderInBuildInfo
            | Self::ErrorsAtCallback
            | Self::UnknownParametersIgnored
            | Self::Scopes
            | Self::SecretOnRefresh
            | Self::PublicClients
            | Self::ProviderSettings => "",
        }
    }

    /// Returns `true` when older releases ignore that part instead of refusing it. The client sends
    /// it only to a release that is known to have it.
    pub(crate) const fn is_ignored_by_older(self) -> bool {
        !self.as_asked().is_empty()
    }
}

/// The capabilities of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    version: Option<CoderVersion>,
    oauth2_provider: Option<bool>,
}

impl Capabilities {
    /// Creates the capabilities of a version; `None` for an unknown version.
    pub const fn new(version: Option<CoderVersion>) -> Self {
        Self { version, oauth2_provider: None }
    }

    /// Returns the version, if it is known.
    pub const fn version(&self) -> Option<CoderVersion> {
        self.version
    }

    /// Returns whether the deployment has a capability; `None` when its version is unknown.
    pub const fn has(&self, capability: Capability) -> Option<bool> {
        match (self.version, self.oauth2_provider) {
            // The field came with 2.38, whatever the build calls itself.
            (_, Some(_)) if Self::came_with_the_field(capability) => Some(true),
            (Some(version), _) => Some(version.includes(capability.since())),
            (None, _) => None,
        }
    }

    /// Returns whether the OAuth2 provider is switched on; `None` before 2.38, where deployments do
    /// not tell it.
    pub const fn oauth2_provider(&self) -> Option<bool> {
        self.oauth2_provider
    }

    const fn came_with_the_field(capability: Capability) -> bool {
        Capability::ProviderInBuildInfo.since().includes(capability.since())
    }
}

impl From<&BuildInfo> for Capabilities {
    fn from(build_info: &BuildInfo) -> Self {
        let version = CoderVersion::parse(&build_info.version).ok();
        Self { version, oauth2_provider: build_info.oauth2_provider }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(version: &str, capability: Capability) -> Option<bool> {
        Capabilities::new(CoderVersion::parse(version).ok()).has(capability)
    }

    #[test]
    fn the_ladder_is_climbed_version_by_version() {
        for (capability, without, with) in [
            (Capability::Pkce, "v2.24.2", "v2.25.0"),
            (Capability::Revocation, "v2.27.9", "v2.28.0"),
            (Capability::PkceRequired, "v2.31.0", "v2.31.1"),
            (Capability::ErrorsAtCallback, "v2.37.3", "v2.38.0"),
            (Capability::Scopes, "v2.37.0-devel+f00", "v2.38.0-rc.0"),
        ] {
            assert_eq!(has(without, capability), Some(false), "{capability:?} {without}");
            assert_eq!(has(with, capability), Some(true), "{capability:?} {with}");
        }
    }

    #[test]
    fn of_an_unknown_version_nothing_is_known() {
        assert_eq!(has("v0.0.0-devel+f00", Capability::Pkce), None);
    }

    #[test]
    fn a_build_that_tells_about_its_provider_is_not_older_than_that() {
        let build_info = r#"{"version": "v0.0.0-devel+f00", "oauth2_provider": false}"#;
        let capabilities = Capabilities::from(&serde_json::from_str(build_info).unwrap());
        assert_eq!(capabilities.has(Capability::Scopes), Some(true));
        assert_eq!(capabilities.oauth2_provider(), Some(false));
    }
}
