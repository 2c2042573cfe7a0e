//! Lists your workspaces.
//!
//! Sign in with `coder login`, or make a token at `https://<your deployment>/settings/tokens`:
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin list_workspaces
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::operations::{GetUser, ListWorkspaces};
use coder_client::{Client, WorkspaceFilter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let me = client.send(&GetUser::me()).await?;
    let mine = client.send(&ListWorkspaces::new(WorkspaceFilter::new().mine())).await?;
    println!("{} has {} workspaces", me.username, mine.workspaces.len());
    for workspace in mine.workspaces {
        let (template, status) = (workspace.template_name, workspace.latest_build.status);
        println!("{:30} {template:20} {status}", workspace.name);
    }
    Ok(())
}
