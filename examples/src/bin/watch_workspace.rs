//! Says whenever something about one of your workspaces changes. A connection that breaks is
//! opened again; Ctrl-C ends it.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin watch_workspace -- my-workspace
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::operations::GetWorkspaceByName;
use coder_client::subscriptions::WatchWorkspace;
use coder_client::{Client, Credential, UserRef};
use coder_core::{ReqwestTransport, Secret, World};
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("which workspace?")?;
    let token = Secret::new(std::env::var("CODER_SESSION_TOKEN")?);
    let world = World::native(ReqwestTransport::new("watch-workspace/1.0")?).ok_or("no runtime")?;
    let client = Client::new(&world, std::env::var("CODER_URL")?.parse()?)
        .with_credential(Credential::SessionToken(token));

    let workspace = GetWorkspaceByName::new(UserRef::Me, name.parse()?);
    let workspace = client.send(&workspace).await?;
    let mut changes = client.subscribe(WatchWorkspace::new(workspace.id));
    while let Some(workspace) = changes.try_next().await? {
        let health = if workspace.health.healthy { "healthy" } else { "not healthy" };
        println!("{} is {}, {health}", workspace.name, workspace.latest_build.status);
    }
    Ok(())
}
