//! Which workspaces a search finds.

use jiff::Timestamp;
use uuid::Uuid;

use super::lifecycle::Transition;
use super::{Build, Workspace};
use crate::Version;
use crate::search::{SearchFault, Terms, ilike};
use crate::state::Deployment;
use crate::users::User;

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

const AGENT_STATUSES: [&str; 4] = ["connecting", "connected", "disconnected", "timeout"];

/// The filters of a workspace search.
#[derive(Debug, Default)]
pub(crate) struct WorkspaceSearch {
    owner: Option<String>,
    name: Option<String>,
    template: Option<String>,
    organization: Option<Uuid>,
    status: Option<String>,
    /// Any of these; empty is no filter.
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
    /// Reads `q`.
    pub(crate) fn read(
        search: &str,
        deployment: &Deployment<'_>,
    ) -> Result<Self, Vec<SearchFault>> {
        let version = deployment.settings.version;
        let mut terms = Terms::of_workspaces(search).map_err(|fault| vec![fault])?;
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
        if let Some(organization) = terms.one("organization") {
            match deployment.state.organization_at(&organization) {
                Some(known) => found.organization = Some(known.id),
                None => terms.fault(
                    "organization",
                    format!(
                        "Organization {organization:?} either does not exist, or you are not \
                             a member of it"
                    ),
                ),
            }
        }
        for status in terms.list("has-agent") {
            if AGENT_STATUSES.contains(&status.as_str()) {
                found.agents.push(status);
            } else {
                let reason = format!("Query param \"has-agent\" has invalid value: {status:?}");
                terms.fault("has-agent", reason);
            }
        }
        if version >= Version::V2_31 {
            match terms.bool("healthy") {
                Some(true) => found.agents.push("connected".to_owned()),
                Some(false) => {
                    found.agents.extend(["disconnected".to_owned(), "timeout".to_owned()]);
                }
                None => {}
            }
        }
        if version >= Version::V2_29 {
            found.shared = terms.bool("shared");
            found.shared_with_user = terms.one("shared_with_user");
            found.nothing |= terms.one("shared_with_group").is_some();
        }
        for unknown_to_the_fake in ["has-ai-task", "has_external_agent"] {
            found.nothing |= terms.bool(unknown_to_the_fake) == Some(true);
        }
        if version >= Version::V2_37 {
            terms.all("include_agent_metadata");
        }
        for parameter in terms.list("param") {
            let reason = match parameter.split('=').collect::<Vec<_>>().as_slice() {
                [name] => {
                    found.has_parameters.push((*name).to_owned());
                    continue;
                }
                [name, value] if !value.is_empty() => {
                    found.parameters.push(((*name).to_owned(), (*value).to_owned()));
                    continue;
                }
                [_, _] => "has an empty value. omit the '=' to match just on the parameter name",
                _ => "can only contain 1 '='",
            };
            let reason = format!(
                "Query param \"param\" has invalid value: query element {parameter:?} {reason}"
            );
            terms.fault("param", reason);
        }
        terms.finish()?;
        Ok(found)
    }

    /// Whether a workspace is found by `viewer`.
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
                let user = if name == "me" { Some(viewer) } else { state.user_named(name) };
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
