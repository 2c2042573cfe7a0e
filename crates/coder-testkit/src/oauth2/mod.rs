//! Coder as OAuth2 provider.

mod app_admin;
mod apps;
mod authorize;
mod callback;
mod client;
mod metadata;
mod params;
mod redirect_uri;
mod registration;
mod revoke;
mod tokens;

use http::{Method, StatusCode};

pub(crate) use app_admin::route as route_admin;
pub use apps::FakeApp;
pub(crate) use apps::{App, ClientType, NewApp};
pub(crate) use metadata::{authorization_server, protected_resource};
pub(crate) use registration::Registered;
pub(crate) use tokens::{Code, RefreshToken};

use crate::call::Call;
use crate::profile::{Registration, WhenOff};
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// Everything below `/oauth2`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    deployment.require_provider()?;
    let profile = *deployment.profile();
    let reply = match (&call.method, rest) {
        (&Method::OPTIONS, _) => Ok(Reply::no_content()),
        (&Method::GET, ["authorize"]) => authorize::show(deployment, call),
        (&Method::POST, ["authorize"]) => authorize::allow(deployment, call),
        (&Method::POST, ["tokens"]) => tokens::issue(deployment, call),
        (&Method::DELETE, ["tokens"]) => tokens::disconnect(deployment, call),
        (&Method::POST, ["revoke"]) if profile.revocation => revoke::revoke(deployment, call),
        (&Method::POST, ["register"]) if profile.registration != Registration::Absent => {
            registration::register(deployment, call)
        }
        (_, ["clients", id]) if profile.registration != Registration::Absent => {
            registration::manage(deployment, call, id)
        }
        (_, ["authorize" | "tokens"]) => Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
        (_, ["revoke"]) if profile.revocation => Err(Reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
        _ => Err(Reply::no_route()),
    };
    let finish = |mut reply: Reply| {
        if profile.no_store {
            reply = reply.with("cache-control", "no-store").with("pragma", "no-cache");
        }
        if profile.cors_on_authorize || rest != ["authorize"] {
            reply = reply
                .with("access-control-allow-origin", "*")
                .with("access-control-allow-methods", "GET, POST, DELETE, OPTIONS");
        }
        reply
    };
    reply.map(finish).map_err(finish)
}

impl Deployment<'_> {
    /// Ends a call to the provider while it is switched off.
    pub(crate) fn require_provider(&self) -> Result<(), Reply> {
        match self.profile().off {
            _ if !self.state.provider_off => Ok(()),
            WhenOff::NotFound => Err(Reply::no_route()),
            WhenOff::Experiment => Err(Reply::error(
                StatusCode::FORBIDDEN,
                "OAuth2 Provider functionality requires enabling the 'oauth2' experiment.",
            )),
        }
    }
}
