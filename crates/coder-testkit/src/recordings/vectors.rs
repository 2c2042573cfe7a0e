//! Recordings that lie in files beside the tests of a crate.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Json, Outcome, Recordings};
use crate::misuse::misuse;

/// Names a directory with other recordings, which are run instead of a crate's own.
const OTHERS: &str = "CODER_VECTORS";

/// Directory with recordings, `SET.json` each, and their `deviations.json`.
#[derive(Clone, Debug)]
pub struct Vectors {
    directory: PathBuf,
    ignored: Vec<String>,
}

impl Vectors {
    /// Takes the recordings below this directory.
    pub fn new(directory: impl AsRef<Path>) -> Self {
        Self { directory: directory.as_ref().to_owned(), ignored: Vec::new() }
    }

    /// Sets the names of fields that do not count, wherever they are.
    #[must_use]
    pub fn ignored_fields(self, names: &[&str]) -> Self {
        Self { ignored: names.iter().map(|&name| name.to_owned()).collect(), ..self }
    }

    /// Runs every case of the set through `run`, and prints how the set went.
    ///
    /// It returns what the program does instead where it deviates, a line each: a decision as well,
    /// for a snapshot. The environment variable `CODER_VECTORS` may name a directory with other
    /// recordings; then it returns nothing, and skips a set that is not there.
    ///
    /// # Panics
    ///
    /// When the set is not held, or a file is missing or is not what it should be.
    #[track_caller]
    pub fn hold(&self, set: &str, run: impl Fn(&Json) -> Outcome) -> Option<String> {
        let others = env::var_os(OTHERS).map(PathBuf::from);
        let recorded = others.as_ref().unwrap_or(&self.directory);
        let file = recorded.join(format!("{set}.json"));
        let Ok(cases) = fs::read_to_string(&file) else {
            print(&format!("{set}: skipped, there is no {}\n", file.display()));
            return None;
        };
        let deviations = self.directory.join("deviations.json");
        let Ok(deviations) = fs::read_to_string(&deviations) else {
            misuse(&format!("there is no {}", deviations.display()))
        };
        let ignored: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
        let recordings = Recordings::new(set, &cases, &deviations).ignored_fields(&ignored);
        let report = match &others {
            Some(_) => recordings.incomplete().compare(run),
            None => recordings.compare(run),
        };
        print(&report.lines);
        if !report.is_held {
            misuse(&format!("{set} is not held"));
        }
        others.is_none().then_some(report.instead)
    }
}

/// Prints past the harness's capture: the summary is what people run the tests for.
fn print(text: &str) {
    // Nobody who closes the output wants the summary.
    let _ = io::stdout().write_all(text.as_bytes());
}
