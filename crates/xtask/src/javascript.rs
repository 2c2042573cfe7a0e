//! The JavaScript of the repository: formatted by Prettier, checked by ESLint.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{Failure, command, root, run};
use crate::tools;

/// Every JavaScript file of the crates. Both tools leave out `node_modules`.
const FILES: &str = "crates/**/*.{js,cjs,mjs}";

/// Fails when a file is not formatted, or when ESLint finds a mistake.
pub(crate) fn check() -> Result<(), Failure> {
    let directory = directory();
    tools::javascript(&directory)?;
    let format = run(prettier().args(["--check", FILES]));
    let config = directory.join("eslint.config.js");
    run(tool("eslint/bin/eslint.js")
        .arg("--config")
        .arg(config)
        .args(["--max-warnings=0", FILES]))?;
    format
}

/// Formats every file. Returns whether that could be done.
pub fn format_javascript() -> bool {
    let done =
        tools::javascript(&directory()).and_then(|()| run(prettier().args(["--write", FILES])));
    if let Err(failure) = &done {
        println!("{failure}");
    }
    done.is_ok()
}

/// The directory with the versions and the configuration of both tools.
fn directory() -> PathBuf {
    root().join("crates/xtask/javascript")
}

fn prettier() -> Command {
    let mut prettier = tool("prettier/bin/prettier.cjs");
    prettier.arg("--config").arg(directory().join("prettier.json"));
    prettier
}

fn tool(program: &str) -> Command {
    let mut tool = command("node");
    tool.arg(directory().join("node_modules").join(program));
    tool
}
