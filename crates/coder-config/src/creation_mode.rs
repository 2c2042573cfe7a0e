//! How Coder's creation page treats a link.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Behaviour of a creation link when it is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CreationMode {
    /// Shows the form, filled in.
    #[default]
    Manual,
    /// Creates the workspace at once.
    Auto,
}

impl CreationMode {
    /// Returns the mode as configuration and links write it: `manual` or `auto`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Auto => "auto",
        }
    }
}

impl fmt::Display for CreationMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for CreationMode {
    type Err = CreationModeError;

    fn from_str(text: &str) -> Result<Self, CreationModeError> {
        match text {
            "manual" => Ok(Self::Manual),
            "auto" => Ok(Self::Auto),
            _ => Err(CreationModeError),
        }
    }
}

/// The error for a text that is not a [`CreationMode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither `manual` nor `auto`")]
pub struct CreationModeError;
