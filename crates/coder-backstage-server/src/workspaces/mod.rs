//! `coder-backstage workspaces`: who works on what, in the terminal.

pub(crate) mod error;
mod output;

use std::path::Path;
use std::time::Duration;

use backstage_catalog::{Catalog as _, ConfiguredCatalog, EntityFilter};
use coder_client::{Client, Credential};
use coder_config::{AppConfig, CoderEnvironment, ConfigSources, EntityRef};
use coder_core::{Lock, ReqwestTransport, World, elapsed};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{
    IndexReader, IndexStep, OwnershipReport, RequestBudget, WorkspaceIndex,
};
use jiff::SignedDuration;

use self::error::WorkspacesFailure;
use self::output::{Progress, Row};
use crate::args::WorkspacesArgs;
use crate::configuration;
use crate::failure::Failure;
use crate::user_agent::USER_AGENT;

/// An entity of the catalog, with what its workspaces are made of.
struct Known {
    name: String,
    config: EntityWorkspacesConfig,
}

/// Reads the workspaces of the catalog's entities, and prints them or the report about them.
pub(crate) async fn workspaces(args: &WorkspacesArgs) -> Result<(), Failure> {
    let environment = configuration::process_environment();
    let sources =
        ConfigSources::new(&configuration::read, &environment).with_files(&args.sources.config);
    let config = configuration::load(&sources)?;
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let client = client(&config, &world)?;
    let catalog = ConfiguredCatalog::from_config(&config, Path::new(""), &world)?.catalog;
    let entities = catalog.entities(&EntityFilter::all()).await.map_err(WorkspacesFailure::from)?;
    let mut known: Vec<Known> = entities
        .iter()
        .map(|entity| {
            let repository = entity.repository(&config.integrations).ok();
            let spec = entity.coder_spec();
            Known {
                name: entity.entity_ref().to_string(),
                config: EntityWorkspacesConfig::resolve(
                    &config.workspaces,
                    spec.as_ref(),
                    repository.as_ref(),
                ),
            }
        })
        .filter(|known| known.config.repository.is_some())
        .collect();
    if let Some(asked) = &args.entity {
        let wanted = wanted(asked)?.to_string();
        known.retain(|known| known.name == wanted);
        if known.is_empty() {
            return Err(WorkspacesFailure::NoEntity(wanted).into());
        }
    }
    let index = read(&client, &config, &known, args).await?;
    if args.report {
        let named = known.iter().map(|known| (known.name.as_str(), &known.config));
        let unused_for = SignedDuration::from_hours(24 * i64::from(args.stale_after));
        // The moments of the last use are those of Coder's clock.
        let report = OwnershipReport::new(&index, named, client.now(), unused_for);
        return output::report(&report, args.json).map_err(Failure::Output);
    }
    output::table(&rows(&index, &known), args.json).map_err(Failure::Output)
}

/// Reads what a person writes for an entity: its reference, or the name of a component.
fn wanted(asked: &str) -> Result<EntityRef, WorkspacesFailure> {
    let reference = EntityRef::parse_with_defaults(asked, "component", "default");
    reference.map_err(|_| WorkspacesFailure::NoEntity(asked.to_owned()))
}

fn client(config: &AppConfig, world: &World) -> Result<Client, WorkspacesFailure> {
    let token = configuration::session_token().ok_or(WorkspacesFailure::NoToken)?;
    let name = config.auth.environment.as_str();
    let Some(Ok(environment)) = config.auth.environments.get(name) else {
        return Err(WorkspacesFailure::NoEnvironment(name.to_owned()));
    };
    let CoderEnvironment { internal_url, deployment_url, .. } = environment;
    let url = internal_url.as_ref().unwrap_or(deployment_url);
    Ok(Client::new(world, url.clone()).with_credential(Credential::SessionToken(token)))
}

/// Reads the index, and tells how far it is.
async fn read(
    client: &Client,
    config: &AppConfig,
    known: &[Known],
    args: &WorkspacesArgs,
) -> Result<WorkspaceIndex, WorkspacesFailure> {
    let keys = known.iter().flat_map(|known| &known.config.repo_url_param_keys);
    let keys = keys.chain(&config.workspaces.repo_url_param_keys);
    let index = Lock::new(WorkspaceIndex::new(keys, config.integrations.clone()));
    let mut reader = IndexReader::new(client, RequestBudget::default());
    if !args.report {
        reader = reader.entities(known.iter().map(|known| known.config.clone()));
    }
    let progress = Progress::new();
    loop {
        let step = reader.step(&index).await.map_err(WorkspacesFailure::of_coder)?;
        progress.tell(reader.progress(&index.lock()));
        match step {
            IndexStep::Working => {}
            IndexStep::UpToDate(_) => break,
            IndexStep::Paused(until) => {
                let world = client.world();
                progress.pause(until);
                // A pause has at least a millisecond, so that time goes on.
                let pause = elapsed(until, world.clock.now()).max(Duration::from_millis(1));
                world.runtime.sleep(pause).await;
            }
        }
    }
    progress.end();
    let index = index.into_inner();
    for problem in index.problems() {
        tracing::warn!("workspaces may be missing: {problem}");
    }
    for workspace in index.unread() {
        let (owner, name) = (&workspace.owner_name, &workspace.name);
        let reason = workspace.unread.as_deref().unwrap_or_default();
        tracing::warn!("the parameters of {owner}/{name} could not be read: {reason}");
    }
    Ok(index)
}

/// Returns a row for each workspace of each entity.
fn rows<'a>(index: &'a WorkspaceIndex, known: &'a [Known]) -> Vec<Row<'a>> {
    known
        .iter()
        .flat_map(|known| {
            // The index was created with the parameters of all entities.
            let workspaces = index.of(&known.config).unwrap_or_default();
            workspaces.into_iter().map(|workspace| Row { entity: &known.name, workspace })
        })
        .collect()
}
