//! A server process, and what the kernel says of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::outcome::Outcome;

/// The CPU time of each thread of a process, until now.
pub(crate) struct Cpu(BTreeMap<OsString, Duration>);

impl Cpu {
    /// Returns what was used since `before`, by threads that still live.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let used = self.0.iter().map(|(thread, now)| {
            now.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        });
        used.sum()
    }
}

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

    /// Returns the CPU time that its living threads have used, in user and kernel mode.
    ///
    /// `/proc/<pid>/task/<thread>/schedstat` counts nanoseconds; the ticks of `/proc/<pid>/stat`
    /// are of 10 ms, too coarse for a round.
    ///
    /// # Errors
    ///
    /// When the process has ended, or this is not Linux.
    pub(crate) fn cpu(&self) -> Outcome<Cpu> {
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let thread = thread?;
            // A thread may end between the two looks.
            let Ok(schedstat) = fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let on_cpu = schedstat.split_whitespace().next().unwrap_or_default().parse()?;
            threads.insert(thread.file_name(), Duration::from_nanos(on_cpu));
        }
        Ok(Cpu(threads))
    }

    /// Returns the most memory that the process has had at once, in MiB (`VmHWM`).
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
