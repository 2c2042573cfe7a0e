//! Everything there is to say about a file, for editors and linters.

use std::fmt;
use std::ops::Range;

use crate::{
    AppConfig, ConfigError, ConfigSources, Entity, Location, Notice, Provenance, catalog_refusal,
    entity_notices, yaml,
};

/// Weight of a [`Diagnostic`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an editor maps each of them")]
pub enum Severity {
    /// The file or the value cannot be used.
    Error,
    /// Nothing stops, and a person should look at it.
    Warning,
}

/// Kind of a [`Diagnostic`], as a program compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "an editor may treat each of them differently")]
pub enum DiagnosticCode {
    /// A file could not be read.
    Unreadable,
    /// No source of configuration says anything.
    Empty,
    /// The text is not YAML (or JSON).
    Syntax,
    /// A mapping has the same key twice.
    DuplicateKey,
    /// The document exceeds a limit of the reader.
    TooLarge,
    /// `$env`, `$file`, `$include` or an `APP_CONFIG_…` variable cannot be followed.
    Directive,
    /// A required value is not there.
    Missing,
    /// A value is there and cannot be used.
    Invalid,
    /// A remark that stops nothing.
    Notice,
}

impl From<&ConfigError> for DiagnosticCode {
    fn from(error: &ConfigError) -> Self {
        match error {
            ConfigError::Unreadable { .. } => Self::Unreadable,
            ConfigError::Empty { .. } => Self::Empty,
            ConfigError::Syntax { .. } => Self::Syntax,
            ConfigError::DuplicateKey { .. } => Self::DuplicateKey,
            ConfigError::TooLarge { .. } => Self::TooLarge,
            ConfigError::Directive { .. } => Self::Directive,
            ConfigError::Missing { .. } => Self::Missing,
            ConfigError::Invalid { .. } => Self::Invalid,
        }
    }
}

/// One remark about a file: the text and the place apart, as an editor shows them.
///
/// Its text form is one line with the severity and the place in front:
/// `error: app-config.yaml:12:7: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Weight of the remark.
    pub severity: Severity,
    /// Kind of the remark.
    pub code: DiagnosticCode,
    /// Path of the value, like `auth.environment`, when the remark is about a value.
    pub path: Option<String>,
    /// Place of the key, the value or the character, when it has one.
    pub provenance: Option<Provenance>,
    /// Description and remedy in one line, lower case, without the place.
    pub message: String,
}

impl Diagnostic {
    /// Returns the place, when there is one.
    pub fn location(&self) -> Option<&Location> {
        self.provenance.as_ref().map(Provenance::location)
    }

    /// Returns the bytes of the file to underline, as [`Location::span`] tells them.
    pub fn span(&self) -> Option<Range<usize>> {
        self.location()?.span()
    }

    /// Returns the description alone: the message without [`help`](Self::help).
    pub fn problem(&self) -> &str {
        self.parts().0
    }

    /// Returns the remedy alone: the part of the message behind its first semicolon, when there is
    /// one outside of backticks.
    pub fn help(&self) -> Option<&str> {
        self.parts().1
    }

    fn parts(&self) -> (&str, Option<&str>) {
        let mut is_quoted = false;
        for (index, character) in self.message.char_indices() {
            match character {
                '`' => is_quoted = !is_quoted,
                ';' if !is_quoted => {
                    let (problem, rest) = self.message.split_at(index);
                    if let Some(help) = rest.strip_prefix("; ") {
                        return (problem, Some(help));
                    }
                }
                _ => {}
            }
        }
        (&self.message, None)
    }
}

impl From<ConfigError> for Diagnostic {
    fn from(error: ConfigError) -> Self {
        Self {
            severity: Severity::Error,
            code: DiagnosticCode::from(&error),
            path: error.path().map(str::to_owned),
            provenance: error.provenance(),
            message: error.problem(),
        }
    }
}

impl From<Notice> for Diagnostic {
    fn from(notice: Notice) -> Self {
        Self {
            severity: Severity::Warning,
            code: DiagnosticCode::Notice,
            path: Some(notice.path).filter(|path| !path.is_empty()),
            provenance: notice.provenance,
            message: notice.message,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.severity {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
        })?;
        if let Some(provenance) = &self.provenance {
            write!(formatter, "{provenance}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// Tells everything about a `catalog-info.yaml`: what is not YAML, what is not an entity, what
/// Backstage's catalog refuses, keys that look mistyped, and values of `spec.coder` that are
/// ignored.
///
/// `file` names the file in places. The remarks stand in the order of the documents.
///
/// ```
/// let text = "\
/// apiVersion: backstage.io/v1alpha1
/// kind: Component
/// metadata: { name: payments }
/// spec:
///   type: service
///   lifecycle: production
///   owner: team-a
///   coder: { templatesName: devcontainer }
/// ";
/// let [remark] = &coder_config::lint_catalog_info("catalog-info.yaml", text)[..] else { panic!() };
/// assert_eq!(&text[remark.span().expect("it is written there")], "templatesName");
/// assert_eq!(
///     remark.message,
///     "`spec.coder.templatesName` is not known and ignored; did you mean `templateName`?",
/// );
/// ```
pub fn lint_catalog_info(file: &str, text: &str) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for document in yaml::documents(file, text) {
        let node = match document {
            Ok(node) if node.is_null() => continue,
            Ok(node) => node,
            Err(error) => {
                diagnostics.push(error.into());
                continue;
            }
        };
        let entity = Entity::from_node(&node);
        // What is no entity at all breaks the catalog's rules for the same reason.
        let error = match &entity {
            Ok(_) => catalog_refusal(&node),
            Err(error) => Some(error.clone()),
        };
        diagnostics.extend(error.map(Diagnostic::from));
        diagnostics.extend(entity_notices(&node).into_iter().map(Diagnostic::from));
        let coder = entity.ok().and_then(|entity| entity.coder_spec());
        let ignored = coder.map(|coder| coder.notices).unwrap_or_default();
        diagnostics.extend(ignored.into_iter().map(Diagnostic::from));
    }
    diagnostics
}

/// Tells everything about a set of app-config files: files that cannot be read, references that
/// lead nowhere, values that cannot be used, unknown keys, and sign-in resolvers that neither
/// Backstage nor the program has.
///
/// `resolvers` names the sign-in resolvers that the program brings along. Errors come before
/// warnings.
///
/// ```
/// use coder_config::{ConfigSources, Environment, lint_app_config};
///
/// let files = |path: &str| match path {
///     "app-config.yaml" => Ok("app: { baseURL: https://portal.example.com }".to_owned()),
///     _ => Err(std::io::ErrorKind::NotFound.into()),
/// };
/// let environment = Environment::default();
/// let remarks = lint_app_config(&ConfigSources::new(&files, &environment), &[]);
/// assert_eq!(
///     remarks[0].to_string(),
///     "error: app-config.yaml:1:8: missing `app.baseUrl`: `baseURL` looks like it; \
///      rename it to `baseUrl`",
/// );
/// ```
pub fn lint_app_config(sources: &ConfigSources<'_>, resolvers: &[&str]) -> Vec<Diagnostic> {
    match sources.load().and_then(|loaded| AppConfig::read(&loaded, Some(resolvers))) {
        Ok(config) => config.notices().iter().cloned().map(Diagnostic::from).collect(),
        Err(errors) => {
            let notices = errors.notices().to_vec();
            let errors = errors.into_iter().map(Diagnostic::from);
            errors.chain(notices.into_iter().map(Diagnostic::from)).collect()
        }
    }
}
