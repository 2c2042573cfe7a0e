//! Running steps one after the other, and the table at the end.

use std::fmt;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::command::Failure;
use crate::{Step, front_end};

/// Runs the steps of `only`, or those of every run when it is empty. A failure does not keep the next
/// steps from running; every step, and the table at the end, says how long it took.
///
/// Returns whether all of them passed. A step that was skipped has not passed if `strict`.
pub fn run(only: &[Step], strict: bool) -> bool {
    if only.is_empty() {
        front_end::install_meanwhile();
    }
    let mut outcomes = Vec::new();
    for step in Step::value_variants() {
        if only.contains(step) || (only.is_empty() && step.is_in_every_run()) {
            outcomes.push(run_step(*step));
        }
    }
    let summary = Summary(outcomes);
    println!("\n{summary}");
    summary.0.iter().all(|outcome| match outcome.verdict {
        Verdict::Passed => true,
        Verdict::Skipped(_) => !strict,
        Verdict::Failed(_) => false,
    })
}

struct Outcome {
    step: String,
    took: Duration,
    verdict: Verdict,
}

/// How a step ended, and why so if it did not pass.
enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

fn run_step(step: Step) -> Outcome {
    let (name, what) = words(step);
    println!("\n== {name}: {what}");
    let start = Instant::now();
    let verdict = match step.run() {
        Ok(()) => Verdict::Passed,
        Err(Failure::Skipped(reason)) => Verdict::Skipped(reason),
        Err(failure) => Verdict::Failed(failure.to_string()),
    };
    let took = start.elapsed();
    match &verdict {
        Verdict::Passed => println!("-- {name}: ok, {}", Seconds(took)),
        Verdict::Skipped(reason) => println!("-- {name}: skipped, {}: {reason}", Seconds(took)),
        Verdict::Failed(failure) => println!("-- {name}: FAILED, {}: {failure}", Seconds(took)),
    }
    Outcome { step: name, took, verdict }
}

/// Returns a step's name and what it does, as `--help` shows them.
fn words(step: Step) -> (String, String) {
    let value = step.to_possible_value();
    let name = value.as_ref().map(|value| value.get_name().to_owned());
    let what = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string);
    (name.unwrap_or_default(), what.unwrap_or_default())
}

struct Summary(Vec<Outcome>);

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Outcome { step, took, verdict } in &self.0 {
            let result = match verdict {
                Verdict::Passed => "ok",
                Verdict::Skipped(_) => "skipped",
                Verdict::Failed(_) => "FAILED",
            };
            writeln!(formatter, "{step:<10} {result:<7} {:>10}", Seconds(*took).to_string())?;
        }
        let total = Seconds(self.0.iter().map(|outcome| outcome.took).sum());
        writeln!(formatter, "{:<18} {:>10}", "total", total.to_string())?;
        for Outcome { step, verdict, .. } in &self.0 {
            let (what, reason) = match verdict {
                Verdict::Passed => continue,
                Verdict::Skipped(reason) => ("was skipped", reason),
                Verdict::Failed(failure) => ("failed", failure),
            };
            writeln!(formatter, "\n{step} {what}: {reason}")?;
            writeln!(formatter, "  again, alone: cargo xtask test --only {step}")?;
        }
        Ok(())
    }
}

/// A duration in seconds, with one decimal.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1} s", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_what_did_not_pass_and_how_to_run_it_alone() {
        let outcome = |step: &str, seconds, verdict| Outcome {
            step: step.to_owned(),
            took: Duration::from_secs(seconds),
            verdict,
        };
        let failed = Verdict::Failed("`cargo clippy` failed (exit status: 101)".to_owned());
        let skipped = Verdict::Skipped("no release is tagged yet".to_owned());
        let summary = Summary(vec![
            outcome("format", 1, Verdict::Passed),
            outcome("clippy", 75, failed),
            outcome("semver", 0, skipped),
        ]);
        assert_eq!(
            summary.to_string(),
            "format     ok           1.0 s\n\
             clippy     FAILED      75.0 s\n\
             semver     skipped      0.0 s\n\
             total                  76.0 s\n\
             \n\
             clippy failed: `cargo clippy` failed (exit status: 101)\n  \
             again, alone: cargo xtask test --only clippy\n\
             \n\
             semver was skipped: no release is tagged yet\n  \
             again, alone: cargo xtask test --only semver\n"
        );
    }

    #[test]
    fn every_step_says_what_it_does() {
        for step in Step::value_variants() {
            let (name, what) = words(*step);
            assert!(!name.is_empty() && !what.is_empty(), "{step:?}");
        }
    }
}
