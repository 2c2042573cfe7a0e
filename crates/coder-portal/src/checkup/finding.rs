//! The findings of a check.

use std::fmt;

use coder_config::{ConfigError, EnvironmentName, Notice, Provenance};
use coder_core::cleaned_to;
use serde::{Serialize, Serializer};

/// The greatest length of a text, in characters.
const MAX_TEXT: usize = 800;

/// An answer of a check: one line for a person, or one object for a program.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Subject of the finding.
    pub question: Question,
    /// Whether something has to be done.
    pub verdict: Verdict,
    /// The block of `auth.providers.coder` that the finding is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Place in the configuration or in a file of the catalog.
    #[serde(serialize_with = "as_text", skip_serializing_if = "Option::is_none")]
    pub place: Option<Provenance>,
    /// Text for people, in one line. It holds no secret.
    pub text: String,
    /// Action that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The subject of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "every reader has to have a word for each of them")]
pub enum Question {
    /// The files of the app-config.
    Configuration,
    /// The way to a deployment, and its release.
    Coder,
    /// The OAuth2 application at a deployment.
    Application,
    /// The clocks of this machine and of a deployment.
    Clock,
    /// The store of the sessions, and the keys that seal its content.
    Store,
    /// The catalog, and the people in it.
    Catalog,
    /// The templates and parameters that the configuration names.
    Templates,
    /// The service account of the index of workspaces.
    Index,
    /// The public URL of the portal.
    Outside,
}

/// The weight of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "every reader has to decide about each of them")]
pub enum Verdict {
    /// The answer is as it should be.
    Good,
    /// The question could not be asked, or its answer does not tell.
    Unchecked,
    /// The thing may be meant, and somebody should know of it.
    Notice,
    /// Somebody will not be able to sign in, or to find workspaces.
    Wrong,
}

impl Finding {
    /// Creates a finding. Invisible characters of the text are replaced, since a peer may have
    /// written them.
    pub fn new(question: Question, verdict: Verdict, text: impl AsRef<str>) -> Self {
        let text = cleaned_to(MAX_TEXT, text.as_ref());
        Self { question, verdict, environment: None, place: None, text, remedy: None }
    }

    /// Creates a finding from a notice of the configuration or of the catalog.
    pub fn from_notice(question: Question, notice: &Notice) -> Self {
        Self::new(question, Verdict::Notice, &notice.message).place(notice.provenance.clone())
    }

    /// Creates a finding from an error of the configuration.
    pub fn from_error(question: Question, error: &ConfigError) -> Self {
        Self::new(question, Verdict::Wrong, error.problem()).place(error.provenance())
    }

    /// Sets the environment that the finding is about.
    #[must_use]
    pub fn environment(mut self, name: &EnvironmentName) -> Self {
        self.environment = Some(name.to_string());
        self
    }

    /// Sets the place that is to be mended.
    #[must_use]
    pub fn place(mut self, place: impl Into<Option<Provenance>>) -> Self {
        self.place = place.into();
        self
    }

    /// Sets the action that mends it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(formatter, "{place}: ")?;
        }
        write!(formatter, "{}", self.question)?;
        if let Some(environment) = &self.environment {
            write!(formatter, " of `{}`", environment.escape_debug())?;
        }
        write!(formatter, ": {}", self.text)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Configuration => "configuration",
            Self::Coder => "coder",
            Self::Application => "application",
            Self::Clock => "clock",
            Self::Store => "store",
            Self::Catalog => "catalog",
            Self::Templates => "templates",
            Self::Index => "index",
            Self::Outside => "outside",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Good => "good",
            Self::Unchecked => "unchecked",
            Self::Notice => "notice",
            Self::Wrong => "wrong",
        })
    }
}

fn as_text<S: Serializer>(place: &Option<Provenance>, serializer: S) -> Result<S::Ok, S::Error> {
    place.as_ref().map(ToString::to_string).serialize(serializer)
}
