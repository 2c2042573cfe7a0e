//! Answers that are not JSON, and so not from Coder's API.

use std::fmt;
use std::time::Duration;

use coder_core::quoted;
use http::StatusCode;

/// An answer that is not JSON, so that something else than Coder's API gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotJson {
    /// The HTTP status of the answer.
    pub status: StatusCode,
    /// The `Content-Type` of the answer.
    pub content_type: Option<String>,
    /// The beginning of the body, at most 200 characters on one line. It is empty when the body may
    /// be something else than a page for people.
    pub start: String,
    /// The time that the answer asks to wait, at most an hour.
    pub retry_after: Option<Duration>,
    /// `true` when the request had a safe method (RFC 9110 §9.2.1), so that it changed nothing.
    pub(crate) changed_nothing: bool,
}

impl NotJson {
    /// Returns `true` when the answer tells nothing about what was asked for, since Coder itself
    /// answers in JSON.
    pub(crate) fn is_inconclusive(&self) -> bool {
        let status = self.status;
        let is_absence = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
        (status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED) || is_absence
    }

    /// Returns `true` for an HTML page with a status of success.
    pub(crate) fn is_successful_page(&self) -> bool {
        let is_html = |content_type: &String| content_type.starts_with("text/html");
        self.status.is_success() && self.content_type.as_ref().is_some_and(is_html)
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_u16();
        write!(formatter, "did not receive JSON from coder, but status {status}")?;
        if let Some(content_type) = &self.content_type {
            write!(formatter, " with {}", quoted(content_type))?;
        }
        if !self.start.is_empty() {
            write!(formatter, " that begins with {}", quoted(&self.start))?;
        }
        if self.status.is_server_error() {
            formatter.write_str("; the proxy in front of coder may be unable to reach it")
        } else {
            formatter.write_str("; check the deployment's URL, and whether a login page or proxy stands in front of it")
        }
    }
}
