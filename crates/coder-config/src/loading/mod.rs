//! Loading app-config as Backstage does: which files, in which order, laid over each other how.

mod dropped;
mod environment;
mod files;
pub(crate) mod merge;
mod transform;

use std::io;
use std::sync::Arc;

pub use environment::Environment;
pub use files::Files;

use crate::message::shown;
use crate::node::Content;
use crate::{ConfigError, ConfigErrors, Location, Node, Notice, yaml};
pub(crate) use dropped::{Dropped, DroppedValue, quoted};
use files::{base_name, directory, join};
use transform::{Context, Transform};

/// The sources of a configuration, in Backstage's order. A later source overrides an earlier one:
///
/// - the files named with [`with_files`](Self::with_files) (`--config`). Without any, these are
///   `app-config.yaml`, which must exist; `app-config.<name>.yaml` for each name in `BACKSTAGE_ENV`
///   (a list with commas); `app-config.local.yaml`; and `app-config.<name>.local.yaml` for each name;
/// - the environment variables `APP_CONFIG_…`.
///
/// ```
/// use coder_config::{ConfigSources, Environment};
///
/// let files = |path: &str| match path {
///     "app-config.yaml" => Ok("app: { title: Acme, baseUrl: 'https://${HOST}' }".to_owned()),
///     _ => Err(std::io::ErrorKind::NotFound.into()),
/// };
/// let environment = Environment::from_iter([("HOST", "portal.example"), ("APP_CONFIG_app_title", "X")]);
/// let loaded = ConfigSources::new(&files, &environment).load()?;
/// assert_eq!(loaded.get("app.title").and_then(|title| title.as_str()), Some("X"));
/// let base_url = loaded.get("app.baseUrl").expect("it is written");
/// assert_eq!(base_url.as_str(), Some("https://portal.example"));
/// assert_eq!(
///     base_url.provenance().to_string(),
///     "app-config.yaml:1:30 (from environment variable `HOST`)",
/// );
/// # Ok::<_, coder_config::ConfigErrors>(())
/// ```
#[derive(Clone, Copy)]
pub struct ConfigSources<'a> {
    files: &'a dyn Files,
    environment: &'a Environment,
    targets: &'a [String],
    directory: &'a str,
    default_required: bool,
}

impl<'a> ConfigSources<'a> {
    /// Creates the sources: the default files of the working directory, and the environment.
    pub fn new(files: &'a dyn Files, environment: &'a Environment) -> Self {
        Self { files, environment, targets: &[], directory: "", default_required: true }
    }

    /// Sets the files to read instead of the default ones. An empty list keeps the default ones.
    #[must_use]
    pub fn with_files(self, paths: &'a [String]) -> Self {
        Self { targets: paths, ..self }
    }

    /// Sets the directory of the default files, by default the working directory.
    #[must_use]
    pub fn in_directory(self, directory: &'a str) -> Self {
        Self { directory, ..self }
    }

    /// Makes `app-config.yaml` optional: without it, loading goes on with the other sources.
    #[must_use]
    pub fn without_required_default(self) -> Self {
        Self { default_required: false, ..self }
    }

    /// Reads, substitutes and merges everything.
    ///
    /// # Errors
    ///
    /// Every problem that was found, each with its place: files that cannot be read, syntax,
    /// directives that cannot be followed. Values that Backstage drops silently are not errors
    /// but [notices](LoadedConfig::notices).
    pub fn load(&self) -> Result<LoadedConfig, ConfigErrors> {
        let mut errors = Vec::new();
        let mut transform = Transform {
            files: self.files,
            environment: self.environment,
            errors: Vec::new(),
            dropped: Vec::new(),
            read: Vec::new(),
            nodes: 0,
            exhausted: false,
        };
        let mut layers = Vec::new();
        let mut dropped: Vec<DroppedValue> = Vec::new();
        for (path, required) in self.paths() {
            match self.layer(&path, required, &mut transform) {
                Ok(Some(root)) => {
                    // A value that a later file has instead is not missing.
                    dropped.retain(|dropped| !dropped.is_replaced_by(&root));
                    layers.push(Layer::of_file(&path, root));
                }
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
            errors.append(&mut transform.errors);
            dropped.append(&mut transform.dropped);
        }
        let root = self.environment.configuration(&mut errors);
        if let Some(root) = root {
            dropped.retain(|dropped| !dropped.is_replaced_by(&root));
            layers.push(Layer { name: "env".into(), root });
        }
        if layers.is_empty() && errors.is_empty() {
            errors.push(ConfigError::Empty { files: transform.read.clone() });
        }
        let mut merged = None;
        for layer in &layers {
            merged = merge::merge(&layer.root, merged.as_ref());
        }
        let merged =
            merged.unwrap_or_else(|| Node::new(Content::Map(Box::default()), Location::Program));
        let notices = self.environments_without_file(&transform.read);
        let loaded = LoadedConfig {
            sources: layers.into_iter().map(|layer| layer.name).collect(),
            merged,
            dropped,
            files: transform.read,
            notices,
        };
        ConfigErrors::unless_empty(errors, loaded)
    }

    /// Returns the files to read, and whether each must exist.
    fn paths(&self) -> Vec<(String, bool)> {
        if !self.targets.is_empty() {
            return self.targets.iter().map(|target| (target.clone(), true)).collect();
        }
        let mut paths = vec![(self.default_file(""), self.default_required)];
        let [files, local] = ["", ".local"].map(|end| {
            self.environments()
                .map(move |name| (self.default_file(&format!(".{name}{end}")), false))
        });
        paths.extend(files);
        paths.push((self.default_file(".local"), false));
        paths.extend(local);
        paths
    }

    fn default_file(&self, name: &str) -> String {
        join(self.directory, &format!("app-config{name}.yaml"))
    }

    /// Returns the names in `BACKSTAGE_ENV`, which is a list with commas.
    fn environments(&self) -> impl Iterator<Item = &'a str> {
        let names = self.environment.get("BACKSTAGE_ENV").unwrap_or_default().split(',');
        names.map(str::trim).filter(|name| !name.is_empty())
    }

    /// Returns a notice for each name in `BACKSTAGE_ENV` that has no file. Otherwise nobody would
    /// notice that production runs with the configuration of a developer.
    fn environments_without_file(&self, read: &[String]) -> Vec<Notice> {
        if !self.targets.is_empty() {
            return Vec::new();
        }
        let without_file = self.environments().filter_map(|name| {
            let files = ["", ".local"].map(|end| self.default_file(&format!(".{name}{end}")));
            if files.iter().any(|file| read.contains(file)) {
                return None;
            }
            let [file, local] = files.map(|file| shown(&file));
            let message = format!(
                "`BACKSTAGE_ENV` names `{}`, and there is neither `{file}` nor `{local}`",
                shown(name)
            );
            Some(Notice::new("BACKSTAGE_ENV", message))
        });
        without_file.collect()
    }

    fn layer(
        &self,
        path: &str,
        required: bool,
        transform: &mut Transform<'_>,
    ) -> Result<Option<Node>, ConfigError> {
        if url::Url::parse(path).is_ok_and(|url| url.has_host()) {
            let problem = "looks like a URL; only files can be read, so download it first";
            return Err(ConfigError::invalid(format!("--config {path}"), None, problem));
        }
        let text = match self.files.read(path) {
            Ok(text) => text,
            Err(error) if !required && error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let source = Arc::new(error);
                return Err(ConfigError::Unreadable { file: path.to_owned(), source });
            }
        };
        transform.read.push(path.to_owned());
        let node = yaml::document(path, &text)?;
        if node.is_null() {
            return Ok(None);
        }
        let context = Context { directory: directory(path), included: None, depth: 1 };
        let known = transform.errors.len();
        match transform.value(&node, "", context) {
            Some(root) if root.as_map().is_some() => Ok(Some(root)),
            None if transform.errors.len() > known => Ok(None),
            other => {
                let found = other.as_ref().map_or("nothing", Node::kind);
                let problem = format!("is {found}; a configuration file must be a mapping");
                let at = node.provenance.clone();
                Err(ConfigError::invalid("the top of the file", at, problem))
            }
        }
    }
}

impl std::fmt::Debug for ConfigSources<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("ConfigSources").field(&self.paths()).finish()
    }
}

/// Configuration as it was found: every value with the place it came from.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    sources: Vec<String>,
    merged: Node,
    dropped: Vec<DroppedValue>,
    files: Vec<String>,
    notices: Vec<Notice>,
}

/// Content of one configuration source.
struct Layer {
    /// As Backstage names it in messages: the file's last part, or `env`.
    name: String,
    root: Node,
}

impl Layer {
    fn of_file(path: &str, root: Node) -> Self {
        Self { name: base_name(path).to_owned(), root }
    }
}

impl LoadedConfig {
    /// Wraps a mapping that a program passes in, such as an object of JavaScript. Nothing in it is
    /// substituted.
    ///
    /// # Errors
    ///
    /// Every key `__proto__` in it, which JavaScript keeps for itself.
    pub fn from_node(root: Node) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        transform::refuse_reserved(&root, "", &mut errors);
        let loaded = Self {
            sources: Vec::new(),
            merged: root,
            dropped: Vec::new(),
            files: Vec::new(),
            notices: Vec::new(),
        };
        ConfigErrors::unless_empty(errors, loaded)
    }

    /// Returns the whole configuration, a mapping.
    pub fn root(&self) -> &Node {
        &self.merged
    }

    /// Returns the value at a path of keys that hold no dot: `app.baseUrl`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(&self.merged, |node, key| node.get(key))
    }

    /// Returns the files that were read, in order, included ones among them. A change of any of
    /// them may change the configuration.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Returns the sources in the order of merging, as Backstage names them: file names and `env`.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// Returns what was left out because what it refers to is not there: values, and names in
    /// `BACKSTAGE_ENV` without a file.
    pub fn notices(&self) -> Vec<Notice> {
        let dropped = self.dropped.iter().map(DroppedValue::notice);
        self.notices.iter().cloned().chain(dropped).collect()
    }

    /// Returns the names in `BACKSTAGE_ENV` without a file.
    pub(crate) fn missing_files(&self) -> &[Notice] {
        &self.notices
    }

    pub(crate) fn dropped(&self) -> &[DroppedValue] {
        &self.dropped
    }
}
