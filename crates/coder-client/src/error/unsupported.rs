//! Operations that a deployment does not have: too old, switched off, or not part of its build.

use std::fmt;

use http::StatusCode;

use super::ApiError;
use crate::{Capability, CoderVersion};

/// An operation that a deployment does not have.
///
/// `Display` names the operation, the release that it needs, and the release of the deployment, as
/// far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// The name of the operation, like `ListScopes`.
    pub operation: &'static str,
    /// The capability that the operation needs, when it came with a certain release.
    pub needs: Option<Capability>,
    /// The release of the deployment, when the deployment told it.
    pub release: Option<CoderVersion>,
    /// The answer by which the deployment showed that it does not have the operation.
    ///
    /// It is `None` when nothing was sent, because an older release would have ignored a part of
    /// the request.
    pub answer: Option<Absence>,
}

/// An answer by which a deployment shows that it does not have an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Absence {
    /// A refusal of Coder's API.
    Api(ApiError),
    /// The page of Coder's dashboard, which stands at every path outside of `/api` and `/oauth2`.
    Dashboard(StatusCode),
}

impl Unsupported {
    /// Returns the refusal of Coder's API, if that was the answer.
    pub fn api(&self) -> Option<&ApiError> {
        match &self.answer {
            Some(Absence::Api(said)) => Some(said),
            Some(Absence::Dashboard(_)) | None => None,
        }
    }

    /// Returns `true` when the deployment is known to be older than the first release with the
    /// operation.
    pub fn is_too_old(&self) -> bool {
        match (self.release, self.needs) {
            (Some(release), Some(needs)) => !release.includes(needs.since()),
            (None, _) | (_, None) => self.api().is_some_and(ApiError::is_under_development),
        }
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        match &self.answer {
            Some(Absence::Api(said)) => Some(said.status),
            Some(Absence::Dashboard(status)) => Some(*status),
            None => None,
        }
    }

    /// Returns the capability that is missing, when the deployment is older or its release is
    /// unknown.
    fn missing(&self) -> Option<Capability> {
        let known = self.release.zip(self.needs);
        let has_it = known.is_some_and(|(release, needs)| release.includes(needs.since()));
        self.needs.filter(|_| !has_it)
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.operation;
        let off = self.api().filter(|error| error.is_switched_off());
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
                    Some(error) => write!(formatter, ", and this one says: {}", error.summary()),
                    None => formatter.write_str(", and this one does not tell its release"),
                }?;
            }
            (None, release) => {
                let release = release.map(|release| format!(" ({release})")).unwrap_or_default();
                write!(formatter, "`{name}` is not available at this coder{release}: ")?;
                return match off {
                    Some(error) => formatter.write_str(&error.summary()),
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
