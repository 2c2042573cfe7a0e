//! The login suite: whole logins against a fake Coder, through the same functions that serve them.

mod attacks;
mod callers;
mod failures;
mod first_login;
mod lasting;
mod sign_in;
mod support;
