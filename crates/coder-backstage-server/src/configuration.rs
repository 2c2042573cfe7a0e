//! Loading app-config from files and environment.

use std::fs::{self, File};
use std::io::{self, Read as _};

use coder_config::{AppConfig, ConfigErrors, ConfigSources, Environment, Notice, yaml};
use coder_core::Secret;

/// Loads these files, or those that Backstage reads if there are none, with the variables of this
/// process, and tells the log what was noticed.
///
/// # Errors
///
/// Every problem, each with its place.
pub(crate) fn load_files(files: &[String]) -> Result<AppConfig, ConfigErrors> {
    let environment = process_environment();
    tell(&variables_of_node(&environment));
    load(&ConfigSources::new(&read, &environment).with_files(files))
}

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

/// Reads a regular file up to the limit of a file, for [`ConfigSources`]. Opening a pipe would wait for
/// somebody who writes into it.
pub(crate) fn read(path: &str) -> io::Result<String> {
    const LIMIT: usize = yaml::MAX_BYTES;
    if !fs::metadata(path)?.is_file() {
        let message =
            "it is no regular file; a pipe, a device and a directory cannot be read again";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LIMIT {
        let message = format!("it is too large; at most {LIMIT} bytes are accepted");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Returns Coder's session token in the environment, if there is one. It is not an argument, because
/// everyone on the machine sees those.
pub(crate) fn session_token() -> Option<Secret> {
    let token = std::env::var("CODER_SESSION_TOKEN").ok();
    token.filter(|token| !token.is_empty()).map(Secret::new)
}

/// Returns the variables of this process. A variable that is not Unicode cannot be substituted and
/// is left out.
pub(crate) fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
