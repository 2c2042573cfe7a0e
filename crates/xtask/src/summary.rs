//! Running steps one after the other, and the table at the end.

use std::fmt;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::Step;

/// Runs the steps of `only`, or all of them when it is empty. A failure does not keep the next
/// steps from running; every step, and the table at the end, says how long it took.
///
/// Gives whether all of them succeeded.
pub fn run(only: &[Step]) -> bool {
    let mut outcomes = Vec::new();
    for step in Step::value_variants() {
        if only.is_empty() || only.contains(step) {
            outcomes.push(run_step(*step));
        }
    }
    let summary = Summary(outcomes);
    println!("\n{summary}");
    summary.failed().next().is_none()
}

struct Outcome {
    step: String,
    took: Duration,
    failure: Option<String>,
}

fn run_step(step: Step) -> Outcome {
    let (name, what) = words(step);
    println!("\n== {name}: {what}");
    let start = Instant::now();
    let failure = step.run().err().map(|failure| failure.to_string());
    let took = start.elapsed();
    match &failure {
        None => println!("-- {name}: ok, {}", Seconds(took)),
        Some(failure) => println!("-- {name}: FAILED, {}: {failure}", Seconds(took)),
    }
    Outcome { step: name, took, failure }
}

/// A step's name and what it does, as `--help` shows them.
fn words(step: Step) -> (String, String) {
    let value = step.to_possible_value();
    let name = value.as_ref().map(|value| value.get_name().to_owned());
    let what = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string);
    (name.unwrap_or_default(), what.unwrap_or_default())
}

struct Summary(Vec<Outcome>);

impl Summary {
    fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|outcome| Some((&*outcome.step, outcome.failure.as_deref()?)))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Outcome { step, took, failure } in &self.0 {
            let result = if failure.is_none() { "ok" } else { "FAILED" };
            writeln!(formatter, "{step:<10} {result:<6} {:>10}", Seconds(*took).to_string())?;
        }
        let total = Seconds(self.0.iter().map(|outcome| outcome.took).sum());
        writeln!(formatter, "{:<17} {:>10}", "total", total.to_string())?;
        for (step, failure) in self.failed() {
            writeln!(formatter, "\n{step} failed: {failure}")?;
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
    fn the_summary_names_what_failed_and_how_to_run_it_alone() {
        let outcome = |step: &str, seconds, failure: Option<&str>| Outcome {
            step: step.to_owned(),
            took: Duration::from_secs(seconds),
            failure: failure.map(str::to_owned),
        };
        let summary = Summary(vec![
            outcome("format", 1, None),
            outcome("clippy", 75, Some("`cargo clippy` failed (exit status: 101)")),
        ]);
        assert_eq!(
            summary.to_string(),
            "format     ok          1.0 s\n\
             clippy     FAILED     75.0 s\n\
             total                 76.0 s\n\
             \n\
             clippy failed: `cargo clippy` failed (exit status: 101)\n  \
             again, alone: cargo xtask test --only clippy\n"
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
