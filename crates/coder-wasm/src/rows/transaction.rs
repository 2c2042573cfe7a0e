//! Reads, and then one commit that checks them.

use std::collections::BTreeMap;

use coder_auth::store::StoreError;
use serde::{Deserialize, Serialize};

use super::records::{read, write};
use super::{Commit, Row, RowRange, Rows};

/// How often a transition is made anew when others are faster. Each time one of them is done, so only
/// a place that never commits comes so far.
const TRIES: u32 = 1000;

/// Makes a transition: `$work` with a [`Transaction`] until its commit succeeds.
macro_rules! transaction {
    ($store:expr, |$transaction:ident| $work:expr) => {{
        let mut tries = $crate::rows::transaction::Tries::default();
        loop {
            let mut transaction = $crate::rows::transaction::Transaction::new(&*$store.rows);
            let $transaction = &mut transaction;
            let outcome = $work.await?;
            if transaction.commit().await? {
                break Ok(outcome);
            }
            tries.again()?;
        }
    }};
}
pub(super) use transaction;

/// The tries of one transition.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    pub(super) fn again(&mut self) -> Result<(), StoreError> {
        self.0 += 1;
        if self.0 < TRIES {
            return Ok(());
        }
        let text = format!(
            "`commit` has refused a change {TRIES} times in a row; does it compare each check with \
             the value that `read` gives for the same key?"
        );
        Err(StoreError::new(text))
    }
}

/// Lists the rows of a range, and fails when others came: a transition would change those.
pub(super) async fn list(rows: &dyn Rows, range: &RowRange) -> Result<Vec<Row>, StoreError> {
    let found = rows.list(range).await?;
    let is_within = found.iter().all(|row| row.key >= range.start && row.key < range.end);
    let is_sorted = found.is_sorted_by(|row, next| row.key < next.key);
    let is_limited = u32::try_from(found.len()).is_ok_and(|count| count <= range.limit);
    let problem = match (is_within, is_sorted, is_limited) {
        (true, true, true) => return Ok(found),
        (false, _, _) => "a row outside of the range",
        (true, false, _) => "rows that are not in the order of their keys",
        (true, true, false) => "more rows than the limit",
    };
    Err(StoreError::new(format!("`list` of the store gave {problem}")))
}

/// Rows that a transition reads and writes. It reads its own writes.
pub(super) struct Transaction<'a> {
    rows: &'a dyn Rows,
    seen: BTreeMap<String, Option<String>>,
    writes: BTreeMap<String, Option<String>>,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(rows: &'a dyn Rows) -> Self {
        Self { rows, seen: BTreeMap::new(), writes: BTreeMap::new() }
    }

    /// Reads rows at once that are about to be asked for.
    pub(super) async fn load(&mut self, keys: Vec<String>) -> Result<(), StoreError> {
        let mut keys = keys;
        keys.retain(|key| !self.seen.contains_key(key));
        if keys.is_empty() {
            return Ok(());
        }
        let values = self.rows.read(&keys).await?;
        if values.len() != keys.len() {
            let (asked, came) = (keys.len(), values.len());
            return Err(StoreError::new(format!("`read` of {asked} keys gave {came} values")));
        }
        self.seen.extend(keys.into_iter().zip(values));
        Ok(())
    }

    pub(super) async fn get<T: for<'de> Deserialize<'de>>(
        &mut self,
        key: &str,
    ) -> Result<Option<T>, StoreError> {
        if !self.writes.contains_key(key) {
            self.load(vec![key.to_owned()]).await?;
        }
        let value = self.writes.get(key).or_else(|| self.seen.get(key)).cloned().flatten();
        value.map(|value| read(key, &value)).transpose()
    }

    /// Lists rows as they are stored. They are not checked by the commit: a row that leads to another
    /// one changes with it.
    pub(super) async fn list(&mut self, range: &RowRange) -> Result<Vec<Row>, StoreError> {
        list(self.rows, range).await
    }

    pub(super) fn put(&mut self, key: String, value: &impl Serialize) -> Result<(), StoreError> {
        self.writes.insert(key, Some(write(value)?));
        Ok(())
    }

    pub(super) fn delete(&mut self, key: String) {
        self.writes.insert(key, None);
    }

    /// Writes everything, unless a row that was read is another one by now.
    pub(super) async fn commit(self) -> Result<bool, StoreError> {
        // What is as it was need not be written; a single read is right by itself.
        let Self { rows, seen, mut writes } = self;
        writes.retain(|key, value| seen.get(key) != Some(value));
        if writes.is_empty() && seen.len() < 2 {
            return Ok(true);
        }
        let rows_of = |map: BTreeMap<String, Option<String>>| {
            map.into_iter().map(|(key, value)| Row { key, value }).collect()
        };
        rows.commit(&Commit { checks: rows_of(seen), writes: rows_of(writes) }).await
    }
}
