//! Running schedules, and what they have to do.

use std::collections::BTreeMap;

use coder_simulation::Simulation;

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
    "identity tokens",
    "calls of other routes",
    "calls with a linked token",
    "tokens linked",
    "links removed",
    "links shown",
    "people whose pairs all ended",
];

/// Runs these seeds and gives how often what happened.
pub(crate) fn hold(
    simulation: &Simulation,
    seeds: impl Iterator<Item = u64>,
) -> BTreeMap<&'static str, u64> {
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

pub(crate) fn assert_covered(counts: &BTreeMap<&'static str, u64>) {
    let missing: Vec<_> = COVERED.iter().filter(|what| !counts.contains_key(*what)).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}");
}
