//! Answers of Coder as JavaScript gets them.

use coder_client::models::{
    AgentLog, BuildInfo, BuildParameter, ProvisionerJobLog, Template, User, Workspace,
    WorkspaceAgent, WorkspaceApp, WorkspaceBuild, WorkspacePage,
};
use coder_client::{List, TemplateVersionId};
use coder_workspaces::{Availability, EntityWorkspaces, Progress, poll_after};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::usable::Usable;

/// A workspace, with whether it can be used.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkspaceView {
    id: String,
    name: String,
    owner_name: String,
    organization_name: String,
    template_name: String,
    template_display_name: String,
    template_icon: String,
    outdated: bool,
    favorite: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dormant_at: Option<Timestamp>,
    latest_build: BuildView,
    agents: Vec<AgentView>,
    availability: Usable,
}

impl WorkspaceView {
    pub(super) fn new(workspace: &Workspace, now: Timestamp) -> Self {
        Self::of(workspace, Availability::new(workspace, now))
    }

    fn of(workspace: &Workspace, availability: Availability) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name.clone(),
            owner_name: workspace.owner_name.clone(),
            organization_name: workspace.organization_name.clone(),
            template_name: workspace.template_name.clone(),
            template_display_name: workspace.template_display_name.clone(),
            template_icon: workspace.template_icon.clone(),
            outdated: workspace.outdated,
            favorite: workspace.favorite,
            created_at: workspace.created_at,
            last_used_at: workspace.used_at(),
            dormant_at: workspace.dormant_at,
            latest_build: BuildView::from(&workspace.latest_build),
            agents: workspace.agents().map(AgentView::from).collect(),
            availability: Usable::new(workspace, availability),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildView {
    id: String,
    number: i64,
    transition: String,
    status: String,
    reason: String,
    initiator_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version_id: Option<TemplateVersionId>,
    template_version_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl From<&WorkspaceBuild> for BuildView {
    fn from(build: &WorkspaceBuild) -> Self {
        Self {
            id: build.id.to_string(),
            number: build.build_number,
            transition: build.transition.to_string(),
            status: build.status.to_string(),
            reason: build.reason.to_string(),
            initiator_name: build.initiator_name.clone(),
            template_version_id: build.template_version_id,
            template_version_name: build.template_version_name.clone(),
            created_at: build.created_at,
            completed_at: build.job.completed_at,
            deadline: build.deadline,
            error: build.job.error.clone().filter(|error| !error.is_empty()),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentView {
    id: String,
    name: String,
    status: String,
    lifecycle: String,
    operating_system: String,
    architecture: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    apps: Vec<AppView>,
}

impl From<&WorkspaceAgent> for AgentView {
    fn from(agent: &WorkspaceAgent) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            status: agent.status.to_string(),
            lifecycle: agent.lifecycle_state.to_string(),
            operating_system: agent.operating_system.clone(),
            architecture: agent.architecture.clone(),
            directory: agent.expanded_directory.clone().or_else(|| agent.directory.clone()),
            apps: agent.apps.iter().map(AppView::from).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppView {
    slug: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    health: String,
}

impl From<&WorkspaceApp> for AppView {
    fn from(app: &WorkspaceApp) -> Self {
        Self {
            slug: app.slug.clone(),
            display_name: app.display_name.clone(),
            icon: app.icon.clone(),
            health: app.health.to_string(),
        }
    }
}

/// A list of workspaces, or the workspaces of an entity.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkspacesView {
    workspaces: Vec<WorkspaceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    problems: Vec<String>,
    poll_after_seconds: u64,
}

impl WorkspacesView {
    pub(super) fn of_page(page: &WorkspacePage, now: Timestamp) -> Self {
        let problems = page.workspaces.unreadable().iter().map(ToString::to_string);
        Self::new(&page.workspaces, page.count, problems.collect(), now)
    }

    pub(super) fn of_entity(found: &EntityWorkspaces, now: Timestamp) -> Self {
        let problems = found.problems.iter().map(ToString::to_string);
        Self::new(&found.workspaces, Some(found.count as u64), problems.collect(), now)
    }

    fn new(
        workspaces: &[Workspace],
        count: Option<u64>,
        problems: Vec<String>,
        now: Timestamp,
    ) -> Self {
        let availabilities: Vec<_> =
            workspaces.iter().map(|workspace| Availability::new(workspace, now)).collect();
        Self {
            poll_after_seconds: poll_after(Some(&availabilities)).as_secs(),
            workspaces: workspaces
                .iter()
                .zip(availabilities)
                .map(|(workspace, availability)| WorkspaceView::of(workspace, availability))
                .collect(),
            count,
            problems,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserView {
    id: String,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    status: String,
}

impl UserView {
    pub(super) fn new(user: User, _: Timestamp) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username,
            name: user.name.filter(|name| !name.is_empty()),
            email: user.email,
            avatar_url: user.avatar_url.filter(|url| !url.is_empty()),
            status: user.status.to_string(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildInfoView {
    version: String,
    dashboard_url: String,
}

impl BuildInfoView {
    pub(super) fn new(info: BuildInfo, _: Timestamp) -> Self {
        Self { version: info.version, dashboard_url: info.dashboard_url }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemplateView {
    id: String,
    name: String,
    display_name: String,
    description: String,
    icon: String,
    organization_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_version_id: Option<TemplateVersionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecation_message: Option<String>,
}

impl TemplateView {
    pub(super) fn all(templates: List<Template>, _: Timestamp) -> Vec<Self> {
        templates.into_iter().map(Self::from).collect()
    }
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        Self {
            id: template.id.to_string(),
            name: template.name,
            display_name: template.display_name,
            description: template.description,
            icon: template.icon,
            organization_name: template.organization_name,
            active_version_id: template.active_version_id,
            deprecation_message: template.deprecated.then_some(template.deprecation_message),
        }
    }
}

/// The parameters of a build, by their names.
pub(super) struct ParametersView(List<BuildParameter>);

impl ParametersView {
    pub(super) fn new(list: List<BuildParameter>, _: Timestamp) -> Self {
        Self(list)
    }
}

impl Serialize for ParametersView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|parameter| (&parameter.name, &parameter.value)))
    }
}

/// A line of a log.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineView {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    output: String,
}

impl From<&ProvisionerJobLog> for LineView {
    fn from(line: &ProvisionerJobLog) -> Self {
        Self {
            id: line.id,
            created_at: line.created_at,
            level: line.log_level.to_string(),
            stage: Some(line.stage.clone()),
            output: line.output.clone(),
        }
    }
}

impl From<&AgentLog> for LineView {
    fn from(line: &AgentLog) -> Self {
        Self {
            id: line.id,
            created_at: line.created_at,
            level: line.level.to_string(),
            stage: None,
            output: line.output.clone(),
        }
    }
}

/// The progress of a call, for somebody who waits.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum ProgressView {
    Searching,
    Reusing { workspace: Box<WorkspaceView> },
    Creating { name: String },
    Log { line: LineView },
    Unanswered { message: String },
    Waiting { workspace: Box<WorkspaceView> },
}

impl ProgressView {
    pub(super) fn new(progress: &Progress<'_>, now: Timestamp) -> Self {
        match progress {
            Progress::Searching => Self::Searching,
            Progress::Reusing(workspace) => {
                Self::Reusing { workspace: Box::new(WorkspaceView::new(workspace, now)) }
            }
            Progress::Creating(name) => Self::Creating { name: (*name).to_owned() },
            Progress::Log(line) => Self::Log { line: LineView::from(*line) },
            Progress::Unanswered(error) => {
                Self::Unanswered { message: coder_core::with_causes(*error) }
            }
            Progress::Waiting(workspace, availability) => {
                let workspace = WorkspaceView::of(workspace, (*availability).clone());
                Self::Waiting { workspace: Box::new(workspace) }
            }
        }
    }
}
