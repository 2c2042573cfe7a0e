//! Finding and deleting things by their ids and names.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::state::State;
use crate::model::{ApiKey, App, Build, Organization, Template, TemplateVersion, User, Workspace};

/// Names and passwords of people.
impl State {
    /// Finds the user with that name; names are compared without case.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.users.values().find(|user| user.username.eq_ignore_ascii_case(name))
    }

    /// Finds the user that a segment of a path names: `me`, a name or an id.
    pub(crate) fn user_at(&self, segment: &str, caller: Uuid) -> Option<&User> {
        match (segment, Uuid::try_parse(segment)) {
            ("me", _) => self.users.get(&caller),
            (_, Ok(id)) => self.users.get(&id),
            (name, Err(_)) => self.user_named(name),
        }
    }
}

impl State {
    /// Deletes keys, and with each the refresh token that hangs on it.
    pub(crate) fn delete_keys(&mut self, doomed: impl Fn(&ApiKey) -> bool) {
        self.keys.retain(|_, key| !doomed(key));
        self.drop_orphaned_refresh_tokens();
    }

    /// Deletes a user, who has no workspaces, with their keys and codes.
    pub(crate) fn delete_user(&mut self, id: Uuid) {
        self.users.shift_remove(&id);
        self.ssh_keys.remove(&id);
        self.secrets.retain(|secret| secret.user != id);
        self.notifications.retain(|message| message.user != id);
        self.codes.retain(|_, code| code.user != id);
        self.delete_keys(|key| key.user == id);
    }

    pub(crate) fn drop_orphaned_refresh_tokens(&mut self) {
        let keys = &self.keys;
        self.refresh_tokens.retain(|_, token| keys.contains_key(&token.key));
    }
}

impl State {
    pub(crate) fn app(&self, id: Uuid) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn app_mut(&mut self, id: Uuid) -> Option<&mut App> {
        self.apps.iter_mut().find(|app| app.id == id)
    }

    /// Deletes an application with all codes and tokens; `false` when there is none.
    pub(crate) fn delete_app(&mut self, id: Uuid) -> bool {
        let before = self.apps.len();
        self.apps.retain(|app| app.id != id);
        self.codes.retain(|_, code| code.app != id);
        self.registered.remove(&id);
        self.end_pairs(|token| token.app == id);
        self.apps.len() < before
    }

    /// Deletes a secret with all codes and tokens issued under it; `false` when there is none.
    pub(crate) fn delete_app_secret(&mut self, app: Uuid, secret: Uuid) -> bool {
        let Some(app) = self.app_mut(app) else { return false };
        let before = app.secrets.len();
        app.secrets.retain(|kept| kept.id != secret);
        let deleted = app.secrets.len() < before;
        self.end_pairs(|token| token.secret == Some(secret));
        deleted
    }
}

impl State {
    /// Returns the organizations of a user.
    pub(crate) fn organizations_of(&self, user: Uuid) -> impl Iterator<Item = &Organization> {
        let all = self.organizations.iter();
        all.filter(move |organization| self.is_member(user, organization.id))
    }

    /// Finds the organization that a segment of a path names: `default`, a name or an id.
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

impl State {
    pub(crate) fn template(&self, id: Uuid) -> Option<&Template> {
        self.templates.iter().find(|template| template.id == id)
    }

    pub(crate) fn template_mut(&mut self, id: Uuid) -> Option<&mut Template> {
        self.templates.iter_mut().find(|template| template.id == id)
    }

    /// Finds a template by name in one organization.
    pub(crate) fn template_named(&self, organization: Uuid, name: &str) -> Option<&Template> {
        self.templates.iter().find(|template| {
            template.organization == organization && template.name.eq_ignore_ascii_case(name)
        })
    }

    /// Finds a version with its template. A version that belongs to no template yet comes with a
    /// template without id.
    pub(crate) fn version(&self, id: Uuid) -> Option<(Template, TemplateVersion)> {
        if let Some(template) = self.template_of_version(id) {
            return Some((template.clone(), template.version(id)?.clone()));
        }
        let draft = self.drafts.iter().find(|draft| draft.version.id == id)?;
        let version = draft.version.clone();
        let created_at = version.created_at;
        let template =
            Template::bare(Uuid::nil(), draft.organization, "", created_at, version.clone());
        Some((template, version))
    }

    /// Finds the template that has this version.
    pub(crate) fn template_of_version(&self, version: Uuid) -> Option<&Template> {
        self.templates.iter().find(|template| template.version(version).is_some())
    }
}

impl State {
    pub(crate) fn workspace(&self, id: Uuid) -> Option<&Workspace> {
        self.workspaces.get(&id)
    }

    pub(crate) fn workspace_mut(&mut self, id: Uuid) -> Option<&mut Workspace> {
        self.workspaces.get_mut(&id)
    }

    /// Finds the build of that id and its workspace.
    pub(crate) fn build(&self, id: Uuid) -> Option<(&Workspace, &Build)> {
        let workspace = self.workspace(*self.workspace_of_build.get(&id)?)?;
        workspace.builds.iter().find(|build| build.id == id).map(|build| (workspace, build))
    }

    /// Counts the people who have a workspace of a template.
    pub(crate) fn users_of_template(&self, template: Uuid) -> usize {
        let users: BTreeSet<Uuid> = self
            .workspaces
            .values()
            .filter(|workspace| workspace.template == template)
            .map(|workspace| workspace.owner)
            .collect();
        users.len()
    }
}
