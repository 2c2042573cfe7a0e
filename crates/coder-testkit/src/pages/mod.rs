//! The HTML pages of the fake: small, without scripts, styled by one sheet in the page itself.

mod consent;
mod error;
mod html;
mod login;

pub(crate) use consent::{Consent, consent};
pub(crate) use error::error;
pub(crate) use login::{show as show_login, submit as submit_login};
