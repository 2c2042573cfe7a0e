//! An account that a person has to link first, and its text for people.

use coder_core::{cleaned, quoted};

/// Account at another service that a template needs and that a user has not linked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingAccount {
    /// Name of the user who has to link it; `None` when it is the caller.
    pub owner: Option<String>,
    /// Display name of the service.
    pub name: String,
    /// URL of the page where that user links it, in the browser.
    pub url: String,
}

/// Tells who has to link which accounts, and where.
pub(crate) fn advice(accounts: &[MissingAccount]) -> String {
    match accounts.first().and_then(|account| account.owner.as_deref()) {
        None => format!("link your account first: {}", listed(accounts)),
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
