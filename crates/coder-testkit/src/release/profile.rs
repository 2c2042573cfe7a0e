//! What differs between Coder's releases: the one table.

use super::{Dialect, Version};

/// The behaviour of a release where releases differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    /// The answer of the provider while it is switched off.
    pub(crate) off: WhenOff,
    /// Whether the routes `/.well-known/*` exist.
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
    pub(crate) consent_page: ConsentPage,
    /// A `response_type` that Coder knows and does not support is told from an unknown one, and so
    /// is a `grant_type`.
    pub(crate) names_response_types: bool,
    /// A client proves itself with a secret of its own, and redeems nothing but its own codes and
    /// refresh tokens. Before, any application's secret will do, and any client may refresh.
    pub(crate) client_bound: bool,
    /// A wrong verifier, or another `resource`, uses the code up.
    pub(crate) wrong_proof_burns_code: bool,
    /// HTTP Basic is client authentication, and `invalid_client` says so.
    pub(crate) client_basic: bool,
    /// A client secret in the URL's query is refused.
    pub(crate) refuses_secret_in_query: bool,
    /// Refresh and revoke need the secret of a confidential client.
    pub(crate) secret_always: bool,
    /// Scopes are negotiated, enforced and returned; before, they are ignored.
    pub(crate) scopes: bool,
    /// The refresh token outlives the access token (30 days).
    pub(crate) long_refresh: bool,
    /// Whether the route `POST /oauth2/revoke` exists.
    pub(crate) revocation: bool,
    /// Whether the metadata names the route `POST /oauth2/revoke`.
    pub(crate) revocation_advertised: bool,
    /// `Cache-Control: no-store` on everything of the provider.
    pub(crate) no_store: bool,
    pub(crate) registration: Registration,
    /// Apps may have several redirect URIs, public clients, a scope ceiling; the JSON says so.
    pub(crate) rich_apps: bool,
    /// Whether the metadata that a registered client reads of itself hold its registration token.
    pub(crate) shows_registration_token: bool,
    /// How the refusal of a redirect URI begins: `redirect URI at index 0: redirect URI must …`
    /// names the URI twice.
    pub(crate) names_redirect_uri_twice: bool,
    /// A registered client that wants no secret gets none; before, it gets one and needs it.
    pub(crate) public_clients: bool,
    /// How a revocation without a token is refused.
    pub(crate) no_token_text: &'static str,
    /// Whether the field `buildinfo.oauth2_provider` exists.
    pub(crate) buildinfo_says: bool,
    /// `/oauth2/authorize` has CORS headers, as the other endpoints have.
    pub(crate) cors_on_authorize: bool,
    /// Builds say whether they hold external agents.
    pub(crate) knows_external_agents: bool,
    /// The subdomain of an app has the name of its agent, `app--agent--workspace--owner`.
    pub(crate) agents_in_subdomains: bool,
    /// The log of a build says what it costs and what the owner has left.
    pub(crate) logs_costs: bool,
    /// An agent that has not connected yet makes its workspace unhealthy.
    pub(crate) connecting_is_unhealthy: bool,
    /// The parameter that the text about a deleted workspace names.
    pub(crate) deleted_parameter: &'static str,
    /// Starting a dormant workspace wakes it, whoever starts it.
    pub(crate) starting_wakes: bool,
    /// A cancel knows `expect_status`.
    pub(crate) expects_status: bool,
    /// How the log calls the stage before anything is changed.
    pub(crate) planning_stage: &'static str,
    /// The behaviour of the REST API.
    pub(crate) api: Dialect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConsentPage {
    /// Form and links have no ids.
    Plain,
    WithIds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenOff {
    /// 403 for everybody: there is nothing to switch on yet.
    UnderDevelopment,
    /// 403, naming the experiment.
    Experiment,
    /// 404 `Route not found.`
    NotFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pkce {
    Optional,
    Mandatory,
}

impl Pkce {
    /// Returns the words for a challenge method that is not `S256`.
    pub(crate) fn refusal_of_method(self, method: &str) -> String {
        match (self, method) {
            (Self::Optional, _) => {
                "Invalid code_challenge_method: only S256 is supported".to_owned()
            }
            (Self::Mandatory, "plain") => {
                "code_challenge_method 'plain' is not supported; use 'S256'".to_owned()
            }
            (Self::Mandatory, other) => format!("unsupported code_challenge_method: {other}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectMatch {
    /// Same host, and a path that begins with the registered one.
    Prefix,
    /// The redirect URI is the same text.
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
    /// Returns the behaviour of `version`: the oldest one's, and what each later release changed.
    pub(crate) const fn new(version: Version) -> Self {
        let release = version as u8;
        let mut profile = V2_24;
        profile.api = Dialect::new(version);
        if release >= Version::V2_25 as u8 {
            profile.off = WhenOff::Experiment;
            profile.metadata = true;
            profile.bearer = true;
            profile.knows_external_agents = true;
            profile.starting_wakes = true;
            profile.expects_status = true;
            profile.planning_stage = "Planning Infrastructure";
            profile.registration = Registration::Open;
        }
        if release >= Version::V2_29 as u8 {
            profile.agents_in_subdomains = false;
            profile.logs_costs = false;
            profile.scope_catalog = true; // since 2.27
            profile.long_refresh = true; // since 2.27
            profile.revocation = true; // since 2.28
            profile.revocation_advertised = true;
        }
        if release >= Version::V2_31 as u8 {
            profile.pkce = Pkce::Mandatory;
            profile.redirects = RedirectMatch::Exact;
            profile.code_bound_to_redirect = true;
            profile.consent_protected = true;
            profile.client_basic = true;
            profile.names_response_types = true;
            profile.shows_registration_token = false;
            profile.no_token_text = "missing token parameter";
        }
        if release >= Version::V2_34 as u8 {
            profile.metadata_gated = true; // since 2.32
            profile.connecting_is_unhealthy = true;
            profile.state_on_denial = true; // since 2.33
            profile.consent_page = ConsentPage::WithIds;
            profile.names_redirect_uri_twice = true;
        }
        if release >= Version::V2_36 as u8 {
            profile.deleted_parameter = "include_deleted";
        }
        if release >= Version::V2_37 as u8 {
            profile.checks_verifier_form = true;
            profile.client_bound = true;
            profile.wrong_proof_burns_code = true;
            profile.public_clients = true;
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
    off: WhenOff::UnderDevelopment,
    metadata: false,
    metadata_gated: false,
    scope_catalog: false,
    bearer: false,
    pkce: Pkce::Optional,
    checks_verifier_form: false,
    redirects: RedirectMatch::Prefix,
    code_bound_to_redirect: false,
    ignores_unknown_parameters: false,
    errors_to_callback: false,
    consent_protected: false,
    state_on_denial: false,
    consent_page: ConsentPage::Plain,
    names_response_types: false,
    client_bound: false,
    wrong_proof_burns_code: false,
    client_basic: false,
    refuses_secret_in_query: false,
    secret_always: false,
    scopes: false,
    long_refresh: false,
    revocation: false,
    revocation_advertised: false,
    no_store: false,
    registration: Registration::Absent,
    rich_apps: false,
    shows_registration_token: true,
    names_redirect_uri_twice: false,
    public_clients: false,
    no_token_text: "Missing token parameter",
    buildinfo_says: false,
    cors_on_authorize: true,
    knows_external_agents: false,
    agents_in_subdomains: true,
    logs_costs: true,
    connecting_is_unhealthy: false,
    deleted_parameter: "deleted",
    starting_wakes: false,
    expects_status: false,
    planning_stage: "Planning infrastructure",
    api: Dialect::new(Version::V2_24),
};
