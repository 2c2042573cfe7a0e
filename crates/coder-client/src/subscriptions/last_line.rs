//! The position in a log up to which it was read.

use bytes::Bytes;
use coder_core::DeploymentUrl;
use http::Request;

use crate::operation::RequestBuilder;
use crate::{Channel, ClientError};

/// The id of the last line that was read; `None` before the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LastLine(pub(super) Option<i64>);

impl LastLine {
    /// Returns the request that follows the log of an agent or a build: Coder tells it over a
    /// WebSocket only.
    pub(super) fn follow(
        self,
        deployment: &DeploymentUrl,
        channel: Channel,
        collection: &str,
        id: &str,
    ) -> Result<Option<Request<Bytes>>, ClientError> {
        if channel != Channel::WebSocket {
            return Ok(None);
        }
        RequestBuilder::get([collection, id, "logs"])
            .query("follow", Some(true))
            .query("after", self.0)
            .build(deployment)
            .map(Some)
    }

    /// Returns the lines that were not read before, and marks them as read.
    pub(super) fn take_new<Line>(
        &mut self,
        lines: impl Into<Vec<Line>>,
        id: impl Fn(&Line) -> i64,
    ) -> Vec<Line> {
        let mut lines = lines.into();
        lines.retain(|line| self.0.is_none_or(|last| id(line) > last));
        self.0 = lines.iter().map(id).max().or(self.0);
        lines
    }
}
