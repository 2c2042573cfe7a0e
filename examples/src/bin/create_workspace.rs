//! Creates a workspace from a template and follows its build until the workspace is ready.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin create_workspace -- devcontainers my-workspace
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::models::AgentLifecycle;
use coder_client::operations::{CreateWorkspace, GetTemplateByName};
use coder_client::subscriptions::{FollowBuildLogs, WatchWorkspace};
use coder_client::{Client, Credential, OrganizationRef};
use coder_core::{ReqwestTransport, Secret, World};
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(template), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("which template, and what shall the workspace be called?".into());
    };
    let token = Secret::new(std::env::var("CODER_SESSION_TOKEN")?);
    let transport = ReqwestTransport::new("create-workspace/1.0")?;
    let world = World::native(transport).ok_or("no runtime")?;
    let client = Client::new(&world, std::env::var("CODER_URL")?.parse()?)
        .with_credential(Credential::SessionToken(token));

    let template = GetTemplateByName::new(OrganizationRef::Default, template);
    let template = client.send(&template).await?;
    let create = CreateWorkspace::from_template(template.id, name.parse()?);
    let workspace = client.send(&create).await?;

    // The log ends with the build.
    let mut lines = client.subscribe(FollowBuildLogs::new(workspace.latest_build.id));
    while let Some(line) = lines.try_next().await? {
        println!("{}: {}", line.stage, line.output);
    }

    // Then the agents connect and run their scripts.
    let mut changes = client.subscribe(WatchWorkspace::new(workspace.id));
    while let Some(workspace) = changes.try_next().await? {
        let build = workspace.latest_build;
        if let Some(error) = build.job.error {
            return Err(format!("the build failed: {error}").into());
        }
        let mut agents = build.resources.iter().flat_map(|resource| &resource.agents).peekable();
        let ready = agents.peek().is_some()
            && agents.all(|agent| agent.lifecycle_state == AgentLifecycle::Ready);
        if ready {
            println!("{} is ready", workspace.name);
            return Ok(());
        }
    }
    Err("the watch ended".into())
}
