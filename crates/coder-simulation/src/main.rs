//! Runs seeds and tells the story of those that break a rule.
#![expect(clippy::print_stdout, reason = "it reports to the person who started it")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use coder_simulation::{Rule, SetupError, Simulation, StoreKind};

/// Interleaves browsers, replicas and a fake Coder by seeds, and checks the rules of the login.
#[derive(Parser)]
#[command(bin_name = "cargo xtask simulate")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Where grants and sessions are kept.
    #[arg(long, value_enum, default_value_t)]
    store: StoreKind,
    /// Checks only this rule. May be repeated.
    #[arg(long, value_name = "RULE")]
    rule: Vec<Rule>,
    /// Lets a process that stops cut off the work that outlives its callers, to see that the rules
    /// need the wait.
    #[arg(long)]
    cut_off: bool,
    /// Tells the stories of so many failing seeds, and only counts the others.
    #[arg(long, default_value_t = 1)]
    stories: usize,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(SetupError(reason)) => {
            println!("the simulation cannot start: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool, SetupError> {
    let mut simulation = Simulation::on(arguments.store)?;
    if arguments.cut_off {
        simulation = simulation.cutting_off_detached_work();
    }
    let began = Instant::now();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut broken: BTreeMap<Rule, Vec<(u64, String)>> = BTreeMap::new();
    for seed in arguments.from..arguments.from.saturating_add(arguments.seeds) {
        let outcome = simulation.run(seed)?;
        for (what, count) in outcome.counts {
            *counts.entry(what).or_default() += count;
        }
        for breach in outcome.breaches {
            if arguments.rule.is_empty() || arguments.rule.contains(&breach.rule) {
                let seeds = broken.entry(breach.rule).or_default();
                if seeds.last().is_none_or(|(last, _)| *last != seed) {
                    seeds.push((seed, breach.what));
                }
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let pace = std::hint::black_box(arguments.seeds as f64) / seconds;
    println!("{} schedules in {seconds:.1} s, {pace:.0} a second", arguments.seeds);
    for (what, count) in counts {
        println!("{count:>9} {what}");
    }
    for (rule, seeds) in &broken {
        println!("\n{} seeds break the rule: {rule}", seeds.len());
        for (seed, what) in seeds.iter().take(5) {
            println!("  seed {seed}: {what}");
        }
        for (seed, _) in seeds.iter().take(arguments.stories) {
            println!("the shortest story of seed {seed}:");
            for (number, line) in simulation.shrink(*seed, *rule)?.story.iter().enumerate() {
                println!("{:>4}. {line}", number + 1);
            }
        }
    }
    Ok(broken.is_empty())
}
