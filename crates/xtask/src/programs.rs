//! The programs of a user of the libraries, each built alone.

use crate::command::{Failure, command, root, run, target};
use crate::tools;

/// Programs, each with the features that its own manifest names.
const NATIVE: [&str; 6] = ["association", "cli", "linter", "readme", "service", "unit-tests"];
/// Modules for a browser.
const WASM: [&str; 2] = ["wasm-client", "wasm-entity"];

/// Checks the lints of the programs one by one: seen together, one would get the features of another. Their tests
/// run after that, built together.
pub(crate) fn check() -> Result<(), Failure> {
    tools::wasm_target()?;
    cargo("fmt --all --check")?;
    for program in NATIVE {
        cargo(&format!("clippy --locked --all-targets --package {program} -- -D warnings"))?;
    }
    let tests = NATIVE.map(|program| format!("--package={program}")).join(" ");
    cargo(&format!("test --locked --quiet {tests}"))?;
    for module in WASM {
        let wasm = "clippy --locked --target wasm32-unknown-unknown";
        cargo(&format!("{wasm} --package {module} -- -D warnings"))?;
    }
    Ok(())
}

/// Runs `cargo` in the workspace of the programs. It builds where the repository does: what both need in the same
/// way is built once.
fn cargo(arguments: &str) -> Result<(), Failure> {
    run(command(&format!("cargo {arguments}"))
        .current_dir(root().join("examples/programs"))
        .env("CARGO_TARGET_DIR", target()))
}
