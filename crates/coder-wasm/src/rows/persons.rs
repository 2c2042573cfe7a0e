//! The transitions that are about a person: who signed in with which grants, and the end of it.

use std::collections::BTreeSet;

use coder_auth::GrantKey;
use coder_auth::store::{Erased, Erasure, PersonRecord, StoreError};

use super::keys;
use super::records::{GrantRow, LinkRow, PersonRow};
use super::transaction::Transaction;

impl Transaction<'_> {
    pub(super) async fn put_person(
        &mut self,
        person: PersonRecord,
        grant: &GrantKey,
    ) -> Result<(), StoreError> {
        let (key, grant_key) = (keys::person(&person.user_entity_ref), keys::grant(grant));
        self.load(vec![key.clone(), grant_key.clone()]).await?;
        let Some(mut row) = self.get::<GrantRow>(&grant_key).await? else { return Ok(()) };
        row.persons.insert(person.user_entity_ref.clone());
        self.put(grant_key, &row)?;
        let former = self.get::<PersonRow>(&key).await?;
        self.put(key, &PersonRow::new(person, former, grant))
    }

    /// Lists the grants of a user that have not ended.
    pub(super) async fn grants_of(
        &mut self,
        user_entity_ref: &str,
    ) -> Result<Vec<GrantKey>, StoreError> {
        let row = self.get::<PersonRow>(&keys::person(user_entity_ref)).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let mut grants = Vec::new();
        for key in row.grants() {
            // A grant that has ended and begun anew need not be this user's.
            let grant = self.get::<GrantRow>(&keys::grant(&key)).await?;
            if grant.is_some_and(|grant| grant.persons.contains(user_entity_ref)) {
                grants.push(key);
            }
        }
        Ok(grants)
    }

    /// Forgets those who have signed in with an ended grant, and with no other one. Returns their
    /// number.
    pub(super) async fn forget_persons(
        &mut self,
        ended: &BTreeSet<String>,
    ) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for name in ended {
            if self.grants_of(name).await?.is_empty() {
                self.delete(keys::person(name));
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }

    pub(super) async fn erase(&mut self, erasure: &Erasure) -> Result<Erased, StoreError> {
        let mut erased = Erased::default();
        for key in &erasure.grants {
            let Some(grant) = self.get::<GrantRow>(&keys::grant(key)).await? else { continue };
            erased.sessions += grant.sessions.len() as u64;
            let (ended, persons) = self.delete_grant(key, erasure.due_at).await?;
            erased.revocations.extend(ended);
            erased.persons += persons;
        }
        for link in &erasure.links {
            let key = keys::link(link);
            if self.get::<LinkRow>(&key).await?.is_some() {
                self.delete(key);
                erased.links += 1;
            }
        }
        Ok(erased)
    }
}
