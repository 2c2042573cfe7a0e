//! Rustdoc with its JSON output.

use std::env;
use std::process::Command;

/// The variable with the path of rustdoc, in whose place cargo shall start this program.
pub const VARIABLE: &str = "XTASK_RUSTDOC";

/// Runs rustdoc with the arguments of this process, if [`VARIABLE`] asks for it. Returns whether
/// it succeeded.
///
/// The format is unstable, hence the bootstrap variable. Some build scripts have it as an input: if
/// all of cargo saw it, the dependencies that other steps have checked would be checked once more.
pub fn rustdoc_json() -> Option<bool> {
    let rustdoc = env::var_os(VARIABLE)?;
    let mut rustdoc = Command::new(rustdoc);
    let status = rustdoc.args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    Some(status.is_ok_and(|status| status.success()))
}
