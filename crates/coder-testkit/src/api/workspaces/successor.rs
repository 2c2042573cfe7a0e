//! `on_success` of a build: another build that begins by itself when the first one has succeeded.

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::builds::given_parameters;
use crate::Version;
use crate::api::templates::{self, Resolved, Wanted};
use crate::json::Json as _;
use crate::model::{Build, BuildPlan, Successor, Transition, Workspace};
use crate::store::Deployment;
use crate::wire::reply::Reply;

impl Successor {
    /// Reads `on_success` of a build's request. Releases before 2.36 do not know the field, and do
    /// nothing with it. Releases before 2.36 do not know the field, and do nothing with it.
    pub(crate) fn wished_for(
        deployment: &Deployment<'_>,
        wish: Option<&Value>,
    ) -> Result<Option<Self>, Reply> {
        let known = deployment.settings.version >= Version::V2_36;
        let Some(wish) = wish.filter(|_| known) else {
            return Ok(None);
        };
        if wish.text("transition") != Some(Transition::Start.as_str()) {
            let given = wish.text("transition").unwrap_or_default();
            let detail = format!("Validation failed for tag \"oneof\" with value: \"{given}\"");
            let fields = [("transition", detail)];
            return Err(Reply::invalid(StatusCode::BAD_REQUEST, "Validation failed.", fields));
        }
        let id = |field: &str| wish.text(field).map(templates::parse_id).transpose();
        Ok(Some(Self {
            build: Uuid::nil(),
            version: id("template_version_id")?,
            preset: id("template_version_preset_id")?,
            parameters: given_parameters(wish.get("rich_parameter_values")),
        }))
    }

    /// Sets the build that the new one comes after.
    pub(crate) fn after(self, build: Uuid) -> Self {
        Self { build, ..self }
    }
}

impl Deployment<'_> {
    /// Begins the builds whose time has come.
    pub(crate) fn begin_successors(&mut self) {
        for successor in std::mem::take(&mut self.state.successors) {
            let Some((workspace, first)) = self.state.build(successor.build) else { continue };
            let job = first.job(&self.settings.pace, self.now);
            let Some(ended) = job.completed_at else {
                self.state.successors.push(successor);
                continue;
            };
            let workspace = workspace.clone();
            // What else has begun by then wins.
            let last = workspace.latest().filter(|last| last.id == successor.build);
            if let Some(last) = last.filter(|_| job.status == "succeeded") {
                self.begin_successor(&workspace, last, &successor, ended);
            }
        }
    }

    fn begin_successor(
        &mut self,
        workspace: &Workspace,
        last: &Build,
        successor: &Successor,
        created_at: jiff::Timestamp,
    ) {
        let version_id = successor.version.unwrap_or(last.version);
        let preset = successor.preset.map(|id| self.state.preset(id)).transpose();
        let template = self.state.template(workspace.template);
        let version = template.and_then(|template| template.version(version_id));
        // A start that is refused at that moment just does not happen.
        let (Some(template), Some(version), Ok(preset)) = (template, version, preset) else {
            return;
        };
        let given = &successor.parameters;
        let wanted = Wanted { preset, given, last: Some(&last.parameters) };
        let resolved = template.resolve(self.settings.version, version, wanted);
        let Ok(Resolved { preset, values: parameters }) = resolved else { return };
        let plan = BuildPlan {
            transition: Transition::Start,
            version: version_id,
            preset,
            parameters,
            initiator: last.initiator,
            reason: last.reason.clone(),
            created_at,
            fate: self.fate(workspace.template, Transition::Start),
        };
        self.add_build(workspace.id, plan);
    }
}
