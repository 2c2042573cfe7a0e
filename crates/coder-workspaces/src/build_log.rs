//! The log of a build, line by line while it is written.

use coder_client::models::{ProvisionerJobLog, WorkspaceBuild};
use coder_client::operations::ListBuildLogs;
use coder_client::{BuildId, Client};
use coder_core::with_causes;

/// The log of a workspace's latest build, as far as it has been read.
#[derive(Default)]
pub(crate) struct BuildLog {
    build: Option<BuildId>,
    last: Option<i64>,
    is_over: bool,
}

impl BuildLog {
    /// Begins with the first line of a build that is under way, and after the last line of one that
    /// is over.
    pub(crate) fn after(build: &WorkspaceBuild) -> Self {
        let is_over = build.job.completed_at.is_some();
        Self { build: Some(build.id), last: None, is_over }
    }

    /// Returns the lines since the last call; none when they cannot be read, since the log is only
    /// shown.
    pub(crate) async fn read_on(
        &mut self,
        client: &Client,
        build: &WorkspaceBuild,
    ) -> Vec<ProvisionerJobLog> {
        if self.build != Some(build.id) {
            *self = Self { build: Some(build.id), ..Self::default() };
        }
        if self.is_over || build.job.started_at.is_none() {
            return Vec::new();
        }
        let list = ListBuildLogs::new(build.id);
        match client.send(&self.last.map_or(list, |last| list.after(last))).await {
            Ok(lines) => {
                self.is_over = build.job.completed_at.is_some();
                self.last = lines.iter().map(|line| line.id).max().or(self.last);
                lines.into()
            }
            Err(error) => {
                tracing::debug!(build = %build.id, error = with_causes(&error), "the build's log could not be read");
                Vec::new()
            }
        }
    }
}
