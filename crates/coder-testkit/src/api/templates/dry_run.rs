//! `/api/v2/templateversions/{version}/dry-run`: what a workspace would have.

use http::StatusCode;
use serde_json::{Value, json};

use super::parse_id;
use super::versions::{Found, find};
use crate::api::workspaces::{imported_log, imported_resources};
use crate::api::{Open, second};
use crate::json::Json as _;
use crate::model::{DryRun, Import, ImportJob, Template, TemplateVersion, Transition, sibling};
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Kind, Shape, field};
use crate::wire::reply::{Answer, Reply};

const PARAMETER: Shape = Shape {
    name: "WorkspaceBuildParameter",
    fields: &[field("name", Kind::Text), field("value", Kind::Text)],
};

const CREATE: Shape = Shape {
    name: "CreateTemplateVersionDryRunRequest",
    fields: &[
        field("workspace_name", Kind::Text),
        field("rich_parameter_values", Kind::Objects(&PARAMETER)),
        field("user_variable_values", Kind::Objects(&PARAMETER)),
    ],
};

/// Answers `POST …/dry-run` with the job, which takes as long as a build. Values of parameters
/// change nothing.
pub(crate) fn create_dry_run(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let Found { caller, template, version } = find(deployment, call, open)?;
    CREATE.read(call)?;
    if version.import(&deployment.settings.pace, deployment.now).completed_at.is_none() {
        return Err(Reply::bad_request("Template version import job hasn't completed!"));
    }
    let id = deployment.mint().uuid();
    let job = TemplateVersion {
        created_by: Some(caller.user.id),
        file: Some(version.file.unwrap_or_else(|| sibling(version.id, 2))),
        import: Some(Import { canceled_at: None, error: None }),
        ..TemplateVersion::new(id, "", deployment.now)
    };
    let run = DryRun { version: version.id, job };
    let json = run.json(deployment, &template);
    deployment.state.dry_runs.push(run);
    Ok(Reply::created(&json))
}

/// Answers a request for `GET …/dry-run/{job}`.
pub(crate) fn dry_run(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let (template, run) = running(deployment, call, open)?;
    Ok(Reply::ok(&run.json(deployment, &template)))
}

/// Answers a request for `PATCH …/dry-run/{job}/cancel`.
pub(crate) fn cancel_dry_run(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let (_, run) = running(deployment, call, open)?;
    if run.state(deployment).completed_at.is_some() {
        return Err(Reply::error(StatusCode::PRECONDITION_FAILED, "Job has already completed!"));
    }
    let canceled = Import { canceled_at: Some(deployment.now), error: None };
    let mut runs = deployment.state.dry_runs.iter_mut();
    if let Some(stored) = runs.find(|known| known.job.id == run.job.id) {
        stored.job.import = Some(canceled);
    }
    Ok(Reply::ok(&json!({ "message": "Job has been marked as canceled." })))
}

/// Answers `GET …/dry-run/{job}/logs` with what the provisioner said.
pub(crate) fn dry_run_logs(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let (template, run) = running(deployment, call, open)?;
    let [planned, _] = &template.log;
    imported_log(deployment, call, run.job.id, planned)
}

/// Answers `GET …/dry-run/{job}/resources` with those that a start would make.
pub(crate) fn dry_run_resources(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Answer {
    let (template, run) = running(deployment, call, open)?;
    if run.state(deployment).completed_at.is_none() {
        return Err(Reply::error(StatusCode::PRECONDITION_FAILED, "Job hasn't completed!"));
    }
    let mut resources = imported_resources(deployment, &template, &run.job);
    let start = Some(Transition::Start.as_str());
    resources.retain(|resource| resource.text("workspace_transition") == start);
    Ok(Reply::ok(&resources.into()))
}

fn running(
    deployment: &mut Deployment<'_>,
    call: &Call,
    open: &Open<'_>,
) -> Result<(Template, DryRun), Reply> {
    let Found { template, version, .. } = find(deployment, call, open)?;
    let job = parse_id(second(open))?;
    let mut runs = deployment.state.dry_runs.iter();
    let run = runs.find(|run| run.version == version.id && run.id() == job);
    Ok((template, run.cloned().ok_or_else(Reply::not_found)?))
}

impl DryRun {
    /// Returns the id of the job.
    fn id(&self) -> uuid::Uuid {
        sibling(self.job.id, 1)
    }

    fn state(&self, deployment: &Deployment<'_>) -> ImportJob {
        self.job.import(&deployment.settings.pace, deployment.now)
    }

    fn json(&self, deployment: &Deployment<'_>, template: &Template) -> Value {
        let mut job = self.job.job_json(deployment, template);
        job.set("type", "template_version_dry_run");
        job.set("input", json!({ "template_version_id": self.version }));
        job
    }
}
