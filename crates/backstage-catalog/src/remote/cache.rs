//! Answers that are young enough to be given again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use coder_config::{Entity, EntityRef};
use coder_core::{Lock, is_within};
use jiff::{SignedDuration, Timestamp};

use crate::EntityFilter;

/// So many answers are kept at most.
const CAPACITY: usize = 1000;

/// The answers of the last moments. An answer without an entity is not kept, so that a person who was
/// just added to the catalog need not wait.
#[derive(Default)]
pub(super) struct Cache {
    answers: Lock<HashMap<Question, Answer>>,
    fresh_for: Duration,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Question {
    Entity(EntityRef),
    Entities(EntityFilter),
}

struct Answer {
    asked_at: Timestamp,
    entities: Vec<Arc<Entity>>,
}

impl Answer {
    fn is_fresh(&self, now: Timestamp, fresh_for: Duration) -> bool {
        is_within(
            SignedDuration::try_from(fresh_for).unwrap_or(SignedDuration::MAX),
            now,
            self.asked_at,
        )
    }
}

impl Cache {
    pub(super) fn new(fresh_for: Duration) -> Self {
        Self { fresh_for, ..Self::default() }
    }

    pub(super) fn get(&self, question: &Question, now: Timestamp) -> Option<Vec<Arc<Entity>>> {
        let answers = self.answers.lock();
        let answer = answers.get(question)?;
        answer.is_fresh(now, self.fresh_for).then(|| answer.entities.clone())
    }

    /// Keeps the answer to a question that was sent at `asked_at`. What changed later may not be
    /// in it, so that is where its age begins.
    pub(super) fn put(&self, question: Question, asked_at: Timestamp, entities: Vec<Arc<Entity>>) {
        if entities.is_empty() || self.fresh_for.is_zero() {
            return;
        }
        let mut answers = self.answers.lock();
        if answers.len() >= CAPACITY {
            answers.retain(|_, answer| answer.is_fresh(asked_at, self.fresh_for));
        }
        if answers.len() >= CAPACITY {
            answers.clear();
        }
        answers.insert(question, Answer { asked_at, entities });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: usize) -> Question {
        Question::Entity(EntityRef::new("user", "", &format!("u{name}")).unwrap())
    }

    fn answer() -> Vec<Arc<Entity>> {
        let json =
            serde_json::json!({ "apiVersion": "a", "kind": "User", "metadata": { "name": "u" } });
        vec![Arc::new(serde_json::from_value(json).unwrap())]
    }

    #[test]
    fn an_answer_is_given_again_until_it_is_too_old() {
        let cache = Cache::new(Duration::from_secs(60));
        let at = |second: i64| Timestamp::from_second(1_000_000 + second).unwrap();
        cache.put(question(1), at(0), answer());
        assert!(cache.get(&question(1), at(59)).is_some());
        assert!(cache.get(&question(1), at(60)).is_none());
        assert!(cache.get(&question(1), at(-61)).is_none(), "the clock was set back");
        assert!(cache.get(&question(2), at(0)).is_none());
    }

    #[test]
    fn that_there_is_nothing_is_not_remembered() {
        let cache = Cache::new(Duration::from_secs(60));
        cache.put(question(1), Timestamp::UNIX_EPOCH, Vec::new());
        assert!(cache.get(&question(1), Timestamp::UNIX_EPOCH).is_none());
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let cache = Cache::new(Duration::from_secs(60));
        for name in 0..3 * CAPACITY {
            cache.put(question(name), Timestamp::UNIX_EPOCH, answer());
        }
        assert!(cache.answers.lock().len() <= CAPACITY);
        assert!(cache.get(&question(3 * CAPACITY - 1), Timestamp::UNIX_EPOCH).is_some());
    }
}
