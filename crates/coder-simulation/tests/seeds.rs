//! Schedules on memory and on SQLite, and the seeds that once broke a rule.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

use std::collections::BTreeMap;

use coder_simulation::{Rule, Simulation, StoreKind};

/// Seeds that break a rule as soon as the login does not keep one of its own. A change of how
/// plans are drawn makes them other schedules; then others are to be found.
const ONCE_BROKEN: &[(u64, &str)] = &[
    (53_558, "a login whose pair another login has killed is not taken for a living one"),
    (56, "the end of a grant ends its sessions"),
    (20, "a rotation whose grant has ended revokes what it got, and never makes a grant"),
    (1, "a rotated pair is handed out only after Coder has confirmed it"),
    (250, "a version of a grant is never used twice"),
    (1, "the last session of a grant ends the grant"),
    (1, "a login takes its pair out of the revocations"),
    (736, "a process that stops awaits the work that outlives its callers"),
];

/// What a simulation that does something has done.
const COVERED: &[&str] = &[
    "logins",
    "logouts",
    "refreshes that handed out a token",
    "pairs issued",
    "crashes",
    "graceful stops",
    "browsers closed",
    "clock jumps",
    "acts of the administrator",
    "secrets deleted",
    "answers lost",
    "answers that hang",
    "requests lost",
    "slow requests",
    "bad gateways",
    "store calls failed",
    "store calls failed after the commit",
    "slow store calls",
    "sweeps",
];

/// Runs these seeds and gives how often what happened.
fn hold(kind: StoreKind, seeds: impl Iterator<Item = u64>) -> BTreeMap<&'static str, u64> {
    let simulation = Simulation::on(kind).unwrap();
    let mut counts = BTreeMap::new();
    for seed in seeds {
        let outcome = simulation.run(seed).unwrap();
        if let Some(breach) = outcome.breaches.first() {
            let story = simulation.shrink(seed, breach.rule).unwrap().story.join("\n");
            panic!("seed {seed} breaks the rule: {}\n{story}", breach.rule);
        }
        for (what, count) in outcome.counts {
            *counts.entry(what).or_default() += count;
        }
    }
    counts
}

fn assert_covered(counts: &BTreeMap<&'static str, u64>) {
    let missing: Vec<_> = COVERED.iter().filter(|what| !counts.contains_key(*what)).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
}

#[test]
fn the_rules_of_the_login_hold_in_two_thousand_schedules_in_memory() {
    assert_covered(&hold(StoreKind::Memory, 0..2000));
}

#[cfg(feature = "databases")]
#[test]
fn the_rules_of_the_login_hold_in_two_hundred_schedules_on_sqlite() {
    assert_covered(&hold(StoreKind::Sqlite, 0..200));
}

#[test]
fn a_seed_that_once_broke_a_rule_does_so_no_more() {
    hold(StoreKind::Memory, ONCE_BROKEN.iter().map(|(seed, _)| *seed));
}

#[test]
fn a_process_that_stops_without_waiting_for_its_work_loses_pairs() {
    let simulation = Simulation::on(StoreKind::Memory).unwrap().cutting_off_detached_work();
    // Searched for, since any change of the login moves the seeds that show it.
    let shows = |seed| {
        let breaches = simulation.run(seed).unwrap().breaches;
        breaches.iter().any(|breach| breach.rule == Rule::NoLeak)
    };
    assert!((0..10_000).any(shows), "the rule was taken out, and no schedule shows it");
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    let simulation = Simulation::on(StoreKind::Memory).unwrap();
    for seed in 0..20 {
        let story = simulation.tell(seed).unwrap().story;
        assert!(!story.is_empty());
        assert_eq!(story, simulation.tell(seed).unwrap().story);
    }
}
