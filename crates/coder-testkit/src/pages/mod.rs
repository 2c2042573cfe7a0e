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
pub(crate) use error::error;
pub(crate) use login::first as login_first;

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;

/// The dashboard is one page for every path; what does not exist it says itself.
const NO_SUCH_PAGE: &str = "<p>There is no such page.</p>";

/// Everything that belongs to the dashboard.
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
        _ => Ok(Reply::html(StatusCode::OK, html::page("Coder", "", NO_SUCH_PAGE))),
    }
}
