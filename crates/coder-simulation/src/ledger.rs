//! What the simulation has seen: the story, token pairs, sessions, and breaches of the rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use coder_auth::store::PairId;
use coder_core::Lock;
use jiff::Timestamp;

use crate::link_book::Links;
use crate::person::{Owner, Person};
use crate::rule::Rule;
use crate::scheduler::{Process, Time};

/// Where the portal has a token pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the process that received it, and nowhere else.
    Received,
    /// Kept for a login that is under way.
    Pending,
    /// The pair is in a grant.
    Granted,
    /// Kept for its revocation.
    Ended,
    /// Nowhere: it is dead.
    Gone,
}

/// A token pair that Coder has issued to the portal.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) coder: usize,
    /// `None`: Coder has ended it already.
    pub(crate) user: Option<usize>,
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The process whose request it answered.
    pub(crate) process: Process,
    /// The pair's name in the store, once it was there.
    pub(crate) id: Option<PairId>,
    pub(crate) place: Place,
    /// Why the portal is not to blame when the pair lives on.
    pub(crate) excuse: Option<&'static str>,
}

/// A rule that did not hold.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The rule that was broken.
    pub rule: Rule,
    /// The event that broke it, in words.
    pub what: String,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) story: Vec<String>,
    pub(crate) pairs: Vec<Pair>,
    /// When `/users/me` last accepted an access token and the portal heard of it.
    pub(crate) confirmed: HashMap<String, Duration>,
    /// The same of an access token or of one that it has replaced.
    pub(crate) confirmed_person: HashMap<String, Duration>,
    /// When Coder last failed to answer `/users/me`.
    pub(crate) unanswered: HashMap<String, Duration>,
    pub(crate) sessions: HashMap<String, Owner>,
    /// Cookies that must never work again.
    pub(crate) retired: BTreeSet<String>,
    /// Until which step something happened after which a person may have to sign in again. It
    /// says nothing about the session of a login that began later.
    pub(crate) over: HashMap<Person, u64>,
    /// Logouts of all sessions of a person that are under way, or whose answer was lost.
    pub(crate) logging_out: HashMap<Person, usize>,
    /// When a person last used the portal, by the portal's clock.
    pub(crate) used_at: HashMap<Person, Timestamp>,
    pub(crate) suspended: BTreeSet<usize>,
    pub(crate) links: Links,
    /// How far the portal's clock was set back, in all.
    pub(crate) back: Duration,
    /// Requests of browsers under way.
    pub(crate) asking: usize,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) healed: bool,
}

impl Book {
    /// Notes that the sessions of a person may be over whose login began up to this step.
    pub(crate) fn may_be_over(&mut self, person: Person, step: u64) {
        let until = self.over.entry(person).or_default();
        *until = step.max(*until);
    }

    /// Tells whether a session may be over by something that the portal is not to blame for.
    pub(crate) fn may_have_ended(&self, owner: Owner) -> bool {
        self.logging_out.get(&owner.person()).is_some_and(|logouts| *logouts > 0)
            || self.over.get(&owner.person()).is_some_and(|step| owner.began <= *step)
    }

    /// Finds the pair with this access or refresh token.
    pub(crate) fn pair(&self, token: &str) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.access == token || pair.refresh == token)
    }
}

/// The book that all actors write into. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    book: Arc<Lock<Book>>,
    time: Time,
    is_told: bool,
}

impl Ledger {
    /// Opens an empty book; one that `is_told` keeps the story.
    pub(crate) fn new(time: Time, is_told: bool) -> Self {
        Self { book: Arc::default(), time, is_told }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock()
    }

    /// Adds a line to the story.
    pub(crate) fn tell(&self, line: impl FnOnce() -> String) {
        if self.is_told {
            let (at, step) = (self.time.elapsed().as_secs_f64(), self.time.step());
            let line = format!("{at:>9.1} s, step {step}: {}", line());
            self.book().story.push(line);
        }
    }

    /// Counts one more of these.
    pub(crate) fn count(&self, what: &'static str) {
        *self.book().counts.entry(what).or_default() += 1;
    }

    /// Notes that a rule did not hold.
    pub(crate) fn breach(&self, rule: Rule, what: impl Into<String>) {
        let what = what.into();
        self.tell(|| format!("BROKEN: {what}"));
        self.book().breaches.push(Breach { rule, what });
    }

    /// Notes that a pair is in the store now. `open` gives its access token.
    pub(crate) fn stored(&self, id: &PairId, place: Place, open: impl FnOnce() -> Option<String>) {
        if !self.moved(id, place)
            && let Some(access) = open()
        {
            let mut book = self.book();
            for pair in book.pairs.iter_mut().filter(|pair| pair.access == access) {
                (pair.id, pair.place) = (Some(id.clone()), place);
            }
        }
    }

    /// Notes that the store has a pair in another place now. Says whether it is known.
    pub(crate) fn moved(&self, id: &PairId, place: Place) -> bool {
        let mut book = self.book();
        let known = book.pairs.iter_mut().find(|pair| pair.id.as_ref() == Some(id));
        known.map(|pair| pair.place = place).is_some()
    }

    /// Notes why a pair may live on that is in no store.
    pub(crate) fn excuse(&self, access: &str, reason: &'static str) {
        let mut book = self.book();
        for pair in book.pairs.iter_mut().filter(|pair| pair.access == access) {
            pair.excuse = Some(reason);
        }
    }

    /// Notes that the sessions of this person that there are now may be over.
    pub(crate) fn may_be_over(&self, person: Person) {
        let step = self.time.step();
        self.book().may_be_over(person, step);
    }

    /// Notes that the store has failed a process: pairs that are in no grant yet need not come
    /// into one.
    pub(crate) fn store_failed(&self, process: Process) {
        self.may_not_finish(|pair| pair.process == process);
    }

    /// Notes that these pairs need not come into a grant, unless they are in one.
    pub(crate) fn may_not_finish(&self, which: impl Fn(&Pair) -> bool) {
        let step = self.time.step();
        let mut book = self.book();
        let people: Vec<Person> = book
            .pairs
            .iter()
            .filter(|pair| which(pair))
            .filter(|pair| matches!(pair.place, Place::Received | Place::Pending))
            .filter_map(|pair| Some((pair.user?, pair.coder)))
            .collect();
        people.into_iter().for_each(|person| book.may_be_over(person, step));
    }

    /// Notes that a process has crashed: what it received and had not stored is lost.
    pub(crate) fn crashed(&self, process: Process) {
        self.store_failed(process);
        let mut book = self.book();
        for pair in &mut book.pairs {
            if pair.process == process && pair.place == Place::Received {
                pair.excuse = Some("a crash came before it was stored");
            }
        }
    }
}
