//! Templates: what workspaces are made from.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::group::TemplateRoles;
use super::pace::{Pace, plus};
use super::resources::{self, AgentDescription, Resource};
use crate::Version;
use crate::json::Json as _;
use crate::release::Dialect;

/// A template, as the deployment stores it.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) icon: String,
    pub(crate) description: String,
    pub(crate) created_at: Timestamp,
    /// The user who has made it, when it is one of the deployment.
    pub(crate) created_by: Option<Uuid>,
    /// The program that builds its workspaces: `terraform`.
    pub(crate) provisioner: String,
    /// The text that explains its versions.
    pub(crate) readme: String,
    /// Empty while it is not deprecated.
    pub(crate) deprecation: String,
    /// Whether its parameters are the classic ones; by the release unless somebody has said it.
    pub(crate) classic: Option<bool>,
    /// Whether members may cancel builds of their workspaces.
    pub(crate) cancel_by_members: bool,
    /// The resources that builds of its workspaces make.
    pub(crate) resources: Vec<Resource>,
    /// The lines that a provisioner writes while it plans and while it applies.
    pub(crate) log: [Vec<String>; 2],
    /// The failure of builds that start its workspaces: an error, and a code when there is one.
    pub(crate) builds_fail: Option<(String, Option<String>)>,
    /// The failure of builds that delete its workspaces, likewise.
    pub(crate) deletions_fail: Option<(String, Option<String>)>,
    /// Whether its workspaces must use the active version.
    pub(crate) require_active_version: bool,
    /// The people that may use it; everybody in its organization by default.
    pub(crate) roles: TemplateRoles,
    /// External authentication that everyone needs before creating: id and display name.
    pub(crate) external_auth: Vec<(String, String)>,
    /// Versions of the template, oldest first.
    pub(crate) versions: Vec<TemplateVersion>,
    /// The version that new workspaces are made from.
    pub(crate) active: Uuid,
}

/// A version that belongs to no template yet.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) organization: Uuid,
    pub(crate) version: TemplateVersion,
}

/// A dry run of a version. Its job takes the way of an import.
#[derive(Clone, Debug)]
pub(crate) struct DryRun {
    pub(crate) version: Uuid,
    pub(crate) job: TemplateVersion,
}

/// The import of a version that somebody has pushed.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) canceled_at: Option<Timestamp>,
    /// The error that it ends with, if it does.
    pub(crate) error: Option<String>,
}

/// The import of a version at a moment.
#[derive(Debug)]
pub(crate) struct ImportJob {
    pub(crate) status: &'static str,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) canceled_at: Option<Timestamp>,
    pub(crate) error: Option<String>,
}

/// A version of a template.
#[derive(Clone, Debug)]
pub(crate) struct TemplateVersion {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    /// As the API lists them.
    pub(crate) parameters: Vec<Value>,
    pub(crate) presets: Vec<Preset>,
    /// The import job is still running.
    pub(crate) importing: bool,
    /// Nobody has said which parameters it has: it takes any.
    pub(crate) takes_anything: bool,
    pub(crate) message: String,
    pub(crate) archived: bool,
    /// The user who has pushed it.
    pub(crate) created_by: Option<Uuid>,
    /// The uploaded files that it is made from.
    pub(crate) file: Option<Uuid>,
    /// Nothing for a version that a test has set up: it was imported at once.
    pub(crate) import: Option<Import>,
}

/// Parameter values under a name.
#[derive(Clone, Debug)]
pub(crate) struct Preset {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) default: bool,
    pub(crate) values: Vec<(String, String)>,
}

impl Template {
    /// Makes a template with a name and one version, and with defaults for everything else.
    pub(crate) fn bare(
        id: Uuid,
        organization: Uuid,
        name: &str,
        created_at: Timestamp,
        version: TemplateVersion,
    ) -> Self {
        Self {
            id,
            organization,
            name: name.to_owned(),
            display_name: String::new(),
            icon: "/icon/k8s.png".to_owned(),
            description: String::new(),
            created_at,
            created_by: None,
            provisioner: "terraform".to_owned(),
            readme: String::new(),
            deprecation: String::new(),
            classic: None,
            cancel_by_members: true,
            resources: resources::usual(),
            log: resources::usual_log(),
            builds_fail: None,
            deletions_fail: None,
            require_active_version: false,
            roles: TemplateRoles {
                groups: [(organization, "use".to_owned())].into(),
                ..TemplateRoles::default()
            },
            external_auth: Vec::new(),
            active: version.id,
            versions: vec![version],
        }
    }

    /// Returns the name that people read.
    pub(crate) fn shown_name(&self) -> &str {
        if self.display_name.is_empty() { &self.name } else { &self.display_name }
    }

    /// Tells whether the template's parameters are the classic ones. The release decides unless a
    /// test has said it.
    pub(crate) fn is_classic(&self, version: Version) -> bool {
        self.classic.unwrap_or(Dialect::new(version).classic_parameters)
    }

    /// Returns the description of the agent of that name.
    pub(crate) fn agent(&self, name: &str) -> Option<&AgentDescription> {
        self.agents().find(|agent| agent.name == name)
    }

    /// Returns the agents that the template describes.
    pub(crate) fn agents(&self) -> impl Iterator<Item = &AgentDescription> {
        self.resources.iter().flat_map(|resource| &resource.agents)
    }

    /// Returns what the template's resources cost a day together, in credits.
    pub(crate) fn daily_cost(&self) -> u32 {
        self.resources.iter().map(|resource| resource.daily_cost).fold(0, u32::saturating_add)
    }

    /// Tells whether the template's resources say which agents a workspace has.
    pub(crate) fn describes_agents(&self) -> bool {
        !self.resources.iter().any(|resource| resource.any_agent)
    }

    /// Returns the active version of the template.
    pub(crate) fn active(&self) -> Option<&TemplateVersion> {
        self.version(self.active)
    }

    /// Returns the active version, to change it.
    pub(crate) fn active_mut(&mut self) -> Option<&mut TemplateVersion> {
        self.versions.iter_mut().find(|version| version.id == self.active)
    }

    pub(crate) fn active_id(&self) -> Uuid {
        self.active().map_or(Uuid::nil(), |version| version.id)
    }

    /// Publishes a version with the parameters of the active one.
    pub(crate) fn add_version(&mut self, id: Uuid, name: &str, now: Timestamp) {
        self.push_version(TemplateVersion::new(id, name, now));
        self.active = id;
    }

    /// Adds a version, which is not active, with the parameters of the active one.
    pub(crate) fn push_version(&mut self, version: TemplateVersion) {
        let active = self.active();
        let takes_anything = active.is_none_or(|active| active.takes_anything);
        let (parameters, presets) = active
            .map(|active| (active.parameters.clone(), active.presets.clone()))
            .unwrap_or_default();
        self.versions.push(TemplateVersion { parameters, presets, takes_anything, ..version });
    }

    pub(crate) fn version(&self, id: Uuid) -> Option<&TemplateVersion> {
        self.versions.iter().find(|version| version.id == id)
    }
}

impl TemplateVersion {
    /// Makes a version that was imported at once, without parameters.
    pub(crate) fn new(id: Uuid, name: &str, created_at: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            created_at,
            parameters: Vec::new(),
            presets: Vec::new(),
            importing: false,
            takes_anything: false,
            message: String::new(),
            archived: false,
            created_by: None,
            file: None,
            import: None,
        }
    }

    /// Returns the version's import at this moment; it takes as long as a build.
    pub(crate) fn import(&self, pace: &Pace, now: Timestamp) -> ImportJob {
        let created_at = self.created_at;
        let (started_at, completed_at, canceled_at, error) = match &self.import {
            None => (created_at, created_at, None, None),
            Some(import) => {
                let started_at = plus(created_at, pace.queued);
                let completed_at = plus(started_at, pace.building);
                let error = import.error.clone();
                (started_at, import.canceled_at.unwrap_or(completed_at), import.canceled_at, error)
            }
        };
        let is_over = now >= completed_at && !self.importing;
        let status = match (is_over, canceled_at, &error) {
            (true, Some(_), _) => "canceled",
            (true, None, Some(_)) => "failed",
            (true, None, None) => "succeeded",
            (false, ..) if now < started_at => "pending",
            (false, ..) => "running",
        };
        ImportJob {
            status,
            started_at: (now >= started_at).then_some(started_at),
            completed_at: is_over.then_some(completed_at),
            canceled_at,
            error: error.filter(|_| status == "failed"),
        }
    }

    /// Tells whether a parameter is for one build only.
    pub(crate) fn is_ephemeral(&self, name: &str) -> bool {
        let parameter = self.parameters.iter().find(|known| known.text("name") == Some(name));
        let flag = parameter.and_then(|parameter| parameter.get("ephemeral"));
        flag.and_then(Value::as_bool).unwrap_or_default()
    }

    /// Renders the version's parameters; a display name that is empty is left out.
    pub(crate) fn parameters_json(&self) -> Value {
        let mut parameters = self.parameters.clone();
        for parameter in &mut parameters {
            if parameter.text("display_name").is_none()
                && let Some(fields) = parameter.as_object_mut()
            {
                fields.remove("display_name");
            }
        }
        parameters.into()
    }
}

/// Derives an id that belongs to another one, such as that of the job or the file of a version.
pub(crate) fn sibling(id: Uuid, number: u128) -> Uuid {
    Uuid::from_u128(id.as_u128() ^ number)
}
