//! `/oauth2/tokens`: codes and refresh tokens become token pairs, and pairs are dropped.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::authorize::is_verifier;
use super::client;
use super::params::Params;
use super::redirect_uri::Callback;
use crate::json::Json as _;
use crate::model::{
    ApiKey, App, ClientType, Code, KeyKind, Kind, RefreshToken, TwoPart, Verdict, after,
};
use crate::release::Profile;
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::{Call, first};
use crate::wire::reply::{Answer, Reply};

/// Grants that Coder has names for; it supports the first two.
const GRANT_TYPES: [&str; 5] =
    ["authorization_code", "refresh_token", "password", "client_credentials", "implicit"];

const SUPPORTED_GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The grant that a pair is made from.
struct Grant {
    /// The client the access token is named after.
    client: Uuid,
    /// The application the pair belongs to: the one whose secret was shown.
    app: Uuid,
    user: Uuid,
    secret: Option<Uuid>,
    granted: Vec<String>,
    /// The scopes of this access token.
    scopes: Vec<String>,
    resource: Option<String>,
}

/// A request whose parameters are well-formed.
#[derive(Debug)]
struct TokenRequest<'a> {
    secret: Option<&'a str>,
    code: Option<&'a str>,
    redirect: Callback,
    refresh_token: Option<&'a str>,
    verifier: Option<&'a str>,
    resource: Option<&'a str>,
    scope: Option<&'a str>,
}

/// Answers a request for `POST /oauth2/tokens`.
pub(crate) fn issue(deployment: &mut Deployment<'_>, call: &Call, app: &App) -> Answer {
    if deployment.profile().refuses_secret_in_query && call.query("client_secret").is_some() {
        return Err(malformed());
    }
    let pairs = client::parameters(deployment, call)?;
    let grant_type = first(&pairs, "grant_type");
    let public = app.client_type == ClientType::Public && deployment.profile().public_clients;
    let required: &[&str] = match grant_type {
        Some("refresh_token") => &["refresh_token"],
        Some("authorization_code") if public => &["client_id", "code"],
        Some("authorization_code") => &["client_secret", "client_id", "code"],
        _ => &[],
    };
    let mut params = Params::new(&pairs, required);
    let request = read(deployment, app, &mut params)?;
    match grant_type {
        Some("authorization_code") => exchange(deployment, app, &request),
        Some("refresh_token") => refresh(deployment, app, &request),
        other => Err(oauth(
            "unsupported_grant_type",
            &format!("The grant type \"{}\" is not supported", other.unwrap_or_default()),
        )),
    }
}

/// Checks what must hold before anything is looked up.
fn read<'a>(
    deployment: &Deployment<'_>,
    app: &App,
    params: &mut Params<'a>,
) -> Result<TokenRequest<'a>, Reply> {
    let profile = deployment.profile();
    let names = if profile.names_response_types { &GRANT_TYPES[..] } else { &SUPPORTED_GRANTS[..] };
    let grant_type = params.word("grant_type", names);
    params.text("client_id");
    let request = TokenRequest {
        secret: params.text("client_secret"),
        code: params.text("code"),
        redirect: params.redirect_uri(app, profile.redirects)?,
        refresh_token: params.text("refresh_token"),
        verifier: params.text("code_verifier"),
        resource: params.text("resource"),
        scope: params.text("scope"),
    };
    params.check_resource(request.resource);
    if !profile.ignores_unknown_parameters {
        params.refuse_others();
    }
    if grant_type.is_none() {
        let text = "The grant type is missing or unsupported";
        return Err(oauth("unsupported_grant_type", text));
    }
    let named = ["code", "client_id", "client_secret"];
    if let Some(name) = named.into_iter().find(|name| params.is_at_fault(name)) {
        return Err(oauth("invalid_request", &format!("Missing required parameter: {name}")));
    }
    if params.faults.is_empty() { Ok(request) } else { Err(malformed()) }
}

fn exchange(deployment: &mut Deployment<'_>, app: &App, request: &TokenRequest<'_>) -> Answer {
    let profile = *deployment.profile();
    if profile.checks_verifier_form && !request.verifier.is_some_and(is_verifier) {
        return Err(oauth(
            "invalid_request",
            "The code_verifier parameter must be 43 to 128 characters from the unreserved \
             character set [A-Za-z0-9-._~] (RFC 7636 §4.1)",
        ));
    }
    let proof = request
        .secret
        .map(|secret| client::check_secret(deployment, app.id, secret))
        .transpose()?;

    let (stored, is_raced) = code_of(deployment, app, request)?;
    let id = &stored.parts.id;
    match deployment.state.finish_race(id, is_raced, Kind::Code) {
        Verdict::Wins => {}
        Verdict::ComesTooLate => return Err(bad_code()),
        Verdict::Stumbles => return Err(failed_exchange()),
    }
    deployment.state.codes.remove(id);
    // A request that has overtaken another one does not see the other one's pair.
    if !is_raced {
        deployment.state.end_named_key(stored.user, app.id);
    }
    Ok(pair(
        deployment,
        Grant {
            client: app.id,
            app: proof.map_or(app.id, |proof| proof.app),
            user: stored.user,
            secret: proof.map(|proof| proof.secret),
            granted: stored.scopes.clone(),
            scopes: stored.scopes,
            resource: stored.resource,
        },
    ))
}

fn bad_code() -> Reply {
    oauth("invalid_grant", "The authorization code is invalid or expired")
}

/// Returns the code of a request that may have it, and tells whether the request has overtaken
/// another one.
fn code_of(
    deployment: &mut Deployment<'_>,
    app: &App,
    request: &TokenRequest<'_>,
) -> Result<(Code, bool), Reply> {
    let profile = *deployment.profile();
    let parts = request.code.and_then(TwoPart::parse_prefixed).ok_or_else(bad_code)?;
    let (stored, is_raced) = deployment.find_code(&parts.id).ok_or_else(bad_code)?;
    let redirect_differs = profile.code_bound_to_redirect
        && stored
            .redirect_uri
            .as_deref()
            .is_some_and(|uri| !request.redirect.is_sent || uri != request.redirect.uri);
    if !is_same(&stored.parts, &parts)
        || (profile.client_bound && stored.app != app.id)
        || stored.expires_at <= deployment.now
        || redirect_differs
    {
        return Err(bad_code());
    }
    if profile.wrong_proof_burns_code {
        deployment.state.codes.remove(&parts.id);
    }
    if let Some(challenge) = &stored.challenge
        && !request.verifier.is_some_and(|verifier| answers(challenge, verifier))
    {
        return Err(oauth("invalid_grant", "The PKCE code verifier is invalid"));
    }
    if stored.resource.as_deref() != request.resource {
        return Err(bad_resource());
    }
    Ok((stored, is_raced))
}

fn refresh(deployment: &mut Deployment<'_>, app: &App, request: &TokenRequest<'_>) -> Answer {
    let profile = *deployment.profile();
    if profile.secret_always && app.client_type == ClientType::Confidential {
        let secret = request.secret.ok_or_else(|| client::invalid_client(deployment))?;
        client::check_secret(deployment, app.id, secret)?;
    }
    let bad_token = || oauth("invalid_grant", "The refresh token is invalid or expired");
    let parts = request.refresh_token.and_then(TwoPart::parse_prefixed).ok_or_else(bad_token)?;
    let (stored, is_raced) = deployment.find_refresh_token(&parts.id).ok_or_else(bad_token)?;
    if !is_same(&stored.parts, &parts)
        || (profile.client_bound && stored.app != app.id)
        || stored.expires_at <= deployment.now
    {
        return Err(bad_token());
    }
    if request.resource.is_some() && request.resource != stored.resource.as_deref() {
        return Err(bad_resource());
    }
    let granted = stored.scopes;
    let scopes = refreshed_scopes(&profile, app, &granted, request.scope)?;
    match deployment.state.finish_race(&parts.id, is_raced, Kind::RefreshToken) {
        Verdict::Wins => {}
        Verdict::ComesTooLate => return Err(bad_token()),
        Verdict::Stumbles => return Err(failed_exchange()),
    }
    deployment.state.delete_keys(|key| key.parts.id == stored.key);
    Ok(pair(
        deployment,
        Grant {
            client: app.id,
            app: stored.app,
            user: stored.user,
            secret: stored.secret,
            granted,
            scopes,
            resource: stored.resource,
        },
    ))
}

/// Returns the scopes of a refreshed pair: those that were granted, or fewer if the request asks for
/// fewer.
fn refreshed_scopes(
    profile: &Profile,
    app: &App,
    granted: &[String],
    asked: Option<&str>,
) -> Result<Vec<String>, Reply> {
    if !profile.scopes {
        return Ok(granted.to_vec());
    }
    // The ceiling may have been lowered since.
    scopes::negotiate(app.scope.as_deref(), &granted.join(" "))
        .map_err(|reason| oauth("invalid_grant", &reason))?;
    scopes::narrower(granted, asked.unwrap_or_default())
        .map_err(|reason| oauth("invalid_scope", &reason))
}

/// Issues a pair of tokens.
fn pair(deployment: &mut Deployment<'_>, grant: Grant) -> Reply {
    let lifetime = deployment.state.session_lifetime;
    let key = deployment.mint_key(
        grant.user,
        KeyKind::OAuth2 { app: grant.client, audience: grant.resource.clone() },
        lifetime,
        grant.scopes.clone(),
    );
    let refresh = RefreshToken {
        parts: deployment.mint().prefixed(),
        key: key.parts.id.clone(),
        app: grant.app,
        user: grant.user,
        secret: grant.secret,
        expires_at: if deployment.profile().long_refresh {
            after(deployment.now, REFRESH_LIFETIME)
        } else {
            key.expires_at
        },
        scopes: grant.granted,
        resource: grant.resource,
    };
    let reply = token_answer(deployment, &key, &refresh, &grant.scopes, lifetime);
    deployment.state.refresh_tokens.insert(refresh.parts.id.clone(), refresh);
    reply
}

fn token_answer(
    deployment: &Deployment<'_>,
    key: &ApiKey,
    refresh: &RefreshToken,
    scopes: &[String],
    lifetime: Duration,
) -> Reply {
    let mut answer = json!({
        "access_token": key.parts.as_key(),
        "token_type": "Bearer",
        "refresh_token": refresh.parts.as_prefixed(),
        "expiry": key.expires_at.to_string(),
        // Coder reads the clock again when it writes the answer, so a second is never whole.
        "expires_in": lifetime.as_secs().saturating_sub(1),
    });
    if deployment.profile().scopes {
        answer.set("scope", scopes.join(" "));
    }
    Reply::ok(&answer)
}

/// Answers `DELETE /oauth2/tokens?client_id=…`, by which the user disconnects an application.
pub(crate) fn disconnect(deployment: &mut Deployment<'_>, call: &Call, app: &App) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = caller.user.id;
    deployment.state.codes.retain(|_, code| code.app != app.id || code.user != user);
    deployment.state.end_pairs(|token| token.user == user && token.app == app.id);
    Ok(Reply::no_content())
}

impl Deployment<'_> {
    /// Tells whether a text is a refresh token that would be accepted now.
    pub(crate) fn is_live_refresh_token(&self, token: &str) -> bool {
        TwoPart::parse_prefixed(token).is_some_and(|parts| {
            let stored = self.state.refresh_tokens.get(&parts.id);
            stored.is_some_and(|stored| stored.parts == parts && stored.expires_at > self.now)
        })
    }
}

impl crate::store::State {
    /// Tells whether a user has authorized an application.
    pub(crate) fn has_pair(&self, user: Uuid, app: Uuid) -> bool {
        self.refresh_tokens.values().any(|token| token.user == user && token.app == app)
    }

    /// Ends every pair with such a refresh token.
    pub(crate) fn end_pairs(&mut self, doomed: impl Fn(&RefreshToken) -> bool) {
        let keys: Vec<String> = self
            .refresh_tokens
            .values()
            .filter(|token| doomed(token))
            .map(|token| token.key.clone())
            .collect();
        self.delete_keys(|key| keys.contains(&key.parts.id));
    }

    /// Ends the access token that is named after a user and a client, with its pair. There may be
    /// several of that name after a race; only one ends.
    fn end_named_key(&mut self, user: Uuid, client: Uuid) {
        let named = self.keys.values().filter(|key| {
            key.user == user && matches!(key.kind, KeyKind::OAuth2 { app, .. } if app == client)
        });
        let oldest = named.min_by_key(|key| (key.created_at, key.parts.id.clone()));
        if let Some(id) = oldest.map(|key| key.parts.id.clone()) {
            self.delete_keys(|key| key.parts.id == id);
        }
    }
}

/// Tells whether the S256 `challenge` was made of `verifier` (RFC 7636 §4.6).
fn answers(challenge: &str, verifier: &str) -> bool {
    let expected = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    expected.as_bytes().ct_eq(challenge.as_bytes()).into()
}

fn oauth(error: &str, description: &str) -> Reply {
    Reply::oauth_error(StatusCode::BAD_REQUEST, error, description)
}

fn malformed() -> Reply {
    oauth("invalid_request", "The request is missing required parameters or is otherwise malformed")
}

/// Refuses a request that was overtaken after it had read its token.
fn failed_exchange() -> Reply {
    Reply::error_with_detail(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Failed to exchange token",
        "sql: no rows in result set",
    )
}

fn is_same(stored: &TwoPart, given: &TwoPart) -> bool {
    stored.secret.as_bytes().ct_eq(given.secret.as_bytes()).into()
}

fn bad_resource() -> Reply {
    oauth("invalid_target", "The resource parameter is invalid")
}
