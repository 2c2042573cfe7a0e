use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let mine = ListWorkspaces::new(WorkspaceFilter::new().mine());
    for workspace in client.send(&mine).await?.workspaces {
        println!("{} is {}", workspace.name, workspace.latest_build.status);
    }
    Ok(())
}
