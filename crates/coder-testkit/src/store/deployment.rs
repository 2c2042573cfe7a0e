//! The deployment: shared by everything that asks it, and at the moment of one call.

use std::sync::{Arc, MutexGuard};
use std::task::Waker;

use coder_core::{Lock, Runtime};
use jiff::Timestamp;

use super::state::{Settings, State};
use crate::model::Mint;
use crate::release::{Dialect, Profile};

/// Function that lets happen what happens by itself as time goes by.
pub(crate) type Passing = fn(&mut Deployment<'_>);

/// A deployment, as all its doors and streams share it.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    state: Arc<Lock<State>>,
    passing: Passing,
}

/// The deployment, at the moment of one call.
pub(crate) struct Deployment<'a> {
    /// For streams, which come back to it.
    pub(crate) shared: &'a Shared,
    pub(crate) settings: &'a Settings,
    pub(crate) state: &'a mut State,
    pub(crate) now: Timestamp,
}

impl Deployment<'_> {
    pub(crate) fn profile(&self) -> &Profile {
        &self.settings.profile
    }

    /// Returns how the API of this release behaves.
    pub(crate) fn dialect(&self) -> &Dialect {
        &self.settings.profile.api
    }

    pub(crate) fn mint(&self) -> &Mint {
        &self.settings.mint
    }

    /// Returns an absolute URL of this deployment; `path` begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }
}

impl Shared {
    pub(crate) fn new(settings: Settings, state: State, passing: Passing) -> Self {
        Self { settings: Arc::new(settings), state: Arc::new(Lock::new(state)), passing }
    }

    pub(crate) fn runtime(&self) -> Option<&Arc<dyn Runtime>> {
        self.settings.runtime.as_ref()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Runs `work` on the deployment at this moment, and lets streams look at the result.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Deployment<'_>) -> T) -> T {
        let (done, watchers) = self.peek(|deployment| {
            let done = work(deployment);
            (done, std::mem::take(&mut deployment.state.watchers))
        });
        watchers.into_iter().for_each(Waker::wake);
        done
    }

    /// Runs `work`, which changes nothing that a stream could see, after what happens by itself.
    pub(crate) fn peek<T>(&self, work: impl FnOnce(&mut Deployment<'_>) -> T) -> T {
        let now = crate::clock::to_microseconds(self.settings.clock.now());
        let mut state = self.lock();
        let settings = &*self.settings;
        let mut deployment = Deployment { shared: self, settings, state: &mut state, now };
        (self.passing)(&mut deployment);
        work(&mut deployment)
    }
}
