//! The deployment's organizations.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Version;
use crate::call::Call;
use crate::json::Json as _;
use crate::reply::{Answer, Reply};
use crate::state::{Deployment, State};

/// An organization. Everybody is a member of every one.
#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
}

impl Organization {
    pub(crate) fn display_name(&self) -> String {
        let mut letters = self.name.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    fn json(&self, deployment: &Deployment<'_>, is_default: bool) -> Value {
        let mut organization = json!({
            "id": self.id,
            "name": self.name,
            "display_name": self.display_name(),
            "icon": "",
            "description": "",
            "created_at": self.created_at.to_string(),
            "updated_at": self.created_at.to_string(),
            "is_default": is_default,
        });
        if deployment.settings.version >= Version::V2_37 {
            organization.set("default_org_member_roles", Vec::<String>::new());
        }
        organization
    }
}

impl State {
    /// `default`, a name or an id.
    pub(crate) fn organization_at(&self, segment: &str) -> Option<&Organization> {
        match (segment, Uuid::try_parse(segment)) {
            ("default", _) => self.organizations.first(),
            (_, Ok(id)) => self.organizations.iter().find(|organization| organization.id == id),
            (name, Err(_)) => self
                .organizations
                .iter()
                .find(|organization| organization.name.eq_ignore_ascii_case(name)),
        }
    }
}

impl Deployment<'_> {
    /// The organization of that name, made when there is none.
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

    fn organizations_json(&self) -> Vec<Value> {
        let all = self.state.organizations.iter().enumerate();
        all.map(|(index, organization)| organization.json(self, index == 0)).collect()
    }
}

/// `GET /api/v2/organizations` and `GET /api/v2/users/{user}/organizations`.
pub(crate) fn list(deployment: &mut Deployment<'_>, call: &Call) -> Answer {
    deployment.authenticate(call)?;
    Ok(Reply::ok(&deployment.organizations_json().into()))
}

/// `GET /api/v2/organizations/{organization}`.
pub(crate) fn get(deployment: &mut Deployment<'_>, call: &Call, segment: &str) -> Answer {
    deployment.authenticate(call)?;
    let found = deployment.state.organization_at(segment).ok_or_else(Reply::not_found)?.id;
    let index = deployment.state.organizations.iter().position(|known| known.id == found);
    let all = deployment.organizations_json();
    let json = index.and_then(|index| all.get(index)).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(json))
}
