//! Refusals of Coder, and their meaning: releases and routes tell the same in different ways.

use std::fmt;

use coder_core::quoted;
use http::StatusCode;

/// A refusal of Coder: a status other than success, with Coder's explanation.
///
/// `Display` prints the status, the message, the detail and the fields that were wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status of the answer.
    pub status: StatusCode,
    /// The message, which may be shown to users.
    ///
    /// This and each text below is one line of at most 200 characters. For the OAuth2 endpoints it
    /// is their `error_description`.
    pub message: String,
    /// The detail of the message, which is often the only reason that Coder tells.
    pub detail: Option<String>,
    /// The fields of the request that were wrong.
    pub validations: Vec<ValidationError>,
    /// The code of an OAuth2 error (RFC 6749 §5.2), like `invalid_grant`.
    pub oauth_code: Option<String>,
    /// The value of `X-Coder-Request-Id`, by which the request is found in Coder's log.
    pub request_id: Option<String>,
    /// The cause of the error, as far as its text tells.
    pub(crate) cause: Option<Cause>,
    /// `true` when the request had a safe method (RFC 9110 §9.2.1), so that it changed nothing.
    pub(crate) changed_nothing: bool,
    /// Whether the answer has a message or a code, as each refusal of Coder has; other peers answer
    /// with nothing, or with JSON of their own.
    pub(crate) is_of_coder: bool,
}

/// The cause of an internal error of Coder.
///
/// It is read from the whole text, of which only the beginning is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Forbidden,
    NoRows,
    Duplicate,
    /// Another workspace of the owner has the name.
    DuplicateName,
}

impl Cause {
    pub(crate) fn from_text(said: &str) -> Option<Self> {
        if said.contains("duplicate key value violates unique constraint") {
            let is_of_a_name = said.contains("workspaces_owner_id_lower_idx");
            return Some(if is_of_a_name { Self::DuplicateName } else { Self::Duplicate });
        }
        [("rbac: forbidden", Self::Forbidden), ("sql: no rows in result set", Self::NoRows)]
            .into_iter()
            .find_map(|(text, cause)| said.contains(text).then_some(cause))
    }
}

/// A field of a request that Coder refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[non_exhaustive]
pub struct ValidationError {
    /// The name of the field in the request's JSON or query.
    pub field: String,
    /// The reason why the field is wrong.
    pub detail: String,
}

/// The kind of a conflict: Coder answered with 409, or with 500 because two requests for one
/// resource overlapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conflict {
    /// The name is taken by another workspace of the owner, or by another token of the user.
    NameTaken,
    /// Another build of the workspace is pending or running.
    BuildActive,
    /// The workspace was deleted.
    Deleted,
    /// Another conflict: the workspace is not started or has no deadline
    /// ([`ExtendWorkspace`](crate::operations::ExtendWorkspace)), it is a prebuilt one, or the
    /// deployment has its first user already.
    Other,
}

impl ApiError {
    /// Returns `true` when the caller lacks the permission. Some routes answer so with 500.
    pub(crate) fn is_forbidden(&self) -> bool {
        (self.status == StatusCode::FORBIDDEN && !self.is_switched_off())
            || (self.is_server_error() && self.cause == Some(Cause::Forbidden))
    }

    /// Returns `true` when something that the request names does not exist, or is hidden from the
    /// caller.
    pub(crate) fn is_not_found(&self) -> bool {
        match self.status {
            StatusCode::NOT_FOUND => self.is_of_coder && !self.is_unsupported(),
            StatusCode::BAD_REQUEST => self.names_missing_resource(),
            _ => self.is_server_error() && self.cause == Some(Cause::NoRows),
        }
    }

    /// Returns `true` when this deployment does not have the operation: no such route, no such
    /// method, or a feature that is switched off.
    pub(crate) fn is_unsupported(&self) -> bool {
        match self.status {
            StatusCode::NOT_FOUND => self.message == "Route not found.",
            // Coder's router says it without a word; a refusal of Coder's own has a message.
            StatusCode::METHOD_NOT_ALLOWED => {
                Some(&*self.message) == self.status.canonical_reason()
            }
            _ => self.is_switched_off(),
        }
    }

    /// Returns `true` when the message says that the feature exists but is switched off here.
    pub(crate) fn is_switched_off(&self) -> bool {
        match self.status {
            StatusCode::FORBIDDEN => {
                self.message.ends_with("requires enabling the 'oauth2' experiment.")
                    || self.message.starts_with("Dynamic client registration is disabled")
                    || self.message.contains("is a Premium feature")
                    || self.is_under_development()
                    || matches!(
                        &*self.message,
                        "Dev Container feature not enabled."
                            | "Dev Container feature not supported."
                    )
            }
            StatusCode::BAD_REQUEST => self.message == "Workspace renames are not allowed.",
            _ => false,
        }
    }

    /// Returns `true` when the OAuth2 provider of this release is not finished: 2.24 answers so.
    pub(crate) fn is_under_development(&self) -> bool {
        self.message == "OAuth2 provider is under development."
    }

    /// Returns `true` when the build of the request is no longer in the expected state.
    pub(crate) fn is_too_late(&self) -> bool {
        match self.status {
            StatusCode::PRECONDITION_FAILED => true,
            StatusCode::BAD_REQUEST => self.message == "Job has already completed!",
            _ => false,
        }
    }

    pub(crate) fn conflict(&self) -> Option<Conflict> {
        if self.is_duplicate() {
            let is_of_a_name = self.cause == Some(Cause::DuplicateName);
            return Some(if is_of_a_name { Conflict::NameTaken } else { Conflict::Other });
        }
        if self.status != StatusCode::CONFLICT || !self.is_of_coder {
            return None;
        }
        let unique = |validation: &ValidationError| validation.field == "name";
        Some(if self.validations.iter().any(unique) {
            Conflict::NameTaken
        } else if self.message == "A workspace build is already active." {
            Conflict::BuildActive
        } else if self.message.ends_with("a deleted workspace!") {
            Conflict::Deleted
        } else {
            Conflict::Other
        })
    }

    /// Returns `true` when Coder itself has answered with this status.
    pub(crate) fn says(&self, status: StatusCode) -> bool {
        self.is_of_coder && self.status == status
    }

    /// Returns `true` when the answer tells nothing about what was asked for.
    pub(crate) fn is_inconclusive(&self) -> bool {
        let refused = self.is_forbidden() || self.is_not_found() || self.is_duplicate();
        let is_absence = matches!(self.status, StatusCode::NOT_FOUND | StatusCode::GONE);
        (self.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED && !refused)
            || (is_absence && !self.is_of_coder)
    }

    /// Returns `true` when the outcome of the request is unknown.
    pub(crate) fn is_outcome_unknown(&self) -> bool {
        let refused = self.is_forbidden() || self.is_not_found() || self.is_duplicate();
        self.is_server_error() && !self.changed_nothing && !refused
    }

    /// Returns `true` when the database accepted another request that came at the same time.
    fn is_duplicate(&self) -> bool {
        self.is_server_error()
            && matches!(self.cause, Some(Cause::Duplicate | Cause::DuplicateName))
    }

    fn is_server_error(&self) -> bool {
        self.status.is_server_error()
    }

    /// Returns `true` for a message that something does not exist, with status 400.
    ///
    /// For a resource in the path Coder answers 404. It answers 400 for a user in releases up to
    /// 2.29, and for a resource that the body names.
    fn names_missing_resource(&self) -> bool {
        let message = &*self.message;
        let of_template = message.starts_with("Template ") && message.ends_with(" doesn't exist.");
        of_template
            || matches!(
                message,
                r#""user" must be an existing uuid or username."#
                    | "template version does not exist"
                    | "Agent not found."
            )
    }

    /// Returns the message, the detail, the code and the wrong fields in one line.
    pub(crate) fn summary(&self) -> String {
        let mut said = self.message.clone();
        if let Some(detail) = self.detail.as_ref().filter(|detail| **detail != self.message) {
            said.truncate(said.trim_end_matches(['.', ' ']).len());
            said.push_str(": ");
            said.push_str(detail);
        }
        if let Some(code) = self.oauth_code.as_ref().filter(|code| **code != self.message) {
            said.push_str(&format!(" ({code})"));
        }
        for ValidationError { field, detail } in &self.validations {
            said.push_str(&format!("; {}: {detail}", quoted(field)));
        }
        said
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "coder answered {}: {}", self.status.as_u16(), self.summary())
    }
}
