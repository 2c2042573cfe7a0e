//! Setting up a fake.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use coder_core::{Clock, DeploymentUrl, Random, Runtime, Secret};

use crate::clock::TestClock;
use crate::misuse::misuse;
use crate::model::{Mint, Organization, Pace, Races};
use crate::random::SeededRandom;
use crate::release::Profile;
use crate::store::{Settings, State};
use crate::{FakeCoder, Version};

/// A public key of the right form.
const WEB_PUSH_KEY: &str =
    "BJY-h-_k64kaiIucsBeca25h1zbXxRHEbycsQE3virPqEu5GOzUMxNgRHaSoKnftSG2duR6RpTm9guYZiCWO8eM";

/// Builder that decides what a [`FakeCoder`] is like. Made by [`FakeCoder::builder`].
#[must_use = "a builder makes nothing until `build` is called"]
pub struct FakeCoderBuilder {
    url: DeploymentUrl,
    version: Version,
    clock: Option<Arc<dyn Clock>>,
    random: Option<Arc<dyn Random>>,
    session_lifetime: Duration,
    provider_off: bool,
    password: Option<Secret>,
    pace: Pace,
    runtime: Option<Arc<dyn Runtime>>,
    rate_limits: bool,
    strange: bool,
    licensed: bool,
    renames: bool,
    slow_deletions: bool,
    web_push_key: String,
    races: Option<u64>,
}

impl FakeCoderBuilder {
    pub(crate) fn new() -> Self {
        Self {
            url: parse("https://coder.test"),
            version: Version::default(),
            clock: None,
            random: None,
            session_lifetime: Duration::from_secs(24 * 3600),
            provider_off: false,
            password: None,
            pace: Pace::default(),
            runtime: None,
            rate_limits: false,
            strange: false,
            licensed: false,
            renames: false,
            slow_deletions: false,
            web_push_key: WEB_PUSH_KEY.to_owned(),
            races: None,
        }
    }

    /// Sets the release that the fake follows: by default the newest one.
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Sets the access URL: `https://coder.test` by default.
    ///
    /// # Panics
    ///
    /// When it is not a URL a deployment can have; see [`DeploymentUrl`].
    #[track_caller]
    pub fn url(mut self, url: &str) -> Self {
        self.url = parse(url);
        self
    }

    /// Sets the URL that a server has, and the runtime that the fake lives in unless there is
    /// another.
    #[cfg(all(feature = "server", not(target_family = "wasm")))]
    pub(crate) fn served_at(mut self, url: DeploymentUrl, runtime: Arc<dyn Runtime>) -> Self {
        self.url = url;
        self.runtime = self.runtime.or(Some(runtime));
        self
    }

    /// Sets the clock: by default a [`TestClock`] of the fake's own.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets the source of ids and secrets; a [`SeededRandom`] that depends on the URL by default.
    /// A fake that others can reach over the network needs real randomness.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// Sets how long a session or an access token lives; 24 hours by default. Use does not
    /// lengthen it.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// Sets whether the OAuth2 provider is switched on; it is by default.
    pub fn oauth2_provider(mut self, on: bool) -> Self {
        self.provider_off = !on;
        self
    }

    /// Sets the password of everybody who is given none of their own: `POST /api/v2/users/login`
    /// takes it. Without one, nobody signs in with a password.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets how long builds and agents take on the clock; [`Pace::default`] by default: 52 seconds
    /// from the request for a start until its agents are ready.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Lets streams (`…/watch`) look at a clock that moves by itself. A `FakeServer` has one; with
    /// a [`TestClock`] of the fake's own none is needed.
    pub fn runtime(mut self, runtime: Arc<dyn Runtime>) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Sets whether the fake refuses more than 512 requests a minute of one user to one path of
    /// the API, and more than 60 to an endpoint that checks credentials, as Coder does. It does not
    /// by default: on a clock that stands still a minute never ends.
    pub fn rate_limits(mut self, on: bool) -> Self {
        self.rate_limits = on;
        self
    }

    /// Sets the public key of web push notifications (VAPID), as `GET /api/v2/buildinfo` tells it.
    /// Every deployment makes one for itself.
    pub fn web_push_key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.web_push_key);
        self
    }

    /// Sets whether the deployment has groups, and access lists of templates, which take a licence; it
    /// has none by default.
    pub fn licensed(mut self, licensed: bool) -> Self {
        self.licensed = licensed;
        self
    }

    /// Sets whether people may rename their workspaces; they may not by default.
    pub fn workspace_renames(mut self, allowed: bool) -> Self {
        self.renames = allowed;
        self
    }

    /// Sets whether a deletion runs until an answer has told so, whatever the pace: the next `GET`
    /// for the workspace or its build finds it `deleting`, and a later one `deleted`. It does not
    /// by default.
    ///
    /// A client is so shown both states, however slow its machine is.
    pub fn slow_deletions(mut self, on: bool) -> Self {
        self.slow_deletions = on;
        self
    }

    /// Lets requests overlap, as they do at Coder: a request to `POST /oauth2/tokens` that waits at
    /// a door ([`Transport`](coder_core::Transport) or a `FakeServer`) has read its code or refresh
    /// token already, and does not notice that another one redeems it meanwhile. What becomes of
    /// it, and in which order waiting requests are answered, depends on nothing but `seed` and the
    /// order in which they arrive:
    ///
    /// - equal refreshes: up to three succeed, and their pairs **all** live; the others are answered
    ///   400 `invalid_grant` or 500 `Failed to exchange token`;
    /// - equal code exchanges: up to all succeed;
    /// - a later login ends one of several living pairs; `DELETE /oauth2/tokens` ends them all.
    ///
    ///
    /// A creation of a workspace that arrives while another one of the same name is under way is
    /// refused by the database (500) instead of by Coder's check (409).
    ///
    /// Without it, each request is over before the next begins. [`FakeCoder::respond`] never
    /// overlaps.
    pub fn races(mut self, seed: u64) -> Self {
        self.races = Some(seed);
        self
    }

    /// Adds a field that nobody knows to every object of the API, and words that nobody knows
    /// where one of a few is expected: a client must take a newer Coder as it is.
    pub fn from_the_future(mut self) -> Self {
        self.strange = true;
        self
    }

    /// Builds the fake deployment.
    pub fn build(self) -> FakeCoder {
        let test_clock = self.clock.is_none().then(TestClock::new);
        let clock = match (self.clock, &test_clock) {
            (Some(clock), _) => clock,
            (None, own) => Arc::new(own.clone().unwrap_or_default()),
        };
        let random = self.random.unwrap_or_else(|| Arc::new(SeededRandom::new(self.url.as_str())));
        let mint = Mint(random);
        let settings = Settings {
            deployment_id: mint.uuid(),
            profile: Profile::new(self.version),
            version: self.version,
            url: self.url,
            clock,
            mint,
            pace: self.pace,
            runtime: self.runtime,
            rate_limits: self.rate_limits,
            strange: self.strange,
            licensed: self.licensed,
            renames: self.renames,
            slow_deletions: self.slow_deletions,
            web_push_key: self.web_push_key,
            overlaps: self.races.is_some(),
        };
        let organization = Organization {
            id: settings.mint.uuid(),
            name: "coder".to_owned(),
            created_at: settings.clock.now(),
        };
        let state = State {
            session_lifetime: self.session_lifetime,
            provider_off: self.provider_off,
            races: self.races.map(Races::new),
            password: self.password,
            organizations: vec![organization],
            ..State::default()
        };
        FakeCoder::from_parts(settings, state, test_clock)
    }
}

#[track_caller]
fn parse(url: &str) -> DeploymentUrl {
    match url.parse() {
        Ok(url) => url,
        Err(reason) => misuse(&format!("`{url}` cannot be the URL of a deployment: {reason}")),
    }
}

impl fmt::Debug for FakeCoderBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FakeCoderBuilder({} at {})", self.version, self.url)
    }
}

impl FakeCoder {
    /// Creates a fake of the newest release at `https://coder.test`, on a [`TestClock`] of its own.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Starts to build a fake of another release, at another URL, on your clock.
    pub fn builder() -> FakeCoderBuilder {
        FakeCoderBuilder::new()
    }
}

impl Default for FakeCoder {
    fn default() -> Self {
        Self::new()
    }
}
