//! App-config: a set of files and an environment.

use std::collections::BTreeMap;

use coder_config::{ConfigSources, Diagnostic, Environment, LoadedConfig, lint_app_config as lint};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::places::Texts;
use super::remarks::Remark;
use crate::answer::{Answer, Fault, answer, read};

/// Files and environment, as JavaScript hands them in.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sources {
    /// Texts by path.
    files: BTreeMap<String, String>,
    /// Variables in their order.
    environment: Vec<(String, String)>,
    /// The files that `--config` names.
    config: Vec<String>,
    /// Sign-in resolvers that the program brings along.
    resolvers: Vec<String>,
}

impl Sources {
    fn texts(&self) -> Texts<'_> {
        self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }

    fn with<T>(&self, work: impl FnOnce(&ConfigSources<'_>) -> T) -> T {
        let variables =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let environment: Environment = variables.collect();
        work(&ConfigSources::new(&self.files, &environment).with_files(&self.config))
    }
}

fn sources(text: &str) -> Result<Sources, Fault> {
    read("the files and the environment", text)
}

/// Tells everything about a set of app-config files.
#[wasm_bindgen(js_name = lintAppConfig)]
pub fn lint_app_config(written: &str) -> Answer {
    answer(sources(written).map(|sources| {
        let resolvers: Vec<&str> = sources.resolvers.iter().map(String::as_str).collect();
        Remark::all(sources.with(|found| lint(found, &resolvers)), &sources.texts())
    }))
}

/// Loads app-config as Backstage does: substituted and merged.
#[wasm_bindgen(js_name = loadAppConfig)]
pub fn load_app_config(written: &str) -> Answer {
    answer(sources(written).map(|sources| {
        let texts = sources.texts();
        sources.with(|found| match found.load() {
            Ok(loaded) => Loaded::new(&loaded, &texts),
            // What stops the loading is the first thing that a linter tells.
            Err(_) => Loaded::nothing(Remark::all(lint(found, &[]), &texts)),
        })
    }))
}

/// Loaded configuration, and what there is to say about it.
#[derive(Serialize)]
struct Loaded {
    config: Option<Value>,
    sources: Vec<String>,
    files: Vec<String>,
    diagnostics: Vec<Remark>,
}

impl Loaded {
    fn nothing(diagnostics: Vec<Remark>) -> Self {
        Self { config: None, sources: Vec::new(), files: Vec::new(), diagnostics }
    }

    fn new(loaded: &LoadedConfig, texts: &Texts<'_>) -> Self {
        let notices = loaded.notices().into_iter().map(Diagnostic::from).collect();
        Self {
            config: Some(loaded.root().to_json()),
            sources: loaded.sources().map(str::to_owned).collect(),
            files: loaded.files().to_vec(),
            diagnostics: Remark::all(notices, texts),
        }
    }
}
