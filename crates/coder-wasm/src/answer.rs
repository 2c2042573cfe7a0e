//! The answer of a call: a text of JSON, `{"ok": …}` or `{"error": …}`.

use coder_config::{ConfigError, ConfigErrors, Location};
use coder_core::with_causes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A text of JSON that answers a call.
pub(crate) type Answer = String;

/// Writes the answer to a call.
pub(crate) fn answer<T: Serialize>(result: Result<T, Fault>) -> Answer {
    let written = match result {
        Ok(value) => serde_json::to_string(&Tagged::Ok(value)),
        Err(fault) => serde_json::to_string(&Tagged::<T>::Error(fault)),
    };
    // Maps of these values have texts for keys, so they can always be written.
    written.unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Tagged<T> {
    Ok(T),
    Error(Fault),
}

/// Reads an argument. `what` names it in an error.
pub(crate) fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|error| format!("{what} cannot be read: {}", with_causes(&error)))
        .map_err(|message| Fault::new("invalidArgument", message))
}

/// An error as JavaScript gets it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Fault(Box<Told>);

#[derive(Debug, Serialize)]
struct Told {
    code: &'static str,
    message: String,
    #[serde(flatten)]
    place: Place,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

/// One of several errors that are reported at once.
#[derive(Debug, Serialize)]
struct Problem {
    message: String,
    #[serde(flatten)]
    place: Place,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let (message, place) = (message.into(), Place::default());
        Self(Box::new(Told { code, message, place, problems: Vec::new() }))
    }

    /// Returns the mistake, for people.
    #[cfg(all(feature = "edge", target_family = "wasm"))]
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Makes an error with the texts of its causes.
    pub(crate) fn from_error(
        code: &'static str,
        error: &(dyn std::error::Error + 'static),
    ) -> Self {
        Self::new(code, with_causes(error))
    }
}

impl From<&ConfigError> for Problem {
    fn from(error: &ConfigError) -> Self {
        let mut place = Place { path: error.path().map(str::to_owned), ..Place::default() };
        if let Some(Location::File { file, line, column, .. }) = error.location() {
            place.file = Some(file.to_string());
            (place.line, place.column) = (Some(*line), Some(*column));
        }
        Self { message: error.problem(), place }
    }
}

impl From<ConfigErrors> for Fault {
    fn from(errors: ConfigErrors) -> Self {
        Self::from_config("invalidConfig", errors)
    }
}

impl Fault {
    /// Takes the place of the first error; each one is among the problems.
    pub(crate) fn from_config(code: &'static str, errors: impl Into<ConfigErrors>) -> Self {
        let errors = errors.into();
        let problems: Vec<Problem> = errors.iter().map(Problem::from).collect();
        let place = problems.first().map(|problem| problem.place.clone()).unwrap_or_default();
        let messages: Vec<&str> = problems.iter().map(|problem| &*problem.message).collect();
        Self(Box::new(Told { code, message: messages.join("; "), place, problems }))
    }
}
