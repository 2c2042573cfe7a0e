//! Each feature of the libraries, alone, with the oldest Rust they declare.

use cargo_metadata::{MetadataCommand, Package};

use crate::command::{Failure, command, root, run};
use crate::tools;

/// Features that bring a native library. They have no code of ours that an older Rust could refuse,
/// and a second build of that library takes a minute; the toolchain of the checkout has one.
const NATIVE_LIBRARIES: &[&str] = &["aws-lc-rs", "native-tls", "rustls"];

/// Features of the front door whose crate needs a newer Rust than the front door.
const NEWER_RUST: &[&str] = &["postgres", "sqlite"];

/// Checks each feature alone: with the Rust that the workspace declares where it can, else with the
/// toolchain of the checkout.
pub(crate) fn check() -> Result<(), Failure> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    let packages = metadata.map_err(|error| Failure::NoMetadata(error.to_string()))?.packages;
    let libraries = || {
        let published = packages.iter().filter(|package| package.publish.is_none());
        published.filter(|package| package.targets.iter().any(cargo_metadata::Target::is_lib))
    };
    let oldest = libraries().filter_map(|library| library.rust_version.as_ref()).min();
    let Some(oldest) = oldest else { return Ok(()) };

    tools::cargo_hack()?;
    let toolchain = format!("{}.{}", oldest.major, oldest.minor);
    tools::toolchain(&toolchain)?;
    let old = libraries().filter(|library| library.rust_version.as_ref() == Some(oldest));
    hack(
        &format!("rustup run {toolchain} cargo"),
        // A crate without features is checked as a dependency of the front door.
        old.filter(|library| !library.features.is_empty()),
        &[&["default"], NATIVE_LIBRARIES, NEWER_RUST].concat(),
    )?;
    let newer = libraries().filter(|library| library.rust_version.as_ref() != Some(oldest));
    hack("cargo", newer, &["default"])?;
    run(&mut command("cargo check --package coder-core --features native-tls"))
}

/// Runs `cargo hack` for these packages. What `clippy` sees, all features at once, and what
/// `package` builds, the default ones, is left out.
fn hack<'a>(
    cargo: &str,
    packages: impl Iterator<Item = &'a Package>,
    without: &[&str],
) -> Result<(), Failure> {
    let mut hack = command(&format!("{cargo} hack check --each-feature --exclude-all-features"));
    hack.arg(format!("--exclude-features={}", without.join(",")));
    run(hack.args(packages.map(|package| format!("--package={}", package.name))))
}
