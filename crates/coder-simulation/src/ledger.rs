//! What the simulation has seen: the story, token pairs, sessions, and breaches of the rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::rules::Rule;
use crate::scheduler::{Process, Time};

/// A token pair that Coder has issued to the portal.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) coder: usize,
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// The process whose request it answered.
    pub(crate) process: Process,
    pub(crate) is_stored: bool,
    /// Why the portal is not to blame when the pair lives on.
    pub(crate) excuse: Option<&'static str>,
}

/// Whose session a cookie is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: usize,
    pub(crate) environment: usize,
    pub(crate) coder: usize,
    /// The step at which the login began.
    pub(crate) began: u64,
}

/// A rule that did not hold.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// What happened.
    pub what: String,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) story: Vec<String>,
    pub(crate) pairs: Vec<Pair>,
    /// When `/users/me` last accepted an access token and the portal heard of it.
    pub(crate) confirmed: HashMap<String, Duration>,
    /// When Coder last failed to answer `/users/me`.
    pub(crate) unanswered: HashMap<String, Duration>,
    pub(crate) sessions: HashMap<String, Owner>,
    /// Cookies that must never work again.
    pub(crate) retired: BTreeSet<String>,
    /// At which step somebody last signed out everywhere, by user and deployment: a session of a
    /// login that had begun before may be over.
    pub(crate) ended_everywhere: HashMap<(usize, usize), u64>,
    /// Something happened after which people may have to sign in again.
    pub(crate) excused: bool,
    /// A process or the store failed.
    pub(crate) failed: bool,
    pub(crate) back: Duration,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) healed: bool,
}

/// The book that all actors write into. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    book: Arc<Mutex<Book>>,
    time: Time,
}

impl Ledger {
    pub(crate) fn new(time: Time) -> Self {
        Self { book: Arc::default(), time }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the story.
    pub(crate) fn tell(&self, line: impl AsRef<str>) {
        let (at, step) = (self.time.elapsed(), self.time.step());
        let line = format!("{:>9.1} s, step {step}: {}", at.as_secs_f64(), line.as_ref());
        self.book().story.push(line);
    }

    /// Counts one more of these.
    pub(crate) fn count(&self, what: &'static str) {
        *self.book().counts.entry(what).or_default() += 1;
    }

    /// Notes that a rule did not hold.
    pub(crate) fn breach(&self, rule: Rule, what: impl Into<String>) {
        let what = what.into();
        self.tell(format!("BROKEN: {what}"));
        self.book().breaches.push(Breach { rule, what });
    }

    /// Notes that the pair with this access token is stored.
    pub(crate) fn stored(&self, access: &str) {
        for pair in self.book().pairs.iter_mut().filter(|pair| pair.access == access) {
            pair.is_stored = true;
        }
    }

    /// Notes why the pair with one of these tokens may live on.
    pub(crate) fn excuse(&self, token: &str, reason: &'static str) {
        let mut book = self.book();
        for pair in &mut book.pairs {
            if pair.access == token || pair.refresh == token {
                pair.excuse = Some(reason);
            }
        }
    }

    /// Notes that a process has crashed: what it received and had not stored is lost.
    pub(crate) fn crashed(&self, process: Process) {
        let mut book = self.book();
        book.failed = true;
        let mut lost = false;
        for pair in &mut book.pairs {
            if pair.process == process && !pair.is_stored {
                pair.excuse = Some("a crash came before it was stored");
                lost = true;
            }
        }
        book.excused |= lost;
    }
}
