//! Which workspaces a search finds.

use jiff::Timestamp;
use uuid::Uuid;

use crate::model::{Build, Transition, User, Workspace};
use crate::release::Dialect;
use crate::rules::search::{FreeText, SearchFault, Terms, ilike};
use crate::store::Deployment;

const STATUSES: [&str; 10] = [
    "pending",
    "starting",
    "running",
    "stopping",
    "stopped",
    "failed",
    "canceling",
    "canceled",
    "deleting",
    "deleted",
];

/// The filters of a workspace search.
#[derive(Debug, Default)]
pub(crate) struct WorkspaceSearch {
    owner: Option<String>,
    name: Option<String>,
    template: Option<String>,
    organization: Option<Uuid>,
    status: Option<String>,
    /// Any of these; empty is not a filter.
    agents: Vec<String>,
    outdated: Option<bool>,
    dormant: bool,
    ids: Vec<Uuid>,
    last_used_after: Option<Timestamp>,
    last_used_before: Option<Timestamp>,
    /// Parameters it must have any of.
    has_parameters: Vec<String>,
    /// Parameters with values of which it must have any.
    parameters: Vec<(String, String)>,
    shared: Option<bool>,
    shared_with_user: Option<String>,
    nothing: bool,
}

impl WorkspaceSearch {
    /// Parses the search text `q`.
    pub(crate) fn read(
        search: &str,
        deployment: &Deployment<'_>,
    ) -> Result<Self, Vec<SearchFault>> {
        let dialect = deployment.dialect();
        let free = FreeText::of_workspaces(dialect);
        let mut terms = Terms::read(search, free).map_err(|fault| vec![fault])?;
        let mut found = Self {
            owner: terms.one("owner"),
            name: terms.one("name"),
            template: terms.one("template"),
            status: terms.word("status", &STATUSES),
            outdated: terms.bool("outdated"),
            dormant: terms.bool("dormant").unwrap_or(false),
            ids: terms.ids("id"),
            last_used_after: terms.time("last_used_after"),
            last_used_before: terms.time("last_used_before"),
            ..Self::default()
        };
        found.organization = deployment.searched_organization(&mut terms);
        found.read_agents(&mut terms, dialect);
        if dialect.searches_shares {
            found.read_shares(&mut terms, deployment);
        }
        found.nothing |= terms.bool("has-ai-task") == Some(true);
        if dialect.searches_authors {
            found.nothing |= terms.bool("has_external_agent") == Some(true);
        }
        if dialect.searches_metadata {
            terms.all("include_agent_metadata");
        }
        found.read_parameters(&mut terms);
        terms.finish()?;
        Ok(found)
    }

    fn read_agents(&mut self, terms: &mut Terms, dialect: &Dialect) {
        if !dialect.searches_health {
            self.agents.extend(terms.one("has-agent"));
            return;
        }
        self.agents = terms.list("has-agent");
        match terms.bool("healthy") {
            Some(true) => self.agents.push("connected".to_owned()),
            Some(false) => self.agents.extend(["disconnected", "timeout"].map(str::to_owned)),
            None => {}
        }
    }

    fn read_shares(&mut self, terms: &mut Terms, deployment: &Deployment<'_>) {
        self.shared = terms.bool("shared");
        if let Some(name) = terms.one("shared_with_user") {
            let is_me = deployment.dialect().shared_with_me && name == "me";
            if is_me || deployment.state.user_named(&name).is_some() {
                self.shared_with_user = Some(name);
            } else {
                terms.unknown("shared_with_user", &format!("user {name:?}"), "them");
            }
        }
        if let Some(group) = terms.one("shared_with_group") {
            let organization = deployment.state.organizations.first();
            let organization = organization.map_or("", |known| known.name.as_str());
            terms.refuse(
                "shared_with_group",
                &format!(
                    "has invalid value: group {group:?} either does not exist, does not belong to \
                     the organization {organization:?}, or you are unauthorized to view it"
                ),
            );
        }
    }

    fn read_parameters(&mut self, terms: &mut Terms) {
        for parameter in terms.list("param") {
            let reason = match parameter.split('=').collect::<Vec<_>>().as_slice() {
                [name] => {
                    self.has_parameters.push((*name).to_owned());
                    continue;
                }
                [name, value] if !value.is_empty() => {
                    self.parameters.push(((*name).to_owned(), (*value).to_owned()));
                    continue;
                }
                [_, _] => "has an empty value. omit the '=' to match just on the parameter name",
                _ => "can only contain 1 '='",
            };
            let reason = format!("has invalid values: query element {parameter:?} {reason}");
            terms.refuse("param", &reason);
        }
    }

    /// Tells whether `viewer` finds a workspace by this search.
    pub(crate) fn matches(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        viewer: &User,
    ) -> bool {
        let Some(build) = workspace.latest() else { return false };
        let state = &*deployment.state;
        let template = state.template(workspace.template);
        let is = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.to_lowercase() == text.to_lowercase())
        };
        let owner = match self.owner.as_deref() {
            None => true,
            Some("me") => workspace.owner == viewer.id,
            Some(_) => is(&self.owner, &state.username(workspace.owner)),
        };
        owner
            && !self.nothing
            && self.name.as_ref().is_none_or(|name| ilike(&workspace.name, &format!("%{name}%")))
            && is(&self.template, template.map_or("", |template| &template.name))
            && self
                .organization
                .is_none_or(|wanted| template.is_some_and(|known| known.organization == wanted))
            && self.matches_build(deployment, workspace, build)
            && (!self.dormant || workspace.dormant_at.is_some())
            && (self.ids.is_empty() || self.ids.contains(&workspace.id))
            && self.last_used_after.is_none_or(|time| workspace.last_used_at > time)
            && self.last_used_before.is_none_or(|time| workspace.last_used_at < time)
            && self.shared.is_none_or(|shared| shared != workspace.shared_with.is_empty())
            && self.shared_with_user.as_deref().is_none_or(|name| {
                let is_me = deployment.dialect().shared_with_me && name == "me";
                let user = if is_me { Some(viewer) } else { state.user_named(name) };
                user.is_some_and(|user| workspace.is_shared_with(user.id))
            })
    }

    fn matches_build(
        &self,
        deployment: &Deployment<'_>,
        workspace: &Workspace,
        build: &Build,
    ) -> bool {
        let pace = &deployment.settings.pace;
        let stored = || {
            build.parameters.iter().map(|(name, value)| (name.to_lowercase(), value.to_lowercase()))
        };
        let has_value = || stored().any(|parameter| self.parameters.contains(&parameter));
        let has = |name: &String| build.parameters.iter().any(|(known, _)| ilike(known, name));
        let agents = self.agents.is_empty()
            || (build.transition == Transition::Start
                && build
                    .agents_now(deployment)
                    .iter()
                    .any(|(_, state)| self.agents.iter().any(|wanted| wanted == state.status)));
        let outdated = || {
            let template = deployment.state.template(workspace.template);
            template.is_some_and(|template| template.active_id() != build.version)
        };
        agents
            && self
                .status
                .as_ref()
                .is_none_or(|status| status == build.status(pace, deployment.now))
            && self.outdated.is_none_or(|wanted| wanted == outdated())
            && (self.has_parameters.is_empty() || self.has_parameters.iter().any(has))
            && (self.parameters.is_empty() || has_value())
    }
}
