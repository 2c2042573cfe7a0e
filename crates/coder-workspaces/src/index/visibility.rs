//! The part of an index, read by a service account, that a person is shown.

use std::collections::{BTreeMap, BTreeSet};

use coder_client::operations::{GetUser, GetUserRoles, ListGroups};
use coder_client::{Client, ClientError, GroupId, OrganizationId, UserId, UserRef};
use coder_config::IndexVisibility;

use super::IndexedWorkspace;

/// The roles of a deployment that read each workspace.
const SITE_READERS: [&str; 2] = ["owner", "template-admin"];
/// The roles of an organization that read each workspace of the organization.
const ORGANIZATION_READERS: [&str; 2] = ["organization-admin", "organization-template-admin"];

/// A person who looks at an index, as Coder knows that person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    user_id: UserId,
    roles: BTreeSet<String>,
    organization_roles: BTreeMap<OrganizationId, BTreeSet<String>>,
    groups: BTreeSet<GroupId>,
}

impl Viewer {
    /// Creates a viewer with this user id, and without any role or group.
    pub fn new(user_id: UserId) -> Self {
        Self {
            user_id,
            roles: BTreeSet::new(),
            organization_roles: BTreeMap::new(),
            groups: BTreeSet::new(),
        }
    }

    /// Sets the names of the viewer's roles in the whole deployment, such as `template-admin`.
    #[must_use]
    pub fn roles<S: Into<String>>(self, roles: impl IntoIterator<Item = S>) -> Self {
        Self { roles: roles.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets the names of the viewer's roles in an organization, such as `organization-admin`.
    #[must_use]
    pub fn organization_roles<S: Into<String>>(
        mut self,
        organization: OrganizationId,
        roles: impl IntoIterator<Item = S>,
    ) -> Self {
        let roles = roles.into_iter().map(Into::into).collect();
        self.organization_roles.insert(organization, roles);
        self
    }

    /// Sets the groups that the viewer is a member of.
    #[must_use]
    pub fn groups(self, groups: impl IntoIterator<Item = GroupId>) -> Self {
        Self { groups: groups.into_iter().collect(), ..self }
    }

    /// Asks Coder for the user, the roles and the groups of the client's credential, with three
    /// requests. A deployment without groups has none.
    ///
    /// # Errors
    ///
    /// When Coder refuses one of the requests or does not answer it.
    pub async fn read(client: &Client) -> Result<Self, ClientError> {
        let user = client.send(&GetUser::new(UserRef::Me)).await?;
        let roles = client.send(&GetUserRoles::new(UserRef::Me)).await?;
        let groups = match client.send(&ListGroups::new().has_member(user.id)).await {
            Ok(groups) => groups.iter().map(|group| group.id).collect(),
            Err(error) if error.is_unsupported() || error.is_forbidden() => BTreeSet::new(),
            Err(error) => return Err(error),
        };
        let mut viewer = Self::new(user.id).roles(roles.roles.iter().cloned()).groups(groups);
        for (organization, roles) in &roles.organization_roles {
            // A name in place of an id would be no organization's that a workspace tells.
            if let Ok(organization) = organization.parse() {
                viewer = viewer.organization_roles(organization, roles.iter().cloned());
            }
        }
        Ok(viewer)
    }

    /// Returns the id of the user.
    pub fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Returns whether the viewer is shown a workspace.
    ///
    /// With [`IndexVisibility::Coder`], the roles that show workspaces of others are owner and template
    /// admin of the deployment, and admin and template admin of the workspace's organization. A custom
    /// role shows nothing here, although it may at Coder.
    pub fn is_shown(&self, workspace: &IndexedWorkspace, visibility: IndexVisibility) -> bool {
        let is_own = workspace.owner_id == self.user_id;
        match visibility {
            IndexVisibility::Own => is_own,
            IndexVisibility::Coder => is_own || self.reads(workspace),
            IndexVisibility::Everyone => true,
        }
    }

    /// Returns whether Coder shows the viewer a workspace of somebody else.
    fn reads(&self, workspace: &IndexedWorkspace) -> bool {
        let has = |roles: &BTreeSet<String>, readers: &[&str]| {
            readers.iter().any(|reader| roles.contains(*reader))
        };
        let in_organization = || {
            let roles = self.organization_roles.get(workspace.organization_id.as_ref()?)?;
            Some(has(roles, &ORGANIZATION_READERS))
        };
        has(&self.roles, &SITE_READERS)
            || in_organization().unwrap_or(false)
            || workspace.shared_with_users.contains(&self.user_id)
            || !workspace.shared_with_groups.is_disjoint(&self.groups)
    }
}
