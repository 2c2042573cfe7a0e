//! `type:target`, as annotations name places.

use std::fmt;
use std::str::FromStr;

use crate::javascript::trim;
use crate::message::shown;

/// A location reference: `url:https://github.com/acme/payments`, `file:./catalog-info.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocationRef {
    kind: String,
    target: String,
}

impl LocationRef {
    /// Creates a reference from its parts.
    ///
    /// # Errors
    ///
    /// When a part is empty, or the target is a script.
    pub fn new(kind: &str, target: &str) -> Result<Self, LocationRefError> {
        if kind.is_empty() || target.is_empty() {
            return Err(LocationRefError::NoType { text: shown(&format!("{kind}:{target}")) });
        }
        if is_script(target) {
            return Err(LocationRefError::Script);
        }
        Ok(Self { kind: kind.to_owned(), target: target.to_owned() })
    }

    /// Reads a reference; space around its parts does not count.
    ///
    /// # Errors
    ///
    /// When a part is missing, the type was forgotten before `https:`, or the target is a script.
    pub fn parse(text: &str) -> Result<Self, LocationRefError> {
        let (kind, target) = text.split_once(':').unwrap_or((text, ""));
        let (kind, target) = (trim(kind), trim(target));
        if kind.is_empty() || target.is_empty() || matches!(kind, "http" | "https") {
            return Err(LocationRefError::NoType { text: shown(text) });
        }
        Self::new(kind, target)
    }

    /// Returns the type: `url`, `file`, ….
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Returns the target: a URL or a path.
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl FromStr for LocationRef {
    type Err = LocationRefError;

    fn from_str(text: &str) -> Result<Self, LocationRefError> {
        Self::parse(text)
    }
}

impl fmt::Display for LocationRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.target)
    }
}

/// Reasons why a text is not a location reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationRefError {
    /// The type or the target is missing.
    #[error("`{text}` is not `type:target`; write it like `url:https://github.com/acme/payments`")]
    #[non_exhaustive]
    NoType {
        /// Text that was read.
        text: String,
    },
    /// The target is a `javascript:` URL.
    #[error("a `javascript:` URL is no location")]
    Script,
}

/// Returns whether a browser would run the target as a script: `javascript:` in any case, with
/// space before it and line breaks or tabs inside.
fn is_script(target: &str) -> bool {
    let mut rest = target.trim_start_matches(|c: char| c <= ' ').chars();
    for letter in "javascript:".chars() {
        match rest.find(|c| letter == 'j' || !matches!(c, '\r' | '\n' | '\t')) {
            Some(found) if found.eq_ignore_ascii_case(&letter) => {}
            _ => return false,
        }
    }
    true
}
