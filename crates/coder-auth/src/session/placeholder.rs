//! What a page gets in place of an access token: `coder.session.accessToken: server`.

use coder_core::{Random, Secret};
use serde::{Deserialize, Serialize};

use crate::error::AuthError;
use crate::seal::{AssociatedData, SealingKeys, json};
use crate::session::SessionId;

/// The beginning of every placeholder. A token of Coder has no dot.
const PREFIX: &str = "coder-session.";

/// A stand-in for the access token of a session's grant.
///
/// A placeholder is opaque to the page, and opens nothing by itself: the request that brings it must also
/// identify the person of the session.
///
/// The placeholder names the session alone. The grant is read from the session, so that a placeholder ends with
/// its session even if the grant has other ones.
pub(crate) struct Placeholder {
    /// Session that the placeholder was made for.
    pub(crate) session: SessionId,
}

/// [`Placeholder`] as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(rename = "s")]
    session: String,
}

impl Placeholder {
    /// Seals the placeholder as a text for the page.
    pub(crate) fn seal(self, keys: &SealingKeys, random: &dyn Random) -> Result<Secret, AuthError> {
        let session = self.session.as_str().to_owned();
        let sealed = json(&Sealed { session })?;
        let text = keys.seal_text(random, &purpose(), &sealed)?;
        Ok(Secret::new(format!("{PREFIX}{text}")))
    }

    /// Tells whether a text claims to be a placeholder, so that it is never sent to Coder.
    pub(crate) fn is_claimed_by(text: &Secret) -> bool {
        text.expose().starts_with(PREFIX)
    }

    /// Opens a placeholder; `None` if no configured key has sealed it.
    pub(crate) fn open(keys: &SealingKeys, text: &Secret) -> Option<Self> {
        let sealed = text.expose().strip_prefix(PREFIX)?;
        let opened = keys.open_text(&purpose(), sealed).ok()?;
        let Sealed { session } = serde_json::from_slice(&opened).ok()?;
        Some(Self { session: SessionId::from_stored(session) })
    }
}

fn purpose() -> AssociatedData {
    AssociatedData::new(&["placeholder of an access token"])
}
