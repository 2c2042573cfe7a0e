//! Making a failing plan small: what can be left out is left out.

use crate::plan::Plan;

/// The smallest plan that `fails` accepts, found by leaving parts out one by one.
pub(crate) fn shrink(plan: Plan, fails: impl Fn(&Plan) -> bool) -> Plan {
    let mut smallest = plan;
    loop {
        let Some(smaller) = candidates(&smallest).into_iter().find(|plan| fails(plan)) else {
            return smallest;
        };
        smallest = smaller;
    }
}

/// All plans with one part less.
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
