//! The releases of Coder, and the one table of what differs between them.

mod dialect;
mod profile;
mod version;

pub(crate) use dialect::{Dialect, Preferences, TemplateField};
pub(crate) use profile::{ConsentPage, Pkce, Profile, RedirectMatch, Registration, WhenOff};
pub use version::Version;
