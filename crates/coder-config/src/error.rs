//! Mistakes in what people write.

use coder_core::with_causes;
use std::fmt;
use std::io;
use std::sync::Arc;

use crate::message::one_line;
use crate::{Location, Notice, Provenance};

/// One problem in a file, an entity or the configuration, with its place.
///
/// Its text form is one line that starts with the place, when there is one:
/// `app-config.yaml:12:7: …`.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file could not be read.
    #[error("{} `{file}`", unreadable(.source))]
    #[non_exhaustive]
    Unreadable {
        /// Name of the file.
        file: String,
        /// Error of the operating system.
        source: Arc<io::Error>,
    },
    /// No source of configuration says anything.
    #[error("there is no configuration{}", nothing_in(.files))]
    #[non_exhaustive]
    Empty {
        /// The files that were read.
        files: Vec<String>,
    },
    /// The text is not YAML (or JSON).
    #[error("{location}: {problem}")]
    #[non_exhaustive]
    Syntax {
        /// Place at which reading stopped.
        location: Location,
        /// Description of the problem.
        problem: String,
    },
    /// A mapping has the same key twice.
    #[error("{location}: duplicate key `{key}`, first written at {first}")]
    #[non_exhaustive]
    DuplicateKey {
        /// Key that stands twice.
        key: String,
        /// Place of the second one.
        location: Location,
        /// Place of the first one.
        first: Location,
    },
    /// The document is larger or deeper than this reader accepts.
    #[error("{location}: {what}; at most {limit} are accepted")]
    #[non_exhaustive]
    TooLarge {
        /// Place where the limit was reached.
        location: Location,
        /// Name of the exceeded limit.
        what: &'static str,
        /// The limit: how much is accepted.
        limit: usize,
    },
    /// `$env`, `$file`, `$include` or an `APP_CONFIG_…` variable cannot be followed.
    #[error("{at}: {problem}")]
    #[non_exhaustive]
    Directive {
        /// Place of the directive.
        at: Provenance,
        /// Description of the problem, and the remedy.
        problem: String,
    },
    /// A required value is not there.
    #[error("missing `{path}`{hint}")]
    #[non_exhaustive]
    Missing {
        /// The path of the value.
        path: String,
        /// Place to add it, or of what refers to something that is not there.
        at: Option<Provenance>,
        /// Remedy: the file to add it to, or the variable to set. Starts with `: ` unless empty.
        hint: String,
        /// `hint` without the place `at`.
        plain_hint: Box<str>,
    },
    /// A value is there and cannot be used.
    #[error("{}`{path}` {problem}", place(.at.as_ref()))]
    #[non_exhaustive]
    Invalid {
        /// The path of the value.
        path: String,
        /// Place where it is written.
        at: Option<Provenance>,
        /// Description of the value found and of those allowed. It never holds the text of a
        /// secret.
        problem: String,
    },
}

/// Returns the place as it begins a message. A value that a program passed in has none to look at.
fn place(at: Option<&Provenance>) -> String {
    let written = at.filter(|at| *at.location() != Location::Program);
    written.map(|at| format!("{at}: ")).unwrap_or_default()
}

fn unreadable(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no file",
        _ => "cannot read",
    }
}

fn nothing_in(files: &[String]) -> String {
    if files.is_empty() {
        return "; write an `app-config.yaml`".to_owned();
    }
    format!(": nothing but comments in {}", crate::loading::quoted(files))
}

impl ConfigError {
    /// Returns the place of the problem, if it has one.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Syntax { location, .. }
            | Self::DuplicateKey { location, .. }
            | Self::TooLarge { location, .. } => Some(location),
            Self::Directive { at, .. } => Some(at.location()),
            Self::Invalid { at, .. } | Self::Missing { at, .. } => {
                at.as_ref().map(Provenance::location)
            }
            Self::Unreadable { .. } | Self::Empty { .. } => None,
        }
    }

    /// Returns where the problem is and how the value came from there, when it has a place.
    pub fn provenance(&self) -> Option<Provenance> {
        match self {
            Self::Syntax { location, .. }
            | Self::DuplicateKey { location, .. }
            | Self::TooLarge { location, .. } => Some(location.clone().into()),
            Self::Directive { at, .. } => Some(at.clone()),
            Self::Invalid { at, .. } | Self::Missing { at, .. } => at.clone(),
            Self::Unreadable { .. } | Self::Empty { .. } => None,
        }
    }

    /// Returns the text without the place, for a tool that shows the place itself.
    ///
    /// Other places, such as that of the first of two equal keys, stay in it.
    pub fn problem(&self) -> String {
        match self {
            Self::Syntax { problem, .. } | Self::Directive { problem, .. } => problem.clone(),
            Self::DuplicateKey { key, first, .. } => {
                format!("duplicate key `{key}`, first written at {first}")
            }
            Self::TooLarge { what, limit, .. } => format!("{what}; at most {limit} are accepted"),
            Self::Missing { path, plain_hint, .. } => format!("missing `{path}`{plain_hint}"),
            Self::Invalid { path, problem, .. } => format!("`{path}` {problem}"),
            Self::Unreadable { .. } | Self::Empty { .. } => with_causes(self),
        }
    }

    /// Returns the path of the value, like `auth.environment`, when the problem is one of a value.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Missing { path, .. } | Self::Invalid { path, .. } => Some(path),
            Self::Unreadable { .. }
            | Self::Empty { .. }
            | Self::Syntax { .. }
            | Self::DuplicateKey { .. }
            | Self::TooLarge { .. }
            | Self::Directive { .. } => None,
        }
    }

    pub(crate) fn invalid(
        path: impl Into<String>,
        at: impl Into<Option<Provenance>>,
        problem: impl Into<String>,
    ) -> Self {
        Self::Invalid { path: one_line(path), at: at.into(), problem: one_line(problem) }
    }

    pub(crate) fn missing(path: impl Into<String>, hint: Hint) -> Self {
        let Hint { at, text, plain } = hint;
        let [hint, plain_hint] = [text, plain].map(one_line);
        Self::Missing { path: one_line(path), at, hint, plain_hint: plain_hint.into() }
    }
}

/// Advice about a value that is missing, with and without the place where to follow it.
pub(crate) struct Hint {
    at: Option<Provenance>,
    text: String,
    plain: String,
}

impl Hint {
    /// Makes a hint from two texts: `text` names the place `at`, `plain` does not.
    pub(crate) fn new(
        at: impl Into<Provenance>,
        text: impl Into<String>,
        plain: impl Into<String>,
    ) -> Self {
        Self { at: Some(at.into()), text: text.into(), plain: plain.into() }
    }

    /// Makes a hint that knows no place.
    pub(crate) fn without_place(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at: None, plain: text.clone(), text }
    }

    /// Returns the text that names the place.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// All problems of one reading; never empty. Its text form is all of them, separated by `; `.
#[derive(Clone, Debug)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
    notices: Vec<Notice>,
}

impl ConfigErrors {
    /// Returns `Ok(value)` when there are no errors.
    pub(crate) fn unless_empty<T>(errors: Vec<ConfigError>, value: T) -> Result<T, Self> {
        if errors.is_empty() { Ok(value) } else { Err(Self::new(errors, Vec::new())) }
    }

    pub(crate) fn new(errors: Vec<ConfigError>, notices: Vec<Notice>) -> Self {
        Self { errors, notices }
    }

    /// Returns the problems, in the order of discovery.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ConfigError> {
        self.errors.iter()
    }

    /// Returns the warnings found beside the errors.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self::new(vec![error], Vec::new())
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                formatter.write_str("; ")?;
            }
            error.fmt(formatter)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.errors.as_slice() {
            [one] => std::error::Error::source(one),
            _ => None,
        }
    }
}

/// An error that stops nothing here, at the error's place.
impl From<ConfigError> for Notice {
    fn from(error: ConfigError) -> Self {
        let notice = Self::new(error.path().unwrap_or_default(), error.problem());
        Self { provenance: error.provenance(), ..notice }
    }
}
