//! Journeys of workspaces: created, opened, reused, stopped, started, updated, deleted.

use std::time::Duration;

use coder_client::models::{Workspace, WorkspaceStatus};
use coder_client::operations::GetWorkspace;
use coder_client::{Client, WorkspaceId, WorkspaceName};
use coder_config::{CoderSpec, Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{
    EnsureWorkspace, EntityWorkspacesConfig, ManageWorkspace, NotReady, OpenOutcome, OpenWorkspace,
    Owner, WorkspacesError, find_workspaces,
};
use serde_json::json;

use super::{Stage, Trouble, ensure};

/// Makes an entity of the world's template with parameters, in a repository of this run.
pub(super) fn entity(stage: &Stage, name: &str) -> Result<EntityWorkspacesConfig, Trouble> {
    let mut config = WorkspacesConfig::new(stage.server.seed().base.parse()?);
    config.repo_url_param_keys = vec!["git_repo".to_owned()];
    let mut spec = CoderSpec::default();
    spec.template = Some("devcontainers".parse()?);
    let url = format!("https://git.example.com/{}/{name}.git", stage.server.run());
    let repository = Repository::from_url(&url, &ScmIntegrations::default())?;
    Ok(EntityWorkspacesConfig::resolve(&config, Some(&spec), Some(&repository)))
}

/// Does everything that a person does with a workspace of their own.
pub(super) async fn own(stage: &mut Stage, user: &str) -> Result<(), Trouble> {
    let client = stage.client(user)?;
    let entity = entity(stage, &format!("own-{user}"))?;
    let name: WorkspaceName = format!("own-{}", stage.server.run()).parse()?;
    let made = EnsureWorkspace::new(&entity, name.clone()).run(&client).await?;
    delete_later(stage, made.workspace.id, user);
    ensure!(made.created, "the workspace was there before");
    built(&client, made.workspace.id).await?;
    let again = EnsureWorkspace::new(&entity, name).run(&client).await?;
    ensure!(!again.created && again.workspace.id == made.workspace.id, "made twice");
    let found = find_workspaces(&client, &entity, Owner::Me).await?;
    let ids: Vec<WorkspaceId> = found.workspaces.iter().map(|workspace| workspace.id).collect();
    ensure!(ids == [made.workspace.id], "the entity's workspaces are {ids:?}");
    let opened = open(&client, &entity, stage.patience()).await?;
    ensure!(opened.is_none_or(|how| how != OpenOutcome::Created), "opening made another workspace");
    through_its_states(&client, made.workspace.id, stage.patience()).await
}

/// Stops, starts, restarts, updates and deletes.
async fn through_its_states(
    client: &Client,
    id: WorkspaceId,
    patience: Duration,
) -> Result<(), Trouble> {
    let manage = ManageWorkspace::new(client, id).wait_limit(patience);
    manage.stop(|_| {}).await?;
    ensure!(status(client, id).await? == WorkspaceStatus::Stopped, "it is not stopped");
    agents_aside(manage.start(|_| {}).await.map(drop))?;
    ensure!(status(client, id).await? == WorkspaceStatus::Running, "it is not running");
    agents_aside(manage.restart(|_| {}).await.map(drop))?;
    agents_aside(manage.update(|_| {}).await.map(drop))?;
    ensure!(status(client, id).await? == WorkspaceStatus::Running, "it is not updated");
    manage.delete(|_| {}).await?;
    let gone = client.send(&GetWorkspace::new(id)).await;
    ensure!(gone.is_err(), "it is still there");
    Ok(())
}

/// Goes the journey of [`own`] with a template that uses classic parameters.
pub(super) async fn classic(stage: &mut Stage) -> Result<(), Trouble> {
    let path = stage.server.seed().templates.get("devcontainers").cloned().unwrap_or_default();
    let path = format!("/api/v2/templates/{path}");
    set_classic(stage, &path, true).await?;
    let journey = own(stage, "grace").await;
    set_classic(stage, &path, false).await?;
    journey
}

async fn set_classic(stage: &mut Stage, path: &str, classic: bool) -> Result<(), Trouble> {
    let owner = stage.server.token("ada");
    let body = json!({ "use_classic_parameter_flow": classic });
    let reply = stage.server.quietly("PATCH", path).token(&owner).json(&body).send().await;
    ensure!(matches!(reply.status, 200 | 304), "changing the template answers {}", reply.status);
    Ok(())
}

/// Creates a workspace for a member as an owner. A member who tries the same is refused.
pub(super) async fn for_somebody_else(stage: &mut Stage) -> Result<(), Trouble> {
    let entity = entity(stage, "others")?;
    let name: WorkspaceName = format!("for-{}", stage.server.run()).parse()?;
    let owner = stage.client("ada")?;
    let made = EnsureWorkspace::new(&entity, name.clone()).owner("linus").run(&owner).await?;
    delete_later(stage, made.workspace.id, "ada");
    ensure!(made.workspace.owner_name == "linus", "it belongs to {}", made.workspace.owner_name);
    let member = stage.client("grace")?;
    let refused = EnsureWorkspace::new(&entity, name).owner("linus").run(&member).await;
    ensure!(refused.is_err(), "a member may create for others");
    Ok(())
}

/// Opens; how, or nothing when only the agents did not come.
async fn open(
    client: &Client,
    entity: &EntityWorkspacesConfig,
    patience: Duration,
) -> Result<Option<OpenOutcome>, Trouble> {
    match OpenWorkspace::new(entity).wait_limit(patience).run(client, |_| {}).await {
        Ok(opened) => Ok(Some(opened.outcome)),
        Err(error) => agents_aside(Err(error)).map(|()| None),
    }
}

/// Takes it for done when only the agents did not connect: those of a recorded world never do.
fn agents_aside(done: Result<(), WorkspacesError>) -> Result<(), Trouble> {
    match done {
        Err(WorkspacesError::NotReady {
            problem: NotReady::TimedOut { .. } | NotReady::Unusable(_),
            ..
        })
        | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits for the first build.
async fn built(client: &Client, id: WorkspaceId) -> Result<Workspace, Trouble> {
    for _ in 0..100 {
        let workspace = client.send(&GetWorkspace::new(id)).await?;
        match workspace.latest_build.status {
            WorkspaceStatus::Pending | WorkspaceStatus::Starting => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            WorkspaceStatus::Running => return Ok(workspace),
            other => return Err(Trouble::new(format!("the build ended as {other}"))),
        }
    }
    Err(Trouble::new("the build did not end"))
}

async fn status(client: &Client, id: WorkspaceId) -> Result<WorkspaceStatus, Trouble> {
    Ok(client.send(&GetWorkspace::new(id)).await?.latest_build.status)
}

/// Deletes a workspace when the run is over.
pub(super) fn delete_later(stage: &mut Stage, id: WorkspaceId, user: &str) {
    let token = stage.server.token(user);
    stage.server.made_workspace(&id.to_string(), &token);
}
