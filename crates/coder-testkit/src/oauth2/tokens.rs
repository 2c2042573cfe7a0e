//! `/oauth2/tokens`: codes and refresh tokens become token pairs, and pairs are dropped.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::authorize::{is_resource, is_verifier};
use super::params::Params;
use super::{App, ClientType, client, redirect_uri};
use crate::call::{Call, Pairs};
use crate::json::Json as _;
use crate::keys::{ApiKey, KeyKind, after};
use crate::mint::TwoPart;
use crate::profile::Pkce;
use crate::reply::{Answer, Reply};
use crate::scopes;
use crate::state::Deployment;

const REFRESH_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An authorization code that has not been used.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) parts: TwoPart,
    pub(crate) app: Uuid,
    pub(crate) user: Uuid,
    pub(crate) expires_at: Timestamp,
    /// The redirect URI, when the request named one.
    pub(crate) redirect_uri: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) resource: Option<String>,
    /// Coder keeps a hash of the state and never looks at it again.
    pub(crate) state_hash: Option<Vec<u8>>,
    pub(crate) scopes: Vec<String>,
}

/// The refresh half of a pair. It lives and dies with its key.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) parts: TwoPart,
    /// The first part of the access token.
    pub(crate) key: String,
    pub(crate) app: Uuid,
    pub(crate) user: Uuid,
    pub(crate) secret: Option<Uuid>,
    pub(crate) expires_at: Timestamp,
    /// What the person has granted; the access token may hold less.
    pub(crate) scopes: Vec<String>,
    pub(crate) resource: Option<String>,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Code({}, state: {})", self.parts.id, self.state_hash.is_some())
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RefreshToken({})", self.parts.id)
    }
}

/// What a pair is made of.
struct Grant {
    app: Uuid,
    user: Uuid,
    secret: Option<Uuid>,
    granted: Vec<String>,
    /// The scopes of this access token.
    scopes: Vec<String>,
    resource: Option<String>,
}

/// `POST /oauth2/tokens`.
pub(crate) fn issue(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let app = client::app_of_call(deployment, call)?;
    if deployment.profile().refuses_secret_in_query && call.query("client_secret").is_some() {
        return Err(malformed());
    }
    // Go's merged form: what is in the body comes first.
    let merged: Pairs = call.form.iter().chain(&call.query).cloned().collect();
    let params = Params::new(&merged);
    let code_grant = match params.get("grant_type") {
        _ if params.is_repeated("grant_type") => return Err(unsupported_grant()),
        Some("authorization_code") => true,
        Some("refresh_token") => false,
        Some(known @ ("password" | "client_credentials" | "implicit")) => {
            return Err(oauth(
                "unsupported_grant_type",
                &format!("The grant type \"{known}\" is not supported"),
            ));
        }
        _ => return Err(unsupported_grant()),
    };
    let secret = client::secret_of_call(deployment, call);
    check_syntax(deployment, &params, &app)?;
    if code_grant {
        exchange(deployment, &app, &params, secret.as_deref())
    } else {
        refresh(deployment, &app, &params, secret.as_deref())
    }
}

/// What must hold before anything is looked up.
fn check_syntax(deployment: &Deployment<'_>, params: &Params<'_>, app: &App) -> Result<(), Reply> {
    let profile = deployment.profile();
    let mut known =
        vec!["grant_type", "client_id", "client_secret", "code", "redirect_uri", "refresh_token"];
    if profile.pkce != Pkce::Unknown {
        known.push("code_verifier");
    }
    if profile.resource {
        known.push("resource");
    }
    if profile.scopes || profile.pkce != Pkce::Unknown {
        known.push("scope");
    }
    let redirect = redirect_uri::choose(app, params.get("redirect_uri"), profile.redirects);
    let resource = params.get("resource");
    if !params.faults(&known, profile.ignores_unknown_parameters).is_empty()
        || redirect.is_err()
        || resource.is_some_and(|resource| !is_resource(resource))
    {
        return Err(malformed());
    }
    Ok(())
}

fn exchange(
    deployment: &mut Deployment<'_>,
    app: &App,
    params: &Params<'_>,
    secret: Option<&str>,
) -> Answer {
    let profile = *deployment.profile();
    let code = params.get("code").ok_or_else(|| missing("code"))?;
    if secret.is_none() && app.client_type == ClientType::Confidential {
        return Err(missing("client_secret"));
    }
    let verifier = params.get("code_verifier");
    if profile.checks_verifier_form && !verifier.is_some_and(is_verifier) {
        return Err(oauth(
            "invalid_request",
            "The code_verifier parameter must be 43 to 128 characters from the unreserved \
             character set [A-Za-z0-9-._~] (RFC 7636 §4.1)",
        ));
    }
    let secret =
        secret.map(|secret| client::check_secret(deployment, app.id, secret)).transpose()?;

    let bad_code = || oauth("invalid_grant", "The authorization code is invalid or expired");
    let parts = TwoPart::parse_prefixed(code).ok_or_else(bad_code)?;
    let stored = deployment.state.codes.get(&parts.id).cloned().ok_or_else(bad_code)?;
    let same_secret: bool = stored.parts.secret.as_bytes().ct_eq(parts.secret.as_bytes()).into();
    let sent_redirect = params.get("redirect_uri");
    let redirect_differs = profile.code_bound_to_redirect
        && stored.redirect_uri.is_some()
        && stored.redirect_uri.as_deref() != sent_redirect;
    if !same_secret
        || stored.app != app.id
        || stored.expires_at <= deployment.now
        || redirect_differs
    {
        return Err(bad_code());
    }
    // From here on the code is used up, whatever comes of it.
    deployment.state.codes.remove(&parts.id);
    if let Some(challenge) = &stored.challenge
        && !verifier.is_some_and(|verifier| answers(challenge, verifier))
    {
        return Err(oauth("invalid_grant", "The PKCE code verifier is invalid"));
    }
    if stored.resource.as_deref() != params.get("resource") {
        return Err(bad_resource());
    }
    let scopes = stored.scopes;
    Ok(pair(
        deployment,
        Grant {
            app: app.id,
            user: stored.user,
            secret,
            granted: scopes.clone(),
            scopes,
            resource: stored.resource,
        },
    ))
}

fn refresh(
    deployment: &mut Deployment<'_>,
    app: &App,
    params: &Params<'_>,
    secret: Option<&str>,
) -> Answer {
    let given = params.get("refresh_token").ok_or_else(malformed)?;
    if deployment.profile().secret_always && app.client_type == ClientType::Confidential {
        let secret = secret.ok_or_else(|| client::invalid_client(deployment))?;
        client::check_secret(deployment, app.id, secret)?;
    }
    let bad_token = || oauth("invalid_grant", "The refresh token is invalid or expired");
    let parts = TwoPart::parse_prefixed(given).ok_or_else(bad_token)?;
    let stored = deployment.state.refresh_tokens.get(&parts.id).cloned().ok_or_else(bad_token)?;
    let same_secret: bool = stored.parts.secret.as_bytes().ct_eq(parts.secret.as_bytes()).into();
    if !same_secret || stored.app != app.id || stored.expires_at <= deployment.now {
        return Err(bad_token());
    }
    let resource = params.get("resource");
    if resource.is_some() && resource != stored.resource.as_deref() {
        return Err(bad_resource());
    }
    let granted = stored.scopes;
    let scopes = if deployment.profile().scopes {
        // The ceiling may have been lowered since.
        scopes::negotiate(app.scope.as_deref(), &granted.join(" "))
            .map_err(|reason| oauth("invalid_grant", &reason))?;
        scopes::narrower(&granted, params.get("scope").unwrap_or_default())
            .map_err(|reason| oauth("invalid_scope", &reason))?
    } else {
        granted.clone()
    };
    Ok(pair(
        deployment,
        Grant {
            app: app.id,
            user: stored.user,
            secret: stored.secret,
            granted,
            scopes,
            resource: stored.resource,
        },
    ))
}

/// Issues a pair. The user's earlier pair of this application is dead from now on.
fn pair(deployment: &mut Deployment<'_>, grant: Grant) -> Reply {
    deployment.state.end_pairs(grant.user, grant.app);
    let lifetime = deployment.settings.session_lifetime;
    let key = deployment.mint_key(
        grant.user,
        KeyKind::OAuth2 { app: grant.app, audience: grant.resource.clone() },
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
    });
    if deployment.profile().expires_in {
        // Coder reads the clock again when it writes the answer, so a second is never whole.
        answer.set("expires_in", lifetime.as_secs().saturating_sub(1));
    }
    if deployment.profile().scopes {
        answer.set("scope", scopes.join(" "));
    }
    Reply::ok(&answer)
}

/// `DELETE /oauth2/tokens?client_id=…`: the user disconnects an application.
pub(crate) fn disconnect(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let app = client::app_of_page(deployment, call)?;
    let caller = deployment.authenticate(call)?;
    deployment.state.codes.retain(|_, code| code.app != app.id || code.user != caller.user.id);
    deployment.state.end_pairs(caller.user.id, app.id);
    Ok(Reply::no_content())
}

impl Deployment<'_> {
    /// Whether a text is a refresh token that would be accepted now.
    pub(crate) fn is_live_refresh_token(&self, token: &str) -> bool {
        TwoPart::parse_prefixed(token).is_some_and(|parts| {
            let stored = self.state.refresh_tokens.get(&parts.id);
            stored.is_some_and(|stored| stored.parts == parts && stored.expires_at > self.now)
        })
    }
}

impl crate::state::State {
    /// Whether a user has authorized an application.
    pub(crate) fn has_pair(&self, user: Uuid, app: Uuid) -> bool {
        self.refresh_tokens.values().any(|token| token.user == user && token.app == app)
    }

    /// Ends the pair of a user and an application, if there is one.
    pub(crate) fn end_pairs(&mut self, user: Uuid, app: Uuid) {
        self.delete_keys(|key| {
            key.user == user && matches!(key.kind, KeyKind::OAuth2 { app: of, .. } if of == app)
        });
    }
}

/// Whether `verifier` is what the S256 `challenge` was made of (RFC 7636 §4.6).
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

fn missing(name: &str) -> Reply {
    oauth("invalid_request", &format!("Missing required parameter: {name}"))
}

fn unsupported_grant() -> Reply {
    oauth("unsupported_grant_type", "The grant type is missing or unsupported")
}

fn bad_resource() -> Reply {
    oauth("invalid_target", "The resource parameter is invalid")
}
