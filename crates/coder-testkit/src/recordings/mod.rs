//! Holds a program to recordings of another one.
//!
//! The recordings of a set are a JSON list of `{"name", "input", "expected"}`, where what is expected is
//! `{"ok": value}` or `{"error": {"kind": …}}`. A case is held when the program gives what was
//! recorded. Where it does otherwise on purpose, a list of deviations says so: `{"set", "names",
//! "finding", "reason", "expected"?}`, whose names may have `*`s. What is listed and does not differ
//! (any more) fails, like a case that is neither held nor listed; of the cases that a pattern fits,
//! one must differ.

mod json;
mod vectors;

pub use json::Json;
pub use vectors::Vectors;

use crate::misuse::misuse;

/// The answer of the program to an input: a value, or the kind of the error.
pub type Outcome = Result<Json, String>;

/// The recordings of one set, and what deviates from them on purpose.
#[derive(Debug)]
pub struct Recordings {
    set: String,
    cases: Json,
    deviations: Vec<Deviation>,
    ignored: Vec<String>,
    complete: bool,
}

/// A deviation from what was recorded.
#[derive(Debug)]
struct Deviation {
    patterns: Vec<Pattern>,
    expected: Option<Json>,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    /// Whether it fits the name of a case.
    fits: bool,
    /// Whether one of those differs.
    differs: bool,
}

/// The result of a set of recordings.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// A line for each case that is not held, and one that counts them all.
    pub lines: String,
    /// Whether every case is held or listed, and every listed one deviates.
    pub is_held: bool,
    /// The answers of the program to the cases that deviate, a line each.
    pub instead: String,
}

impl Recordings {
    /// Reads the recordings of `set`, and the deviations of all sets.
    ///
    /// # Panics
    ///
    /// When one of the texts is not what it should be.
    #[track_caller]
    pub fn new(set: &str, cases: &str, deviations: &str) -> Self {
        let deviations = Json::parse(deviations);
        let Some(deviations) = deviations.as_list() else { misuse("the deviations are no list") };
        let of_this_set = deviations.iter().filter(|deviation| deviation.text("set") == set);
        Self {
            set: set.to_owned(),
            cases: Json::parse(cases),
            deviations: of_this_set.map(Deviation::read).collect(),
            ignored: Vec::new(),
            complete: true,
        }
    }

    /// Sets the names of fields that do not count, wherever they are.
    #[must_use]
    pub fn ignored_fields(self, names: &[&str]) -> Self {
        Self { ignored: names.iter().map(|&name| name.to_owned()).collect(), ..self }
    }

    /// Marks these recordings as some among many: a pattern may fit nothing but cases that are
    /// held.
    #[must_use]
    pub fn incomplete(self) -> Self {
        Self { complete: false, ..self }
    }

    /// Runs every case through `run`.
    ///
    /// # Panics
    ///
    /// When a case is not what it should be.
    #[track_caller]
    pub fn compare(mut self, run: impl Fn(&Json) -> Outcome) -> Report {
        let mut report = Report::default();
        let ignored: Vec<&str> = self.ignored.iter().map(String::as_str).collect();
        let (mut held, mut deviate, mut mismatch) = (0, 0, 0);
        for case in self.cases.as_list().unwrap_or_default() {
            let (set, name) = (&self.set, case.text("name"));
            let (Some(input), Some(expected)) = (case.get("input"), case.get("expected")) else {
                misuse(&format!("{set}/{name} has no input or no expectation"))
            };
            let outcome = run(input);
            let expected = expected.without(&ignored);
            let differs = !same(&expected, &outcome);
            let is_decided = is_decided(&mut self.deviations, name, &outcome, differs);
            match (differs, is_decided) {
                (false, _) => held += 1,
                (true, true) => {
                    deviate += 1;
                    report.instead += &format!("{name}: {}\n", text(&outcome));
                }
                (true, false) => {
                    mismatch += 1;
                    let (wanted, got) = (expected.to_text(), text(&outcome));
                    report.lines += &format!("MISMATCH {set}/{name}: wanted {wanted}, got {got}\n");
                }
            }
        }
        let unneeded = self.unneeded();
        report.is_held = mismatch == 0 && unneeded.is_empty();
        report.lines += &unneeded;
        let set = &self.set;
        report.lines += &format!("{set}: {held} held, {deviate} deviate, {mismatch} mismatch\n");
        report
    }

    /// Returns a line for each name or pattern that is listed, and does not differ.
    fn unneeded(&self) -> String {
        let patterns = self.deviations.iter().flat_map(|deviation| &deviation.patterns);
        let counts = |text: &str| self.complete || !text.contains('*');
        patterns
            .filter(|pattern| pattern.fits && !pattern.differs && counts(&pattern.text))
            .map(|Pattern { text, .. }| {
                format!("UNNEEDED {}/{text}: listed, but does not differ\n", self.set)
            })
            .collect()
    }
}

/// Marks the patterns that fit a case, and tells whether the last deviation that lists the case
/// takes this outcome.
fn is_decided(deviations: &mut [Deviation], name: &str, outcome: &Outcome, differs: bool) -> bool {
    let mut is_decided = false;
    for Deviation { patterns, expected } in deviations {
        for pattern in patterns.iter_mut().filter(|pattern| matches(&pattern.text, name)) {
            pattern.fits = true;
            pattern.differs |= differs;
            is_decided = expected.as_ref().is_none_or(|wanted| same(wanted, outcome));
        }
    }
    is_decided
}

impl Deviation {
    #[track_caller]
    fn read(json: &Json) -> Self {
        if json.get("finding").is_none() || json.text("reason").is_empty() {
            misuse(&format!("a deviation without finding or reason: {}", json.to_text()));
        }
        let names = json.get("names").and_then(Json::as_list).unwrap_or_default();
        let pattern = |text: &str| Pattern { text: text.to_owned(), fits: false, differs: false };
        Self {
            patterns: names.iter().filter_map(Json::as_str).map(pattern).collect(),
            expected: json.get("expected").cloned(),
        }
    }
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

/// Tells whether a name fits a pattern, in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut ends = name.char_indices().filter_map(|(at, _)| name.get(at..)).chain([""]);
            ends.any(|end| matches(rest, end))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &str = r#"[
        {"name": "a/same", "input": 1, "expected": {"ok": 1}},
        {"name": "a/other", "input": 2, "expected": {"ok": 3}},
        {"name": "b/error", "input": 4, "expected": {"error": {"kind": "TypeError", "message": "x"}}}
    ]"#;

    fn compare(deviations: &str) -> Report {
        let run = |input: &Json| match input.to_text().as_str() {
            "4" => Err("TypeError".to_owned()),
            _ => Ok(input.clone()),
        };
        Recordings::new("numbers", CASES, deviations).compare(run)
    }

    fn listed(names: &str) -> Report {
        compare(&format!(
            r#"[{{"set": "numbers", "names": {names}, "finding": 1, "reason": "it is better"}}]"#
        ))
    }

    #[test]
    fn what_differs_and_is_not_listed_fails() {
        let report = compare("[]");
        assert!(!report.is_held);
        assert_eq!(
            report.lines,
            "MISMATCH numbers/a/other: wanted {\"ok\": 3}, got 2\n\
             numbers: 2 held, 0 deviate, 1 mismatch\n"
        );
    }

    #[test]
    fn what_is_listed_may_differ_and_must() {
        let report = listed(r#"["a/*"]"#);
        assert!(report.is_held, "{}", report.lines);
        assert_eq!(report.instead, "a/other: 2\n");
        assert!(!listed(r#"["a/*", "b/*"]"#).is_held);
        assert!(listed(r#"["a/*", "c/*"]"#).is_held, "it fits nothing here");
    }
}
