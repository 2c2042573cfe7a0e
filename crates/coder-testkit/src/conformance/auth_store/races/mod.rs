//! Every transition beside every other one, at the same time.

mod state;
mod transition;

use std::sync::Arc;

use coder_auth::MemoryAuthStore;
use coder_auth::store::AuthStore;
use futures_util::future::join;

use state::State;
use transition::{LINKS, LOGINS, Transition};

/// The answers of two transitions, and the state that they have left.
#[derive(Debug, PartialEq)]
struct End {
    answers: [String; 2],
    state: State,
}

/// Checks that both answers and the state are as if the one transition had come after the other, in
/// either order, and that all rules of the trait are true of the state.
pub async fn transitions_of_a_login_that_meet_are_as_if_one_came_first(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    all_meet_all(open, &LOGINS).await;
}

/// Checks that a link that was removed does not come back, and that none is lost.
pub async fn transitions_of_a_link_that_meet_are_as_if_one_came_first(
    open: impl AsyncFn() -> Arc<dyn AuthStore>,
) {
    all_meet_all(open, &LINKS).await;
}

async fn all_meet_all(open: impl AsyncFn() -> Arc<dyn AuthStore>, transitions: &[Transition]) {
    let handles = [open().await, open().await];
    for (n, one) in transitions.iter().enumerate() {
        for other in transitions.iter().skip(n) {
            // Each is asked first once.
            for (one, other) in [(*one, *other), (*other, *one)] {
                let end = meet(&handles, one, other).await;
                end.state.assert_whole();
                let orders = orders(one, other).await;
                assert!(
                    orders.contains(&end),
                    "{one:?} beside {other:?} ended with {end:#?}, which is none of {orders:#?}"
                );
            }
        }
    }
}

async fn meet(handles: &[Arc<dyn AuthStore>; 2], one: Transition, other: Transition) -> End {
    let [first, second] = handles;
    state::prepare(&**first, [one, other]).await;
    let (first_answer, second_answer) = join(one.run(&**first), other.run(&**second)).await;
    let state = State::read(&**second).await;
    state::clear(&**first).await;
    End { answers: [first_answer, second_answer], state }
}

/// Returns the ends that are right: those of one transition after the other.
async fn orders(one: Transition, other: Transition) -> Vec<End> {
    let mut ends = Vec::new();
    for is_one_first in [true, false] {
        let store = MemoryAuthStore::new();
        state::prepare(&store, [one, other]).await;
        let answers = if is_one_first {
            let first = one.run(&store).await;
            [first, other.run(&store).await]
        } else {
            let first = other.run(&store).await;
            [one.run(&store).await, first]
        };
        ends.push(End { answers, state: State::read(&store).await });
    }
    // A claim may pass by a pair that somebody is about to take.
    for passes_by in [0, 1] {
        let (claim, worker) = if passes_by == 0 { (one, other) } else { (other, one) };
        if claim == Transition::Claim && worker != Transition::Claim {
            let store = MemoryAuthStore::new();
            state::prepare(&store, [one, other]).await;
            let mut answers = [transition::NOTHING_CLAIMED.to_owned(), worker.run(&store).await];
            answers.rotate_right(passes_by);
            ends.push(End { answers, state: State::read(&store).await });
        }
    }
    ends
}
