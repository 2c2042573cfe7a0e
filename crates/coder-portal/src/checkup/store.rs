//! The store: whether the keys open what is in it.

use coder_auth::SealingKeys;
use coder_auth::store::AuthStore;
use coder_core::with_causes;

use super::{Checkup, Finding, Question, Verdict};

impl Checkup<'_> {
    /// Tries to open the stored signing keys. Each process that has ever signed an identity token
    /// has left one.
    pub(super) async fn keys(&self, store: &dyn AuthStore) -> Vec<Finding> {
        let finding = |verdict, text: &str| Finding::new(Question::Store, verdict, text);
        let stored = match store.signing_keys().await {
            Ok(stored) => stored,
            Err(error) => {
                let text = format!("the store cannot be read: {}", with_causes(&error));
                return vec![finding(Verdict::Wrong, &text)];
            }
        };
        let Ok(keys) = SealingKeys::from_secrets(&self.config.session.keys) else {
            // Keys of this process alone open nothing that another one has sealed.
            return Vec::new();
        };
        let Some(newest) = stored.last() else {
            let text = "it can be read; it holds nothing yet that would prove the keys";
            return vec![finding(Verdict::Good, text)];
        };
        if !newest.opens_with(&keys) {
            let text =
                "the sealing keys do not open what is stored: it was sealed with another key";
            return vec![finding(Verdict::Wrong, text).remedy(
                "give this server the keys of the other replicas (`coder.session.keys`), or the \
                 key file of this database; without them everybody signs in again",
            )];
        }
        let older = stored.iter().filter(|key| !key.opens_with(&keys)).count();
        if older > 0 {
            let text = format!(
                "the sealing keys open the newest content; {older} older signing \
                                keys stay closed"
            );
            return vec![finding(Verdict::Notice, &text)];
        }
        vec![finding(Verdict::Good, "the sealing keys open what is stored")]
    }
}
