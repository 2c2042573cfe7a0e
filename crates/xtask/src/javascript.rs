//! The JavaScript of the repository: formatted by Prettier, checked by ESLint.

use std::process::Command;

use crate::command::{Failure, command, root, run};
use crate::tools;

/// The versions and the configuration of both tools.
const DIRECTORY: &str = "crates/xtask/javascript";

/// Every JavaScript file of the crates. Both tools leave out `node_modules`.
const FILES: &str = "crates/**/*.{js,cjs,mjs}";

/// Fails when a file is not formatted, or when ESLint finds a mistake.
pub(crate) fn check() -> Result<(), Failure> {
    tools::javascript(&root().join(DIRECTORY))?;
    let format = run(prettier().args(["--check", FILES]));
    let mut eslint = tool("eslint/bin/eslint.js");
    eslint.args(["--config", &format!("{DIRECTORY}/eslint.config.js"), "--max-warnings=0", FILES]);
    run(&mut eslint)?;
    format
}

/// Formats every file. Returns whether that could be done.
pub fn format_javascript() -> bool {
    let installed = tools::javascript(&root().join(DIRECTORY));
    let done = installed.and_then(|()| run(prettier().args(["--write", FILES])));
    if let Err(failure) = &done {
        println!("{failure}");
    }
    done.is_ok()
}

fn prettier() -> Command {
    let mut prettier = tool("prettier/bin/prettier.cjs");
    prettier.args(["--config", &format!("{DIRECTORY}/prettier.json")]);
    prettier
}

fn tool(program: &str) -> Command {
    command(&format!("node {DIRECTORY}/node_modules/{program}"))
}
