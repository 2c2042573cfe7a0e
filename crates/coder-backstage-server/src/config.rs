//! `coder-backstage config …`: looking at a configuration without serving it.

use std::io::Write as _;
use std::sync::Arc;

use backstage_catalog::MemoryCatalog;
use coder_auth::MemoryAuthStore;
use coder_config::{AppConfig, ConfigSources, Notice};
use coder_core::{ReqwestTransport, World};
use coder_portal::Portal;

use crate::args::{ConfigArgs, ConfigCommand, PrintArgs};
use crate::configuration::{process_environment, read};
use crate::failure::Failure;
use crate::serve::USER_AGENT;

/// Does what the command says. Mistakes are told by whoever reports the failure.
pub(crate) fn config(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check(args) => check(args),
        ConfigCommand::Print(args) => print(args),
    }
}

fn check(args: &ConfigArgs) -> Result<(), Failure> {
    let environment = process_environment();
    let loaded = ConfigSources::new(&read, &environment).with_files(&args.config).load()?;
    let config = AppConfig::from_loaded(&loaded).inspect_err(|errors| {
        // When standard output is closed, the mistakes are told all the same.
        let _ = write_out(&lines(errors.notices()));
    })?;
    // What else keeps `serve` from starting: sign-in resolvers, keys.
    makes_a_portal(&config)?;
    let files = loaded.files().join(", ");
    write_out(&format!("{}{files}: nothing is wrong\n", lines(config.notices())))
}

/// Without its store and its catalog's files: checking changes nothing.
fn makes_a_portal(config: &AppConfig) -> Result<(), Failure> {
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let catalog = Arc::new(MemoryCatalog::default());
    let store = Arc::new(MemoryAuthStore::new());
    Portal::builder(config, &world, catalog, store).files(&read).build()?;
    Ok(())
}

fn print(args: &PrintArgs) -> Result<(), Failure> {
    let environment = process_environment();
    let sources = ConfigSources::new(&read, &environment).with_files(&args.sources.config);
    let loaded = sources.load()?;
    write_out(&match args.with_origin {
        true => loaded.to_redacted_lines(),
        false => loaded.to_redacted_yaml(),
    })
}

fn lines(notices: &[Notice]) -> String {
    notices.iter().map(|notice| format!("{notice}\n")).collect()
}

fn write_out(text: &str) -> Result<(), Failure> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::Output)
}
