//! What every page of someone signed in has around it.

use http::StatusCode;

use super::html::{escape, page};
use crate::rules::authentication::Caller;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::call::SESSION_COOKIE;
use crate::wire::reply::Reply;

/// The person in front of the page.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) caller: Caller,
    csrf_token: String,
}

impl Visitor {
    /// Identifies the visitor by the browser's cookie. A browser without a session goes to the
    /// login page and comes back.
    pub(crate) fn from_call(deployment: &mut Deployment<'_>, call: &Call) -> Result<Self, Reply> {
        let caller = deployment.caller(call).map_err(|_| super::login::first(call))?;
        let session = call.cookie(SESSION_COOKIE).unwrap_or_default();
        Ok(Self { caller, csrf_token: Deployment::csrf_token(session) })
    }

    /// Renders the hidden field that every form needs.
    pub(crate) fn csrf_field(&self) -> String {
        format!("<input type=\"hidden\" name=\"csrf_token\" value=\"{}\">", self.csrf_token)
    }

    /// Renders a page for this person; `main` is HTML.
    pub(crate) fn page(&self, status: StatusCode, title: &str, main: &str) -> Reply {
        let navigation = format!(
            "<nav aria-label=\"Main\"><a href=\"/workspaces\">Workspaces</a></nav>\
             <span class=\"who\">{} · <a href=\"/login\">switch user</a></span>",
            escape(&self.caller.user.username)
        );
        Reply::html(status, page(title, &navigation, main))
    }
}
