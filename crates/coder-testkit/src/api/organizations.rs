//! The deployment's organizations.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Open, first, second};
use crate::json::Json as _;
use crate::model::{Build, Organization, User};
use crate::release::Dialect;
use crate::rules::search::Terms;
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

impl Organization {
    fn json(&self, dialect: &Dialect, is_default: bool) -> Value {
        let description = if is_default { "Builtin default organization." } else { "" };
        let mut organization = json!({
            "id": self.id,
            "name": self.name,
            "display_name": self.display_name(),
            "icon": "",
            "description": description,
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "is_default": is_default,
        });
        if dialect.default_member_roles {
            organization.set("default_org_member_roles", vec!["organization-workspace-access"]);
        }
        organization
    }
}

impl Deployment<'_> {
    /// Returns the organization of that name, and creates it when there is none.
    pub(crate) fn organization_named(&mut self, name: &str) -> Uuid {
        if let Some(known) = self.state.organization_at(name) {
            return known.id;
        }
        let organization =
            Organization { id: self.mint().uuid(), name: name.to_owned(), created_at: self.now };
        let id = organization.id;
        self.state.organizations.push(organization);
        id
    }

    /// Returns the organization that a search names by name or id, if the search names one.
    /// `default` is not a name here.
    pub(crate) fn searched_organization(&self, terms: &mut Terms) -> Option<Uuid> {
        let name = terms.one("organization")?;
        let known = Some(name.as_str()).filter(|name| *name != "default");
        let known = known.and_then(|name| self.state.organization_at(name));
        if known.is_none() {
            terms.unknown("organization", &format!("organization {name:?}"), "it");
        }
        known.map(|organization| organization.id)
    }

    fn organizations_json(&self) -> Vec<Value> {
        let all = self.state.organizations.iter().enumerate();
        all.map(|(index, organization)| organization.json(self.dialect(), index == 0)).collect()
    }

    fn organization_json(&self, segment: &str) -> Answer {
        let found = self.state.organization_at(segment).ok_or_else(Reply::not_found)?.id;
        let index = self.state.organizations.iter().position(|known| known.id == found);
        let all = self.organizations_json();
        let json = index.and_then(|index| all.get(index)).ok_or_else(Reply::not_found)?;
        Ok(Reply::ok(json))
    }

    /// Returns the organization of a path, if an owner asks. Other users do not learn what is in
    /// it.
    fn managed_organization(&mut self, call: &Call, segment: &str) -> Result<Uuid, Reply> {
        let caller = self.authenticate(call)?;
        let organization = self.state.organization_at(segment).ok_or_else(Reply::not_found)?;
        if caller.user.owner { Ok(organization.id) } else { Err(Reply::not_found()) }
    }
}

/// Answers a request for `GET /api/v2/organizations`.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&deployment.organizations_json().into()))
}

/// Answers a request for `GET /api/v2/organizations/{organization}`.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    deployment.authenticate(call)?;
    deployment.organization_json(first(open))
}

/// Answers a request for `GET /api/v2/users/{user}/organizations`.
pub(crate) fn list_of_user(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?.id;
    let state = &deployment.state;
    let all = state.organizations.iter().zip(deployment.organizations_json());
    let theirs = all.filter(|(organization, _)| state.is_member(user, organization.id));
    Ok(Reply::ok(&theirs.map(|(_, json)| json).collect()))
}

/// Answers a request for `GET /api/v2/users/{user}/organizations/{organization}`.
pub(crate) fn get_of_user(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    deployment.visible_user(&caller, first(open))?;
    deployment.organization_json(second(open))
}

/// Answers `GET /api/v2/organizations/{organization}/members`: an owner sees every member.
pub(crate) fn members(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization =
        deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?.id;
    let visible = |user: &&User| caller.user.owner || user.id == caller.user.id;
    let state = &deployment.state;
    let members = state.members_of(organization).filter(visible);
    let dialect = deployment.dialect();
    Ok(Reply::ok(&members.map(|user| member(state, user, organization, dialect)).collect()))
}

/// Renders a member as JSON, in the form of the API.
pub(super) fn member(state: &State, user: &User, organization: Uuid, dialect: &Dialect) -> Value {
    let created_at = user.created_at.to_string();
    let mut member = json!({
        "username": user.username,
        "email": user.email,
        "global_roles": user.roles(),
        "user_id": user.id,
        "organization_id": organization,
        "created_at": created_at,
        "updated_at": created_at,
        "roles": state.roles_of_member(user.id, organization),
    });
    if !user.name.is_empty() {
        member.set("name", user.name.as_str());
    }
    if dialect.full_members {
        member.set("status", user.status());
        member.set("login_type", "password");
        member.set("last_seen_at", user.last_seen_at.to_string());
        member.set("user_created_at", created_at.as_str());
        member.set("user_updated_at", created_at);
        member.set("has_ai_seat", false);
    }
    member
}

/// Answers `GET /api/v2/organizations/{organization}/provisionerdaemons` for owners, with the two
/// provisioners that are built in.
pub(crate) fn provisioner_daemons(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let organization = deployment.managed_organization(call, first(open))?;
    let daemons = (0_u8..2).rev().map(|number| deployment.provisioner_daemon(organization, number));
    Ok(Reply::ok(&daemons.collect()))
}

impl Deployment<'_> {
    pub(crate) fn provisioner_daemon(&self, organization: Uuid, number: u8) -> Value {
        let id = Uuid::from_u128(self.settings.deployment_id.as_u128() ^ u128::from(number + 1));
        let builds = self
            .state
            .workspaces
            .values()
            .filter_map(|workspace| workspace.latest().map(|build| (workspace, build)));
        let done = |build: &Build| build.job(&self.settings.pace, self.now).status == "succeeded";
        let last =
            builds.filter(|(_, build)| done(build)).max_by_key(|(_, build)| build.created_at);
        let template = last.and_then(|(workspace, _)| self.state.template(workspace.template));
        let previous = template.zip(last).map(|(template, (_, build))| {
            json!({
                "id": build.job,
                "status": "succeeded",
                "template_name": template.name,
                "template_icon": template.icon,
                "template_display_name": template.display_name,
            })
        });
        let created_at =
            self.state.organizations.first().map_or(self.now, |known| known.created_at);
        json!({
            "id": id,
            "organization_id": organization,
            "key_id": Uuid::from_u128(1),
            "created_at": created_at.to_string(),
            "last_seen_at": self.now.to_string(),
            "name": format!("vm-{number}"),
            "version": self.settings.version.build(),
            "api_version": self.dialect().provisioner_api,
            "provisioners": [template.map_or("terraform", |template| &template.provisioner)],
            "tags": { "owner": "", "scope": "organization" },
            "key_name": "built-in",
            "status": "idle",
            "current_job": null,
            "previous_job": previous,
        })
    }
}
