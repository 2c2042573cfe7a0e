//! Programs the test starts, and stops whatever happens.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a program may take to say where it listens. Long, for a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running program. It ends when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program that listens on a port of its choice, and gives what `address` finds in
    /// the first line of its output in which it finds anything.
    pub(crate) fn start(
        command: &mut Command,
        address: impl Fn(&str) -> Option<String> + Send + 'static,
    ) -> (Self, String) {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let output = BufReader::new(child.stdout.take().unwrap());
        let process = Self(child);
        let (found, finding) = mpsc::channel();
        // Reads to the end: a program whose output nobody takes stops at some line.
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                println!("  | {line}");
                if let Some(address) = address(&line) {
                    let _ = found.send(address);
                }
            }
        });
        let address = finding.recv_timeout(START_TIMEOUT);
        (process, address.unwrap_or_else(|_| panic!("{command:?} does not say where it listens")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A program that is asked cleans up after itself; not every system can ask.
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            // An error means that it has ended already.
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}
