//! Workspaces of an entity are found, whatever the spelling of its repository.

use std::collections::BTreeSet;

use coder_client::WorkspaceFilter;
use coder_client::operations::ListWorkspaces;
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{Owner, compile, find_workspaces};

use super::{Stage, Trouble, ensure};

pub(super) async fn search(stage: &mut Stage) -> Result<(), Trouble> {
    let owner = stage.client("ada")?;
    let everybody = BTreeSet::from(["acme-api".to_owned(), "grace-api".to_owned()]);
    let mine = BTreeSet::from(["acme-api".to_owned()]);
    for url in [
        "https://git.example.com/acme/api",
        "https://git.example.com/acme/api.git",
        "git@git.example.com:acme/api.git",
        "ssh://git@git.example.com/acme/api",
    ] {
        let mut config = WorkspacesConfig::new(stage.server.seed().base.parse()?);
        config.repo_url_param_keys = vec!["git_repo".to_owned(), "repository".to_owned()];
        let repository = Repository::from_url(url, &ScmIntegrations::default())?;
        let entity = compile(&config, None, Some(&repository));
        for (whose, expected) in [(Owner::Me, &mine), (Owner::Everyone, &everybody)] {
            let found = find_workspaces(&owner, &entity, whose).await?;
            let names: BTreeSet<String> =
                found.workspaces.iter().map(|workspace| workspace.name.to_string()).collect();
            ensure!(names == *expected, "for {url} there are {names:?}");
        }
    }
    forms(stage).await
}

/// Every form of a filter that a portal uses.
async fn forms(stage: &mut Stage) -> Result<(), Trouble> {
    let owner = stage.client("ada")?;
    let new = WorkspaceFilter::new;
    for (what, filter, expected) in [
        ("owner", new().owner("grace")?, ["grace-api", "vm"].as_slice()),
        ("name", new().name("acme")?, &["acme-api", "acme-web"]),
        ("template", new().template("plain")?, &["vm"]),
        ("status", new().status(&coder_client::models::WorkspaceStatus::Stopped)?, &["vm"]),
        ("parameter", new().param("fixed", "y")?, &["acme-api"]),
        ("text", new().mine().text("acme-web")?, &["acme-web"]),
    ] {
        let found = owner.send(&ListWorkspaces::matching(filter)).await?;
        let names: BTreeSet<String> = found
            .workspaces
            .iter()
            .map(|workspace| workspace.name.to_string())
            .filter(|name| WORLD.contains(&name.as_str()))
            .collect();
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        ensure!(names == expected, "by {what} there are {names:?}");
    }
    Ok(())
}

/// Workspaces that belong to the world; a real Coder may have more.
const WORLD: &[&str] = &["acme-api", "acme-web", "grace-api", "vm", "broken"];
