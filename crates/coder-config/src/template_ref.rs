//! References to Coder templates.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A template's name, alone or in an organization: `devcontainers`, `platform/devcontainers`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TemplateRef {
    organization: Option<String>,
    template: String,
}

impl TemplateRef {
    /// Reads `template` or `organization/template`.
    ///
    /// # Errors
    ///
    /// When a part is empty, `.` or `..` (they would change the path of a link), or there are
    /// more than two.
    pub fn parse(text: &str) -> Result<Self, TemplateRefError> {
        let (organization, template) = match text.split_once('/') {
            Some((organization, template)) => (Some(organization), template),
            None => (None, text),
        };
        if template.contains('/') {
            return Err(TemplateRefError::TooManyParts);
        }
        for part in organization.into_iter().chain([template]) {
            match part {
                "" => return Err(TemplateRefError::Empty),
                "." | ".." => return Err(TemplateRefError::Dots),
                _ => {}
            }
        }
        Ok(Self { organization: organization.map(str::to_owned), template: template.to_owned() })
    }

    /// Returns the organization, if one is named.
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }

    /// Returns the name of the template.
    pub fn template(&self) -> &str {
        &self.template
    }
}

impl FromStr for TemplateRef {
    type Err = TemplateRefError;

    fn from_str(text: &str) -> Result<Self, TemplateRefError> {
        Self::parse(text)
    }
}

impl fmt::Display for TemplateRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(organization) = &self.organization {
            write!(formatter, "{organization}/")?;
        }
        formatter.write_str(&self.template)
    }
}

impl fmt::Debug for TemplateRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TemplateRef({self})")
    }
}

impl Serialize for TemplateRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TemplateRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Reasons why a text names no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateRefError {
    /// Nothing is written, or one side of the slash is empty.
    #[error("a name is empty; write `template` or `organization/template`")]
    Empty,
    /// A part is `.` or `..`.
    #[error("`.` and `..` are no names; write `template` or `organization/template`")]
    Dots,
    /// More than one slash.
    #[error("there is more than one `/`; write `template` or `organization/template`")]
    TooManyParts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_may_stand_in_an_organization() {
        let template = TemplateRef::parse("platform/dev").unwrap();
        assert_eq!((template.organization(), template.template()), (Some("platform"), "dev"));
        assert_eq!(TemplateRef::parse("my template").unwrap().organization(), None);
    }

    #[test]
    fn what_would_leave_the_path_of_a_link_is_no_template() {
        for text in ["", ".", "..", "/x", "x/", "../x", "a/.", "a/b/c"] {
            assert!(TemplateRef::parse(text).is_err(), "{text}");
        }
    }
}
