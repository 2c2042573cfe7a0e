//! Logs and changes are followed, and nothing of them is lost or told twice.

use std::time::Duration;

use coder_client::models::Workspace;
use coder_client::operations::{CreateWorkspaceBuild, ListBuildLogs};
use coder_client::subscriptions::{FollowBuildLogs, WatchWorkspace};
use coder_client::{Client, WorkspaceName};
use coder_core::BoxStream;
use coder_workspaces::EnsureWorkspace;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::time::timeout;

use super::workspaces::{delete_later, entity};
use super::{Stage, Trouble, ensure};

/// No stream of a journey is followed longer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn to_their_end(stage: &mut Stage) -> Result<(), Trouble> {
    follow(stage, "streams", false).await
}

pub(super) async fn over_a_restart(stage: &mut Stage) -> Result<(), Trouble> {
    follow(stage, "restart", true).await
}

async fn follow(stage: &mut Stage, name: &str, restart: bool) -> Result<(), Trouble> {
    let client = stage.client("grace")?;
    let entity = entity(stage, name)?;
    let name: WorkspaceName = format!("{name}-{}", stage.server.run()).parse()?;
    let made = EnsureWorkspace::of(&entity, name).run(&client).await?.workspace;
    delete_later(stage, made.id, "grace");
    let mut changes = client.subscribe(WatchWorkspace::new(made.id));
    let logs = client.subscribe(FollowBuildLogs::new(made.latest_build.id));
    let mut lines = Box::pin(logs.map_ok(|line| line.id));
    let mut ids = Vec::new();
    if restart {
        // The first line is here before the restart, the rest comes after it.
        if let Some(first) = timeout(PATIENCE, lines.try_next()).await?? {
            ids.push(first);
        }
        stage.restart().await?;
    }
    let rest: Vec<i64> = timeout(PATIENCE, lines.try_collect()).await??;
    ids.extend(rest);
    complete(&client, &made.latest_build.id, &ids).await?;
    watched(&client, made.id, &mut changes).await
}

/// Compares what was followed with the whole log.
async fn complete(
    client: &Client,
    build: &coder_client::BuildId,
    ids: &[i64],
) -> Result<(), Trouble> {
    let all = client.send(&ListBuildLogs::new(*build)).await?;
    let all: Vec<i64> = all.iter().map(|line| line.id).collect();
    ensure!(!all.is_empty(), "the build has no log");
    ensure!(ids == all, "of {} lines {} were followed", all.len(), ids.len());
    Ok(())
}

/// Stops the workspace and waits until the stream tells it.
async fn watched(
    client: &Client,
    id: coder_client::WorkspaceId,
    changes: &mut BoxStream<'static, Result<Workspace, coder_client::ClientError>>,
) -> Result<(), Trouble> {
    client.send(&CreateWorkspaceBuild::stop(id)).await?;
    let told = async {
        while let Some(workspace) = changes.next().await {
            if workspace?.latest_build.build_number > 1 {
                return Ok(true);
            }
        }
        Ok::<_, coder_client::ClientError>(false)
    };
    ensure!(timeout(PATIENCE, told).await??, "the stream ended before the workspace stopped");
    Ok(())
}
