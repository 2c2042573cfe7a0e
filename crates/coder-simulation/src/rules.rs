//! The checks that hold a schedule to the rules of the login.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::ledger::{Ledger, Place};
use crate::person::{Owner, Person};
use crate::rule::Rule;
use crate::scheduler::Time;

/// Every request is answered within this time.
const BOUND: Duration = Duration::from_secs(20);
/// A hand-out needs a confirmation this young.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(30);
/// The same, while Coder does not answer.
const CONFIRMED_WITHOUT_ANSWER: Duration = Duration::from_secs(600);
/// The time that a request itself may take between the confirmation and the hand-out.
const SLACK: Duration = Duration::from_secs(21);

/// The answer to a `refresh` or a login, as a page got it.
#[derive(Clone, Debug)]
pub(crate) struct HandedOut {
    pub(crate) email: String,
    pub(crate) access: String,
    /// The user entity ref, and the identity token.
    pub(crate) identity: Option<(String, String)>,
}

/// Checks that a session that has ended stays ended.
pub(crate) fn ended_stays_ended(ledger: &Ledger, who: &str, was_retired: bool) {
    if was_retired {
        ledger.breach(Rule::SignedOut, format!("{who} is signed in with a session that has ended"));
    }
}

/// Checks that profile and token are those of the person who signed in.
pub(crate) fn own_profile(
    ledger: &Ledger,
    who: &str,
    owner: Owner,
    (email, entity): (&str, Option<&str>),
    got: &HandedOut,
) {
    let issued_to = {
        let book = ledger.book();
        book.pair(&got.access).and_then(|pair| Some((pair.user?, pair.coder)))
    };
    if issued_to.is_some_and(|person| person != owner.person()) {
        let what = format!("{who} ({owner:?}) gets a token that was issued to {issued_to:?}");
        ledger.breach(Rule::OwnOnly, what);
    }
    let named = got.identity.as_ref().map(|(entity, _)| entity.as_str());
    if got.email != email || named != entity {
        let what =
            format!("{who} signed in as {email}, {entity:?}, and sees {}, {named:?}", got.email);
        ledger.breach(Rule::OwnOnly, what);
    }
}

/// Checks that a request speaks for the person who made it, or with the token which that person has
/// linked.
pub(crate) fn own_caller(
    ledger: &Ledger,
    who: &str,
    owner: Owner,
    used: Option<Person>,
    is_own: bool,
) {
    if !is_own {
        let what = format!("{who} ({owner:?}) asks Coder with a token of {used:?}");
        ledger.breach(Rule::OwnOnly, what);
    }
}

/// Checks that a person sees the own link, and links an own token as far as the portal can tell.
pub(crate) fn own_link(ledger: &Ledger, who: &str, owner: Owner, user: usize, is_own: bool) {
    if !is_own {
        let what = format!("{who} ({owner:?}) has a link with the token of user {user}");
        ledger.breach(Rule::OwnOnly, what);
    }
}

/// Checks that what was linked and not removed is linked at rest.
pub(crate) fn still_linked(ledger: &Ledger, who: &str, expected: usize, shown: Option<usize>) {
    if shown != Some(expected) {
        let what = format!("{who} has linked the token of user {expected}, and sees {shown:?}");
        ledger.breach(Rule::NoLoss, what);
    }
}

/// Checks that Coder has confirmed the user within 30 seconds, or within 10 minutes if it does not
/// answer.
pub(crate) fn is_confirmed(ledger: &Ledger, who: &str, now: Duration, token: &str) {
    let (age, limit, back) = {
        let book = ledger.book();
        let age = |at: Option<&Duration>| at.map(|at| now.saturating_sub(*at));
        let silence = age(book.unanswered.get(token));
        let (age, limit) = match silence {
            Some(since) if since <= CONFIRMED_WITHIN + SLACK => {
                (age(book.confirmed_person.get(token)), CONFIRMED_WITHOUT_ANSWER)
            }
            Some(_) | None => (age(book.confirmed.get(token)), CONFIRMED_WITHIN),
        };
        (age, limit, book.back)
    };
    if age.is_none_or(|age| age > limit + SLACK + back) {
        let what = format!("{who} got a token that was confirmed {age:?} ago, limit {limit:?}");
        ledger.breach(Rule::Confirmed, what);
    }
}

/// Checks that the answer came in time.
pub(crate) fn in_time(ledger: &Ledger, who: &str, took: Duration) {
    if took > BOUND {
        ledger.breach(Rule::Bound, format!("{who} waited {:.1} s", took.as_secs_f64()));
    }
}

/// Checks that a pair that lives at rest is held by a grant.
pub(crate) fn every_pair_is_held(
    ledger: &Ledger,
    held: &BTreeSet<String>,
    lives: impl Fn(usize, &str) -> bool,
) {
    let pairs = ledger.book().pairs.clone();
    for pair in pairs {
        let is_live = lives(pair.coder, &pair.access) || lives(pair.coder, &pair.refresh);
        if !is_live || held.contains(&pair.access) {
            continue;
        }
        if pair.excuse.is_some() {
            ledger.count("living pairs counted apart");
        } else {
            let what = format!("the pair of {} lives at Coder and no grant holds it", pair.access);
            ledger.breach(Rule::NoLeak, what);
        }
    }
}

/// Checks that no pair lives when all sessions have expired and the sweeper's time is over: a grant
/// that no session stands on has ended.
pub(crate) fn no_pair_outlives_its_sessions(ledger: &Ledger, lives: impl Fn(usize, &str) -> bool) {
    let pairs = ledger.book().pairs.clone();
    for pair in pairs.iter().filter(|pair| pair.excuse.is_none()) {
        if lives(pair.coder, &pair.access) || lives(pair.coder, &pair.refresh) {
            let what = format!("the pair of {} outlives all sessions", pair.access);
            ledger.breach(Rule::NoLeak, what);
        }
    }
}

/// Checks that a pair that is in no store has a process that goes on with it.
pub(crate) fn every_pair_is_attended(
    ledger: &Ledger,
    time: &Time,
    lives: impl Fn(usize, &str) -> bool,
) {
    let mut left = Vec::new();
    {
        let mut book = ledger.book();
        for pair in book.pairs.iter_mut().filter(|pair| pair.place == Place::Received) {
            if pair.excuse.is_none() && !time.is_busy(pair.process, |_| true) {
                pair.place = Place::Gone;
                left.push((pair.coder, pair.process, pair.access.clone(), pair.refresh.clone()));
            }
        }
    }
    for (coder, process, access, refresh) in left {
        if lives(coder, &access) || lives(coder, &refresh) {
            let what = format!(
                "p{process} has ended its work, and neither stored nor revoked the pair of {access}"
            );
            ledger.breach(Rule::NoLeak, what);
        }
    }
}

/// Checks that a browser that signed in and did not sign out is signed in at rest.
pub(crate) fn still_signed_in(ledger: &Ledger, who: &str, owner: Owner, status: u16) {
    let may_be_over = ledger.book().may_have_ended(owner);
    if status != 200 && !may_be_over {
        let what = format!("{who} ({owner:?}) signed in, never out, and is answered {status}");
        ledger.breach(Rule::NoLoss, what);
    }
}
