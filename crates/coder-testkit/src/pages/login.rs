//! The login page: choose who you are.

use std::fmt::Write as _;

use http::{Method, StatusCode};
use uuid::Uuid;

use super::html::{escape, page};
use crate::model::{KeyKind, UserStatus};
use crate::rules::scopes;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::call::SESSION_COOKIE;
use crate::wire::reply::{Answer, Reply};

/// Answers `GET /login` with one button per user.
pub(crate) fn show(deployment: &Deployment<'_>, call: &Call) -> Answer {
    let redirect = local(call.query("redirect"));
    let mut main = String::new();
    if let Some(message) = call.query("message") {
        let _ = writeln!(main, "<p class=\"note\" role=\"status\">{}</p>", escape(message));
    }
    main.push_str("<p>This is a fake Coder. Who do you want to be?</p>\n<ul class=\"plain\">\n");
    for user in deployment.state.users.values() {
        let suspended = user.status == UserStatus::Suspended;
        let _ = writeln!(
            main,
            "<li><form method=\"POST\" action=\"/login\">\
             <input type=\"hidden\" name=\"redirect\" value=\"{}\">\
             <button class=\"choice\" name=\"user\" value=\"{}\" id=\"user-{}\"{}>{}\
             <small>{}{}</small></button></form></li>",
            escape(redirect),
            user.id,
            escape(&user.username),
            if suspended { " disabled" } else { "" },
            escape(&user.username),
            escape(&user.email),
            if suspended { " (suspended)" } else { "" },
        );
    }
    main.push_str("</ul>");
    Ok(Reply::html(StatusCode::OK, page("Sign in", "", &main)))
}

/// Answers `POST /login`, which starts a session and goes where the person wanted to go.
pub(crate) fn submit(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    let user = call
        .form("user")
        .and_then(|id| Uuid::try_parse(id).ok())
        .and_then(|id| deployment.state.users.get(&id))
        .filter(|user| user.status == UserStatus::Active)
        .map(|user| user.id);
    let Some(user) = user else {
        return Err(Reply::redirect(
            StatusCode::SEE_OTHER,
            "/login?message=That+user+cannot+sign+in.",
        ));
    };
    let lifetime = deployment.state.session_lifetime;
    let key = deployment.mint_key(user, KeyKind::Session, lifetime, vec![scopes::ALL.to_owned()]);
    let secure = if deployment.settings.url.origin().is_https() { "; Secure" } else { "" };
    let cookie =
        format!("{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{secure}", key.parts.as_key());
    Ok(Reply::redirect(StatusCode::SEE_OTHER, local(call.form("redirect")))
        .with("set-cookie", &cookie))
}

/// Sends a browser without a session to the login page, from where it comes back.
pub(crate) fn first(call: &Call) -> Reply {
    because(
        call,
        "You are signed out or your session has expired. Please sign in again to continue.",
    )
}

/// Sends a browser to the login page with the reason, from where it comes back.
pub(crate) fn because(call: &Call, reason: &str) -> Reply {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("message", reason)
        .append_pair("redirect", &call.target)
        .finish();
    let location = format!("/login?{query}");
    let reply = Reply::redirect(StatusCode::SEE_OTHER, &location);
    match call.method {
        Method::GET => reply
            .with("content-type", "text/html; charset=utf-8")
            .with_body(|_| format!("<a href=\"{}\">See Other</a>.\n\n", escape(&location)).into()),
        Method::HEAD => reply.with("content-type", "text/html; charset=utf-8"),
        _ => reply,
    }
}

/// Returns the path to go to after the login: `target` if it is a path of this deployment, else the
/// list of workspaces.
fn local(target: Option<&str>) -> &str {
    target
        .filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'))
        .unwrap_or("/workspaces")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_returns_to_a_path_of_the_deployment_only() {
        assert_eq!(local(Some("/oauth2/authorize?a=b")), "/oauth2/authorize?a=b");
        for elsewhere in ["https://evil.test", "//evil.test", "/\\evil.test", "x"] {
            assert_eq!(local(Some(elsewhere)), "/workspaces", "{elsewhere}");
        }
    }
}
