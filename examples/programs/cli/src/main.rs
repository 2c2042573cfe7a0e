//! Coder workspaces from the command line, signed in as `coder login` is, or by a URL and a token.

use std::error::Error;

use clap::{Parser, Subcommand};
use coder_client::models::{Workspace, WorkspaceStatus};
use coder_client::operations::{
    CreateWorkspace, GetTemplateByName, GetWorkspaceByName, ListWorkspaces,
};
use coder_client::subscriptions::{FollowAgentLogs, WatchWorkspace};
use coder_client::{
    Client, DeploymentUrl, OrganizationRef, Secret, WorkspaceFilter, WorkspaceName,
};
use coder_workspaces::{Availability, DeploymentHosts, ManageWorkspace, Progress, WorkspaceLinks};
use futures_util::TryStreamExt as _;

#[derive(Parser)]
struct Arguments {
    /// URL of the deployment
    #[arg(long, env = "CODER_URL", requires = "token")]
    url: Option<DeploymentUrl>,
    #[arg(long, env = "CODER_SESSION_TOKEN", hide_env_values = true)]
    token: Option<Secret>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists workspaces: yours, or those of everybody
    List {
        #[arg(long)]
        all: bool,
        #[arg(long)]
        status: Option<WorkspaceStatus>,
        /// Parameter and its value, like `repo=https://github.com/acme/payments`
        #[arg(long, value_parser = pair)]
        param: Vec<(String, String)>,
    },
    /// Creates a workspace, and waits until it is ready
    Create {
        template: String,
        name: WorkspaceName,
        #[arg(long, value_parser = pair)]
        param: Vec<(String, String)>,
    },
    /// Starts a workspace, and waits until it is ready
    Start { name: WorkspaceName },
    /// Stops a workspace
    Stop { name: WorkspaceName },
    /// Deletes a workspace with everything in it
    Delete { name: WorkspaceName },
    /// Shows the logs of the start scripts, and follows them until Ctrl-C
    Logs { name: WorkspaceName },
    /// Says whenever a workspace changes
    Watch { name: WorkspaceName },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let client = match (arguments.url, arguments.token) {
        (Some(url), Some(token)) => Client::connect(url.as_str(), token)?,
        _ => Client::from_env()?,
    };
    run(&client, arguments.command).await
}

async fn run(client: &Client, command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::List { all, status, param } => {
            let mut filter = WorkspaceFilter::new();
            if !all {
                filter = filter.mine();
            }
            if let Some(status) = status {
                filter = filter.status(&status)?;
            }
            for (name, value) in param {
                filter = filter.param(&name, &value)?;
            }
            let mut workspaces = client.items(ListWorkspaces::new(filter), 100);
            while let Some(workspace) = workspaces.try_next().await? {
                show(client, &workspace);
            }
        }
        Command::Create { template, name, param } => {
            let get = GetTemplateByName::new(OrganizationRef::Default, template);
            let mut create = CreateWorkspace::from_template(client.send(&get).await?.id, name);
            for (name, value) in param {
                create = create.parameter(name, value);
            }
            let created = client.send(&create).await?;
            let ready = ManageWorkspace::new(client, created.id).wait_until_ready(log).await?;
            show(client, &ready);
            let hosts = DeploymentHosts::fetch(client, client.deployment().clone()).await?;
            println!("{}", WorkspaceLinks::new(&ready, &hosts).dashboard);
        }
        Command::Start { name } => {
            show(client, &manage(client, name).await?.start(log).await?);
        }
        Command::Stop { name } => {
            show(client, &manage(client, name).await?.stop(log).await?);
        }
        Command::Delete { name } => {
            manage(client, name).await?.delete(log).await?;
        }
        Command::Logs { name } => {
            let workspace = find(client, name).await?;
            let logs = workspace.agents().map(|agent| {
                let lines = client.subscribe(FollowAgentLogs::new(agent.id));
                lines.map_ok(|line| format!("{}: {}", agent.name, line.output))
            });
            let mut lines = futures_util::stream::select_all(logs);
            while let Some(line) = lines.try_next().await? {
                println!("{line}");
            }
        }
        Command::Watch { name } => {
            let mut changes = client.subscribe(WatchWorkspace::new(find(client, name).await?.id));
            while let Some(workspace) = changes.try_next().await? {
                show(client, &workspace);
            }
        }
    }
    Ok(())
}

async fn find(client: &Client, name: WorkspaceName) -> Result<Workspace, Box<dyn Error>> {
    Ok(client.send(&GetWorkspaceByName::new("me", name)).await?)
}

async fn manage(
    client: &Client,
    name: WorkspaceName,
) -> Result<ManageWorkspace<'_>, Box<dyn Error>> {
    Ok(ManageWorkspace::new(client, find(client, name).await?.id))
}

fn show(client: &Client, workspace: &Workspace) {
    let state = Availability::new(workspace, client.now()).state.label();
    println!("{}/{} ({}): {state}", workspace.owner_name, workspace.name, workspace.template_name);
}

fn log(progress: Progress<'_>) {
    if let Progress::Log(line) = progress {
        eprintln!("{}: {}", line.stage, line.output);
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests;
