//! What differs between Coder's releases: the one table.

use crate::Version;
use crate::api::Dialect;

/// How a release behaves where releases differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// What the provider answers while it is switched off.
    pub(crate) off: WhenOff,
    /// `/.well-known/*` exists.
    pub(crate) metadata: bool,
    /// `/.well-known/*` is closed while the provider is off.
    pub(crate) metadata_gated: bool,
    /// The metadata lists scopes.
    pub(crate) scope_catalog: bool,
    /// The API takes `Authorization: Bearer`.
    pub(crate) bearer: bool,
    pub(crate) pkce: Pkce,
    /// A verifier that breaks RFC 7636 §4.1, or is missing, is `invalid_request`.
    pub(crate) checks_verifier_form: bool,
    /// RFC 8707 `resource` is known.
    pub(crate) resource: bool,
    pub(crate) redirects: RedirectMatch,
    /// The code remembers the redirect URI it was sent to.
    pub(crate) code_bound_to_redirect: bool,
    /// Unknown parameters of authorize and tokens are ignored, not refused.
    pub(crate) ignores_unknown_parameters: bool,
    /// Authorize errors go back to the callback instead of a page on Coder.
    pub(crate) errors_to_callback: bool,
    /// The consent form needs a CSRF token, and its page may not be framed.
    pub(crate) consent_protected: bool,
    /// The denial echoes `state`.
    pub(crate) state_on_denial: bool,
    /// Status of the redirect after consent.
    pub(crate) consent_status: u16,
    /// HTTP Basic is client authentication, and `invalid_client` says so.
    pub(crate) client_basic: bool,
    /// A client secret in the URL's query is refused.
    pub(crate) refuses_secret_in_query: bool,
    /// Refresh and revoke need the secret of a confidential client.
    pub(crate) secret_always: bool,
    /// Scopes are negotiated, enforced and returned; before, they are ignored.
    pub(crate) scopes: bool,
    /// The token answer has `expires_in` beside `expiry`.
    pub(crate) expires_in: bool,
    /// The refresh token outlives the access token (30 days).
    pub(crate) long_refresh: bool,
    /// `POST /oauth2/revoke` exists.
    pub(crate) revocation: bool,
    /// … and stands in the metadata.
    pub(crate) revocation_advertised: bool,
    /// `Cache-Control: no-store` on everything of the provider.
    pub(crate) no_store: bool,
    pub(crate) registration: Registration,
    /// Apps may have several redirect URIs, public clients, a scope ceiling; the JSON says so.
    pub(crate) rich_apps: bool,
    /// An empty list of apps is `null`.
    pub(crate) null_app_list: bool,
    /// `buildinfo.oauth2_provider` exists.
    pub(crate) buildinfo_says: bool,
    /// `/oauth2/authorize` has CORS headers, as the other endpoints have.
    pub(crate) cors_on_authorize: bool,
    /// The REST API.
    pub(crate) api: Dialect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenOff {
    /// 403, naming the experiment.
    Experiment,
    /// 404 `Route not found.`
    NotFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pkce {
    /// Its parameters are unknown ones.
    Unknown,
    Optional,
    Mandatory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectMatch {
    /// Same host, and a path that begins with the registered one.
    Prefix,
    /// The same text.
    Exact,
    /// One of several registered texts; any port on loopback.
    AnyExact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registration {
    Absent,
    Open,
    /// Behind a stored setting that is off at first.
    OffByDefault,
}

impl Profile {
    /// The behaviour of `version`: the oldest one's, and what each later release changed.
    pub(crate) const fn of(version: Version) -> Self {
        let release = version as u8;
        let mut profile = V2_24;
        profile.api = Dialect::of(version);
        if release >= Version::V2_25 as u8 {
            profile.metadata = true;
            profile.bearer = true;
            profile.pkce = Pkce::Optional;
            profile.resource = true;
            profile.consent_status = 302;
            profile.registration = Registration::Open;
        }
        if release >= Version::V2_29 as u8 {
            profile.scope_catalog = true; // since 2.27
            profile.long_refresh = true; // since 2.27
            profile.revocation = true; // since 2.28
            profile.revocation_advertised = true;
        }
        if release >= Version::V2_31 as u8 {
            profile.expires_in = true; // since 2.30
            profile.pkce = Pkce::Mandatory;
            profile.redirects = RedirectMatch::Exact;
            profile.code_bound_to_redirect = true;
            profile.consent_protected = true;
            profile.client_basic = true;
            profile.null_app_list = false;
        }
        if release >= Version::V2_34 as u8 {
            profile.metadata_gated = true; // since 2.32
            profile.state_on_denial = true; // since 2.33
        }
        if release >= Version::V2_37 as u8 {
            profile.checks_verifier_form = true;
            profile.no_store = true;
            profile.registration = Registration::OffByDefault;
        }
        if release >= Version::V2_38 as u8 {
            profile.off = WhenOff::NotFound;
            profile.redirects = RedirectMatch::AnyExact;
            profile.ignores_unknown_parameters = true;
            profile.errors_to_callback = true;
            profile.refuses_secret_in_query = true;
            profile.secret_always = true;
            profile.scopes = true;
            profile.rich_apps = true;
            profile.buildinfo_says = true;
            profile.cors_on_authorize = false;
        }
        profile
    }
}

const V2_24: Profile = Profile {
    off: WhenOff::Experiment,
    metadata: false,
    metadata_gated: false,
    scope_catalog: false,
    bearer: false,
    pkce: Pkce::Unknown,
    checks_verifier_form: false,
    resource: false,
    redirects: RedirectMatch::Prefix,
    code_bound_to_redirect: false,
    ignores_unknown_parameters: false,
    errors_to_callback: false,
    consent_protected: false,
    state_on_denial: false,
    consent_status: 307,
    client_basic: false,
    refuses_secret_in_query: false,
    secret_always: false,
    scopes: false,
    expires_in: false,
    long_refresh: false,
    revocation: false,
    revocation_advertised: false,
    no_store: false,
    registration: Registration::Absent,
    rich_apps: false,
    null_app_list: true,
    buildinfo_says: false,
    cors_on_authorize: true,
    api: Dialect::of(Version::V2_24),
};
