//! The profile of a Coder user.

use serde::{Deserialize, Serialize};

/// The profile of a user, as the portal shows it: Backstage's `profile`.
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
