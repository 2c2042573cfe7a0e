//! The login suite of `coder-auth` on PostgreSQL.
//!
//! Left out of a plain `cargo test` (`test = false`), since not every machine has a PostgreSQL;
//! `cargo xtask test` installs one and runs it.
#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test may panic anywhere"
)]

#[path = "../../../coder-auth/tests/login/attacks.rs"]
mod attacks;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../support/cluster.rs"]
mod cluster;
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
