//! A server process, and what the kernel says of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::outcome::Outcome;

/// The unit of `/proc/<pid>/stat`: `USER_HZ` is 100 on every architecture of Linux that Rust's
/// standard library is built for.
const TICK: Duration = Duration::from_millis(10);

/// A running server. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: String,
}

impl Process {
    /// Starts a program and waits, up to a minute, until it says `address=…` on standard error.
    ///
    /// # Errors
    ///
    /// When it does not start; with all that it said.
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let lines = child.stderr.take().map(|stderr| BufReader::new(stderr).lines());
        let (say, said) = mpsc::channel();
        // Reads to the end: a program whose output nobody takes stops at some line.
        std::thread::spawn(move || {
            for line in lines.into_iter().flatten().map_while(Result::ok) {
                // Nobody listens any more once the address is known.
                let _ = say.send(line);
            }
        });
        let mut this = Self { child, address: String::new() };
        let mut log = String::new();
        while let Ok(line) = said.recv_timeout(Duration::from_secs(60)) {
            if let Some((_, address)) = line.split_once("address=") {
                address.split_whitespace().next().unwrap_or_default().clone_into(&mut this.address);
                return Ok(this);
            }
            log = log + &line + "\n";
        }
        Err(format!("it does not listen:\n{log}").into())
    }

    /// The CPU time that all its threads have used, in user and kernel mode.
    ///
    /// # Errors
    ///
    /// When the process has ended, or this is not Linux.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // proc_pid_stat(5): the name may have spaces; after it, `utime` is the 12th field and
        // `stime` the 13th.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
        Ok(TICK * ticks.sum::<Result<u32, _>>()?)
    }

    /// The most memory that it has had at once, in MiB (`VmHWM`).
    ///
    /// # Errors
    ///
    /// When the process has ended, or this is not Linux.
    pub(crate) fn peak_memory(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kibibytes.ok_or("the kernel does not tell the peak memory")?.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
