//! Groups and the access lists of templates, which licensed deployments have.

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::templates::parse_id;
use super::{Open, first, second};
use crate::json::Json as _;
use crate::model::{Group, Template, User};
use crate::rules::authentication::Caller;
use crate::store::{Deployment, State};
use crate::wire::call::Call;
use crate::wire::input::{Kind, Query, Rule, Shape, field, ruled};
use crate::wire::reply::{Answer, Reply};

const CREATE: Shape = Shape {
    name: "CreateGroupRequest",
    fields: &[
        ruled("name", Kind::Text, &[Rule::Required]),
        field("display_name", Kind::Text),
        field("avatar_url", Kind::Text),
        field("quota_allowance", Kind::Integer),
    ],
};

const UPDATE: Shape = Shape {
    name: "PatchGroupRequest",
    fields: &[
        field("add_users", Kind::Texts),
        field("remove_users", Kind::Texts),
        field("name", Kind::Text),
        field("display_name", Kind::Text),
        field("avatar_url", Kind::Text),
        field("quota_allowance", Kind::Integer),
    ],
};

const SHARE: Shape = Shape {
    name: "UpdateTemplateACL",
    fields: &[field("user_perms", Kind::Map), field("group_perms", Kind::Map)],
};

impl User {
    /// Renders the user as JSON without roles and organizations.
    fn reduced(&self) -> Value {
        json!({
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "email": self.email,
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "last_seen_at": self.last_seen_at.to_string(),
            "status": self.status(),
            "login_type": "password",
        })
    }
}

impl State {
    /// Returns all groups: for each organization the group of everybody, then the groups that are
    /// stored.
    pub(crate) fn all_groups(&self) -> Vec<Group> {
        let everyone = self.organizations.iter().map(|organization| Group {
            id: organization.id,
            organization: organization.id,
            name: "Everyone".to_owned(),
            display_name: String::new(),
            avatar_url: String::new(),
            quota_allowance: 0,
            members: self.members_of(organization.id).map(|user| user.id).collect(),
        });
        everyone.chain(self.groups.iter().cloned()).collect()
    }

    /// Returns the groups of a user.
    fn groups_of(&self, user: Uuid) -> impl Iterator<Item = Group> {
        self.all_groups().into_iter().filter(move |group| group.members.contains(&user))
    }

    /// Tells whether a user may create workspaces from a template.
    pub(crate) fn may_use(&self, user: &User, template: &Template) -> bool {
        let roles = &template.roles;
        user.owner
            || roles.users.contains_key(&user.id)
            || self.groups_of(user.id).any(|group| roles.groups.contains_key(&group.id))
    }
}

impl Group {
    fn json(&self, state: &State) -> Value {
        let organization = state.organizations.iter().find(|known| known.id == self.organization);
        let members: Vec<Value> =
            self.members.iter().filter_map(|id| state.users.get(id)).map(User::reduced).collect();
        json!({
            "id": self.id,
            "name": self.name,
            "display_name": self.display_name,
            "organization_id": self.organization,
            "organization_name": organization.map_or("", |known| known.name.as_str()),
            "organization_display_name":
                organization.map_or_else(String::new, |known| known.display_name()),
            "total_member_count": members.len(),
            "members": members,
            "avatar_url": self.avatar_url,
            "quota_allowance": self.quota_allowance,
            "source": "user",
        })
    }
}

/// Answers `GET /api/v2/groups`: an owner sees all groups, another user those that have this user
/// as a member.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let mut query = Query::new(call);
    let (organization, member) = (query.text("organization"), query.text("has_member"));
    query.text("group_ids");
    query.refuse_others();
    query.finish("Query parameters have invalid values.")?;
    let state = &deployment.state;
    let organization = match organization {
        "" => None,
        name => Some(state.organization_at(name).ok_or_else(Reply::not_found)?.id),
    };
    let member = match member {
        "" => None,
        name => Some(state.user_at(name, caller.user.id).ok_or_else(Reply::not_found)?.id),
    };
    Ok(Reply::ok(&seen(state, &caller, |group| {
        organization.is_none_or(|wanted| group.organization == wanted)
            && member.is_none_or(|wanted| group.members.contains(&wanted))
    })))
}

/// Answers a request for `GET /api/v2/organizations/{organization}/groups`.
pub(crate) fn list_of_organization(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization =
        deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?.id;
    let in_it = |group: &Group| group.organization == organization;
    Ok(Reply::ok(&seen(deployment.state, &caller, in_it)))
}

fn seen(state: &State, caller: &Caller, wanted: impl Fn(&Group) -> bool) -> Value {
    let groups = state.all_groups().into_iter().filter(|group| is_seen(group, caller));
    groups.filter(|group| wanted(group)).map(|group| group.json(state)).collect()
}

fn is_seen(group: &Group, caller: &Caller) -> bool {
    caller.user.owner || group.members.contains(&caller.user.id)
}

/// Answers a request for `GET /api/v2/groups/{group}`.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let group = by_id(deployment, call, open)?;
    let mut answer = group.json(deployment.state);
    if call.query("exclude_members") == Some("true") {
        answer.set("members", Value::Array(Vec::new()));
    }
    Ok(Reply::ok(&answer))
}

/// Answers a request for `GET /api/v2/groups/{group}/members`.
pub(crate) fn members(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let group = by_id(deployment, call, open)?;
    let members = group.members.iter().filter_map(|id| deployment.state.users.get(id));
    let members: Vec<Value> = members.map(User::reduced).collect();
    let page = super::workspaces::Page::read(call)?;
    let count = members.len();
    let users: Vec<Value> = page.of(members).collect();
    Ok(Reply::ok(&json!({ "users": users, "count": count })))
}

/// Answers a request for `GET /api/v2/organizations/{organization}/groups/{group}`.
pub(crate) fn get_by_name(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let organization =
        deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?.id;
    let named = |group: &Group| group.organization == organization && group.name == second(open);
    let group = deployment.state.all_groups().into_iter().find(named);
    let group = group.filter(|group| is_seen(group, &caller)).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&group.json(deployment.state)))
}

/// Answers `POST /api/v2/organizations/{organization}/groups` for owners.
pub(crate) fn create(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let body = CREATE.read(call)?;
    let organization =
        deployment.state.organization_at(first(open)).ok_or_else(Reply::not_found)?.id;
    if !caller.user.owner {
        return Err(Reply::forbidden());
    }
    let text = |name: &str| body.text(name).unwrap_or_default().to_owned();
    let name = text("name");
    let taken = |group: &Group| group.organization == organization && group.name == name;
    if deployment.state.all_groups().iter().any(taken) {
        let message = format!("A group named \"{name}\" already exists.");
        return Err(Reply::error(StatusCode::CONFLICT, &message));
    }
    let group = Group {
        id: deployment.mint().uuid(),
        organization,
        name,
        display_name: text("display_name"),
        avatar_url: text("avatar_url"),
        quota_allowance: body.integer("quota_allowance").unwrap_or_default(),
        members: [].into(),
    };
    let answer = group.json(deployment.state);
    deployment.state.groups.push(group);
    Ok(Reply::created(&answer))
}

/// Answers `PATCH /api/v2/groups/{group}` for owners.
pub(crate) fn update(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let mut group = managed(deployment, call, open)?;
    let body = UPDATE.read(call)?;
    let users = |field: &str| body.texts(field).iter().map(|id| parse_id(id)).collect();
    let (added, removed): (Result<Vec<Uuid>, Reply>, Result<Vec<Uuid>, Reply>) =
        (users("add_users"), users("remove_users"));
    let (added, removed) = (added?, removed?);
    let is_member =
        |id: &Uuid| deployment.state.members_of(group.organization).any(|user| user.id == *id);
    if let Some(stranger) = added.iter().find(|id| !is_member(id)) {
        let message =
            format!("User {stranger} must be a member of organization {}", group.organization);
        return Err(Reply::error(StatusCode::PRECONDITION_FAILED, &message));
    }
    group.members.extend(added);
    group.members.retain(|id| !removed.contains(id));
    for (name, field) in [
        ("name", &mut group.name),
        ("display_name", &mut group.display_name),
        ("avatar_url", &mut group.avatar_url),
    ] {
        if let Some(text) = body.text(name) {
            text.clone_into(field);
        }
    }
    group.quota_allowance = body.integer("quota_allowance").unwrap_or(group.quota_allowance);
    let answer = group.json(deployment.state);
    if let Some(stored) = deployment.state.groups.iter_mut().find(|known| known.id == group.id) {
        *stored = group;
    }
    Ok(Reply::ok(&answer))
}

/// Answers `DELETE /api/v2/groups/{group}` for owners.
pub(crate) fn delete(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let group = managed(deployment, call, open)?;
    deployment.state.groups.retain(|known| known.id != group.id);
    for template in &mut deployment.state.templates {
        template.roles.groups.remove(&group.id);
    }
    Ok(Reply::ok(&json!({ "message": "Successfully deleted group!" })))
}

fn by_id(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<Group, Reply> {
    let caller = deployment.authenticate(call)?;
    let id = parse_id(first(open))?;
    let group = deployment.state.all_groups().into_iter().find(|group| group.id == id);
    group.filter(|group| is_seen(group, &caller)).ok_or_else(Reply::not_found)
}

/// Returns the group of a path, if an owner asks. The group of everybody is refused, since nobody
/// may change it.
fn managed(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Result<Group, Reply> {
    let caller = deployment.authenticate(call)?;
    let group = by_id(deployment, call, open)?;
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    if group.id == group.organization {
        let message = "\"Everyone\" is a reserved group and cannot be changed.";
        return Err(Reply::error(StatusCode::BAD_REQUEST, message));
    }
    Ok(group)
}

/// Answers `GET /api/v2/templates/{template}/acl` for owners.
pub(crate) fn template_acl(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let template = managed_template(deployment, call, open)?;
    let state = &deployment.state;
    let users = template.roles.users.iter().filter_map(|(id, role)| {
        let mut user = state.users.get(id)?.json(deployment);
        user.set("role", role.as_str());
        Some(user)
    });
    let groups = state.all_groups().into_iter().filter_map(|group| {
        let mut json = group.json(state);
        json.set("role", template.roles.groups.get(&group.id)?.as_str());
        Some(json)
    });
    let (users, groups): (Vec<Value>, Vec<Value>) = (users.collect(), groups.collect());
    Ok(Reply::ok(&json!({ "users": users, "group": groups })))
}

/// Answers `GET /api/v2/templates/{template}/acl/available` for owners.
pub(crate) fn template_candidates(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let template = managed_template(deployment, call, open)?;
    let state = &deployment.state;
    let users: Vec<Value> = state.members_of(template.organization).map(User::reduced).collect();
    let groups = state.all_groups().into_iter();
    let groups = groups.filter(|group| group.organization == template.organization);
    let groups: Vec<Value> = groups.map(|group| group.json(state)).collect();
    Ok(Reply::ok(&json!({ "users": users, "groups": groups })))
}

/// Answers `PATCH /api/v2/templates/{template}/acl` for owners. An empty role takes the role away.
pub(crate) fn share_template(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let id = managed_template(deployment, call, open)?.id;
    let body = SHARE.read(call)?;
    let Some(template) = deployment.state.template_mut(id) else { return Err(Reply::not_found()) };
    for (field, roles) in
        [("user_perms", &mut template.roles.users), ("group_perms", &mut template.roles.groups)]
    {
        for (id, role) in body.value(field).and_then(Value::as_object).into_iter().flatten() {
            let id = parse_id(id)?;
            match role.as_str().unwrap_or_default() {
                "" => drop(roles.remove(&id)),
                role @ ("use" | "admin") => drop(roles.insert(id, role.to_owned())),
                odd => {
                    let message = format!("role \"{odd}\" is not a valid template role");
                    return Err(Reply::invalid(
                        StatusCode::BAD_REQUEST,
                        "Invalid request to update template metadata!",
                        [(field, message)],
                    ));
                }
            }
        }
    }
    Ok(Reply::ok(&json!({ "message": "Successfully updated template ACL list." })))
}

fn managed_template(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<Template, Reply> {
    let caller = deployment.authenticate(call)?;
    let template = deployment.state.template(parse_id(first(open))?);
    template.filter(|_| caller.user.owner).cloned().ok_or_else(Reply::not_found)
}
