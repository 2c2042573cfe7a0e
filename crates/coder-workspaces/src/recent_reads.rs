//! What Coder has told a person about a template within the last minute.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher as _};

use coder_client::models::Template;
use coder_client::{Client, TemplateVersionId, UserId};
use coder_config::TemplateRef;
use coder_core::{DeploymentUrl, Lock, is_within};
use jiff::{SignedDuration, Timestamp};

/// The time for which a template and a form count without being read again.
const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// The greatest number of templates, and of forms, that are kept.
const MAX: usize = 500;

/// The templates and the forms that persons have read within the last minute, so that creating a
/// workspace from them costs the creation alone.
///
/// They only save questions: Coder checks each creation itself, and one that it refuses is planned
/// anew.
#[derive(Default)]
pub(crate) struct RecentReads {
    /// The templates by the names that they were asked for.
    templates: Recent<String, Template>,
    /// The names of the parameters of forms.
    forms: Recent<FormKey, Vec<String>>,
}

/// Values that persons have read within the last minute.
struct Recent<K, V>(Lock<HashMap<(Person, K), (Timestamp, V)>>);

/// A user of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Person {
    deployment: DeploymentUrl,
    user: UserId,
}

/// The form of a version for the values that it was asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FormKey {
    version: TemplateVersionId,
    /// Hash of the values, in place of the values: one of them may be a secret.
    values: u64,
}

impl Person {
    pub(crate) fn new(client: &Client, user: UserId) -> Self {
        Self { deployment: client.deployment().clone(), user }
    }
}

impl FormKey {
    /// Names the form of a version for these values, whatever their order.
    pub(crate) fn new<'a>(
        version: TemplateVersionId,
        values: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        values.into_iter().collect::<BTreeMap<_, _>>().hash(&mut hasher);
        Self { version, values: hasher.finish() }
    }
}

impl RecentReads {
    /// Returns the template that the person has read by this name.
    pub(crate) fn template(
        &self,
        person: &Person,
        wanted: &TemplateRef,
        now: Timestamp,
    ) -> Option<Template> {
        self.templates.get(&(person.clone(), wanted.to_string()), now)
    }

    pub(crate) fn keep_template(
        &self,
        person: &Person,
        wanted: &TemplateRef,
        template: &Template,
        now: Timestamp,
    ) {
        self.templates.keep((person.clone(), wanted.to_string()), template.clone(), now);
    }

    /// Returns the names of the parameters of a form that Coder found no fault in.
    pub(crate) fn form(
        &self,
        person: &Person,
        form: FormKey,
        now: Timestamp,
    ) -> Option<Vec<String>> {
        self.forms.get(&(person.clone(), form), now)
    }

    pub(crate) fn keep_form(
        &self,
        person: &Person,
        form: FormKey,
        names: Vec<String>,
        now: Timestamp,
    ) {
        self.forms.keep((person.clone(), form), names, now);
    }
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(Lock::default())
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    fn get(&self, key: &(Person, K), now: Timestamp) -> Option<V> {
        let kept = self.0.lock();
        let (read_at, value) = kept.get(key)?;
        is_within(KEPT, now, *read_at).then(|| value.clone())
    }

    fn keep(&self, key: (Person, K), value: V, now: Timestamp) {
        let mut kept = self.0.lock();
        if kept.len() >= MAX {
            kept.retain(|_, (read_at, _)| is_within(KEPT, now, *read_at));
        }
        if kept.len() >= MAX {
            let oldest = kept.iter().min_by_key(|(_, (read_at, _))| *read_at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.remove(&oldest);
            }
        }
        kept.insert(key, (now, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_was_read_counts_for_a_minute_and_no_more_than_so_many_are_kept() {
        let kept = Recent::default();
        let key = |number: usize| {
            let deployment = "https://coder.test".parse().unwrap();
            (Person { deployment, user: UserId::default() }, number)
        };
        kept.keep(key(0), "first", at(0));
        assert_eq!(kept.get(&key(0), at(59)), Some("first"));
        assert_eq!(kept.get(&key(0), at(60)), None);
        for number in 1..=MAX {
            kept.keep(key(number), "later", at(1));
        }
        assert_eq!(kept.0.lock().len(), MAX);
        assert_eq!(kept.get(&key(0), at(1)), None, "the oldest one has gone");
        kept.keep(key(MAX + 1), "much later", at(100));
        assert_eq!(kept.0.lock().len(), 1);
    }

    #[test]
    fn a_form_is_another_one_with_other_values_and_the_same_in_another_order() {
        let values = |values: &[(&str, &str)]| {
            let values: Vec<(String, String)> =
                values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            let values = values.iter().map(|(name, value)| (name, value));
            FormKey::new(TemplateVersionId::default(), values)
        };
        assert_eq!(values(&[("a", "1"), ("b", "2")]), values(&[("b", "2"), ("a", "1")]));
        assert_ne!(values(&[("a", "1"), ("b", "2")]), values(&[("a", "1"), ("b", "3")]));
        assert_ne!(values(&[("a", "1")]), values(&[("a", "1"), ("b", "")]));
    }
}
