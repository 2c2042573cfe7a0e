//! Creates a workspace from a template, shows the log of its build, and waits until it is ready.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin create_workspace -- devcontainers my-workspace
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::operations::{CreateWorkspace, GetTemplateByName};
use coder_client::{Client, OrganizationRef};
use coder_workspaces::{ManageWorkspace, Progress};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(template), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("which template, and what shall the workspace be called?".into());
    };
    let client = Client::from_env()?;
    let template = GetTemplateByName::new(OrganizationRef::Default, template);
    let template = client.send(&template).await?;
    let create = CreateWorkspace::from_template(template.id, name.parse()?);
    let workspace = client.send(&create).await?;

    // The wait ends in every case; an error says why the workspace will not become ready.
    let wait = ManageWorkspace::new(&client, workspace.id);
    let ready = wait.wait_until_ready(|progress| {
        if let Progress::Log(line) = progress {
            println!("{}: {}", line.stage, line.output);
        }
    });
    println!("{} is ready", ready.await?.name);
    Ok(())
}
