//! What a deployment has not got: too old, switched off, or not part of its build.

use std::fmt;

use http::StatusCode;

use super::ApiError;
use crate::{Capability, CoderVersion};

/// An operation that a deployment does not have. `Display` names the operation, the release that
/// it needs, and the release of the deployment, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The operation's name, like `ListScopes`.
    pub operation: &'static str,
    /// What it needs, when it came with a certain release.
    pub needs: Option<Capability>,
    /// The release of the deployment, when it told it.
    pub release: Option<CoderVersion>,
    /// How it was told; `None` when nothing was sent, because an older release would have ignored
    /// a part of the request.
    pub answer: Option<Absence>,
}

/// How a deployment tells that it does not have an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// Coder said so.
    Said(ApiError),
    /// The page of Coder's dashboard came, which stands at every path outside of `/api` and `/oauth2`.
    Page(StatusCode),
}

impl Unsupported {
    /// What Coder said, when it said something.
    pub fn said(&self) -> Option<&ApiError> {
        match &self.answer {
            Some(Absence::Said(said)) => Some(said),
            Some(Absence::Page(_)) | None => None,
        }
    }

    /// Whether the deployment is older than the release that has it, as far as is known.
    pub fn is_too_old(&self) -> bool {
        match (self.release, self.needs) {
            (Some(release), Some(needs)) => !release.includes(needs.since()),
            (None, _) | (_, None) => self.said().is_some_and(ApiError::is_under_development),
        }
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        match &self.answer {
            Some(Absence::Said(said)) => Some(said.status),
            Some(Absence::Page(status)) => Some(*status),
            None => None,
        }
    }

    /// The release that has it, where the deployment's is older or not known.
    fn missing(&self) -> Option<Capability> {
        let known = self.release.zip(self.needs);
        let has_it = known.is_some_and(|(release, needs)| release.includes(needs.since()));
        self.needs.filter(|_| !has_it)
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.operation;
        let off = self.said().filter(|said| said.is_switched_off());
        match (self.missing(), self.release) {
            (Some(needs), Some(release)) => {
                let (part, since) = (needs.as_asked(), needs.since());
                write!(
                    formatter,
                    "`{name}`{part} needs coder {since} or later, and this one is {release}"
                )?;
            }
            (Some(needs), None) => {
                let (part, since) = (needs.as_asked(), needs.since());
                write!(formatter, "`{name}`{part} needs coder {since} or later")?;
                match off {
                    Some(said) => write!(formatter, ", and this one says: {}", said.said()),
                    None => formatter.write_str(", and this one does not tell its release"),
                }?;
            }
            (None, release) => {
                let release = release.map(|release| format!(" ({release})")).unwrap_or_default();
                write!(formatter, "`{name}` is not available at this coder{release}: ")?;
                return match off {
                    Some(said) => formatter.write_str(&said.said()),
                    None => formatter
                        .write_str("it came later, is switched off, or is not part of this build"),
                };
            }
        }
        match self.answer {
            None => formatter.write_str("; nothing was sent"),
            Some(_) => Ok(()),
        }
    }
}
