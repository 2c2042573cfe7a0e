//! Loading app-config from files and environment.

use std::io;

use coder_config::{AppConfig, ConfigErrors, ConfigSources, Environment, Notice};

/// Loads these sources, and tells the log what was noticed.
///
/// # Errors
///
/// Every problem, each with its place.
pub(crate) fn load(sources: &ConfigSources<'_>) -> Result<AppConfig, ConfigErrors> {
    let loaded = sources.load()?;
    let config = AppConfig::from_loaded(&loaded).inspect_err(|errors| tell(errors.notices()))?;
    tell(config.notices());
    tracing::info!(files = ?loaded.files(), "configuration loaded");
    Ok(config)
}

/// Returns what to know about variables that Node.js reads and this server does not.
pub(crate) fn variables_of_node(environment: &Environment) -> Vec<Notice> {
    const EXTRA: &str = "NODE_EXTRA_CA_CERTS";
    let is_set = |name| environment.get(name).is_some_and(|value| !value.is_empty());
    if !is_set(EXTRA) || is_set("SSL_CERT_FILE") {
        return Vec::new();
    }
    let message = format!(
        "the environment variable `{EXTRA}` is of Node.js and has no effect here; to trust an \
         authority of your own, add it to the system's store, or name a PEM file by \
         `SSL_CERT_FILE`, which takes the place of that store"
    );
    vec![Notice::new(EXTRA, message)]
}

/// Logs what a person should know although it stops nothing.
pub(crate) fn tell(notices: &[Notice]) {
    for notice in notices {
        tracing::warn!("{notice}");
    }
}

/// Reads a file, for [`ConfigSources`].
pub(crate) fn read(path: &str) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// The variables of this process. One that is not Unicode cannot be substituted and is left out.
pub(crate) fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
