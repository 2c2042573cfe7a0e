//! Who a Coder user is.

use serde::{Deserialize, Serialize};

/// Who the user is, as the portal shows it: Backstage's `profile`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The user name at Coder. Not part of Backstage's profile.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub username: String,
    /// The e-mail address, when Coder tells one.
    pub email: Option<String>,
    /// The full name, else the user name.
    pub display_name: String,
    /// The URL of a picture.
    pub picture: Option<String>,
}
