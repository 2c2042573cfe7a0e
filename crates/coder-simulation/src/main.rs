//! Runs seeds and tells the story of those that break a rule.
#![expect(clippy::print_stdout, reason = "it reports to the person who started it")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
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
    /// The first seed that is played.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Where grants and sessions are kept.
    #[arg(long, value_enum, default_value_t)]
    store: StoreKind,
    /// How many threads share the seeds; each schedule runs in one of them.
    #[arg(long, default_value_t = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))]
    threads: NonZeroUsize,
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

/// The findings of some seeds.
#[derive(Default)]
struct Findings {
    counts: BTreeMap<&'static str, u64>,
    broken: BTreeMap<Rule, BTreeMap<u64, String>>,
}

impl Findings {
    fn add(&mut self, other: Self) {
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
        for (rule, seeds) in other.broken {
            self.broken.entry(rule).or_default().extend(seeds);
        }
    }
}

fn prepare(arguments: &Arguments) -> Result<Simulation, SetupError> {
    let simulation = Simulation::on(arguments.store)?;
    Ok(if arguments.cut_off { simulation.cutting_off_detached_work() } else { simulation })
}

fn run(arguments: &Arguments) -> Result<bool, SetupError> {
    let began = Instant::now();
    // The database of PostgreSQL is emptied for each schedule.
    let threads = match arguments.store {
        StoreKind::Postgres => NonZeroUsize::MIN,
        StoreKind::Memory | StoreKind::Sqlite => arguments.threads,
    };
    let mut findings = Findings::default();
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads.get())
            .map(|first| scope.spawn(move || play(arguments, first, threads)))
            .collect();
        for thread in started {
            let part = thread.join().map_err(|_| SetupError("a thread panicked".to_owned()))?;
            findings.add(part?);
        }
        Ok::<(), SetupError>(())
    })?;
    report(arguments, &findings, began.elapsed().as_secs_f64())
}

/// Plays every seed whose turn it is in this thread.
fn play(
    arguments: &Arguments,
    first: usize,
    threads: NonZeroUsize,
) -> Result<Findings, SetupError> {
    let simulation = prepare(arguments)?;
    let mut findings = Findings::default();
    let seeds = arguments.from..arguments.from.saturating_add(arguments.seeds);
    for seed in seeds.skip(first).step_by(threads.get()) {
        let outcome = simulation.run(seed)?;
        for (what, count) in outcome.counts {
            *findings.counts.entry(what).or_default() += count;
        }
        for breach in outcome.breaches {
            if arguments.rule.is_empty() || arguments.rule.contains(&breach.rule) {
                let seeds = findings.broken.entry(breach.rule).or_default();
                seeds.entry(seed).or_insert(breach.what);
            }
        }
    }
    Ok(findings)
}

fn report(arguments: &Arguments, findings: &Findings, seconds: f64) -> Result<bool, SetupError> {
    let pace = std::hint::black_box(arguments.seeds as f64) / seconds;
    println!("{} schedules in {seconds:.1} s, {pace:.0} a second", arguments.seeds);
    for (what, count) in &findings.counts {
        println!("{count:>9} {what}");
    }
    let simulation = prepare(arguments)?;
    for (rule, seeds) in &findings.broken {
        println!("\n{} seeds break the rule: {rule}", seeds.len());
        for (seed, what) in seeds.iter().take(5) {
            println!("  seed {seed}: {what}");
        }
        for seed in seeds.keys().take(arguments.stories) {
            println!("the shortest story of seed {seed}:");
            for (number, line) in simulation.shrink(*seed, *rule)?.story.iter().enumerate() {
                println!("{:>4}. {line}", number + 1);
            }
        }
    }
    Ok(findings.broken.is_empty())
}
