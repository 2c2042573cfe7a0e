//! What the portal, its environments and its users are called.

pub(crate) const PORTAL: &str = coder_testkit::Browser::PORTAL;
pub(crate) const ENVIRONMENTS: [&str; 2] = ["development", "production"];
pub(crate) const USERS: [&str; 2] = ["alice", "bob"];

pub(crate) fn environment(number: usize) -> &'static str {
    ENVIRONMENTS.get(number).copied().unwrap_or_default()
}

pub(crate) fn user_name(user: usize) -> &'static str {
    USERS.get(user).copied().unwrap_or_default()
}

/// Finds the user of this name.
pub(crate) fn user_named(name: &str) -> Option<usize> {
    USERS.iter().position(|user| *user == name)
}
