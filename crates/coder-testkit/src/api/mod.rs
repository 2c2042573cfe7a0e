//! `/api/v2`: the REST API.

mod authcheck;
mod deployment;
mod external_auth;
mod keys;

use http::Method;
use serde_json::json;

use crate::call::Call;
use crate::reply::{Answer, Reply};
use crate::state::Deployment;
use crate::{oauth2, organizations, scopes, templates, users, workspaces};

/// Everything below `/api/v2`.
pub(crate) fn route(deployment: &mut Deployment<'_>, call: &Call, rest: &[&str]) -> Answer {
    match (&call.method, rest) {
        (&Method::GET, []) => Ok(Reply::ok(&json!({ "message": "👋" }))),
        (&Method::GET, ["buildinfo"]) => Ok(deployment::build_info(deployment)),
        (&Method::GET, ["auth", "scopes"]) => {
            Ok(Reply::ok(&json!({ "external": scopes::CATALOG })))
        }
        (&Method::POST, ["authcheck"]) => authcheck::check(deployment, call),
        (&Method::GET, ["regions"]) => deployment::regions(deployment, call),
        (&Method::GET, ["applications", "host"]) => deployment::app_host(deployment, call),
        (&Method::GET, ["deployment", "ssh"]) => deployment::ssh(deployment, call),

        (&Method::GET, ["users", "first"]) => users::first(deployment),
        (&Method::GET, ["users", "authmethods"]) => Ok(deployment::auth_methods()),
        (&Method::POST, ["users", "logout"]) => users::logout(deployment, call),
        (&Method::GET, ["users"]) => users::list(deployment, call),
        (&Method::GET, ["users", user]) => users::get(deployment, call, user),
        (&Method::GET, ["organizations"] | ["users", _, "organizations"]) => {
            organizations::list(deployment, call)
        }
        (_, ["users", user, "keys", rest @ ..]) => keys::route(deployment, call, user, rest),
        (&Method::GET, ["users", user, "login-type"]) => users::login_type(deployment, call, user),
        (&Method::GET, ["users", _, "autofill-parameters"]) => {
            deployment.authenticate(call)?;
            Ok(Reply::ok(&json!([])))
        }
        (_, ["users", user, rest @ ..]) => workspaces::route_user(deployment, call, user, rest),
        (&Method::GET, ["organizations", organization]) => {
            organizations::get(deployment, call, organization)
        }
        (&Method::GET, ["organizations", _, "members", user, "workspace-quota"]) => {
            users::quota(deployment, call, user)
        }
        (&Method::POST, ["organizations", _, "members", user, "workspaces"]) => {
            workspaces::route_user(deployment, call, user, &["workspaces"])
        }
        (_, ["organizations", organization, "templates", rest @ ..]) => {
            templates::route_templates(deployment, call, Some(organization), rest)
        }

        (_, ["templates", rest @ ..]) => templates::route_templates(deployment, call, None, rest),
        (_, ["templateversions", rest @ ..]) => templates::route_versions(deployment, call, rest),
        (_, ["workspaces", rest @ ..]) => workspaces::route_workspaces(deployment, call, rest),
        (_, ["workspacebuilds", rest @ ..]) => workspaces::route_builds(deployment, call, rest),
        (_, ["workspaceagents", rest @ ..]) => workspaces::route_agents(deployment, call, rest),

        (_, ["external-auth", rest @ ..]) => external_auth::route(deployment, call, rest),
        (_, ["oauth2-provider", rest @ ..]) => oauth2::route_admin(deployment, call, rest),
        _ => Err(Reply::no_route()),
    }
}
