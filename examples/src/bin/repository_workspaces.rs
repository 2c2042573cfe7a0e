//! Finds your workspaces that are made for a repository, and says how to get another one.
//!
//! The templates of this deployment keep the repository's URL in a parameter named `repo`; yours
//! may call it otherwise. The URL may be the one of a file or a branch: its repository counts.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin repository_workspaces -- \
//!     https://github.com/acme/payments/tree/main/docs
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::Client;
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{Availability, EntityWorkspacesConfig, Owner, find_workspaces};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("which repository? give its URL")?;
    let client = Client::from_env()?;

    let mut config = WorkspacesConfig::new(client.deployment().clone());
    config.default_template = Some("devcontainers".parse()?);
    config.repo_url_param_keys = vec!["repo".to_owned()];
    let repository = Repository::from_url(&url, &ScmIntegrations::default())?;
    let compiled = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));

    // One request, whatever spelling of the URL a workspace was created with.
    let found = find_workspaces(&client, &compiled, Owner::Me).await?;
    for workspace in &found.workspaces {
        let now = Availability::new(workspace, client.now());
        println!("{:30} {}", workspace.name, now.state.label());
    }
    for problem in &found.problems {
        println!("there may be more: {problem}");
    }
    if let Some(link) = compiled.creation_url {
        println!("a new one: {link}");
    }
    Ok(())
}
