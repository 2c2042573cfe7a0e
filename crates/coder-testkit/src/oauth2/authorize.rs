//! `/oauth2/authorize`: the consent page, and the button on it.

use http::StatusCode;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};

use super::callback;
use super::params::{Fault, Params};
use super::redirect_uri::Callback;
use crate::model::{App, Code, after};
use crate::pages;
use crate::release::{ConsentPage, Pkce, Profile};
use crate::rules::authentication::Caller;
use crate::rules::csrf::CsrfCookie;
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

const DENIED: &str = "The resource owner or authorization server denied the request";

/// Response types that Coder has names for; it supports the first.
const RESPONSE_TYPES: [&str; 2] = ["code", "token"];

/// A request that may be consented to.
#[derive(Debug)]
struct AuthorizationRequest<'a> {
    callback: Callback,
    state: Option<&'a str>,
    challenge: Option<&'a str>,
    resource: Option<&'a str>,
    /// The scopes that will be granted.
    scopes: Vec<String>,
}

/// Reasons why a request cannot be consented to.
#[derive(Debug)]
enum Refused {
    /// Coder breaks off with this answer.
    BrokenOff(Reply),
    /// Coder tells it on a page of its own, since nobody may be redirected.
    Here(OAuthError),
    /// Old releases tell it on Coder, newer ones at the callback.
    OAuth(Callback, OAuthError),
}

/// An OAuth error with the title of its page.
#[derive(Debug)]
struct OAuthError {
    code: &'static str,
    title: &'static str,
    description: String,
    details: Vec<String>,
}

impl OAuthError {
    fn new(code: &'static str, title: &'static str, description: String) -> Self {
        Self { code, title, details: vec![description.clone()], description }
    }

    /// Makes an error of the faults of parameters, as a release tells them on Coder or at the
    /// callback.
    fn of_faults(faults: &[Fault], at_callback: bool) -> Self {
        let all: Vec<String> = faults
            .iter()
            .map(|Fault { field, detail }| {
                if at_callback {
                    format!("{field}: {detail}")
                } else {
                    format!("field: {field} detail: {detail}")
                }
            })
            .collect();
        let is_target = at_callback && faults.iter().all(|fault| fault.field == "resource");
        Self {
            code: if is_target { "invalid_target" } else { "invalid_request" },
            title: "Invalid Query Parameters",
            description: format!(
                "Invalid query params: {}",
                all.join(if at_callback { "; " } else { ", " })
            ),
            details: faults.iter().map(|fault| fault.detail.clone()).collect(),
        }
    }
}

/// The step that reads the request: the consent page, or its button. Before 2.38 the page does not
/// notice a wrong challenge method; the button does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Page,
    Consent,
}

/// Answers `GET /oauth2/authorize` with the consent page, for a person who is signed in.
pub(crate) fn show(
    deployment: &mut Deployment<'_>,
    call: &Call,
    app: &App,
    caller: &Caller,
    csrf: &CsrfCookie,
) -> Answer {
    let request = read(deployment, call, app, Step::Page)
        .map_err(|refused| refuse_page(deployment, call, refused))?;
    let profile = deployment.profile();
    let mut denial = vec![("error", "access_denied")];
    if profile.state_on_denial {
        denial.push(("error_description", DENIED));
        denial.extend(request.state.map(|state| ("state", state)));
    }
    let cancel = callback::with_parameters(&request.callback.uri, &denial);
    let token = csrf.token();
    let page = pages::consent(&pages::Consent {
        app: &app.name,
        username: &caller.user.username,
        scopes: if profile.scopes { &request.scopes } else { &[] },
        cancel: &cancel,
        csrf_token: profile.consent_protected.then_some(token.as_str()),
        has_ids: profile.consent_page == ConsentPage::WithIds,
    });
    let reply = Reply::html(StatusCode::OK, page);
    Ok(if profile.consent_protected {
        reply
            .with("content-security-policy", "frame-ancestors 'none'")
            .with("x-frame-options", "DENY")
    } else {
        reply
    })
}

/// Answers `POST /oauth2/authorize`, which the browser sends when the person presses "Allow".
pub(crate) fn allow(
    deployment: &mut Deployment<'_>,
    call: &Call,
    app: &App,
    caller: &Caller,
) -> Answer {
    let request = read(deployment, call, app, Step::Consent)
        .map_err(|refused| refuse_consent(deployment, call, refused))?;
    let code = issue(deployment, app, caller, &request);
    let mut parameters = vec![("code", code.as_str())];
    parameters.extend(request.state.map(|state| ("state", state)));
    let location = callback::with_parameters(&request.callback.uri, &parameters);
    Ok(Reply::redirect(StatusCode::FOUND, &location))
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
        redirect_uri: request.callback.is_sent.then(|| request.callback.uri.clone()),
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
    let required: &[&str] = match profile.pkce {
        Pkce::Optional => &["response_type", "client_id"],
        Pkce::Mandatory => &["response_type", "client_id", "code_challenge"],
    };
    let mut params = Params::new(&call.query, required);
    params.text("client_id");
    let callback = params.redirect_uri(app, profile.redirects).map_err(Refused::BrokenOff)?;
    let at_callback = profile.errors_to_callback;
    if at_callback && !params.faults.is_empty() {
        // A doubtful client or redirect URI: nobody is sent anywhere.
        return Err(Refused::Here(OAuthError::of_faults(&params.faults, false)));
    }
    let wish = Wish::read(&mut params, profile);
    let refused = |error| Refused::OAuth(callback.clone(), error);
    if !params.faults.is_empty() {
        return Err(refused(OAuthError::of_faults(&params.faults, at_callback)));
    }
    wish.check(profile, step).map_err(refused)?;
    let scopes = wish.granted(profile, app).map_err(refused)?;
    let Wish { state, challenge, resource, .. } = wish;
    Ok(AuthorizationRequest { callback, state, challenge, resource, scopes })
}

/// The wishes of an application, beside the callback.
#[derive(Debug)]
struct Wish<'a> {
    response_type: Option<&'a str>,
    scope: Option<&'a str>,
    state: Option<&'a str>,
    resource: Option<&'a str>,
    challenge: Option<&'a str>,
    /// The challenge method; `None` without a challenge.
    method: Option<&'a str>,
}

impl<'a> Wish<'a> {
    /// Reads the parameters. What is wrong with one of them is among the faults of `params`.
    fn read(params: &mut Params<'a>, profile: &Profile) -> Self {
        let known_types =
            if profile.names_response_types { &RESPONSE_TYPES[..] } else { &["code"] };
        let response_type = params.word("response_type", known_types);
        let scope = params.text("scope");
        let state = params.text("state");
        let resource = params.text("resource");
        let challenge = params.text("code_challenge");
        let method = params.text("code_challenge_method").filter(|_| challenge.is_some());
        let is_odd = challenge.is_some_and(|challenge| !is_verifier(challenge));
        if profile.checks_verifier_form && is_odd {
            params.faults.push(Fault::new(
                "code_challenge",
                "must be 43 to 128 characters from the unreserved character set [A-Za-z0-9-._~] \
                 (RFC 7636 §4.2)",
            ));
        }
        params.check_resource(resource);
        if !profile.ignores_unknown_parameters {
            params.refuse_others();
        }
        Self { response_type, scope, state, resource, challenge, method }
    }

    /// Checks that Coder supports the response type and the challenge method.
    fn check(&self, profile: &Profile, step: Step) -> Result<(), OAuthError> {
        if self.response_type != Some("code") {
            let text = "Only response_type=code is supported".to_owned();
            let title = "Unsupported Response Type";
            return Err(OAuthError::new("unsupported_response_type", title, text));
        }
        let is_looked_at = profile.errors_to_callback || step == Step::Consent;
        match self.method.filter(|method| *method != "S256" && is_looked_at) {
            None => Ok(()),
            Some(method) => {
                let text = profile.pkce.refusal_of_method(method);
                Err(OAuthError::new("invalid_request", "Invalid Query Parameters", text))
            }
        }
    }

    /// Returns the scopes that the application gets.
    fn granted(&self, profile: &Profile, app: &App) -> Result<Vec<String>, OAuthError> {
        if !profile.scopes {
            return Ok(vec![scopes::ALL.to_owned()]);
        }
        scopes::negotiate(app.scope.as_deref(), self.scope.unwrap_or_default())
            .map_err(|reason| OAuthError::new("invalid_scope", "Invalid Scope", reason))
    }
}

/// Tells whether a text has 43 to 128 unreserved characters (RFC 7636 §4.1).
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_' | '~'))
}

/// Redirects to the callback with an OAuth error, in releases that tell it there.
fn to_callback(
    deployment: &Deployment<'_>,
    call: &Call,
    callback: &Callback,
    error: &OAuthError,
) -> Option<Reply> {
    if !deployment.profile().errors_to_callback {
        return None;
    }
    let description = callback::description(&error.description);
    let mut parameters = vec![("error", error.code), ("error_description", description.as_str())];
    parameters.extend(call.query("state").map(|state| ("state", state)));
    let location = callback::with_parameters(&callback.uri, &parameters);
    Some(Reply::redirect(StatusCode::FOUND, &location))
}

fn refuse_page(deployment: &Deployment<'_>, call: &Call, refused: Refused) -> Reply {
    let error = match refused {
        Refused::BrokenOff(reply) => return reply,
        Refused::Here(error) => error,
        Refused::OAuth(callback, error) => match to_callback(deployment, call, &callback, &error) {
            Some(redirect) => return redirect,
            None => error,
        },
    };
    let home = deployment.settings.url.as_str();
    Reply::html(StatusCode::BAD_REQUEST, pages::error(error.title, &error.details, home))
}

fn refuse_consent(deployment: &Deployment<'_>, call: &Call, refused: Refused) -> Reply {
    let error = match refused {
        Refused::BrokenOff(reply) => return reply,
        Refused::Here(error) => error,
        Refused::OAuth(callback, error) => match to_callback(deployment, call, &callback, &error) {
            Some(redirect) => return redirect,
            None => error,
        },
    };
    Reply::oauth_error(StatusCode::BAD_REQUEST, error.code, &error.description)
}
