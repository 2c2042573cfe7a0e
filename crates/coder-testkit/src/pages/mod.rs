//! The HTML pages of the fake: small, without scripts, styled by one sheet in the page itself.

mod consent;
mod create;
mod error;
mod frame;
mod html;
mod login;
mod pictures;
mod workspace;
mod workspaces;

use http::{Method, StatusCode};

pub(crate) use consent::{Consent, consent};
pub(crate) use error::{dashboard, error};
pub(crate) use login::because as login_because;

use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Routes everything that belongs to the dashboard.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, segments: &[&str]) -> Answer {
    match (&call.method, segments) {
        (&Method::GET, []) => Ok(Reply::redirect(StatusCode::SEE_OTHER, "/workspaces")),
        (&Method::GET, ["login"]) => login::show(deployment, call),
        (&Method::POST, ["login"]) => login::submit(deployment, call),
        (&Method::GET, ["workspaces"]) => workspaces::show(deployment, call),
        (&Method::GET | &Method::POST, ["templates", template, "workspace"]) => {
            create::route(deployment, call, "default", template)
        }
        (&Method::GET | &Method::POST, ["templates", organization, template, "workspace"]) => {
            create::route(deployment, call, organization, template)
        }
        (&Method::GET, ["icon" | "emojis", ..]) => Ok(pictures::icon()),
        (&Method::GET, ["open-in-coder.svg"]) => Ok(pictures::button()),
        (_, [owner, workspace, rest @ ..]) if owner.starts_with('@') => {
            workspace::route(deployment, call, owner.trim_start_matches('@'), workspace, rest)
        }
        _ => Ok(dashboard()),
    }
}
