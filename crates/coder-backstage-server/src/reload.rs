//! Reading the configuration again: SIGHUP.

use std::sync::Arc;
use std::time::Duration;

use coder_config::{AppConfig, ConfigErrors};
use coder_core::Secret;
use coder_portal::Portal;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::app::{App, Process};
use crate::args::ServeArgs;
use crate::drain::{Phase, Phases};
use crate::failure::Failure;
use crate::server::Service;
use crate::shutdown::Hangups;
use crate::{check, configuration, store};

/// The time limit for reading the files of a configuration. A file system of the network may never answer.
const READING: Duration = Duration::from_secs(30);

/// A server at work, whose configuration can be read again.
pub(crate) struct Operation<'a> {
    pub(crate) args: &'a ServeArgs,
    /// The configuration that holds at the moment.
    pub(crate) config: AppConfig,
    /// Key of a configuration without keys.
    pub(crate) own_key: Option<Secret>,
    pub(crate) process: Process,
    pub(crate) app: App,
    /// Takes what connections are answered with.
    pub(crate) service: watch::Sender<Service>,
    /// Takes the portal that metrics are read of.
    pub(crate) portal: watch::Sender<Portal>,
}

impl Operation<'_> {
    /// Checks the portal's surroundings and reads the configuration again whenever it is asked to. When
    /// the server closes, it ends streams of events and what the portal does in the background.
    pub(crate) async fn run(mut self, mut hangups: Hangups, phases: Phases) {
        loop {
            let watching =
                check::watch(&self.config, &self.app.portal, Arc::clone(&self.process.store));
            tokio::select! {
                never = watching, if !self.args.skip_check => match never {},
                () = hangups.next() => {}
                () = phases.reached(Phase::Draining) => break,
            }
            let read = tokio::select! {
                read = self.read_again() => read,
                () = phases.reached(Phase::Draining) => break,
            };
            match read {
                Ok(()) => tracing::info!("the configuration was read again, and holds from now on"),
                Err(failure) => tell(&failure),
            }
        }
        // Load balancers are told to send requests elsewhere.
        self.app.portal.drain();
        phases.reached(Phase::Closed).await;
        // No stream would end by itself.
        self.app.portal.close_streams();
        self.app.end().await;
    }

    /// Lets what the files say now take the place of what holds.
    ///
    /// # Errors
    ///
    /// When it cannot be used; then nothing has changed.
    async fn read_again(&mut self) -> Result<(), Failure> {
        let files = self.args.sources.config.clone();
        let mut config = within(READING, move || configuration::load_files(&files)).await??;
        let directory = &self.process.data_directory;
        if !store::is_same_place(&config.session, &self.config.session, directory) {
            let changed = "is another one now; restart the server to keep sessions there";
            return Err(ConfigErrors::from(config.session.invalid_store(changed)).into());
        }
        match &self.own_key {
            Some(key) if config.session.keys.is_empty() => config.session.keys.push(key.clone()),
            Some(_) | None => store::add_key(&mut config.session, &self.process.data_directory)?,
        }
        let app = App::new(&config, &self.process).await?;
        if config.backend.listen != self.config.backend.listen {
            tracing::warn!("a change of `backend.listen` counts after a restart");
        }
        self.service.send_replace(app.service());
        self.portal.send_replace(app.portal.clone());
        // Pages open their streams again, at the new portal.
        self.app.portal.close_streams();
        self.app = app;
        self.config = config;
        Ok(())
    }
}

/// Reads files where a file that does not answer holds nobody up, for this time at most.
///
/// # Errors
///
/// When the time is over.
async fn within<T: Send + 'static>(
    limit: Duration,
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    match timeout(limit, spawn_blocking(read)).await {
        Ok(read) => read.map_err(|error| Failure::Serve(error.into())),
        Err(_) => Err(Failure::SlowFiles(limit)),
    }
}

/// Tells the log why the former configuration goes on to hold.
fn tell(failure: &Failure) {
    for problem in failure.problems() {
        tracing::error!("{problem}");
    }
    tracing::error!(
        "the configuration was not read again, because of the errors above; the former one holds"
    );
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_file_that_never_answers_is_given_up() {
        let (answer, file) = mpsc::channel::<()>();
        let read = within(Duration::from_millis(1), move || file.recv()).await;
        assert!(matches!(read, Err(Failure::SlowFiles(_))), "{read:?}");
        drop(answer);
        assert_eq!(within(READING, || 7).await.unwrap(), 7);
    }
}
