//! The routes of the API: method and path, and who answers.
//!
//! What the table does not have is 404; what it has with another method is 405.

use super::open::Open;
use super::table::{Gate, Route, below, delete, get, patch, post, put};
use super::{authcheck, deployment, external_auth, groups, insights, keys, members, notifications};
use super::{first, second};
use super::{organizations, templates, users, workspaces};
use crate::Version;
use crate::api::templates::parse_id;
use crate::oauth2;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// Every route that the fake knows; those of enterprise features are marked.
pub(crate) const ROUTES: &[Route] = &[
    get("", deployment::root),
    get("buildinfo", deployment::build_info),
    get("updatecheck", deployment::update_check),
    get("experiments/", deployment::experiments),
    get("experiments/available", deployment::available_experiments),
    get("auth/scopes", deployment::scopes).since(Version::V2_29),
    post("authcheck/", authcheck::check),
    get("regions/", deployment::regions),
    get("applications/host/", deployment::app_host),
    get("deployment/ssh", deployment::ssh),
    get("deployment/config", deployment::config),
    get("deployment/stats", deployment::stats),
    get("debug/health", deployment::health),
    get("notifications/settings", notifications::settings),
    get("notifications/inbox/", notifications::inbox),
    get("notifications/inbox/watch", notifications::watch),
    put("notifications/inbox/mark-all-as-read", notifications::mark_all),
    put("notifications/inbox/{id}/read-status", notifications::mark),
    get("notifications/templates/system", notifications::system_templates),
    post("notifications/custom", notifications::send).since(Version::V2_29),
    get("insights/daus", insights::daily_users),
    get("insights/templates", insights::templates),
    get("insights/user-activity", insights::activity),
    get("insights/user-latency", insights::latency),
    get("insights/user-status-counts", insights::status_counts),
    post("files/", templates::upload),
    get("files/{file}", templates::download),
    get("external-auth/", external_auth::list),
    get("external-auth/{provider}/", external_auth::get),
    delete("external-auth/{provider}/", external_auth::unlink),
    get("external-auth/{provider}/device", external_auth::start_device),
    post("external-auth/{provider}/device", external_auth::finish_device),
    below("oauth2-provider", oauth2_provider),
    // People.
    get("users/", users::list),
    post("users/", users::create),
    get("users/first", users::first),
    post("users/first", users::create_first),
    get("users/authmethods", deployment::auth_methods),
    post("users/login", users::login),
    post("users/logout", users::logout),
    get("users/roles", users::assignable_roles),
    get("users/{user}/", users::get),
    delete("users/{user}/", users::delete),
    get("users/{user}/login-type", users::login_type),
    get("users/{user}/organizations", organizations::list_of_user),
    get("users/{user}/organizations/{organization}", organizations::get_of_user),
    get("users/{user}/roles", users::roles),
    get("users/{user}/appearance", users::appearance),
    get("users/{user}/preferences", users::preferences).since(Version::V2_29),
    get("users/{user}/autofill-parameters", users::autofill),
    put("users/{user}/profile", users::put_profile),
    put("users/{user}/roles", users::set_roles),
    put("users/{user}/password", users::set_password),
    put("users/{user}/status/activate", users::activate),
    put("users/{user}/status/suspend", users::suspend),
    get("users/{user}/gitsshkey", users::ssh_key),
    put("users/{user}/gitsshkey", users::new_ssh_key),
    get("users/{user}/secrets/", users::secrets).since(Version::V2_36),
    post("users/{user}/secrets/", users::create_secret).since(Version::V2_36),
    get("users/{user}/secrets/{name}/", users::secret).since(Version::V2_36),
    patch("users/{user}/secrets/{name}/", users::update_secret).since(Version::V2_36),
    delete("users/{user}/secrets/{name}/", users::delete_secret).since(Version::V2_36),
    post("users/{user}/keys/", keys::create_session),
    get("users/{user}/keys/tokens/", keys::list),
    post("users/{user}/keys/tokens/", keys::create),
    get("users/{user}/keys/tokens/tokenconfig", keys::config),
    get("users/{user}/keys/tokens/{name}", keys::get_by_name),
    get("users/{user}/keys/{key}/", keys::get),
    delete("users/{user}/keys/{key}/", keys::delete),
    put("users/{user}/keys/{key}/expire", keys::expire).since(Version::V2_31),
    post("users/{user}/workspaces", user_workspaces),
    get("users/{user}/workspace/{workspace}", user_workspaces),
    get("users/{user}/workspace/{workspace}/builds/{number}", user_workspaces),
    // Organizations.
    get("organizations/", organizations::list),
    get("organizations/{organization}/", organizations::get),
    get("organizations/{organization}/members", organizations::members),
    get("organizations/{organization}/paginated-members", members::page),
    get("organizations/{organization}/members/roles", members::roles),
    get("organizations/{organization}/members/{user}/", members::get),
    post("organizations/{organization}/members/{user}/", members::add),
    delete("organizations/{organization}/members/{user}/", members::remove),
    put("organizations/{organization}/members/{user}/roles", members::set_roles),
    // Groups.
    get("groups/", groups::list).licensed(),
    get("groups/{group}/", groups::get).licensed(),
    patch("groups/{group}/", groups::update).licensed(),
    delete("groups/{group}/", groups::delete).licensed(),
    get("groups/{group}/members", groups::members).licensed(),
    get("organizations/{organization}/groups/", groups::list_of_organization).licensed(),
    post("organizations/{organization}/groups/", groups::create).licensed(),
    get("organizations/{organization}/groups/{group}/", groups::get_by_name).licensed(),
    get("templates/{template}/acl/", groups::template_acl).licensed(),
    patch("templates/{template}/acl/", groups::share_template).licensed(),
    get("templates/{template}/acl/available", groups::template_candidates).licensed(),
    get("organizations/{organization}/provisionerdaemons", organizations::provisioner_daemons),
    post("organizations/{organization}/members/{user}/workspaces", member_workspaces),
    get("organizations/{organization}/templates/", templates::list_of_organization),
    post("organizations/{organization}/templates/", templates::create),
    post("organizations/{organization}/templateversions", templates::create_version),
    get("organizations/{organization}/templates/{template}/", templates::get_by_name),
    get(
        "organizations/{organization}/templates/{template}/versions/{version}/",
        templates::version_by_names,
    ),
    get(
        "organizations/{organization}/templates/{template}/versions/{version}/previous",
        templates::previous_version,
    ),
    // Templates.
    get("templates/", templates::list),
    get("templates/{template}/", templates::get),
    delete("templates/{template}/", templates::delete),
    patch("templates/{template}/", templates::patch),
    get("templates/{template}/versions/", templates::versions),
    patch("templates/{template}/versions/", templates::promote),
    post("templates/{template}/versions/archive", templates::archive_versions),
    get("templates/{template}/versions/{version}", templates::version_by_name),
    get("templateversions/{version}/", templates::version),
    patch("templateversions/{version}/", templates::patch_version),
    patch("templateversions/{version}/cancel", templates::cancel),
    post("templateversions/{version}/archive", templates::archive),
    post("templateversions/{version}/unarchive", templates::unarchive),
    get("templateversions/{version}/rich-parameters", templates::rich_parameters),
    get("templateversions/{version}/presets", templates::presets),
    get("templateversions/{version}/external-auth", templates::external_auth),
    get("templateversions/{version}/variables", templates::nothing),
    get("templateversions/{version}/resources", templates::resources),
    get("templateversions/{version}/logs", templates::logs),
    post("templateversions/{version}/dry-run/", templates::create_dry_run),
    get("templateversions/{version}/dry-run/{job}/", templates::dry_run),
    patch("templateversions/{version}/dry-run/{job}/cancel", templates::cancel_dry_run),
    get("templateversions/{version}/dry-run/{job}/logs", templates::dry_run_logs),
    get("templateversions/{version}/dry-run/{job}/resources", templates::dry_run_resources),
    get("templateversions/{version}/parameters", templates::nothing),
    get("templateversions/{version}/schema", templates::nothing),
    below("templateversions/{version}/dynamic-parameters", templates::dynamic_parameters),
    // Workspaces, their builds and agents.
    get("workspaces/", all_workspaces),
    get("workspaces/{workspace}/", all_workspaces),
    patch("workspaces/{workspace}/", all_workspaces),
    get("workspaces/{workspace}/builds", all_workspaces),
    post("workspaces/{workspace}/builds", all_workspaces),
    put("workspaces/{workspace}/favorite", all_workspaces),
    delete("workspaces/{workspace}/favorite", all_workspaces),
    below("workspaces/{workspace}", all_workspaces),
    below("workspacebuilds/{build}", builds),
    below("workspaceagents/{agent}", agents),
];

/// The gates of the API, those of outer paths first.
pub(crate) const GATES: &[Gate] = &[
    Gate { path: "users/{user}", check: see_user },
    Gate { path: "organizations", check: signed_in },
    Gate { path: "organizations/{organization}", check: see_organization },
    Gate { path: "templates", check: signed_in },
    Gate { path: "templates/{template}", check: see_template },
    Gate { path: "templateversions/{version}", check: see_version },
    Gate { path: "workspaces", check: signed_in },
    Gate { path: "workspaces/{workspace}", check: see_workspace },
    Gate { path: "experiments", check: signed_in },
    Gate { path: "authcheck", check: signed_in },
    Gate { path: "regions", check: signed_in },
    Gate { path: "deployment", check: signed_in },
    Gate { path: "notifications", check: signed_in },
    Gate { path: "insights", check: signed_in },
    Gate { path: "external-auth", check: signed_in },
    Gate { path: "external-auth/{provider}", check: external_auth::see_provider },
];

fn signed_in(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Result<(), Reply> {
    deployment.authenticate(call).map(drop)
}

fn see_user(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<(), Reply> {
    let caller = deployment.authenticate(call)?;
    deployment.visible_user(&caller, first(open)).map(drop)
}

fn see_organization(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<(), Reply> {
    deployment.authenticate(call)?;
    deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found).map(drop)
}

fn see_template(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<(), Reply> {
    let caller = deployment.authenticate(call)?;
    let id = parse_id(first(open))?;
    let template = deployment.state.template(id);
    let template = template.filter(|known| deployment.state.may_use(&caller.user, known));
    template.ok_or_else(Reply::not_found).map(drop)
}

fn see_version(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<(), Reply> {
    deployment.authenticate(call)?;
    let id = parse_id(first(open))?;
    deployment.state.version(id).ok_or_else(Reply::not_found).map(drop)
}

fn see_workspace(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<(), Reply> {
    let caller = deployment.authenticate(call)?;
    let workspace = deployment.state.workspace(parse_id(first(open))?);
    let visible = workspace
        .filter(|workspace| workspace.is_visible_to(&caller.user) && caller.may("workspace:read"));
    visible.ok_or_else(Reply::not_found).map(drop)
}

/// Returns the segments of a call's path without the first `skipped` ones.
fn behind(call: &Call, skipped: usize) -> Vec<&str> {
    call.segments.iter().skip(skipped).map(String::as_str).collect()
}

fn oauth2_provider(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    oauth2::route_admin(deployment, call, &behind(call, 3))
}

fn user_workspaces(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    workspaces::route_user(deployment, call, first(open), &behind(call, 4))
}

fn member_workspaces(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    workspaces::route_user(deployment, call, second(open), &["workspaces"])
}

fn all_workspaces(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    workspaces::route_workspaces(deployment, call, &behind(call, 3))
}

fn builds(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    workspaces::route_builds(deployment, call, &behind(call, 3))
}

fn agents(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    workspaces::route_agents(deployment, call, &behind(call, 3))
}
