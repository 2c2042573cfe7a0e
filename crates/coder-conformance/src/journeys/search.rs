//! Workspaces of an entity are found, whatever the spelling of its repository.

use std::collections::BTreeSet;

use coder_client::operations::ListWorkspaces;
use coder_client::{Client, WorkspaceFilter};
use coder_config::{Repository, ScmIntegrations, WorkspacesConfig};
use coder_workspaces::{EntityWorkspacesConfig, Owner, find_workspaces};

use super::{Stage, Trouble, ensure};

pub(super) async fn search(stage: &mut Stage) -> Result<(), Trouble> {
    let owner = stage.client("ada")?;
    let present = present(&owner).await?;
    let there = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).filter(|name| present.contains(name)).collect()
    };
    let spellings = |name: &str| {
        [
            format!("https://git.example.com/acme/{name}"),
            format!("https://git.example.com/acme/{name}.git"),
            format!("git@git.example.com:acme/{name}.git"),
            format!("ssh://git@git.example.com/acme/{name}"),
        ]
    };
    let api =
        spellings("api").map(|url| (url, there(&["acme-api"]), there(&["acme-api", "grace-api"])));
    let web = spellings("web").map(|url| (url, there(&["acme-web"]), there(&["acme-web"])));
    for (url, mine, everybody) in api.into_iter().chain(web) {
        let mut config = WorkspacesConfig::new(stage.server.seed().base.parse()?);
        config.repo_url_param_keys = vec!["git_repo".to_owned(), "repository".to_owned()];
        let repository = Repository::from_url(&url, &ScmIntegrations::default())?;
        let entity = EntityWorkspacesConfig::resolve(&config, None, Some(&repository));
        for (whose, expected) in [(Owner::Me, &mine), (Owner::Everyone, &everybody)] {
            let found = find_workspaces(&owner, &entity, whose).await?;
            let names: BTreeSet<String> =
                found.workspaces.iter().map(|workspace| workspace.name.to_string()).collect();
            ensure!(names == *expected, "for {url} there are {names:?}");
        }
    }
    forms(stage, &present).await
}

/// Returns the names of the world's workspaces that are there; a deployment may have lost some.
async fn present(owner: &Client) -> Result<BTreeSet<String>, Trouble> {
    let all = owner.send(&ListWorkspaces::new(WorkspaceFilter::new())).await?;
    let names = all.workspaces.iter().map(|workspace| workspace.name.to_string());
    Ok(names.filter(|name| WORLD.contains(&name.as_str())).collect())
}

/// Tries every form of a filter that a portal uses.
async fn forms(stage: &mut Stage, present: &BTreeSet<String>) -> Result<(), Trouble> {
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
        let found = owner.send(&ListWorkspaces::new(filter)).await?;
        let names: BTreeSet<String> = found
            .workspaces
            .iter()
            .map(|workspace| workspace.name.to_string())
            .filter(|name| WORLD.contains(&name.as_str()))
            .collect();
        let expected = expected.iter().map(|name| (*name).to_owned());
        let expected: BTreeSet<String> = expected.filter(|name| present.contains(name)).collect();
        ensure!(names == expected, "by {what} there are {names:?}");
    }
    Ok(())
}

/// Workspaces that belong to the world; a real Coder may have more.
const WORLD: &[&str] = &["acme-api", "acme-web", "grace-api", "vm", "broken"];
