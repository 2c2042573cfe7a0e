//! The profile of a Coder user.

use serde::{Deserialize, Serialize};

/// The profile of a user, as the portal shows it: Backstage's `profile`.
///
/// The login makes it of Coder's answer. A unit test of a sign-in resolver of your own makes one
/// itself:
///
/// ```
/// use backstage_catalog::MemoryCatalog;
/// use coder_auth::{BackstageIdentity, Profile, SignInResolver as _, resolver_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), coder_auth::SignInError> {
/// let resolver = resolver_fn(|user, _catalog| {
///     let local_part = user.email.as_deref().and_then(|email| email.split('@').next());
///     let name = format!("user:default/{}", local_part.unwrap_or(&user.username));
///     Box::pin(async move { Ok(BackstageIdentity::outside_the_catalog(name.parse()?)) })
/// });
/// let alice = Profile::new("asmith").email("alice.smith@example.com");
/// let found = resolver.resolve(&alice, &MemoryCatalog::default()).await?;
/// assert_eq!(found.user.to_string(), "user:default/alice.smith");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// User name at Coder, which is not part of Backstage's profile.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub username: String,
    /// E-mail address, if Coder gives one.
    pub email: Option<String>,
    /// Full name, or else the user name.
    pub display_name: String,
    /// URL of a picture of the user.
    pub picture: Option<String>,
}

impl Profile {
    /// Creates the profile of a user without a full name, an e-mail address and a picture.
    pub fn new(username: impl Into<String>) -> Self {
        let username = username.into();
        Self { display_name: username.clone(), username, email: None, picture: None }
    }

    /// Sets the e-mail address.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Sets the full name, in place of the user name.
    #[must_use]
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = name.into();
        self
    }

    /// Sets the URL of a picture.
    #[must_use]
    pub fn picture(mut self, url: impl Into<String>) -> Self {
        self.picture = Some(url.into());
        self
    }
}
