//! A configuration in memory, and what is said about it.

use std::collections::BTreeMap;

use coder_config::{AppConfig, ConfigErrors, ConfigSources, Environment};

/// Loads a portal's configuration from these files.
pub(crate) fn load(
    files: &[(&str, &str)],
    environment: &Environment,
) -> Result<AppConfig, ConfigErrors> {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    AppConfig::from_loaded(&ConfigSources::new(&files, environment).load()?)
}

/// Loads a portal's configuration from this text.
pub(crate) fn load_text(text: &str) -> Result<AppConfig, ConfigErrors> {
    load(&[("app-config.yaml", text)], &Environment::default())
}

/// Returns everything a person is told, a line each.
pub(crate) fn told(result: &Result<AppConfig, ConfigErrors>) -> String {
    let (errors, notices) = match result {
        Ok(config) => (Vec::new(), config.notices()),
        Err(errors) => (errors.iter().collect(), errors.notices()),
    };
    let mut lines: Vec<_> = errors.iter().map(|error| format!("error: {error}")).collect();
    lines.extend(notices.iter().map(|notice| format!("notice: {notice}")));
    lines.join("\n")
}
