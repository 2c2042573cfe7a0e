//! Schedules in memory and on SQLite, and the seeds that once broke a rule.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a failed test may panic anywhere")]

mod support;

use coder_simulation::{Rule, Simulation, StoreKind};
use support::{assert_covered, hold};

/// Seeds that break a rule as soon as the login does not keep one of its own. A change of how
/// plans are drawn makes them other schedules; then others are to be found.
const ONCE_BROKEN: &[(u64, &str)] = &[
    (53_558, "a login whose pair another login has killed is not taken for a living one"),
    (52, "the end of a grant ends its sessions"),
    (20, "a rotation whose grant has ended revokes what it got, and never makes a grant"),
    (0, "a rotated pair is handed out only after Coder has confirmed it"),
    (250, "a version of a grant is never used twice"),
    (0, "the last session of a grant ends the grant"),
    (1, "a login takes its pair out of the revocations"),
    (736, "a process that stops awaits the work that outlives its callers"),
    (10, "an identity token opens the grant it was issued for, and a link its linker's"),
    (12, "nobody links a token that is known to be somebody else's"),
    (171, "a link that was removed opens nothing"),
];

fn on(kind: StoreKind) -> Simulation {
    Simulation::on(kind).unwrap()
}

#[test]
fn the_rules_of_the_login_hold_in_two_thousand_schedules_in_memory() {
    assert_covered(&hold(&on(StoreKind::Memory), 0..2000));
}

#[cfg(feature = "databases")]
#[test]
fn the_rules_of_the_login_hold_in_two_hundred_schedules_on_sqlite() {
    assert_covered(&hold(&on(StoreKind::Sqlite), 0..200));
}

#[test]
fn a_seed_that_once_broke_a_rule_does_so_no_more() {
    hold(&on(StoreKind::Memory), ONCE_BROKEN.iter().map(|(seed, _)| *seed));
}

#[test]
fn a_process_that_stops_without_waiting_for_its_work_loses_pairs() {
    let simulation = on(StoreKind::Memory).cutting_off_detached_work();
    // Searched for, since any change of the login moves the seeds that show it.
    let shows = |seed| {
        let breaches = simulation.run(seed).unwrap().breaches;
        breaches.iter().any(|breach| breach.rule == Rule::NoLeak)
    };
    assert!((0..10_000).any(shows), "the rule was taken out, and no schedule shows it");
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    let simulation = on(StoreKind::Memory);
    for seed in 0..100 {
        let story = simulation.tell(seed).unwrap().story;
        assert!(!story.is_empty());
        assert_eq!(story, simulation.tell(seed).unwrap().story);
    }
}
