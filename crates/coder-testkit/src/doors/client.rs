//! The door for tests of a client's user: a world, and clients of people.

use coder_client::{Client, Credential};
use coder_core::World;

use crate::misuse::misuse;
use crate::{FakeCoder, FakeUser};

/// Makes clients that reach the fake inside the process. They live by its clock.
#[cfg_attr(docsrs, doc(cfg(feature = "native")))]
impl FakeCoder {
    /// Returns a world whose transport is this fake, with the clock of the fake and the current
    /// tokio runtime.
    ///
    /// Pauses and time limits of the code under test run on tokio's time, which a test can pause
    /// (`#[tokio::test(start_paused = true)]`).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn world(&self) -> World {
        match World::native(self.clone()) {
            Some(world) => World { clock: self.clock(), ..world },
            None => misuse("this needs a tokio runtime"),
        }
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
}
