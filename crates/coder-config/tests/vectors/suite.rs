//! Runs a set of recordings against this crate.
//!
//! A case is held when this crate gives what the original gave. Where a decided finding makes it
//! give something else, `deviations.json` says so. A name listed there may have `*`s. What is
//! listed and does not differ (any more) fails the suite, like a case that is neither held nor
//! listed; of the cases that a pattern fits, one must differ.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::json::Json;

/// What this crate makes of an input: a value, or the kind of the error.
pub(crate) type Outcome = Result<Json, String>;

/// A deviation from the original.
struct Deviation {
    names: Vec<String>,
    expected: Option<Json>,
}

/// Runs every case of the set through `run`.
pub(crate) fn hold(set: &str, run: impl Fn(&Json) -> Outcome) {
    let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors"));
    let mut report = Report::default();
    compare(set, run, &own, &mut report);
    // Past the harness's capture: the summary is what people run this for.
    std::io::stdout().write_all(report.lines.as_bytes()).unwrap();
    assert!(!report.failed, "{set} is not held");
    if std::env::var_os("CODER_VECTORS").is_none() {
        // What this crate does instead is a decision as well.
        insta::assert_snapshot!(format!("{set}_deviations"), report.instead);
    }
}

#[derive(Default)]
struct Report {
    lines: String,
    failed: bool,
    /// What this crate makes of the cases that deviate.
    instead: String,
}

fn compare(set: &str, run: impl Fn(&Json) -> Outcome, own: &Path, report: &mut Report) {
    let directory = std::env::var_os("CODER_VECTORS").map_or_else(|| own.to_owned(), PathBuf::from);
    let file = directory.join(format!("{set}.json"));
    let Ok(cases) = std::fs::read_to_string(&file) else {
        report.lines += &format!("{set}: skipped, there is no {}\n", file.display());
        return;
    };
    let deviations = deviations(set, own);
    let mut needed: Vec<Vec<(bool, bool)>> = deviations
        .iter()
        .map(|deviation| deviation.names.iter().map(|_| (false, false)).collect())
        .collect();
    let (mut held, mut deviate, mut mismatch) = (0, 0, 0);
    for case in Json::parse(&cases).as_list().expect("a list of cases") {
        let name = case.text("name");
        let outcome = run(case.get("input").expect("an input"));
        let differs = !same(case.get("expected").expect("an expectation"), &outcome);
        let mut listed = None;
        for (deviation, needed) in deviations.iter().zip(&mut needed) {
            for (pattern, (present, differing)) in deviation.names.iter().zip(needed) {
                if matches(pattern, name) {
                    *present = true;
                    *differing |= differs;
                    listed = Some(deviation);
                }
            }
        }
        let as_decided = |deviation: &Deviation| {
            deviation.expected.as_ref().is_none_or(|expected| same(expected, &outcome))
        };
        match (differs, listed) {
            (false, _) => held += 1,
            (true, Some(deviation)) if as_decided(deviation) => {
                deviate += 1;
                report.instead += &format!("{name}: {}\n", text(&outcome));
            }
            (true, _) => {
                mismatch += 1;
                let got = text(&outcome);
                let wanted = case.get("expected").map(Json::to_text).unwrap_or_default();
                report.lines += &format!("MISMATCH {set}/{name}: wanted {wanted}, got {got}\n");
            }
        }
    }
    let mut unneeded = 0;
    for (deviation, needed) in deviations.iter().zip(&needed) {
        for (pattern, (present, differing)) in deviation.names.iter().zip(needed) {
            // Elsewhere a pattern may happen to fit nothing but cases that are held.
            let counts = directory == own || !pattern.contains('*');
            if *present && !differing && counts {
                unneeded += 1;
                report.lines += &format!("UNNEEDED {set}/{pattern}: listed, but does not differ\n");
            }
        }
    }
    report.lines += &format!("{set}: {held} held, {deviate} deviate, {mismatch} mismatch\n");
    report.failed = mismatch + unneeded > 0;
}

fn same(expected: &Json, outcome: &Outcome) -> bool {
    match (expected.get("ok"), outcome) {
        (Some(expected), Ok(got)) => expected.same(got),
        (None, Err(kind)) => {
            expected.get("error").and_then(|error| error.get("kind")).and_then(Json::as_str)
                == Some(kind)
        }
        _ => false,
    }
}

fn text(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => value.to_text(),
        Err(kind) => format!("error {kind}"),
    }
}

fn deviations(set: &str, directory: &Path) -> Vec<Deviation> {
    let text = std::fs::read_to_string(directory.join("deviations.json")).unwrap();
    Json::parse(&text)
        .as_list()
        .expect("a list of deviations")
        .iter()
        .filter(|deviation| deviation.text("set") == set)
        .map(|deviation| {
            assert!(deviation.get("finding").is_some() && !deviation.text("reason").is_empty());
            let names = deviation.get("names").and_then(Json::as_list).expect("names");
            Deviation {
                names: names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
                expected: deviation.get("expected").cloned(),
            }
        })
        .collect()
}

/// `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.filter_map(|at| name.get(at..)).any(|name| matches(rest, name))
        }),
    }
}
