//! The number of streams that are held back for checks from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The greatest number of streams that are held at a time.
const MAX_HELD: usize = 16;

/// The streams that are held for checks. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct HeldStreams(Arc<AtomicUsize>);

/// A stream that is held until this is dropped.
pub(crate) struct HeldStream(HeldStreams);

impl HeldStreams {
    /// Counts a further stream; `None` when there are as many as may be.
    pub(crate) fn take(&self) -> Option<HeldStream> {
        let one_more = |held| (held < MAX_HELD).then_some(held + 1);
        let taken = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        taken.is_ok().then(|| HeldStream(self.clone()))
    }
}

impl Drop for HeldStream {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}
