//! A nightly job: which workspaces belong to which service of the catalog, as CSV.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! association app-config.yaml > workspaces.csv
//! ```

use std::error::Error;
use std::io::Write;

use backstage_catalog::{Catalog, EntityFilter, FileCatalog};
use coder_client::Client;
use coder_config::{AppConfig, ConfigSources, Environment};
use coder_workspaces::index::WorkspaceIndex;
use coder_workspaces::{EntityWorkspacesConfig, Owner};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let environment: Environment = std::env::vars().collect();
    let read = |path: &str| std::fs::read_to_string(path);
    let sources = ConfigSources::new(&read, &environment).with_files(&files);
    let config = AppConfig::from_loaded(&sources.load()?)?;
    let client = Client::from_env()?;
    let catalog = FileCatalog::new(&config.catalog);
    for notice in catalog.notices() {
        eprintln!("{notice}");
    }
    associate(&client, &config, &catalog, &mut std::io::stdout().lock()).await
}

/// Asks Coder for all workspaces once, however many entities there are.
async fn associate(
    client: &Client,
    config: &AppConfig,
    catalog: &dyn Catalog,
    output: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let entities = catalog.entities(&EntityFilter::kind("component")).await?;
    let configs = entities.iter().map(|entity| {
        let repository = entity.repository(&config.integrations).ok();
        let spec = entity.coder_spec();
        EntityWorkspacesConfig::resolve(&config.workspaces, spec.as_ref(), repository.as_ref())
    });
    let configs: Vec<EntityWorkspacesConfig> = configs.collect();

    let keys = configs.iter().flat_map(|config| &config.repo_url_param_keys);
    let index =
        WorkspaceIndex::fetch(client, Owner::Everyone, keys, config.integrations.clone()).await?;

    writeln!(output, "entity,owner,workspace,status,last used")?;
    for (entity, config) in entities.iter().zip(&configs) {
        // An entity without a repository has no workspaces.
        for workspace in index.of(config).unwrap_or_default() {
            let used = workspace.last_used_at.map(|moment| moment.to_string()).unwrap_or_default();
            writeln!(
                output,
                "{},{},{},{},{used}",
                entity.entity_ref(),
                workspace.owner_name,
                workspace.name,
                workspace.status
            )?;
        }
    }
    for problem in index.problems() {
        eprintln!("workspaces may be missing: {problem}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
