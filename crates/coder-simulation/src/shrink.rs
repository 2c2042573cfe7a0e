//! Making a failing plan small: what can be left out is left out.

use coder_testkit::Version;

use crate::plan::{Identities, Plan};

/// Finds the smallest plan that `fails` accepts, by leaving parts out one by one.
pub(crate) fn shrink(plan: Plan, fails: impl Fn(&Plan) -> bool) -> Plan {
    let mut smallest = plan;
    loop {
        let Some(smaller) = candidates(&smallest).into_iter().find(|plan| fails(plan)) else {
            return smallest;
        };
        smallest = smaller;
    }
}

/// Returns all plans with one part less.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    for index in (0..plan.items.len()).rev() {
        let mut candidate = plan.clone();
        candidate.items.remove(index);
        smaller.push(candidate);
    }
    for index in 0..plan.network.len() {
        let mut candidate = plan.clone();
        candidate.network.remove(index);
        smaller.push(candidate);
    }
    for index in 0..plan.store.len() {
        let mut candidate = plan.clone();
        candidate.store.remove(index);
        smaller.push(candidate);
    }
    if plan.replicas > 1 {
        smaller.push(Plan { replicas: plan.replicas - 1, ..plan.clone() });
    }
    if plan.races {
        smaller.push(Plan { races: false, ..plan.clone() });
    }
    if plan.rotation_takes > 0 {
        smaller.push(Plan { rotation_takes: 0, ..plan.clone() });
    }
    if plan.release != Version::default() {
        smaller.push(Plan { release: Version::default(), ..plan.clone() });
    }
    if plan.identities != [Identities::None; 2] {
        smaller.push(Plan { identities: [Identities::None; 2], ..plan.clone() });
    }
    if plan.is_slow {
        smaller.push(Plan { is_slow: false, ..plan.clone() });
    }
    for (index, item) in plan.items.iter().enumerate().filter(|(_, item)| item.turns > 0) {
        let mut candidate = plan.clone();
        if let Some(kept) = candidate.items.get_mut(index) {
            kept.turns = item.turns / 2;
        }
        smaller.push(candidate);
    }
    smaller
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Action;

    #[test]
    fn only_what_the_failure_needs_is_left() {
        let plan = (0..1000)
            .map(Plan::draw)
            .find(|plan| plan.items.iter().any(|item| matches!(item.action, Action::Crash { .. })))
            .unwrap();
        let small = shrink(plan, |plan| {
            plan.items.iter().any(|item| matches!(item.action, Action::Crash { .. }))
        });
        assert_eq!(small.items.len(), 1);
        assert!(small.network.is_empty() && small.store.is_empty());
        assert_eq!(small.replicas, 1);
    }
}
