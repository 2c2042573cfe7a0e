//! Logs, changes and metadata are followed, and nothing of them is lost or told twice.

use std::time::Duration;

use coder_client::models::{AgentLog, AgentMetadatum, Workspace};
use coder_client::operations::{CreateWorkspaceBuild, GetWorkspace, ListAgentLogs, ListBuildLogs};
use coder_client::subscriptions::{
    FollowAgentLogs, FollowBuildLogs, WatchAgentMetadata, WatchWorkspace,
};
use coder_client::{AgentId, BuildId, Client, List, WorkspaceId, WorkspaceName};
use coder_core::BoxStream;
use coder_workspaces::EnsureWorkspace;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::time::timeout;

use super::workspaces::{delete_later, entity};
use super::{Stage, Trouble, ensure};

/// The time limit for the next message of a stream.
const STREAM_TIMEOUT: Duration = Duration::from_secs(120);

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
    let made = EnsureWorkspace::new(&entity, name).run(&client).await?.workspace;
    delete_later(stage, made.id, "grace");
    let mut changes = client.subscribe(WatchWorkspace::new(made.id));
    let logs = client.subscribe(FollowBuildLogs::new(made.latest_build.id));
    let mut lines = Box::pin(logs.map_ok(|line| line.id));
    let mut ids = Vec::new();
    if restart {
        // The first line is here before the restart, the rest comes after it.
        if let Some(first) = timeout(STREAM_TIMEOUT, lines.try_next()).await?? {
            ids.push(first);
        }
        stage.restart().await?;
    }
    let rest: Vec<i64> = timeout(STREAM_TIMEOUT, lines.try_collect()).await??;
    ids.extend(rest);
    complete(&client, made.latest_build.id, &ids).await?;
    let mut log = agent(stage, &client, made.id, restart).await?;
    watched(&client, made.id, &mut changes).await?;
    let more = timeout(STREAM_TIMEOUT, log.try_next()).await??;
    ensure!(more.is_none(), "the agent's log went on after the workspace had stopped");
    Ok(())
}

/// A stream that a journey follows.
type Followed<T> = BoxStream<'static, Result<T, coder_client::ClientError>>;

/// Follows the log and the metadata of the workspace's first agent, over a restart if there is
/// one. Returns the log, which is still open.
///
/// At a real Coder no agent of this world connects: its log is empty, and its metadata are told
/// without values.
async fn agent(
    stage: &Stage,
    client: &Client,
    workspace: WorkspaceId,
    restart: bool,
) -> Result<Followed<AgentLog>, Trouble> {
    let agent = first_agent(client, workspace).await?;
    let mut metadata = client.subscribe(WatchAgentMetadata::new(agent));
    let mut log = client.subscribe(FollowAgentLogs::new(agent));
    let described = timeout(STREAM_TIMEOUT, metadata.try_next()).await??;
    ensure!(described.is_some(), "the agent's metadata ended at once");
    stage.connect_agents(workspace, "before").await;
    let mut read = read_up_to_now(client, agent, &mut log, 0).await?;
    if restart {
        stage.restart().await?;
    }
    // What comes first after a restart may have been asked for; the rest comes over a new stream.
    for value in ["after", "again"] {
        if stage.connect_agents(workspace, value).await {
            told(&mut metadata, value).await?;
            let all = read_up_to_now(client, agent, &mut log, read).await?;
            ensure!(all > read, "the agents have connected again without a word");
            read = all;
        }
    }
    Ok(log)
}

/// Reads the lines of the log that are written by now and were not read before. Returns how many
/// there are in all.
async fn read_up_to_now(
    client: &Client,
    agent: AgentId,
    log: &mut Followed<AgentLog>,
    read: usize,
) -> Result<usize, Trouble> {
    let written = client.send(&ListAgentLogs::new(agent)).await?;
    for expected in written.iter().skip(read) {
        let line = timeout(STREAM_TIMEOUT, log.try_next()).await??;
        let line = line.map(|line| line.id);
        ensure!(line == Some(expected.id), "line {} of the log came as {line:?}", expected.id);
    }
    Ok(written.len())
}

async fn first_agent(client: &Client, workspace: WorkspaceId) -> Result<AgentId, Trouble> {
    let workspace = client.send(&GetWorkspace::new(workspace)).await?;
    let mut resources = workspace.latest_build.resources.iter();
    let agent = resources.find_map(|resource| resource.agents.iter().next());
    agent.map(|agent| agent.id).ok_or_else(|| Trouble::new("the workspace has no agent"))
}

/// Waits until a metadatum of the agent has this value.
async fn told(metadata: &mut Followed<List<AgentMetadatum>>, value: &str) -> Result<(), Trouble> {
    let news = async {
        while let Some(all) = metadata.try_next().await? {
            if all.iter().any(|datum| datum.result.value == value) {
                return Ok(true);
            }
        }
        Ok::<_, coder_client::ClientError>(false)
    };
    ensure!(timeout(STREAM_TIMEOUT, news).await??, "the agent's metadata ended at the restart");
    Ok(())
}

/// Compares what was followed with the whole log.
async fn complete(client: &Client, build: BuildId, ids: &[i64]) -> Result<(), Trouble> {
    let all = client.send(&ListBuildLogs::new(build)).await?;
    let all: Vec<i64> = all.iter().map(|line| line.id).collect();
    ensure!(!all.is_empty(), "the build has no log");
    ensure!(ids == all, "of {} lines {} were followed", all.len(), ids.len());
    Ok(())
}

/// Stops the workspace and waits until the stream tells it.
async fn watched(
    client: &Client,
    id: WorkspaceId,
    changes: &mut Followed<Workspace>,
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
    ensure!(timeout(STREAM_TIMEOUT, told).await??, "the stream ended before the workspace stopped");
    Ok(())
}
