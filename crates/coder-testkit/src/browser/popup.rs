//! The page that ends a login in a popup.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Message that the popup of a login posts to the page that opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PopupMessage {
    /// The `authorization_response` of Backstage.
    pub message: Value,
    /// Origin of the only page that may read it.
    pub origin: String,
}

impl PopupMessage {
    /// Reads the two percent-encoded literals in the script of the popup's page, as Backstage
    /// writes them. `None` if the page posts no message.
    pub fn from_page(html: &str) -> Option<Self> {
        let mut literals = html.split("decodeURIComponent('").skip(1).map(|rest| {
            let literal = rest.split('\'').next().unwrap_or_default();
            percent_decode_str(literal).decode_utf8_lossy().into_owned()
        });
        let message = serde_json::from_str(&literals.next()?).ok()?;
        Some(Self { message, origin: literals.next()? })
    }
}
