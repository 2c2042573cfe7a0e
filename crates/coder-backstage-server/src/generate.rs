//! Files that packages install beside the program: completions of shells, and the manual.

use std::io::Write as _;

use clap::CommandFactory as _;

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::failure::Failure;

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut completions = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "coder-backstage", &mut completions);
    std::io::stdout().lock().write_all(&completions).map_err(Failure::Output)
}

/// Writes a page for each command: `coder-backstage.1`, `coder-backstage-serve.1` and so on.
pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.directory)
        .and_then(|()| clap_mangen::generate_to(Args::command(), &args.directory))
        .map_err(|source| Failure::Manual { directory: args.directory.clone(), source })
}
