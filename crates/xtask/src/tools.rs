//! The tools the steps need: found, else installed, else named with where to get them.

use std::path::Path;

use crate::command::{Failure, command, is_installed, output, run, tools};

/// The version the repository is checked with where none is installed.
const CARGO_DENY: &str = "0.20.2";

/// `cargo deny`.
pub(crate) fn cargo_deny() -> Result<(), Failure> {
    if is_installed("cargo-deny") {
        return Ok(());
    }
    // Unoptimised it is built in a third of the time, and still done in seconds.
    let install =
        format!("cargo install cargo-deny --locked --debug --version {CARGO_DENY} --root");
    run(command(&install).arg(tools()))
}

/// The standard library for `wasm32-unknown-unknown`.
pub(crate) fn wasm_target() -> Result<(), Failure> {
    let libraries = "rustc --print target-libdir --target wasm32-unknown-unknown";
    if output(&mut command(libraries)).is_some_and(|path| Path::new(&path).is_dir()) {
        return Ok(());
    }
    if !is_installed("rustup") {
        return Err(Failure::Missing {
            what: "the Rust target wasm32-unknown-unknown",
            advice: "install Rust with rustup (https://rustup.rs), or your distribution's \
                     package of that target",
        });
    }
    run(&mut command("rustup target add wasm32-unknown-unknown"))
}

/// OpenSSL's headers: the `native-tls` feature stands on them, on Linux only.
pub(crate) fn native_tls() -> Result<(), Failure> {
    let headers = "pkg-config --exists openssl";
    if !cfg!(target_os = "linux") || output(&mut command(headers)).is_some() {
        return Ok(());
    }
    apt(
        "pkg-config libssl-dev",
        "OpenSSL with its headers",
        "install pkg-config and your distribution's development package of OpenSSL",
    )
}

/// Chromium and its WebDriver server.
pub(crate) fn browser() -> Result<(), Failure> {
    let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if is_installed("chromedriver") && browsers.into_iter().any(is_installed) {
        return Ok(());
    }
    apt(
        "chromium chromium-driver",
        "Chromium with ChromeDriver",
        "install both in the same version, `chromedriver` on the PATH",
    )
}

/// Installs Debian's `packages`, as root or through sudo.
fn apt(packages: &str, what: &'static str, advice: &'static str) -> Result<(), Failure> {
    let sudo = match output(&mut command("id -u")) {
        Some(user) if user == "0" => "",
        _ if is_installed("sudo") => "sudo ",
        _ => return Err(Failure::Missing { what, advice }),
    };
    if !is_installed("apt-get") {
        return Err(Failure::Missing { what, advice });
    }
    run(&mut command(&format!("{sudo}apt-get update")))?;
    let install = format!("{sudo}apt-get install --yes --no-install-recommends {packages}");
    run(command(&install).env("DEBIAN_FRONTEND", "noninteractive"))
}
