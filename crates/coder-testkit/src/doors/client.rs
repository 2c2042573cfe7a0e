//! The door for tests of a client's user: a world, and clients of people.

use std::sync::Arc;
use std::time::Duration;

use coder_client::{Client, Credential};
use coder_core::{BoxFuture, Runtime, TokioRuntime, World, elapsed, later};
use jiff::{SignedDuration, Timestamp};

use crate::misuse::misuse;
use crate::{FakeCoder, FakeUser};

/// The tokio runtime, whose pauses turn the clock of the fake as well: code that waits for a build
/// sees it end.
struct TurningRuntime {
    coder: FakeCoder,
    tokio: TokioRuntime,
}

impl Runtime for TurningRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.tokio.spawn(task);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (coder, pause) = (self.coder.clone(), self.tokio.sleep(duration));
        let span = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let end = later(coder.clock().now(), span);
        Box::pin(async move {
            pause.await;
            coder.turn_to(end);
        })
    }
}

/// Makes clients that reach the fake inside the process. They live by its clock.
#[cfg_attr(docsrs, doc(cfg(feature = "native")))]
impl FakeCoder {
    /// Returns a world whose transport is this fake, with the clock of the fake and the current
    /// tokio runtime.
    ///
    /// Pauses and time limits of the code under test run on tokio's time, which a test can pause
    /// (`#[tokio::test(start_paused = true)]`, with the feature `test-util` of tokio). A pause that is
    /// over has turned the clock of the fake by as much, unless the fake lives by a clock of yours.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn world(&self) -> World {
        let Some(tokio) = TokioRuntime::current() else { misuse("this needs a tokio runtime") };
        let runtime = TurningRuntime { coder: self.clone(), tokio: tokio.clone() };
        let world = World::native_on(tokio, self.clone());
        World { clock: self.clock(), runtime: Arc::new(runtime), ..world }
    }

    /// Returns a client that speaks for `user`, with the user's session token, in a
    /// [`world`](Self::world) of its own.
    ///
    /// ```
    /// use coder_client::operations::GetUser;
    /// use coder_testkit::FakeCoder;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), coder_client::ClientError> {
    /// let coder = FakeCoder::new();
    /// let alice = coder.add_user("alice");
    /// assert_eq!(coder.client(&alice).send(&GetUser::me()).await?.username, "alice");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn client(&self, user: &FakeUser) -> Client {
        Client::new(&self.world(), self.url().clone())
            .with_credential(Credential::SessionToken(user.session_token.clone()))
    }

    /// Turns the fake's own clock forward to this moment, if it is not past that yet.
    fn turn_to(&self, moment: Timestamp) {
        let ahead = elapsed(moment, self.clock().now());
        if self.has_own_clock() && !ahead.is_zero() {
            self.advance(ahead);
        }
    }
}
