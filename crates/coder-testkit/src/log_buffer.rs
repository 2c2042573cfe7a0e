//! A log in memory.

use std::io;
use std::sync::Arc;

use coder_core::Lock;

/// Log that a test reads. Clones hold the same text.
///
/// ```
/// use std::io::Write as _;
///
/// use coder_testkit::LogBuffer;
///
/// let log = LogBuffer::default();
/// // `tracing_subscriber::fmt().with_writer(log.writer())` does this for each event.
/// writeln!(log.writer()(), "signed in").unwrap();
/// assert_eq!(log.text(), "signed in\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct LogBuffer(Arc<Lock<Vec<u8>>>);

impl LogBuffer {
    /// Returns a maker of writers, as `tracing_subscriber` takes it.
    pub fn writer(&self) -> impl Fn() -> Self + Send + Sync + 'static {
        let log = self.clone();
        move || log.clone()
    }

    /// Returns what was written up to now.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock()).into_owned()
    }

    /// Takes what was written up to now.
    pub fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.0.lock())).into_owned()
    }
}

impl io::Write for LogBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
