//! Messages for people about what an answer lacks.

use std::error::Error;

use coder_core::{with_causes, without_causes};

/// Messages for people about what an answer lacks, each once. The causes of an error go to the log.
#[derive(Debug, Default)]
pub(crate) struct Notices(Vec<String>);

impl Notices {
    pub(crate) fn new(notices: Vec<String>) -> Self {
        Self(notices)
    }

    /// Adds a message, unless it is there.
    pub(crate) fn add(&mut self, notice: impl Into<String>) {
        let notice = notice.into();
        if !self.0.contains(&notice) {
            self.0.push(notice);
        }
    }

    /// Adds that an error is the reason for `effect`, and logs the error with its causes.
    pub(crate) fn add_error(&mut self, effect: &str, error: &(dyn Error + 'static)) {
        let notice = format!("{effect}: {}", without_causes(error));
        if !self.0.contains(&notice) {
            tracing::warn!(error = with_causes(error), "{effect}");
            self.0.push(notice);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}
