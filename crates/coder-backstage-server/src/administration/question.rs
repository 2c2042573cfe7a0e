//! The question before something is ended for good.

use std::io::{self, IsTerminal as _, Write as _};

use super::error::AdministrationFailure;
use crate::args::HowToChange;

/// Asks whether to go on, unless the command line says so.
///
/// # Errors
///
/// When nobody can be asked, or the answer is not `y` or `yes`.
pub(super) fn agree(how: &HowToChange, what: &str) -> Result<(), AdministrationFailure> {
    if how.yes {
        return Ok(());
    }
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(AdministrationFailure::NoTerminal);
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{what}. Go on? [y/N] ")
        .and_then(|()| stderr.flush())
        .map_err(AdministrationFailure::Question)?;
    let mut answer = String::new();
    stdin.read_line(&mut answer).map_err(AdministrationFailure::Question)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(AdministrationFailure::NotAgreed),
    }
}
