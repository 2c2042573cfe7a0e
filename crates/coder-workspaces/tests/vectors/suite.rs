//! Runs a set of recordings against this crate, and says what it does instead where it deviates.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use coder_testkit::recordings::{Json, Recordings};

pub(crate) use coder_testkit::recordings::Outcome;

/// Runs every case of the set through `run`.
pub(crate) fn hold(set: &str, run: impl Fn(&Json) -> Outcome) {
    hold_without(set, &[], run);
}

/// The same, except that fields of these names do not count.
pub(crate) fn hold_without(set: &str, ignored: &[&str], run: impl Fn(&Json) -> Outcome) {
    let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors"));
    let others = std::env::var_os("CODER_VECTORS").map(PathBuf::from);
    let file = others.as_deref().unwrap_or(own).join(format!("{set}.json"));
    let mut stdout = std::io::stdout();
    let Ok(cases) = fs::read_to_string(&file) else {
        writeln!(stdout, "{set}: skipped, there is no {}", file.display()).unwrap();
        return;
    };
    let deviations = fs::read_to_string(own.join("deviations.json")).unwrap();
    let recordings = Recordings::new(set, &cases, &deviations).ignoring(ignored);
    let report = match &others {
        Some(_) => recordings.incomplete().compare(run),
        None => recordings.compare(run),
    };
    // Past the harness's capture: the summary is what people run this for.
    stdout.write_all(report.lines.as_bytes()).unwrap();
    assert!(report.is_held, "{set} is not held");
    if others.is_none() {
        // What this crate does instead is a decision as well.
        insta::assert_snapshot!(format!("{set}_deviations"), report.instead);
    }
}
