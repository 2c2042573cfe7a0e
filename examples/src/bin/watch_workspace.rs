//! Says whenever something about one of your workspaces changes. A connection that breaks is
//! opened again; Ctrl-C ends it.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin watch_workspace -- my-workspace
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::Client;
use coder_client::operations::GetWorkspaceByName;
use coder_client::subscriptions::WatchWorkspace;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("which workspace?")?;
    let client = Client::from_env()?;
    let workspace = client.send(&GetWorkspaceByName::new("me", name)).await?;
    let mut changes = client.subscribe(WatchWorkspace::new(workspace.id));
    while let Some(workspace) = changes.try_next().await? {
        let health = if workspace.health.healthy { "healthy" } else { "not healthy" };
        println!("{} is {}, {health}", workspace.name, workspace.latest_build.status);
    }
    Ok(())
}
