//! Each feature of the libraries alone, and all of them with the oldest Rust they declare.

use cargo_metadata::{MetadataCommand, Package};

use crate::command::{Failure, command, root, run};
use crate::tools;

/// Features that bring a native library. They have no code of ours that an older Rust could refuse,
/// and a second build of that library takes a minute; the toolchain of the checkout has one.
const NATIVE_LIBRARIES: &[&str] = &["aws-lc-rs", "native-tls", "rustls"];

/// Features of the front door whose crate needs a newer Rust than the front door.
const NEWER_RUST: &[&str] = &["postgres", "sqlite"];

/// Checks each feature alone with the toolchain of the checkout, which shares what the other steps have checked, and
/// all of them together with the Rust that the workspace declares.
pub(crate) fn check() -> Result<(), Failure> {
    let metadata = MetadataCommand::new().current_dir(root()).no_deps().exec();
    let packages = metadata.map_err(|error| Failure::NoMetadata(error.to_string()))?.packages;
    let libraries = || {
        let published = packages.iter().filter(|package| package.publish.is_none());
        published.filter(|package| package.targets.iter().any(cargo_metadata::Target::is_lib))
    };
    let oldest = libraries().filter_map(|library| library.rust_version.as_ref()).min();
    let Some(oldest) = oldest else { return Ok(()) };
    let toolchain = format!("{}.{}", oldest.major, oldest.minor);
    tools::toolchain(&toolchain)?;
    let old = libraries().filter(|library| library.rust_version.as_ref() == Some(oldest));
    check_together(&toolchain, &old.collect::<Vec<_>>())?;

    tools::cargo_hack()?;
    let mut hack = command("cargo hack check --each-feature --exclude-all-features");
    hack.arg(format!("--exclude-features={}", NATIVE_LIBRARIES.join(",")));
    // A crate without features is checked as a dependency of the front door.
    let with_features = libraries().filter(|library| !library.features.is_empty());
    run(hack.args(with_features.map(|package| format!("--package={}", package.name))))?;
    run(&mut command("cargo check --package coder-core --features native-tls"))
}

/// Checks these packages with all the features that this Rust takes.
fn check_together(toolchain: &str, packages: &[&Package]) -> Result<(), Failure> {
    let mut check = command(&format!("rustup run {toolchain} cargo check --no-default-features"));
    for Package { name, features, .. } in packages {
        check.arg(format!("--package={name}"));
        let taken = features.keys().filter(|feature| {
            let is_left_out = |list: &[&str]| list.contains(&feature.as_str());
            !is_left_out(&["default"]) && !is_left_out(NATIVE_LIBRARIES) && !is_left_out(NEWER_RUST)
        });
        check.args(taken.map(|feature| format!("--features={name}/{feature}")));
    }
    run(&mut check)
}
