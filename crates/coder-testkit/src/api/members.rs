//! Members of organizations, and their roles.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::organizations::member;
use super::{Open, first, second};
use crate::model::User;
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::input::{Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

const ROLES: Shape = Shape { name: "UpdateRoles", fields: &[field("roles", Kind::Texts)] };

/// The roles of an organization that come with Coder.
const OF_ORGANIZATION: [(&str, &str); 5] = [
    ("organization-admin", "Organization Admin"),
    ("organization-auditor", "Organization Auditor"),
    ("organization-template-admin", "Organization Template Admin"),
    ("organization-user-admin", "Organization User Admin"),
    ("organization-workspace-creation-ban", "Organization Workspace Creation Ban"),
];

impl State {
    /// Returns the members of an organization: every user that was not removed from it.
    pub(crate) fn members_of(&self, organization: Uuid) -> impl Iterator<Item = &User> {
        self.users.values().filter(move |user| self.is_member(user.id, organization))
    }

    pub(crate) fn is_member(&self, user: Uuid, organization: Uuid) -> bool {
        !self.strangers.contains(&(organization, user))
    }

    /// Renders the roles of a member as JSON, in the form of the API.
    pub(crate) fn roles_of_member(&self, user: Uuid, organization: Uuid) -> Value {
        let roles = self.member_roles.get(&(organization, user));
        let roles = roles.into_iter().flatten().map(|name| {
            let known = OF_ORGANIZATION.iter().find(|(known, _)| known == name);
            let display_name = known.map_or("", |(_, display_name)| display_name);
            json!({ "name": name, "display_name": display_name, "organization_id": organization })
        });
        roles.collect()
    }
}

/// Answers a request for `GET /api/v2/organizations/{organization}/paginated-members`.
pub(crate) fn page(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization = organization(deployment, open)?;
    let state = &deployment.state;
    let seen = state
        .members_of(organization)
        .filter(|user| caller.user.owner || user.id == caller.user.id)
        .map(|user| member(state, user, organization, deployment.dialect()));
    let seen: Vec<Value> = seen.collect();
    let count = seen.len();
    let page = super::workspaces::Page::read(call)?;
    let members: Vec<Value> = page.of(seen).collect();
    Ok(Reply::ok(&json!({ "members": members, "count": count })))
}

/// Answers a request for `GET /api/v2/organizations/{organization}/members/{user}`.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization = organization(deployment, open)?;
    let user = deployment.visible_user(&caller, second(open))?;
    let state = &deployment.state;
    if !state.is_member(user.id, organization) {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&member(state, &user, organization, deployment.dialect())))
}

/// Answers `POST /api/v2/organizations/{organization}/members/{user}` for owners.
pub(crate) fn add(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (organization, user) = managed(deployment, call, open)?;
    if !deployment.state.strangers.remove(&(organization, user.id)) {
        return Err(Reply::bad_request("User is already an organization member"));
    }
    Ok(Reply::ok(&membership(deployment.state, &user, organization)))
}

/// Answers `DELETE /api/v2/organizations/{organization}/members/{user}` for owners.
pub(crate) fn remove(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (organization, user) = managed(deployment, call, open)?;
    if !deployment.state.is_member(user.id, organization) {
        return Err(Reply::not_found());
    }
    let state = &mut *deployment.state;
    state.strangers.insert((organization, user.id));
    state.member_roles.remove(&(organization, user.id));
    for group in state.groups.iter_mut().filter(|group| group.organization == organization) {
        group.members.remove(&user.id);
    }
    Ok(Reply::no_content())
}

/// Answers `PUT /api/v2/organizations/{organization}/members/{user}/roles` for owners.
pub(crate) fn set_roles(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (organization, user) = managed(deployment, call, open)?;
    let roles = ROLES.read(call)?.texts("roles");
    let is_known = |role: &String| OF_ORGANIZATION.iter().any(|(known, _)| known == role);
    if let Some(unknown) = roles.iter().find(|role| !is_known(role)) {
        let message = format!("Unknown role {unknown:?}.");
        return Err(Reply::bad_request(&message));
    }
    deployment.state.member_roles.insert((organization, user.id), roles);
    Ok(Reply::ok(&membership(deployment.state, &user, organization)))
}

/// Answers a request for `GET /api/v2/organizations/{organization}/members/roles`.
pub(crate) fn roles(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization = organization(deployment, open)?;
    let roles = OF_ORGANIZATION.map(|(name, display_name)| {
        json!({
            "name": name,
            "display_name": display_name,
            "organization_id": organization,
            "assignable": caller.user.owner,
            "built_in": true,
        })
    });
    Ok(Reply::ok(&json!(roles)))
}

fn membership(state: &State, user: &User, organization: Uuid) -> Value {
    json!({
        "user_id": user.id,
        "organization_id": organization,
        "created_at": user.created_at.to_string(),
        "updated_at": user.created_at.to_string(),
        "roles": state.roles_of_member(user.id, organization),
    })
}

fn organization(deployment: &Deployment<'_>, open: &Open<'_>) -> Result<Uuid, Reply> {
    let found = deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?;
    Ok(found.id)
}

/// Returns the organization and the user of a path, if an owner asks.
fn managed(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<(Uuid, User), Reply> {
    let caller = deployment.authenticate(call)?;
    let organization = organization(deployment, open)?;
    let user = deployment.visible_user(&caller, second(open))?;
    if caller.user.owner {
        Ok((organization, user))
    } else {
        Err(Reply::error(StatusCode::FORBIDDEN, "Forbidden."))
    }
}
