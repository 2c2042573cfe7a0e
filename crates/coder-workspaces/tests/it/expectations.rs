//! What the engine says of a workspace in each state that real agents were seen in: one table, which
//! recorded answers and the fake's are held against.

/// What is expected of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// Whether it can be used, and what to do next.
    pub(crate) available: &'static str,
    /// What opening it does, and what starting it does.
    pub(crate) verdicts: [&'static str; 2],
}

const fn all(available: &'static str, verdict: &'static str) -> Expectation {
    Expectation { available, verdicts: [verdict, verdict] }
}

const READY: Expectation = all("online, open", "ready");
/// Something is still to come.
const WAIT: Expectation = all("pending, wait", "waits");
/// Something has failed, and people can work all the same.
const WORKABLE: Expectation = all("unhealthy, restart", "ready");
const UNUSABLE: Expectation = all("unhealthy, restart", "unusable");
const STOPPED: Expectation = all("offline, start", "starts");
/// It is woken, and then looked at: it runs.
const ASLEEP: Expectation = all("dormant, wake", "wakes, ready");
const DELETED: Expectation =
    Expectation { available: "deleted, recreate", verdicts: ["creates", "deleted"] };

/// The states, what is expected right then, and what when an hour has passed and nothing changed.
const TABLE: [(&str, Expectation, Expectation); 45] = [
    ("apps-connecting", WAIT, WAIT),
    ("apps-mixed-health", READY, READY),
    ("apps-statuses", READY, READY),
    ("apps-unhealthy", READY, READY),
    ("connecting", WAIT, WAIT),
    ("connecting-without-timeout", WAIT, WAIT),
    // Seen by the fake only: it passes within a second. An agent process that is older than the
    // build stays so, and works.
    ("created", WAIT, READY),
    ("created-not-blocking", READY, READY),
    ("deleted", DELETED, DELETED),
    ("dev-containers-enabled", READY, READY),
    // A connection that is lost may come back, but not for ever.
    ("disconnected", WAIT, UNUSABLE),
    ("dormant", ASLEEP, ASLEEP),
    ("dormant-stopping", ASLEEP, ASLEEP),
    ("frozen", WAIT, UNUSABLE),
    // It has the stop scripts behind it or before it: it went on purpose.
    ("leaving", UNUSABLE, UNUSABLE),
    ("logs-many", READY, READY),
    ("logs-overflow", READY, READY),
    ("noblock", READY, READY),
    ("off", UNUSABLE, UNUSABLE),
    ("outdated", READY, READY),
    ("pending", WAIT, WAIT),
    ("pipes-left-open", WORKABLE, WORKABLE),
    ("ready", READY, READY),
    ("ready-two-scripts", READY, READY),
    ("reconnected", WAIT, WAIT),
    ("shutdown-error", UNUSABLE, UNUSABLE),
    // So the recording is called; by then the agent was gone.
    ("shutting-down", UNUSABLE, UNUSABLE),
    ("start-error", WORKABLE, WORKABLE),
    ("start-error-not-blocking", WORKABLE, WORKABLE),
    ("start-timeout", READY, READY),
    ("starting", WAIT, WAIT),
    ("stopped", STOPPED, STOPPED),
    ("stopped-by-other", STOPPED, STOPPED),
    // The agents of dev containers come and go without the workspace.
    ("sub-agent-connecting", READY, READY),
    ("sub-agent-lost", READY, READY),
    ("sub-agent-ready", READY, READY),
    ("timeout", UNUSABLE, UNUSABLE),
    ("two-agents-one-failed", WORKABLE, WORKABLE),
    // First what is still to come, then what has failed.
    ("two-agents-one-failed-one-connecting", WAIT, WAIT),
    ("two-agents-one-failed-one-starting", WAIT, WAIT),
    ("two-agents-one-lost", WAIT, UNUSABLE),
    ("two-agents-one-missing", UNUSABLE, UNUSABLE),
    ("two-agents-ready", READY, READY),
    ("updated", READY, READY),
    ("woken", READY, READY),
];

/// Returns what is expected of this state right then, and an hour later.
pub(crate) fn expected(state: &str) -> [Expectation; 2] {
    let row = TABLE.iter().find(|(name, _, _)| *name == state);
    let (_, now, later) = row.unwrap_or_else(|| panic!("the table has no row `{state}`"));
    [*now, *later]
}

/// Returns all states of the table.
pub(crate) fn states() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _, _)| *name)
}
