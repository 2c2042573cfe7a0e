//! How long the steps of a build took.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::json::Json as _;
use crate::model::Build;
use crate::store::Deployment;

/// Renders how long the scripts and connections of agents took. The fake's provisioner measures
/// nothing.
pub(super) fn of_build(deployment: &Deployment<'_>, build: &Build) -> Value {
    let agents = build.agents_now(deployment);
    // The one that began last comes first.
    let mut scripts: Vec<Value> =
        agents.iter().rev().flat_map(|(agent, state)| agent.script_timings(state)).collect();
    scripts.sort_by_key(|timing| Reverse(timing.text("started_at").map(str::to_owned)));
    let connections: Vec<Value> =
        agents.iter().filter_map(|(agent, state)| agent.connection_timing(state)).collect();
    json!({
        "provisioner_timings": [],
        "agent_script_timings": scripts,
        "agent_connection_timings": connections,
    })
}

/// Renders how long the steps of a build took, which is empty: the fake's provisioner measures
/// nothing.
pub(super) fn none() -> Value {
    json!({
        "provisioner_timings": [],
        "agent_script_timings": [],
        "agent_connection_timings": [],
    })
}
