//! `/oauth2/authorize`: the consent page, and the button on it.

use http::StatusCode;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use super::params::Params;
use super::tokens::Code;
use super::{App, callback, client, redirect_uri};
use crate::authentication::{Caller, SESSION_COOKIE};
use crate::call::Call;
use crate::keys::after;
use crate::pages;
use crate::profile::Pkce;
use crate::reply::{Answer, Reply};
use crate::scopes;
use crate::state::Deployment;

const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

const DENIED: &str = "The resource owner or authorization server denied the request";

/// A request that may be consented to.
#[derive(Debug)]
struct AuthorizationRequest<'a> {
    redirect_uri: String,
    redirect_uri_sent: bool,
    state: Option<&'a str>,
    challenge: Option<&'a str>,
    resource: Option<&'a str>,
    /// What will be granted.
    scopes: Vec<String>,
}

/// Why a request cannot be consented to.
#[derive(Debug)]
enum Refused {
    /// Nobody may be redirected: told on Coder.
    Here { title: &'static str, details: Vec<String> },
    /// An OAuth error. Old releases tell it on Coder too.
    OAuth { error: &'static str, title: &'static str, faults: Vec<(String, String)> },
}

/// Which of the two is reading the request. Before 2.38 the page does not notice a wrong challenge
/// method; the button does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Page,
    Consent,
}

/// `GET /oauth2/authorize`: shows the consent page to someone who is signed in.
pub(crate) fn show(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let app = client::app_of_page(deployment, call)?;
    let caller = deployment.caller(call).map_err(|_| pages::login_first(call))?;
    let request = match read(deployment, call, &app, Step::Page) {
        Ok(request) => request,
        Err(refused) => return Err(refuse_page(deployment, call, &app, refused)),
    };
    let mut denial = vec![("error", "access_denied"), ("error_description", DENIED)];
    if deployment.profile().state_on_denial {
        denial.extend(request.state.map(|state| ("state", state)));
    }
    let cancel = callback::with_parameters(&request.redirect_uri, &denial);
    let session = call.cookie(SESSION_COOKIE).unwrap_or_default();
    let protected = deployment.profile().consent_protected;
    let page = pages::consent(&pages::Consent {
        app: &app.name,
        username: &caller.user.username,
        scopes: if deployment.profile().scopes { &request.scopes } else { &[] },
        cancel: &cancel,
        csrf_token: &Deployment::csrf_token(session),
    });
    let reply = Reply::html(StatusCode::OK, page);
    Ok(if protected {
        reply
            .with("content-security-policy", "frame-ancestors 'none'")
            .with("x-frame-options", "DENY")
    } else {
        reply
    })
}

/// `POST /oauth2/authorize`: the person has pressed "Allow".
pub(crate) fn allow(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let app = client::app_of_page(deployment, call)?;
    let caller = deployment.caller(call).map_err(|_| pages::login_first(call))?;
    if deployment.profile().consent_protected {
        deployment.check_csrf(call)?;
    }
    let request = match read(deployment, call, &app, Step::Consent) {
        Ok(request) => request,
        Err(refused) => return Err(refuse_consent(deployment, call, &app, refused)),
    };
    let code = issue(deployment, &app, &caller, &request);
    let mut parameters = vec![("code", code.as_str())];
    parameters.extend(request.state.map(|state| ("state", state)));
    let location = callback::with_parameters(&request.redirect_uri, &parameters);
    let status =
        StatusCode::from_u16(deployment.profile().consent_status).unwrap_or(StatusCode::FOUND);
    Ok(Reply::redirect(status, &location))
}

fn issue(
    deployment: &mut Deployment<'_>,
    app: &App,
    caller: &Caller,
    request: &AuthorizationRequest<'_>,
) -> String {
    let user = caller.user.id;
    deployment.state.codes.retain(|_, code| code.app != app.id || code.user != user);
    let parts = deployment.mint().prefixed();
    let text = parts.as_prefixed();
    let code = Code {
        app: app.id,
        user,
        expires_at: after(deployment.now, CODE_LIFETIME),
        redirect_uri: request.redirect_uri_sent.then(|| request.redirect_uri.clone()),
        challenge: request.challenge.map(str::to_owned),
        resource: request.resource.map(str::to_owned),
        state_hash: request.state.map(|state| Sha256::digest(state).to_vec()),
        scopes: request.scopes.clone(),
        parts,
    };
    deployment.state.codes.insert(code.parts.id.clone(), code);
    text
}

fn read<'c>(
    deployment: &Deployment<'_>,
    call: &'c Call,
    app: &App,
    step: Step,
) -> Result<AuthorizationRequest<'c>, Refused> {
    let profile = deployment.profile();
    let params = Params::new(&call.query);
    let mut known = vec!["client_id", "response_type", "redirect_uri", "state", "scope"];
    if profile.pkce != Pkce::Unknown {
        known.extend(["code_challenge", "code_challenge_method"]);
    }
    if profile.resource {
        known.push("resource");
    }

    let sent = params.get("redirect_uri");
    let redirect_uri = match redirect_uri::choose(app, sent, profile.redirects) {
        Ok(chosen) if !(profile.errors_to_callback && params.is_repeated("redirect_uri")) => chosen,
        Ok(_) => return Err(here(["Query param \"redirect_uri\" provided more than once"])),
        Err(refusal) if profile.errors_to_callback => return Err(here([refusal])),
        Err(refusal) => {
            let mut faults = params.faults(&known, false);
            faults.push(("redirect_uri".to_owned(), refusal));
            return Err(invalid(faults));
        }
    };

    let mut faults = params.faults(&known, profile.ignores_unknown_parameters);
    let response_type = params.get("response_type");
    let required = |name: &str| {
        (name.to_owned(), format!("Query param \"{name}\" is required and cannot be empty"))
    };
    if response_type.is_none() {
        faults.push(required("response_type"));
    }
    let challenge = params.get("code_challenge");
    match challenge {
        None if profile.pkce == Pkce::Mandatory => faults.push(required("code_challenge")),
        Some(challenge) if profile.checks_verifier_form && !is_verifier(challenge) => {
            faults.push((
                "code_challenge".to_owned(),
                "must be 43 to 128 characters from the unreserved character set \
                 [A-Za-z0-9-._~] (RFC 7636 §4.2)"
                    .to_owned(),
            ));
        }
        _ => {}
    }
    if !faults.is_empty() {
        return Err(invalid(faults));
    }
    if response_type != Some("code") {
        return Err(Refused::OAuth {
            error: "unsupported_response_type",
            title: "Unsupported Response Type",
            faults: vec![(String::new(), "Only response_type=code is supported".to_owned())],
        });
    }
    let method = params.get("code_challenge_method").filter(|_| challenge.is_some());
    if let Some(method) = method
        && method != "S256"
        && (profile.errors_to_callback || step == Step::Consent)
    {
        return Err(Refused::OAuth {
            error: "invalid_request",
            title: "Invalid Query Parameters",
            faults: vec![(
                String::new(),
                format!("code_challenge_method '{method}' is not supported; use 'S256'"),
            )],
        });
    }
    let resource = params.get("resource");
    if resource.is_some_and(|resource| !is_resource(resource)) {
        let fault = "must be an absolute URI without a fragment".to_owned();
        return Err(if profile.errors_to_callback {
            Refused::OAuth {
                error: "invalid_target",
                title: "Invalid Query Parameters",
                faults: vec![("resource".to_owned(), fault)],
            }
        } else {
            invalid(vec![("resource".to_owned(), fault)])
        });
    }
    let granted = if profile.scopes {
        let asked = params.get("scope").unwrap_or_default();
        scopes::negotiate(app.scope.as_deref(), asked).map_err(|reason| Refused::OAuth {
            error: "invalid_scope",
            title: "Invalid Scope",
            faults: vec![(String::new(), reason)],
        })?
    } else {
        vec![scopes::ALL.to_owned()]
    };
    Ok(AuthorizationRequest {
        redirect_uri: redirect_uri.to_owned(),
        redirect_uri_sent: sent.is_some(),
        state: params.get("state"),
        challenge,
        resource,
        scopes: granted,
    })
}

/// 43 to 128 unreserved characters (RFC 7636 §4.1).
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~'))
}

/// An absolute URI without a fragment (RFC 8707 §2).
pub(crate) fn is_resource(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}

fn here(details: impl IntoIterator<Item = impl Into<String>>) -> Refused {
    Refused::Here {
        title: "Invalid Query Parameters",
        details: details.into_iter().map(Into::into).collect(),
    }
}

fn invalid(faults: Vec<(String, String)>) -> Refused {
    Refused::OAuth { error: "invalid_request", title: "Invalid Query Parameters", faults }
}

/// `Invalid query params: field: reason; field: reason`.
fn one_line(faults: &[(String, String)]) -> String {
    let all: Vec<String> = faults
        .iter()
        .map(
            |(field, reason)| {
                if field.is_empty() { reason.clone() } else { format!("{field}: {reason}") }
            },
        )
        .collect();
    if faults.iter().any(|(field, _)| !field.is_empty()) {
        format!("Invalid query params: {}", all.join("; "))
    } else {
        all.join("; ")
    }
}

/// The callback of an OAuth error, in releases that use it.
fn to_callback(
    deployment: &Deployment<'_>,
    call: &Call,
    app: &App,
    error: &str,
    faults: &[(String, String)],
) -> Option<Reply> {
    if !deployment.profile().errors_to_callback {
        return None;
    }
    let sent = call.query("redirect_uri");
    let uri = redirect_uri::choose(app, sent, deployment.profile().redirects).ok()?;
    let description = callback::description(&one_line(faults));
    let mut parameters = vec![("error", error), ("error_description", description.as_str())];
    parameters.extend(call.query("state").map(|state| ("state", state)));
    Some(Reply::redirect(StatusCode::FOUND, &callback::with_parameters(uri, &parameters)))
}

fn refuse_page(deployment: &Deployment<'_>, call: &Call, app: &App, refused: Refused) -> Reply {
    let (title, details) = match refused {
        Refused::Here { title, details } => (title, details),
        Refused::OAuth { error, title, faults } => {
            if let Some(redirect) = to_callback(deployment, call, app, error, &faults) {
                return redirect;
            }
            (title, faults.into_iter().map(|(_, reason)| reason).collect())
        }
    };
    Reply::html(StatusCode::BAD_REQUEST, pages::error(title, &details))
}

fn refuse_consent(deployment: &Deployment<'_>, call: &Call, app: &App, refused: Refused) -> Reply {
    let (error, description) = match refused {
        Refused::Here { details, .. } => ("invalid_request", details.join("; ")),
        Refused::OAuth { error, faults, .. } => {
            if let Some(redirect) = to_callback(deployment, call, app, error, &faults) {
                return redirect;
            }
            (error, one_line(&faults))
        }
    };
    Reply::oauth_error(StatusCode::BAD_REQUEST, error, &description)
}
