//! An account that a person has to link first, and how that is told.

use coder_core::{cleaned, quoted};

/// Account at another service that a template needs and that its user has not linked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingAccount {
    /// Display name of the service.
    pub name: String,
    /// URL of the page where the user links it, in the browser.
    pub url: String,
}

/// Tells a person which accounts to link, and where.
pub(crate) fn advice(accounts: &[MissingAccount]) -> String {
    format!("link your account first: {}", listed(accounts))
}

/// Tells which accounts a user has to link, and where; `owner` is their name unless it is the caller.
pub(crate) fn advice_for(owner: Option<&str>, accounts: &[MissingAccount]) -> String {
    match owner {
        None => advice(accounts),
        Some(owner) => {
            format!("{} must link an account first: {}", quoted(owner), listed(accounts))
        }
    }
}

fn listed(accounts: &[MissingAccount]) -> String {
    let one = |account: &MissingAccount| {
        format!("{} at {}", cleaned(&account.name), cleaned(&account.url))
    };
    accounts.iter().map(one).collect::<Vec<_>>().join(", ")
}
