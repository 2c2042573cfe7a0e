//! Lists your workspaces.
//!
//! Make a token at `https://<your deployment>/settings/tokens`, then:
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin list_workspaces
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::operations::{GetUser, ListWorkspaces};
use coder_client::{Client, Credential, WorkspaceFilter};
use coder_core::{ReqwestTransport, Secret, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = Secret::new(std::env::var("CODER_SESSION_TOKEN")?);
    let world = World::native(ReqwestTransport::new("list-workspaces/1.0")?).ok_or("no runtime")?;
    let client = Client::new(&world, std::env::var("CODER_URL")?.parse()?)
        .with_credential(Credential::SessionToken(token));

    let me = client.send(&GetUser::me()).await?;
    let mine = client.send(&ListWorkspaces::new(WorkspaceFilter::new().mine())).await?;
    println!("{} has {} workspaces", me.username, mine.workspaces.len());
    for workspace in mine.workspaces {
        let (template, status) = (workspace.template_name, workspace.latest_build.status);
        println!("{:30} {template:20} {status}", workspace.name);
    }
    Ok(())
}
