//! Remembering whether Coder accepts this portal's application.

use std::sync::Arc;
use std::time::Duration;

use coder_client::{Capabilities, Capability, ClientError};

use super::budget::Burst;
use super::cached::Answer;
use super::{Upstream, UpstreamError};
use crate::upstream::probe::{ApplicationProbe, ApplicationVerdict};

/// The time that a person waits for the question. The login then goes on without an answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

impl Answer for ApplicationVerdict {
    fn is_refusal(&self) -> bool {
        match self {
            Self::Accepted | Self::NotProvable { .. } => false,
            Self::TooOld
            | Self::ProviderOff
            | Self::ApplicationUnknown
            | Self::CallbackDiffers
            | Self::SecretRefused => true,
        }
    }
}

impl Answer for Capabilities {
    fn is_refusal(&self) -> bool {
        self.has(Capability::Pkce) == Some(false)
    }
}

impl Upstream {
    /// Checks that Coder accepts this application. A fresh answer is served from memory, and one
    /// question at a time is asked.
    ///
    /// # Errors
    ///
    /// Fails when something is known to be wrong. A question without an answer is not an error.
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
        let question = || {
            let (client, release) = (self.client.clone(), *release);
            let (app, secret) = (self.app.clone(), self.client_secret.clone());
            let callback_url = self.callback_url.clone();
            let (budget, clock) = (Arc::clone(&self.budget), Arc::clone(&self.world.clock));
            async move {
                if let Err(error) = budget.take(clock.now(), Burst::for_release(Some(&release))) {
                    return Err(ClientError::RateLimited { retry_after: error.retry_after() });
                }
                let probe = ApplicationProbe::new(&app.client_id, &secret, &callback_url);
                probe.ask(&client, &release).await
            }
        };
        self.application.get(&self.world, PROBE_TIMEOUT, question).await.ok()
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
