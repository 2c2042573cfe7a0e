//! `coder-backstage workspaces`: who works on what, in the terminal.

pub(crate) mod error;
mod gaps;
mod output;

use std::io;
use std::path::Path;
use std::time::Duration;

use backstage_catalog::{Catalog as _, ConfiguredCatalog, EntityFilter};
use coder_client::{Client, Credential};
use coder_config::{AppConfig, CoderEnvironment, ConfigSources, EntityRef, IndexConfig};
use coder_core::{Lock, ReqwestTransport, World, elapsed, with_causes};
use coder_workspaces::EntityWorkspacesConfig;
use coder_workspaces::index::{
    IndexReader, IndexStep, OwnershipReport, RequestBudget, WorkspaceIndex,
};
use jiff::SignedDuration;

use self::error::WorkspacesFailure;
use self::gaps::Gaps;
use self::output::{Progress, Row};
use crate::args::WorkspacesArgs;
use crate::configuration;
use crate::failure::Failure;
use crate::user_agent::USER_AGENT;

/// The longest time for which a Coder that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(60);

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
    let mut known = Vec::new();
    let asked = args.entity.as_deref().map(wanted).transpose()?.map(|asked| asked.to_string());
    for entity in &entities {
        let name = entity.entity_ref().to_string();
        if asked.as_ref().is_some_and(|asked| *asked != name) {
            continue;
        }
        match entity.repository(&config.integrations) {
            Ok(repository) => {
                let spec = entity.coder_spec();
                let config = EntityWorkspacesConfig::resolve(
                    &config.workspaces,
                    spec.as_ref(),
                    Some(&repository),
                );
                known.push(Known { name, config });
            }
            Err(source) if asked.is_some() => {
                return Err(WorkspacesFailure::NoRepository { name, source }.into());
            }
            Err(_) => {}
        }
    }
    if let Some(asked) = asked
        && known.is_empty()
    {
        return Err(WorkspacesFailure::NoEntity(asked).into());
    }
    let index = read(&client, &config, &known, args).await?;
    let gaps = Gaps::new(&index, known.iter().map(|known| &known.config));
    for notice in &gaps.notices {
        tracing::warn!("{notice}");
    }
    let printed = if args.report {
        let named = known.iter().map(|known| (known.name.as_str(), &known.config));
        let unused_for = SignedDuration::from_hours(24 * i64::from(args.stale_after));
        // The moments of the last use are those of Coder's clock.
        let report = OwnershipReport::new(&index, named, client.now(), unused_for);
        output::report(report, gaps, args.json)
    } else {
        output::table(rows(&index, &known), gaps, args.json)
    };
    match printed {
        // Whoever has read enough, such as `head`, makes no mistake.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(Failure::Output),
    }
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
    let IndexConfig { requests_per_minute, bypass_rate_limit, .. } = &config.index;
    let budget = usize::try_from(*requests_per_minute).unwrap_or(usize::MAX);
    let client = client.clone();
    let client = if *bypass_rate_limit { client.with_rate_limit_bypass() } else { client };
    let mut reader = IndexReader::new(&client, RequestBudget::new(budget));
    if !args.report {
        reader = reader.entities(known.iter().map(|known| known.config.clone()));
    }
    let progress = Progress::new();
    let world = client.world();
    let mut away_since = None;
    loop {
        let step = reader.step(&index).await.map_err(WorkspacesFailure::of_coder)?;
        progress.tell(reader.progress(&index.lock()));
        match step {
            IndexStep::Working => {}
            IndexStep::UpToDate(_) => break,
            IndexStep::Paused(until) => {
                let now = world.clock.now();
                // A pause has at least a millisecond, so that time goes on.
                let pause = elapsed(until, now).max(Duration::from_millis(1));
                match reader.problem().map(|problem| with_causes(problem)) {
                    None => away_since = None,
                    Some(why) => {
                        let since = *away_since.get_or_insert(now);
                        if elapsed(now, since) + pause > PATIENCE
                            && let Some(problem) = reader.take_problem()
                        {
                            progress.end();
                            return Err(WorkspacesFailure::Away(problem));
                        }
                        let seconds = pause.as_secs();
                        progress.suspend(|| {
                            tracing::warn!("{why}; Coder is asked again in {seconds} seconds");
                        });
                    }
                }
                progress.pause(pause);
                world.runtime.sleep(pause).await;
            }
        }
    }
    progress.end();
    Ok(index.into_inner())
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
