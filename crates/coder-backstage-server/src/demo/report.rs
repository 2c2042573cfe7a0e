//! The smoke run's steps, as they are printed.

use std::io::Write as _;

use super::browser::Problem;

/// Report that prints one line per step: `ok  3. callback: …`, or `FAILED`.
#[derive(Default)]
pub(super) struct Report {
    steps: usize,
}

/// A step failed and was printed; the rest has no ground to stand on.
pub(super) struct Failed;

impl Report {
    /// Prints how a step went, and hands on what it found.
    pub(super) fn step<T>(
        &mut self,
        name: &str,
        outcome: Result<(T, String), Problem>,
    ) -> Result<T, Failed> {
        self.steps += 1;
        match outcome {
            Ok((found, said)) => {
                print(&format!("ok  {}. {name}: {said}", self.steps));
                Ok(found)
            }
            Err(why) => Err(self.failed(name, &why)),
        }
    }

    fn failed(&self, name: &str, problem: &str) -> Failed {
        print(&format!("FAILED  {}. {name}: {problem}", self.steps));
        Failed
    }

    /// Returns how many steps there were.
    pub(super) fn steps(&self) -> usize {
        self.steps
    }
}

/// Prints a line on standard output.
pub(super) fn print(line: &str) {
    // When standard output is closed nobody reads it.
    let _ = writeln!(std::io::stdout(), "{line}");
}
