//! `coder-backstage check`: the portal in its surroundings, before people use it.

mod report;

use std::convert::Infallible;
use std::future::pending;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use backstage_catalog::ConfiguredCatalog;
use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;
use coder_config::{AppConfig, ConfigError, ConfigSources, Notice};
use coder_core::{ReqwestTransport, World, with_causes};
use coder_portal::{Checkup, Finding, Portal, PortalError, Question, Verdict};

use self::report::Report;
use crate::args::{CheckupArgs, DataArgs};
use crate::failure::Failure;
use crate::store::ForCheck;
use crate::user_agent::USER_AGENT;
use crate::{configuration, store, tls};

/// Asks everything, prints the findings, and tells whether all is well by the exit code.
pub(crate) async fn check(args: &CheckupArgs) -> Result<ExitCode, Failure> {
    let mut findings = Vec::new();
    match loaded(args, &mut findings) {
        Ok(config) => ask(config, args, &mut findings).await?,
        Err(failure) => findings.extend(of_failure(&failure)),
    }
    findings.sort_by_key(|finding| finding.question);
    let report = Report::new(findings, args.strict);
    if args.json {
        report.print_json()?
    } else {
        report.print()?
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Loads the configuration as `serve` does.
fn loaded(args: &CheckupArgs, findings: &mut Vec<Finding>) -> Result<AppConfig, Failure> {
    let environment = configuration::process_environment();
    let sources =
        ConfigSources::new(&configuration::read, &environment).with_files(&args.sources.config);
    let loaded = sources.load()?;
    let mut note = |notices: &[Notice]| {
        findings.extend(notices.iter().map(|it| Finding::from_notice(Question::Configuration, it)));
    };
    note(&configuration::variables_of_node(&environment));
    let config = AppConfig::from_loaded(&loaded).inspect_err(|errors| note(errors.notices()))?;
    note(config.notices());
    config.backend.certificate.as_ref().map(tls::acceptor).transpose()?;
    let files = loaded.files().join(", ");
    findings.push(Finding::new(Question::Configuration, Verdict::Good, format!("{files}: read")));
    Ok(config)
}

async fn ask(
    mut config: AppConfig,
    args: &CheckupArgs,
    findings: &mut Vec<Finding>,
) -> Result<(), Failure> {
    let (store, kept) = store(&mut config, &args.data).await;
    findings.extend(kept);
    let world = World::native(ReqwestTransport::new(USER_AGENT)?).ok_or(Failure::NoRuntime)?;
    let portal = match portal(&config, &world, store.clone(), findings) {
        Ok(portal) => portal,
        Err(failure) => {
            findings.extend(of_failure(&failure));
            return Ok(());
        }
    };
    let mut checkup = Checkup::new(&config, &portal);
    if let Some(store) = store {
        checkup = checkup.store(store);
    }
    if let Some(token) = configuration::session_token() {
        checkup = checkup.session_token(token);
    }
    if let Some(url) = &args.from_outside {
        let hold = Duration::from_secs(args.hold.into());
        checkup = checkup.from_outside(url.clone()).hold(hold);
    }
    findings.extend(checkup.run().await);
    Ok(())
}

/// Builds the portal. Without a store it has one in memory, which nobody is served from.
fn portal(
    config: &AppConfig,
    world: &World,
    store: Option<Arc<dyn AuthStore>>,
    findings: &mut Vec<Finding>,
) -> Result<Portal, Failure> {
    let configured = ConfiguredCatalog::from_config(config, Path::new(""), world)?;
    let notices = configured.notices.iter();
    findings.extend(notices.map(|it| Finding::from_notice(Question::Catalog, it)));
    let store = store.unwrap_or_else(|| Arc::new(MemoryAuthStore::new()));
    let portal = Portal::builder(config, world, configured.catalog, store);
    Ok(portal.files(&configuration::read).build()?)
}

/// Opens the store as `serve` does, but makes neither a database nor a key.
async fn store(
    config: &mut AppConfig,
    data: &DataArgs,
) -> (Option<Arc<dyn AuthStore>>, Vec<Finding>) {
    let finding = |verdict, text: &str| Finding::new(Question::Store, verdict, text);
    match store::for_check(&mut config.session, &data.directory()).await {
        Ok(ForCheck::Opened(store, text)) => (Some(store), vec![finding(Verdict::Good, &text)]),
        Ok(ForCheck::NotYet(text)) => (None, vec![finding(Verdict::Good, &text)]),
        Ok(ForCheck::Look(text)) => (None, vec![finding(Verdict::Notice, &text)]),
        Ok(ForCheck::NoKey(text)) => {
            let remedy = "bring the key file back from where keys are kept, or put its content into \
                          `coder.session.keys`; with a new key everybody signs in again";
            (None, vec![finding(Verdict::Wrong, &text).remedy(remedy)])
        }
        Err(error) => {
            let remedy = error.remedy();
            let error =
                config.session.invalid_store(format!("cannot be used: {}", with_causes(&error)));
            let finding = Finding::from_error(Question::Store, &error);
            (
                None,
                vec![match remedy {
                    Some(remedy) => finding.remedy(remedy),
                    None => finding,
                }],
            )
        }
    }
}

/// Returns a finding for each mistake that keeps the server from starting.
fn of_failure(failure: &Failure) -> Vec<Finding> {
    let of = |error: &ConfigError| Finding::from_error(Question::Configuration, error);
    match failure {
        Failure::Configuration(errors) => errors.iter().map(of).collect(),
        Failure::Incomplete(error) => vec![of(error)],
        Failure::Portal(error) => match &**error {
            PortalError::Environment { errors, .. } => errors.iter().map(of).collect(),
            other => vec![other_failure(other)],
        },
        other => vec![other_failure(other)],
    }
}

fn other_failure(error: &(dyn std::error::Error + 'static)) -> Finding {
    Finding::new(Question::Configuration, Verdict::Wrong, with_causes(error))
}

/// Asks everything once while the server serves, and tells the log what is not well. It never
/// ends, and stops nothing.
pub(crate) async fn watch(
    config: &AppConfig,
    portal: &Portal,
    store: Arc<dyn AuthStore>,
) -> Infallible {
    for finding in Checkup::new(config, portal).store(store).run().await {
        match finding.verdict {
            Verdict::Good => tracing::debug!("checked: {finding}"),
            Verdict::Unchecked => tracing::debug!("not checked: {finding}"),
            Verdict::Notice | Verdict::Wrong => tracing::warn!("checked: {finding}"),
        }
    }
    pending().await
}
