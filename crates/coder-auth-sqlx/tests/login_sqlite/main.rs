//! The login suite of `coder-auth` on SQLite.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[path = "../../../coder-auth/tests/login/attacks.rs"]
mod attacks;
#[path = "../../../coder-auth/tests/login/failures.rs"]
mod failures;
#[path = "../../../coder-auth/tests/login/first_login.rs"]
mod first_login;
#[path = "../../../coder-auth/tests/login/lasting.rs"]
mod lasting;
mod storage;
#[expect(dead_code, reason = "the rest of the suite uses more of it")]
#[path = "../../../coder-auth/tests/login/support.rs"]
mod support;
#[path = "../support/unhurried.rs"]
mod unhurried;
