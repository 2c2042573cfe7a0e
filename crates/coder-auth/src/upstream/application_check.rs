//! Remembering whether Coder accepts this portal's application.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use coder_client::{Capabilities, Error};
use coder_core::timeout;
use jiff::{SignedDuration, Timestamp};

use super::{Upstream, UpstreamError};
use crate::upstream::probe::{ApplicationProbe, ApplicationVerdict};

/// A person waits for the question no longer; the login then goes on without an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// After this, an application that was accepted is asked for again.
const ACCEPTED: SignedDuration = SignedDuration::from_mins(10);
/// After this, one that was refused is: the operator may have mended it.
const REFUSED: SignedDuration = SignedDuration::from_secs(5);
/// After this, a question that Coder did not answer is asked again.
const UNANSWERED: SignedDuration = SignedDuration::from_secs(10);

/// The last verdict, and the turn of who asks for the next one.
#[derive(Default)]
pub(super) struct ApplicationCheck {
    known: Mutex<Option<Known>>,
    asking: futures_util::lock::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Known {
    /// `None` when Coder did not answer.
    verdict: Option<ApplicationVerdict>,
    asked_at: Timestamp,
    lasts: SignedDuration,
}

impl ApplicationCheck {
    /// Forgets what is known, so that the next login asks again.
    pub(super) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fresh(&self, now: Timestamp) -> Option<Known> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|known| {
            let age = now.duration_since(known.asked_at);
            !age.is_negative() && age < known.lasts
        })
    }

    fn remember(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

impl Upstream {
    /// Finds out whether Coder accepts this application, from memory while that is fresh. One
    /// question at a time is asked.
    ///
    /// # Errors
    ///
    /// What is known to be wrong. A question that is not answered is no error.
    pub(crate) async fn check_application(
        &self,
        release: &Capabilities,
    ) -> Result<(), UpstreamError> {
        let off = release.oauth2_provider() == Some(false);
        let said = off.then_some(ApplicationVerdict::ProviderOff);
        let verdict = self.verdict(release).await.or(said);
        verdict.map_or(Ok(()), |verdict| self.refusal(verdict, release))
    }

    async fn verdict(&self, release: &Capabilities) -> Option<ApplicationVerdict> {
        let check = &self.application;
        if let Some(known) = check.fresh(self.world.clock.now()) {
            return known.verdict;
        }
        let _turn = check.asking.lock().await;
        let asked_at = self.world.clock.now();
        if let Some(known) = check.fresh(asked_at) {
            return known.verdict;
        }
        if self.budget.take(asked_at).is_err() {
            return None;
        }
        let probe =
            ApplicationProbe::new(&self.app.client_id, &self.client_secret, &self.callback_url);
        let answer =
            timeout(&*self.world.runtime, PATIENCE, probe.ask(&self.client, release)).await;
        let (verdict, lasts) = match answer {
            Some(Ok(verdict)) => (Some(verdict), verdict_lasts(verdict)),
            Some(Err(error)) => {
                tracing::debug!(%error, "coder does not say whether it accepts the application");
                (None, UNANSWERED.max(wait(&error)))
            }
            None => (None, UNANSWERED),
        };
        check.remember(Known { verdict, asked_at, lasts });
        verdict
    }

    fn refusal(
        &self,
        verdict: ApplicationVerdict,
        release: &Capabilities,
    ) -> Result<(), UpstreamError> {
        match verdict {
            ApplicationVerdict::Accepted | ApplicationVerdict::NotProvable { .. } => Ok(()),
            ApplicationVerdict::TooOld => Err(UpstreamError::TooOld { version: release.version() }),
            ApplicationVerdict::ProviderOff => Err(UpstreamError::ProviderOff(None)),
            ApplicationVerdict::ApplicationUnknown => Err(UpstreamError::ApplicationUnknown),
            ApplicationVerdict::CallbackDiffers => {
                let callback_url = self.callback_url.clone();
                Err(UpstreamError::CallbackDiffers { callback_url: Box::new(callback_url) })
            }
            ApplicationVerdict::SecretRefused => Err(UpstreamError::SecretRefused),
        }
    }
}

fn verdict_lasts(verdict: ApplicationVerdict) -> SignedDuration {
    match verdict {
        ApplicationVerdict::Accepted | ApplicationVerdict::NotProvable { .. } => ACCEPTED,
        ApplicationVerdict::TooOld
        | ApplicationVerdict::ProviderOff
        | ApplicationVerdict::ApplicationUnknown
        | ApplicationVerdict::CallbackDiffers
        | ApplicationVerdict::SecretRefused => REFUSED,
    }
}

/// How long Coder asked to wait, at most as long as an acceptance lasts.
fn wait(error: &Error) -> SignedDuration {
    let asked = error.retry_after().and_then(|wait| SignedDuration::try_from(wait).ok());
    asked.unwrap_or_default().min(ACCEPTED)
}
