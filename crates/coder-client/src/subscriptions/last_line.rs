//! The position in a log up to which it was read.

/// The id of the last line that was read; `None` before the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LastLine(pub(super) Option<i64>);

impl LastLine {
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
