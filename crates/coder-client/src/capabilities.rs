//! What a deployment can do, by its version.

use crate::CoderVersion;
use crate::models::BuildInfo;

/// Something that came to Coder with a certain version, and that a caller has to know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// It can be an OAuth2 provider at all.
    OAuth2,
    /// OAuth2: PKCE with S256 is accepted; before, its parameters are refused as unknown.
    Pkce,
    /// OAuth2: metadata below `/.well-known` (RFC 8414, RFC 9728).
    Metadata,
    /// The API takes an access token in `Authorization: Bearer`.
    BearerToken,
    /// OAuth2: clients may register themselves (RFC 7591), where the operator allows it.
    DynamicRegistration,
    /// OAuth2: tokens can be revoked (RFC 7009).
    Revocation,
    /// OAuth2: PKCE is required.
    PkceRequired,
    /// OAuth2: a redirect URI must equal the registered one; before, its path may be longer.
    ExactRedirectUri,
    /// OAuth2: client credentials may come in `Authorization: Basic`; before, in the body only.
    ClientSecretBasic,
    /// OAuth2: a user's "no" comes back with the `state`.
    DenialWithState,
    /// Creating a workspace is refused while a required external account is not linked.
    ExternalAuthChecked,
    /// Somebody else's external accounts can be asked for; before, the caller's come back.
    ExternalAuthOfOthers,
    /// The create form takes the name of a preset.
    PresetInLink,
    /// One request can stop a workspace and start it again.
    RestartInOneRequest,
    /// `buildinfo` says whether the OAuth2 provider is on.
    ProviderInBuildInfo,
    /// OAuth2: what is wrong with an authorization request comes back to the callback; before,
    /// the user stays on a page of Coder.
    ErrorsAtCallback,
    /// OAuth2: unknown parameters are ignored; before, they are an error.
    UnknownParametersIgnored,
    /// OAuth2: scopes are negotiated and enforced; before, they are ignored.
    Scopes,
    /// OAuth2: refreshing and revoking need the client's secret.
    SecretOnRefresh,
    /// OAuth2: an app may have several redirect URIs.
    SeveralRedirectUris,
    /// OAuth2: clients without a secret.
    PublicClients,
}

impl Capability {
    /// The release it came with: the one table of what differs between versions.
    pub const fn since(self) -> CoderVersion {
        match self {
            Self::OAuth2 => CoderVersion::new(2, 10, 0),
            Self::Pkce | Self::Metadata | Self::BearerToken | Self::DynamicRegistration => {
                CoderVersion::new(2, 25, 0)
            }
            Self::Revocation => CoderVersion::new(2, 28, 0),
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
            | Self::PublicClients => CoderVersion::new(2, 38, 0),
        }
    }
}

/// What a deployment can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    version: Option<CoderVersion>,
    oauth2_provider: Option<bool>,
}

impl Capabilities {
    /// What the version means; `None` when it is not known.
    pub const fn of(version: Option<CoderVersion>) -> Self {
        Self { version, oauth2_provider: None }
    }

    /// The version, when it is known.
    pub const fn version(&self) -> Option<CoderVersion> {
        self.version
    }

    /// Whether the deployment can do this; `None` when nobody knows.
    pub const fn has(&self, capability: Capability) -> Option<bool> {
        match (self.version, self.oauth2_provider) {
            // The field came with 2.38, whatever the build calls itself.
            (_, Some(_)) if Self::came_with_the_field(capability) => Some(true),
            (Some(version), _) => Some(version.includes(capability.since())),
            (None, _) => None,
        }
    }

    /// Whether the OAuth2 provider is switched on. Deployments say it from 2.38 on; of others
    /// nobody knows before trying.
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
        Capabilities::of(CoderVersion::parse(version).ok()).has(capability)
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
