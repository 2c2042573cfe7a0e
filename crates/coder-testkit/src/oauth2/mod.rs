//! Coder as OAuth2 provider.

mod app_admin;
mod apps;
mod authorize;
mod callback;
mod client;
mod go_url;
mod metadata;
mod params;
mod races;
mod redirect_uri;
mod registration;
mod revoke;
mod tokens;

use http::{Method, StatusCode};

pub(crate) use app_admin::route as route_admin;
pub(crate) use metadata::{Document, route as route_metadata};

use crate::pages;
use crate::release::{Registration, WhenOff};
use crate::rules::csrf::{self, CsrfCookie};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::cors;
use crate::wire::reply::{Answer, Reply};

/// Answers every request below `/oauth2`.
pub(crate) fn route(
    deployment: &mut Deployment<'_>,
    call: &Call,
    rest: &[&str],
    csrf: &CsrfCookie,
) -> Answer {
    let profile = *deployment.profile();
    let open = profile.cors_on_authorize || rest != ["authorize"];
    if open && let Some(reply) = cors::preflight(call) {
        return Ok(reply);
    }
    let answer = endpoint(deployment, call, rest, csrf);
    let finish = |mut reply: Reply| {
        if profile.no_store {
            reply = reply.with("cache-control", "no-store").with("pragma", "no-cache");
        }
        if open { cors::open(call, reply) } else { reply }
    };
    answer.map(finish).map_err(finish)
}

/// Routes a call to an endpoint of the provider. The client is looked at before the method.
fn endpoint(
    deployment: &mut Deployment<'_>,
    call: &Call,
    rest: &[&str],
    csrf: &CsrfCookie,
) -> Answer {
    let profile = *deployment.profile();
    if rest == ["authorize"] && profile.consent_protected {
        csrf::check(deployment, call)?;
    }
    deployment.require_provider()?;
    let registers = profile.registration != Registration::Absent;
    match rest {
        ["authorize"] => authorize(deployment, call, csrf),
        ["tokens"] => {
            let app = client::app_of_call(deployment, call)?;
            match call.method {
                Method::POST => tokens::issue(deployment, call, &app),
                Method::DELETE => tokens::disconnect(deployment, call, &app),
                _ => Err(Reply::method_not_allowed(&["DELETE", "POST"])),
            }
        }
        ["revoke"] if profile.revocation => {
            let app = client::app_of_call(deployment, call)?;
            match call.method {
                Method::POST => revoke::revoke(deployment, call, &app),
                _ => Err(Reply::method_not_allowed(&["POST"])),
            }
        }
        ["register"] if registers => match call.method {
            Method::POST => registration::register(deployment, call),
            _ => Err(Reply::method_not_allowed(&["POST"])),
        },
        ["clients", id] if registers => registration::manage(deployment, call, id),
        _ => Ok(pages::dashboard()),
    }
}

/// Routes a call to the consent page, which needs a person who is signed in.
fn authorize(deployment: &mut Deployment<'_>, call: &Call, csrf: &CsrfCookie) -> Answer {
    let app = client::app_of_call(deployment, call)?;
    let caller = deployment
        .identify(call)
        .map_err(|rejected| pages::login_because(call, &rejected.message))?;
    match call.method {
        Method::GET => authorize::show(deployment, call, &app, &caller, csrf),
        Method::POST => authorize::allow(deployment, call, &app, &caller),
        _ => Err(Reply::method_not_allowed(&["GET", "POST"])),
    }
}

impl Deployment<'_> {
    /// Ends a call to the provider while it is switched off, or cannot be switched on.
    pub(crate) fn require_provider(&self) -> Result<(), Reply> {
        let forbidden = |message: &str| Err(Reply::error(StatusCode::FORBIDDEN, message));
        match self.profile().off {
            WhenOff::UnderDevelopment => forbidden("OAuth2 provider is under development."),
            WhenOff::Experiment | WhenOff::NotFound if !self.state.provider_off => Ok(()),
            WhenOff::NotFound => Err(Reply::no_route()),
            WhenOff::Experiment => forbidden(
                "OAuth2 Provider Functionality functionality requires enabling the 'oauth2' \
                 experiment.",
            ),
        }
    }
}
