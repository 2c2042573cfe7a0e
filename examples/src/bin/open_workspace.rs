//! Opens a workspace for a repository: the one there is, started if it is stopped, or a new one.
//! A bar shows how far it is, above it runs the log of the build.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin open_workspace -- https://github.com/acme/payments
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::time::Duration;

use coder_client::Client;
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{
    AvailabilityState, DeploymentHosts, Editor, EntityWorkspacesConfig, OpenOutcome, OpenWorkspace,
    Progress, WorkspaceLinks,
};
use indicatif::{ProgressBar, ProgressStyle};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("which repository? give its URL")?;
    let client = Client::from_env()?;

    let mut config = WorkspacesConfig::new(client.deployment().clone());
    config.default_template = Some("devcontainers".parse()?);
    config.repo_url_param_keys = vec!["repo".to_owned()];
    let repository = Repository::from_url(&url, &ScmIntegrations::default())?;
    let compiled = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));

    let bar =
        ProgressBar::new(4).with_style(ProgressStyle::with_template("[{elapsed}] {bar:24} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(200));
    let opened = OpenWorkspace::new(&compiled).run(&client, |progress| show(&bar, &progress)).await;
    bar.finish_and_clear();

    // What went wrong says what to do.
    let opened = opened?;
    let workspace = &opened.workspace;
    println!("{} {}", workspace.name, how(opened.outcome));
    let hosts = DeploymentHosts::fetch(&client, client.deployment().clone()).await?;
    println!("dashboard: {}", WorkspaceLinks::new(workspace, &hosts).dashboard);
    if let Some(agent) = workspace.agents().next() {
        println!("VS Code: {}", Editor::VsCode.link(workspace, agent, &hosts));
    }
    Ok(())
}

/// Shows one of four steps: found or asked for, taken by a provisioner, built, ready.
fn show(bar: &ProgressBar, progress: &Progress<'_>) {
    match progress {
        Progress::Searching => bar.set_message("looking for your workspaces"),
        Progress::Reusing(workspace) => bar.set_message(format!("found {}", workspace.name)),
        Progress::Creating(name) => bar.set_message(format!("creating {name}")),
        Progress::Log(line) if line.output.is_empty() => bar.set_message(line.stage.clone()),
        Progress::Log(line) => bar.suspend(|| println!("  {}", line.output)),
        Progress::Waiting(workspace, now) => {
            let job = &workspace.latest_build.job;
            bar.set_position(match now.state {
                AvailabilityState::Online => 4,
                _ if job.completed_at.is_some() => 3,
                _ if job.started_at.is_some() => 2,
                _ => 1,
            });
            let reason = now.reason.as_deref().unwrap_or(now.state.label());
            bar.set_message(format!("{}: {reason}", workspace.name));
        }
        _ => {}
    }
}

fn how(outcome: OpenOutcome) -> &'static str {
    match outcome {
        OpenOutcome::Found => "was running",
        OpenOutcome::Joined => "was starting already",
        OpenOutcome::Started => "was stopped, and is running now",
        _ => "is new",
    }
}
