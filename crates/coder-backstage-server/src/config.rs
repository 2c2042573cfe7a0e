//! `coder-backstage config …`: looking at a configuration without serving it.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use backstage_catalog::ConfiguredCatalog;
use coder_auth::MemoryAuthStore;
use coder_config::{AppConfig, ConfigSources, Notice};
use coder_core::{ReqwestTransport, World};
use coder_portal::Portal;

use crate::args::{CheckArgs, ConfigCommand, PrintArgs};
use crate::configuration::{process_environment, read, variables_of_node};
use crate::failure::Failure;
use crate::user_agent::USER_AGENT;
use crate::{store, tls};

/// Does what the command says. The caller reports its mistakes.
pub(crate) fn config(command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Check(args) => check(args),
        ConfigCommand::Print(args) => print(args),
    }
}

fn check(args: &CheckArgs) -> Result<(), Failure> {
    let environment = process_environment();
    let sources = ConfigSources::new(&read, &environment).with_files(&args.sources.config);
    let loaded = sources.load()?;
    let config = AppConfig::from_loaded(&loaded).inspect_err(|errors| {
        // When standard output is closed, the mistakes are told all the same.
        let _ = write_out(&lines(errors.notices()));
    })?;
    // What else keeps `serve` from starting: sign-in resolvers, keys, the place of the sessions.
    let (portal, of_catalog) = portal_of(&config)?;
    config.backend.certificate.as_ref().map(tls::acceptor).transpose()?;
    let place = store::check(&config.session, &args.data.directory())?;
    let place = place.map(|notice| format!("{notice}\n")).unwrap_or_default();
    let files = loaded.files().join(", ");
    let notices =
        lines(config.notices()) + &lines(&of_catalog) + &lines(&variables_of_node(&environment));
    let uris = redirect_uris(&config, &portal);
    let count = notices.lines().chain(place.lines()).count();
    let verdict = match count {
        0 => "nothing is wrong".to_owned(),
        1 => "no errors, 1 notice".to_owned(),
        count => format!("no errors, {count} notices"),
    };
    write_out(&format!("{notices}{place}{uris}{files}: {verdict}\n"))?;
    if args.strict && count > 0 { Err(Failure::Notices) } else { Ok(()) }
}

/// Builds the portal without its store, since checking changes nothing, and returns what a person
/// should know about its catalog.
fn portal_of(config: &AppConfig) -> Result<(Portal, Vec<Notice>), Failure> {
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let configured = ConfiguredCatalog::from_config(config, Path::new(""), &world)?;
    let store = Arc::new(MemoryAuthStore::new());
    let portal = Portal::builder(config, &world, configured.catalog, store).files(&read).build()?;
    Ok((portal, configured.notices))
}

/// Lists the redirect URI to register at Coder for each environment, a line each.
fn redirect_uris(config: &AppConfig, portal: &Portal) -> String {
    let mut lines = String::new();
    for (name, uri) in portal.auth().redirect_uris() {
        if let Some(Ok(environment)) = config.auth.environments.get(name) {
            let deployment = &environment.deployment_url;
            lines += &format!(
                "callback URL of `{}` to register at {deployment}: {uri}\n",
                name.escape_debug()
            );
        }
    }
    lines
}

fn print(args: &PrintArgs) -> Result<(), Failure> {
    let environment = process_environment();
    let sources = ConfigSources::new(&read, &environment).with_files(&args.sources.config);
    let loaded = sources.load()?;
    let values =
        if args.with_origin { loaded.to_redacted_lines() } else { loaded.to_redacted_yaml() };
    // What is wrong is told by `config check`; here it leaves no redirect URI to print.
    let uris = AppConfig::from_loaded(&loaded).ok().and_then(|config| {
        let uris = redirect_uris(&config, &portal_of(&config).ok()?.0);
        Some(uris.lines().map(|line| format!("# {line}\n")).collect::<String>())
    });
    write_out(&(values + &uris.unwrap_or_default()))
}

fn lines(notices: &[Notice]) -> String {
    notices.iter().map(|notice| format!("{notice}\n")).collect()
}

fn write_out(text: &str) -> Result<(), Failure> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::Output)
}
